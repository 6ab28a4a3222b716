"""``markseal-certificate/1``: what a certificate says, as one line of canonical JSON (RFC 8785).

The page is made of this line alone; HTML carries it in a ``meta`` element, a PDF in its document
information. It is not signed: the package proves, the line only says which package is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from evidence.errors import FormatError, InputError, ProofError
from evidence.format import jcs, names
from evidence.format.entry import Sealed, parse_entry
from evidence.format.times import format_time, parse_time
from evidence.papers.markup import plain
from evidence.papers.material import Material
from evidence.verify.verdict import Outcome

FORMAT = "markseal-certificate/1"
LIMIT = 1 << 16
TITLE = 200
FIELDS: dict[str, type] = {
    "format": str,
    "capture_id": str,
    "captured": dict,
    "declared": list,
    "index": int,
    "issued": str,
    "log": dict,
    "manifest": dict,
    "name": str,
    "number": str,
    "package": dict,
    "title": str,
    "tokens": list,
    "trial": bool,
    "url": str,
}
COMPARED = (
    "capture_id",
    "captured",
    "declared",
    "index",
    "log",
    "manifest",
    "name",
    "number",
    "package",
    "title",
    "url",
)
"""Fields that a package fixes: what differs in one of them is another package's certificate."""
Line = Mapping[str, Any]


def line_of(material: Material, *, issued: datetime) -> Line:
    """Return the line for a verified package, whatever its verdict.

    Raises InputError when it has not all that a certificate states (an outcome in a log, tokens).
    """
    facts = material.facts
    sealed = _outcome(material)
    needed = ("capture_id", "captured", "url", "manifest_sha256", "log", "index")
    if sealed is None or any(key not in facts for key in needed):
        raise InputError(
            f"{material.path.name} has not all that a certificate states: give a dossier, or a "
            "package with its papers beside it.",
            f"{material.path.name} 缺少凭证所需的材料：请给出移交包，或旁边附有各材料的封装。",
        )
    package = sealed.package
    started = parse_time(facts["captured"]["started"])
    tokens = [
        {"authority": t["authority"], "time": t["time"], "trial": bool(t.get("trial"))}
        for t in facts.get("tokens", [])
    ]
    return {
        "format": FORMAT,
        "capture_id": facts["capture_id"],
        "captured": dict(facts["captured"]),
        "declared": [{"zh": plain(zh), "en": plain(en)} for zh, en in material.verdict.declared],
        "index": facts["index"],
        "issued": format_time(issued),
        "log": dict(facts["log"]),
        "manifest": {"sha256": facts["manifest_sha256"], "sm3": facts["manifest_sm3"]},
        "name": material.name or "",
        "number": f"CZ-{started:%Y%m%d}-{facts['manifest_sha256'][:10].upper()}",
        "package": {"sha256": package.sha256, "size": package.size, "sm3": package.sm3},
        "title": _shown(material.record(names.CAPTURE).get("title") or ""),
        "tokens": tokens,
        "trial": material.verdict.trial,
        "url": plain(facts["url"], 1 << 13),
    }


def _shown(title: object) -> str:
    """Return a page's title as visible text on one line."""
    return plain(" ".join(str(title).split()), TITLE)


def proved_line(material: Material, *, issued: datetime) -> Line:
    """Return the line of a package that verifies, or raise ProofError: no certificate of others."""
    if material.verdict.outcome is not Outcome.VALID:
        raise ProofError(
            f"No certificate is made: {material.path.name} does not verify with this trust folder "
            f"({material.verdict.headline_en}).",
            f"不出具凭证：{material.path.name} 用此信任文件夹核验未通过"
            f"（{material.verdict.headline_zh}）。",
        )
    return line_of(material, issued=issued)


def _outcome(material: Material) -> Sealed | None:
    data = material.inside.get(names.Sidecars(material.name or "").outcome)
    try:
        entry = None if data is None else parse_entry(data)
    except FormatError:
        return None
    return entry if isinstance(entry, Sealed) else None


def print_line(line: Line) -> bytes:
    """Return the canonical bytes; the exact inverse of ``parse_line``."""
    return jcs.dumps(dict(line))


def parse_line(data: bytes) -> Line:
    """Read a line strictly, or raise FormatError."""
    value = jcs.take(jcs.loads(data, "certificate", limit=LIMIT), "certificate", FIELDS)
    if value["format"] != FORMAT:
        raise FormatError(f"it is not of format {FORMAT}", f"格式不是 {FORMAT}")
    jcs.take(value["package"], "certificate: package", {"sha256": str, "size": int, "sm3": str})
    jcs.take(value["manifest"], "certificate: manifest", {"sha256": str, "sm3": str})
    jcs.take(value["log"], "certificate: log", {"origin": str, "root": str, "size": int})
    jcs.take(value["captured"], "certificate: captured", {"started": str, "finished": str})
    for token in value["tokens"]:
        wanted: dict[str, type] = {"authority": str, "time": str, "trial": bool}
        jcs.take(token, "certificate: tokens", wanted)
    for told in value["declared"]:
        jcs.take(told, "certificate: declared", {"zh": str, "en": str})
    parse_time(value["issued"])
    return value


def differing(line: Line, other: Line, *, trusted: bool) -> list[str]:
    """Return the fields in which two lines speak of different packages, tokens included.

    Which authorities are for trial runs only, a trust folder says: compared if ``trusted``.
    """
    fields = (*COMPARED, "trial") if trusted else COMPARED
    wrong = [name for name in fields if line[name] != other[name]]
    told = ("authority", "time", "trial") if trusted else ("authority", "time")
    stamps = [[[t[key] for key in told] for t in one["tokens"]] for one in (line, other)]
    return wrong if stamps[0] == stamps[1] else [*wrong, "tokens"]
