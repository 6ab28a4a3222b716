"""What each verifier says of each row, and the published table of it (``docs/tampering.md``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.verify import verify_file
from tests.evidence.shell.run import run_verify_text
from tests.evidence.tamper.good import NOTARY, Good
from tests.evidence.tamper.rows import MODULES, all_rows
from tests.evidence.tamper.table import Tampering
from tests.verifier.driver import HtmlVerifier, RefusedInputError

PAGE = Path(__file__).resolve().parents[3] / "docs" / "tampering.md"
Verdict = Mapping[str, Any]
PYTHON, HTML, SHELL = "`markseal verify`", "`markseal-verify.html`", "`VERIFY.txt`"
STATUS = {1: "invalid", 3: "not_checked"}
NOT_CLAIMED = "不在其核查之列<br>not among what it checks"
HEAD = """# 篡改对照表 / Tamper matrix

Written by `python -m tests.evidence.tamper`; a test says when it is out of date. Every row is one
crime, done to a good dossier by a function of the same name in `tests/evidence/tamper/`; every
cell is the sentence that names it. `where` stands before the sentence. All rows are refused with
exit 1 but those marked *3*, where something that the trust folder requires lacks (not proved).

每行为一种篡改手法，由 `tests/evidence/tamper/` 中同名函数对一份完好的移交包实施；每格为相应核验途径给出的
语句，其前为所指位置。除标有 *3* 者（缺少信任文件夹所要求的内容，未能证明）外，均以退出码 1 判定不通过。
"""


@dataclass(frozen=True)
class Column:
    """One way of verifying: its name, and what it says of each row (Markdown)."""

    name: str
    cells: Mapping[str, str]


def found(row: Tampering, verdict: Verdict) -> list[dict[str, Any]]:
    """Return the claims of a verdict that are of the row's claim and fail as it expects."""
    due = STATUS[row.code]
    return [c for c in verdict["claims"] if c["id"] == row.claim and c["status"] == due]


def named(row: Tampering, verdict: Verdict) -> dict[str, Any] | None:
    """Return the claim that names the crime rightly: its place and the sentence; else None."""
    for claim in found(row, verdict):
        said = row.says[0] in claim["en"] and row.says[1] in claim["zh"]
        if claim["where"] == row.where and said:
            return claim
    return None


def failing(verdict: Verdict) -> tuple[int, str, tuple[str, ...]]:
    """Return the exit code, headline and failing claims: what two verifiers must agree in."""
    wrong = {c["id"] for c in verdict["claims"] if c["status"] == "invalid"}
    return verdict["exit"], verdict["headline"]["zh"], tuple(sorted(wrong))


def judged(row: Tampering, good: Good, folder: Path) -> Verdict:
    """Return the Python verifier's verdict on a row."""
    path, trust = row.write(good, folder)
    return verify_file(path, trust=trust).to_json()


def cell(claim: Mapping[str, Any] | None) -> str:
    """Return the cell that tells a claim."""
    if claim is None:
        return "**—**"
    where = f"`{_shown(claim['where'])}` " if claim["where"] else ""
    return f"{where}{_shown(claim['zh'])}<br>{_shown(claim['en'])}"


def _shown(text: str) -> str:
    plain = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return plain.replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def python_cells(good: Good, folder: Path) -> dict[str, str]:
    """Return the Python verifier's column."""
    return {row.name: cell(named(row, judged(row, good, folder))) for row in all_rows()}


@dataclass(frozen=True)
class Other:
    """What another verifier said of all rows: its cells, and the rows that it got wrong."""

    cells: dict[str, str]
    wrong: dict[str, str]


def html(good: Good, folder: Path, *, every: int = 1) -> Other:
    """Return what the HTML verifier says of every (or every so manieth) row.

    Wrong is a row for which exit code or failing claims are not those of the Python verifier.
    """
    told = Other({}, {})
    with HtmlVerifier() as verifier:
        for row in all_rows()[::every]:
            path, trust = row.write(good, folder)
            due = failing(verify_file(path, trust=trust).to_json())
            try:
                verdict = verifier.verify([path], trust)
            except RefusedInputError as error:
                told.wrong[row.name] = f"refused: {error}"
                continue
            if failing(verdict) != due:
                told.wrong[row.name] = f"{failing(verdict)} instead of {due}"
            claims = found(row, verdict)
            same = [claim for claim in claims if claim["where"] == row.where]
            told.cells[row.name] = cell((same or claims or [None])[0])
    return told


def shell(good: Good, folder: Path, *, every: int = 1) -> Other:
    """Return what VERIFY.txt says of every (or every so manieth) row.

    Wrong is a row that it claims to see and lets pass.
    """
    told = Other({}, {})
    for row in all_rows()[::every]:
        path, trust = row.write(good, folder)
        done = run_verify_text(path, trust)
        if done.failed:
            shown = [_shown(line) for line in done.failed]
            told.cells[row.name] = "<br>".join(shown[:3]) + (" …" if len(shown) > 3 else "")
        elif done.exit_code:
            told.cells[row.name] = f"exit {done.exit_code}"
        else:
            told.cells[row.name] = NOT_CLAIMED
            if row.shell:
                told.wrong[row.name] = "passes"
    return told


def lines(columns: list[Column]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield from HEAD.splitlines()
    yield ""
    yield f"{len(all_rows())} rows. The witnesses' names are made up ({NOTARY.name})."
    for module in MODULES:
        title = (module.__doc__ or "").strip().splitlines()[0].rstrip(".")
        yield from ("", f"## {title}", "")
        yield "| | 手法 Crime | " + " | ".join(column.name for column in columns) + " |"
        yield "|---|---|" + "---|" * len(columns)
        for row in (row for row in all_rows() if row.module == module.__name__):
            mark = " *3*" if row.code == 3 else ""
            told = " | ".join(column.cells.get(row.name, "") for column in columns)
            yield f"| `{row.name}` | {row.zh}<br>{row.en}{mark} | {told} |"


def printed(columns: list[Column]) -> str:
    """Return the page."""
    return "\n".join(lines(columns)) + "\n"


def written(column: str = PYTHON) -> dict[str, str]:
    """Return a column of the committed page; empty when it has none of that name."""
    cells: dict[str, str] = {}
    at = None
    for line in PAGE.read_text("utf-8").splitlines() if PAGE.exists() else ():
        parts = line.replace("\\|", "\0").removesuffix(" |").split(" | ")
        if line.startswith("| | "):
            at = parts.index(column) if column in parts else None
        elif line.startswith("| `") and at is not None:
            cells[parts[0].strip("| `")] = parts[at].replace("\0", "\\|")
    return cells
