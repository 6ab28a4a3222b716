"""The fingerprint sheet of a trust folder: one page on which SHA-256 digests can be compared."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from string import Template

GROUP = 4
DENSE, MOST = 8, 11
"""From ``DENSE`` keys on the rows are set closer; after ``MOST`` the box answers for the others."""


@dataclass(frozen=True)
class Print:
    """One file of the folder: what it is (Chinese, English), its name, its SHA-256 (hex)."""

    zh: str
    en: str
    name: str
    sha256: str


@dataclass(frozen=True)
class Sheet:
    """What is on the sheet; ``whole`` is the SHA-256 (hex) of the folder's ``SHA256SUMS``."""

    origin: str
    date: datetime
    required: str
    whole: str
    prints: tuple[Print, ...]

    def to_html(self) -> str:
        """Return the page for A4 paper."""
        template = Template(
            files("evidence.succession").joinpath("sheet.html").read_text(encoding="utf-8")
        )
        return template.substitute(
            origin=html.escape(self.origin),
            date=_day(self.date),
            required=html.escape(self.required),
            whole=_cells(self.whole),
            dense="dense" if len(self.prints) >= DENSE else "",
            rows="".join(map(_row, self.prints[:MOST])),
            more=self._more(),
        )

    def _more(self) -> str:
        left = len(self.prints) - MOST
        if left <= 0:
            return ""
        return (
            f"<p>另有 {left} 个文件，由方框内的指纹一并涵盖，逐个指纹见纯文本单。"
            f'<span class="en">{left} further files are covered by the box; the plain-text sheet '
            "lists each.</span></p>"
        )

    def to_text(self) -> str:
        """Return the sheet as plain text, at most 80 columns wide."""
        lines = ["信任文件夹指纹单 / Fingerprint sheet of a trust folder", ""]
        lines += [f"安装标识 / origin: {self.origin}", f"日期 / date: {_day(self.date)}"]
        lines += [f"要求 / required: {self.required}", ""]
        lines += ["整个文件夹 / the whole folder (SHA256SUMS)", *_lines(self.whole), ""]
        for item in self.prints:
            lines += [f"{item.zh} / {item.en} ({item.name})", *_lines(item.sha256), ""]
        return "\n".join([*lines, *COMPARE]) + "\n"


COMPARE = (
    "如何核对 / How to compare",
    "1. 本单须与证据材料分开取得：当面、挂号邮寄，或在电话中逐组读出。",
    "   Receive this sheet apart from any evidence: by hand, by registered post, or",
    "   read out group by group on the telephone.",
    "2. 在信任文件夹中运行，结果须与上面 16 组相同：",
    "   In the trust folder run; the result must equal the 16 groups above:",
    "       sha256sum SHA256SUMS",
    "3. 再运行，每个文件都须为 OK（成功） / Then run; every file must be OK:",
    "       sha256sum -c SHA256SUMS",
    "4. 任何一组不同：不要使用该文件夹，请联系出具方。",
    "   If one group differs, do not use the folder; ask who gave it to you.",
)


def groups(sha256: str) -> list[str]:
    """Return a digest in groups of four hex digits, which can be read aloud."""
    return [sha256[at : at + GROUP] for at in range(0, len(sha256), GROUP)]


def _lines(sha256: str) -> list[str]:
    found = groups(sha256)
    return [f"    {' '.join(found[:8])}", f"    {' '.join(found[8:])}"]


def _cells(sha256: str) -> str:
    return "".join(f"<span>{group}</span>" for group in groups(sha256))


def _row(item: Print) -> str:
    return (
        f'<tr><td>{html.escape(item.zh)} <span class="en">{html.escape(item.en)}</span><br>'
        f'<span class="file">{html.escape(item.name)}</span></td>'
        f'<td><div class="hex">{_cells(item.sha256)}</div></td></tr>'
    )


def _day(moment: datetime) -> str:
    zone = moment.strftime("%z")
    return moment.strftime("%Y-%m-%d %H:%M ") + (f"UTC{zone[:3]}:{zone[3:]}" if zone else "")


def plain(text: str, limit: int = 80) -> str:
    """Return a name with nothing in it that could steer a printer or a terminal."""
    kept = "".join(c for c in text if not unicodedata.category(c).startswith("C"))
    return kept[:limit]


def join(words: Sequence[str]) -> str:
    """Return words in one line."""
    return ", ".join(words)
