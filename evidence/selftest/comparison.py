"""Compares what the ground-truth server did with what the capture recorded."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from evidence.environment.rows import TOPICS
from evidence.errors import FormatError
from evidence.selftest.exchanges import PATCH
from evidence.selftest.server import HOST, Served
from evidence.selftest.warcfile import Record, read_warc, sha256

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Check:
    """One thing compared: ``found`` must equal ``expected``."""

    id: str
    zh: str
    en: str
    expected: str
    found: str

    @property
    def passed(self) -> bool:
        """Whether it came out as expected."""
        return self.expected == self.found

    def to_json(self) -> dict[str, str]:
        """Return the check as it stands in ``review.json``."""
        return {
            "id": self.id,
            "zh": self.zh,
            "en": self.en,
            "result": "passed" if self.passed else "failed",
            "expected": self.expected,
            "found": self.found,
        }


@dataclass
class Findings:
    """What was found in one capture, its artefacts read from ``folder``; ``name`` tells which."""

    name: str
    folder: Path
    checks: list[Check] = field(default_factory=list)
    exchanges: list[dict[str, Any]] = field(default_factory=list)

    def note(self, what: str, zh: str, en: str, *, expected: object, found: object) -> None:
        """Add one check."""
        self.checks.append(Check(f"{self.name}.{what}", zh, en, str(expected), str(found)))

    def json(self, name: str) -> dict[str, Any]:
        """Return a JSON artefact, empty when it is missing or no object."""
        try:
            value = json.loads((self.folder / name).read_bytes())
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    def text(self, name: str) -> str:
        """Return a text artefact, empty when it is missing."""
        try:
            return (self.folder / name).read_text("utf-8", "replace")
        except OSError:
            return ""


def compare_exchanges(findings: Findings, served: Sequence[Served], *, least: int) -> None:
    """Compare every exchange byte for byte, and that nothing is missing or added."""
    try:
        records = read_warc(findings.folder / "archive/data.warc.gz")
    except (OSError, FormatError) as error:
        findings.note("warc", "WARC 可读", "the WARC is readable", expected="yes", found=error)
        return
    responses = [r for r in records if r.kind == "response"]
    requests = {r.fields.get("warc-concurrent-to", ""): r for r in records if r.kind == "request"}
    findings.note(
        "count",
        "服务器的交换数与 WARC 的应答记录数一致",
        "as many responses in the WARC as exchanges on the server",
        expected=max(len(served), least),
        found=len(responses),
    )
    findings.note(
        "digests",
        "各记录的摘要与内容相符",
        "records whose digest does not hold",
        expected=0,
        found=sum(1 for r in records if r.kind != "warcinfo" and not r.digest_holds),
    )
    for exchange in served:
        response = _take(responses, exchange)
        request = requests.get(response.fields.get("warc-record-id", "")) if response else None
        _compare_one(findings, exchange, response, request)


def _take(responses: list[Record], exchange: Served) -> Record | None:
    """Take the response of this exchange out of those not yet compared: the equal one first."""
    same = [r for r in responses if r.url == exchange.url]
    found = next((r for r in same if r.block == exchange.sent), same[0] if same else None)
    if found is not None:
        responses.remove(found)
    return found


def _compare_one(
    findings: Findings, exchange: Served, response: Record | None, request: Record | None
) -> None:
    sent, received = sha256(exchange.sent), sha256(exchange.received)
    path = "/" + exchange.url.split("/", 3)[3]
    row = {
        "method": exchange.method,
        "path": path,
        "sent_bytes": len(exchange.sent),
        "sent_sha256": sent,
        "response_sha256": sha256(response.block) if response else "none",
        "received_sha256": received,
        "request_sha256": sha256(request.block) if request else "none",
        "first_difference": _difference(exchange.sent, response.block if response else b""),
    }
    findings.exchanges.append(row)
    what = f"exchange {exchange.method} {path}"
    findings.note(
        f"{what} response",
        "应答与服务器发出的字节一致",
        "the response is what the server sent, byte for byte",
        expected=sent,
        found=row["response_sha256"],
    )
    findings.note(
        f"{what} request",
        "请求与服务器收到的字节一致",
        "the request is what the server received, byte for byte",
        expected=received,
        found=row["request_sha256"],
    )
    peer = response.fields.get("warc-ip-address", "none") if response else "none"
    findings.note(f"{what} address", "对端地址", "the peer's address", expected=HOST, found=peer)


def _difference(sent: bytes, recorded: bytes) -> str:
    """Return the first byte that differs, counted from 0, or ``none``."""
    if sent == recorded:
        return "none"
    pairs = enumerate(zip(sent, recorded, strict=False))
    return str(next((n for n, (a, b) in pairs if a != b), min(len(sent), len(recorded))))


def compare_page(
    findings: Findings, lines: Sequence[str], patches: Mapping[int, Colour], title: str
) -> None:
    """Compare the visible text, the document, and the picture's colours at known places."""
    text = [line.strip() for line in findings.text("evidence/text.txt").splitlines()]
    for number, line in enumerate(lines, start=1):
        findings.note(
            f"text {number}",
            "可见文本含此行",
            "the visible text has this line",
            expected=line,
            found=line if line in text else "not there",
        )
    dom = findings.text("evidence/dom.html")
    findings.note(
        "document",
        "最终 DOM 的标题",
        "the title in the final document",
        expected=title,
        found=title if f"<title>{title}</title>" in dom else "not there",
    )
    colours = _colours(findings.folder / "evidence/screenshot.png", sorted(patches))
    for place, colour in sorted(patches.items()):
        findings.note(
            f"picture {place}",
            f"截图中第 {place + 1} 块的颜色",
            f"the colour of patch {place + 1} in the picture",
            expected=_hex(colour),
            found=colours.get(place, "no picture"),
        )


def _colours(path: Path, places: Sequence[int]) -> dict[int, str]:
    """Return the colour in the middle of each patch, counted from the left edge."""
    try:
        with Image.open(path) as image:
            pixels = image.convert("RGB")
            spots = {p: (p * PATCH + PATCH // 2, PATCH // 2) for p in places}
            return {
                p: _hex(pixels.crop((x, y, x + 1, y + 1)).tobytes()[:3])
                for p, (x, y) in spots.items()
            }
    except (OSError, ValueError, UnidentifiedImageError):
        return {}


def _hex(colour: Sequence[int]) -> str:
    return "#" + bytes(colour).hex()


def compare_capture(findings: Findings, *, verdict: str) -> None:
    """Compare what the capture says of itself."""
    capture = findings.json("evidence/capture.json")
    certificate = capture.get("certificate") or {}
    findings.note(
        "fidelity", "字节保真度", "fidelity", expected="exact", found=capture.get("fidelity")
    )
    findings.note(
        "certificate verdict",
        "证书验证结论",
        "verdict on the certificate",
        expected=verdict,
        found=certificate.get("verdict", "none"),
    )


def compare_certificate(findings: Findings, served: bytes) -> None:
    """Compare the certificate recorded for the page with the one the server really showed."""
    capture = findings.json("evidence/capture.json")
    chain = (capture.get("certificate") or {}).get("chain_sha256") or [""]
    findings.note(
        "certificate",
        "所记录的证书即服务器出示的证书",
        "the certificate recorded is the one served",
        expected=hashlib.sha256(served).hexdigest(),
        found=chain[0],
    )
    rows = {row["id"]: row for row in findings.json("evidence/environment.json").get("rows", [])}
    version = rows.get("root_store", {}).get("data", {}).get("version", "")
    findings.note(
        "root store",
        "已记录浏览器根证书库版本",
        "the version of the browser's roots is recorded",
        expected="yes",
        found="yes" if version else "no",
    )
    connections = findings.text("evidence/certificates.json")
    findings.note(
        "certificate file",
        "证书文件含服务器证书原文",
        "the file of certificates holds it (DER)",
        expected="yes",
        found="yes" if base64.b64encode(served).decode() in connections else "no",
    )


def compare_environment(
    findings: Findings, *, binary_sha256: str | None, code_sha256: str, refused: str | None
) -> None:
    """Compare the environment record with what this process sees for itself."""
    record = findings.json("evidence/environment.json")
    rows = {row.get("id"): row for row in record.get("rows", []) if isinstance(row, dict)}
    findings.note(
        "environment rows",
        "环境记录的行数",
        "rows of the environment record",
        expected=len(TOPICS),
        found=sum(1 for topic in TOPICS if topic in rows),
    )
    hosts = hashlib.sha256(Path("/etc/hosts").read_bytes()).hexdigest()
    for what, zh, topic, name, expected in (
        ("hosts", "hosts 文件哈希", "hosts", "after_sha256", hosts),
        ("code", "程序摘要", "code", "code_sha256", code_sha256),
        ("binary", "浏览器程序哈希", "browser_binary", "sha256", binary_sha256),
        ("status", "HTTP 状态", "http_status", "status", 200),
        ("server", "服务器地址", "server_address", "addresses", [HOST]),
        ("loopback", "放行本机地址已注明", "egress_guard", "allow_loopback", True),
    ):
        found = rows.get(topic, {}).get("data", {}).get(name, "none")
        findings.note(f"environment {what}", zh, f"{topic}: {name}", expected=expected, found=found)
    if refused is not None:
        listed = rows.get("egress_guard", {}).get("data", {}).get("refused", [])
        hosts_refused = {row.get("host") for row in listed if isinstance(row, dict)}
        findings.note(
            "environment refused",
            "出口守卫拒绝了非公网地址",
            "the guard refused the address that is not public",
            expected=refused,
            found=refused if refused in hosts_refused else "not refused",
        )
