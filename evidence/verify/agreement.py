"""The records of one capture corroborate one another: fidelity, strips, moments, secrets, review.

Each file has passed by itself before; here they are held against each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evidence.format import names
from evidence.format.digests import sha256_hex
from evidence.verify.contents import Contents
from evidence.verify.verdict import Findings

Json = Mapping[str, Any]
MASKED = {"file": str, "part": str, "what": str, "places": int, "bytes": int}
PART = {"name": str, "size": int, "sha256": str, "sm3": str}
"""The fields of an entry in the lists ``masked`` and ``private`` of ``capture.json``."""


def check_agreement(
    contents: Contents, listed: Sequence[str], fidelity: str | None, label: str, findings: Findings
) -> None:
    """Note where the artefacts of one package contradict one another.

    ``listed`` are its artefacts, ``fidelity`` what the manifest says.
    """
    if fidelity is not None:
        _check_fidelity(contents, listed, fidelity, label, findings)
    _check_strips(contents, listed, label, findings)
    _check_moments(contents, listed, label, findings)
    _check_review(contents, listed, label, findings)


def _check_fidelity(
    contents: Contents, listed: Sequence[str], fidelity: str, label: str, findings: Findings
) -> None:
    """The manifest, the capture's record and the WARC say one thing of how exact the WARC is."""
    capture = contents.records.get(names.CAPTURE)
    stated = {}
    if capture is not None:
        stated[names.CAPTURE] = capture.get("fidelity")
    if contents.warc:
        stated[names.ARCHIVE] = contents.warc[0].fields.get("fidelity")
    for name, value in stated.items():
        silent = value is None and fidelity == "decoded"
        if value != fidelity and not silent:
            findings.invalid(
                "package",
                f"{label}!{name}",
                f"{name} says that the exchanges are {value}, the manifest that they are "
                f"{fidelity}.",
                f"{name} 所述的保真度为 {value}，清单为 {fidelity}。",
            )
    protocols = {r.headers.get("warc-protocol", "") for r in contents.warc or ()}
    if fidelity == "exact" and any("h2" in protocol.split(", ") for protocol in protocols):
        findings.invalid(
            "package",
            f"{label}!{names.ARCHIVE}",
            "An exchange over HTTP/2 is not the literal bytes of the wire, which the manifest "
            "promises.",
            "清单称交互为原始字节，但其中有经解码的 HTTP/2 交互。",
        )
    if fidelity == "redacted":
        _check_masked(capture, listed, label, findings)


def _check_masked(
    capture: Json | None, listed: Sequence[str], label: str, findings: Findings
) -> None:
    """Masked exchanges come with the list of what was masked and with the sealed exact bytes."""
    if capture is not None and not _is_list_of(capture.get("masked"), MASKED):
        findings.invalid(
            "package",
            f"{label}!{names.CAPTURE}",
            f"The exchanges are redacted, but {names.CAPTURE} does not list what was masked.",
            f"交互记录经过遮盖，但 {names.CAPTURE} 没有列出遮盖之处。",
        )
    if capture is not None and not _is_list_of(capture.get("private"), PART):
        findings.invalid(
            "package",
            f"{label}!{names.CAPTURE}",
            f"{names.CAPTURE} does not list what is in the encrypted part, with its digests.",
            f"{names.CAPTURE} 没有列出加密部分的内容及其哈希值。",
        )
    if names.PRIVATE not in listed:
        findings.invalid(
            "package",
            f"{label}!{names.ARCHIVE}",
            f"The exchanges are redacted, but {names.PRIVATE} with the exact bytes is not there.",
            f"交互记录经过遮盖，但没有封存原文的 {names.PRIVATE}。",
        )


def _is_list_of(value: Any, fields: Mapping[str, type]) -> bool:
    """Whether a value is a list of objects that have at least these fields of these types."""
    return isinstance(value, list) and all(
        isinstance(item, dict) and all(type(item.get(key)) is kind for key, kind in fields.items())
        for item in value
    )


def _check_strips(
    contents: Contents, listed: Sequence[str], label: str, findings: Findings
) -> None:
    """Strips of a tall page, one below the other, have the size of the whole picture."""
    strips = names.series(listed, names.STRIPS)
    whole = contents.pictures.get(names.SCREENSHOT)
    sizes = [contents.pictures.get(name) for name in strips]
    if not strips or whole is None or None in sizes:
        return
    known = [size for size in sizes if size is not None]
    for name, size in zip(strips, known, strict=True):
        if size[0] != whole[0]:
            findings.invalid(
                "package",
                f"{label}!{name}",
                f"{name} is not as wide as {names.SCREENSHOT}.",
                f"{name} 与 {names.SCREENSHOT} 宽度不同。",
            )
    if sum(height for _, height in known) != whole[1]:
        findings.invalid(
            "package",
            f"{label}!{strips[-1]}",
            f"The strips together are not as tall as {names.SCREENSHOT}.",
            f"各分段图片的总高度与 {names.SCREENSHOT} 不同。",
        )


def _check_moments(
    contents: Contents, listed: Sequence[str], label: str, findings: Findings
) -> None:
    """An attended capture's record has one entry for each picture of a marked moment."""
    record = contents.records.get(names.ATTENDED)
    moments = names.series(listed, names.MOMENTS)
    if record is None:
        return
    told = record.get("moments")
    if not isinstance(told, list) or len(told) != len(moments):
        findings.invalid(
            "package",
            f"{label}!{names.ATTENDED}",
            f"{names.ATTENDED} does not list exactly the pictures of marked moments.",
            f"{names.ATTENDED} 所列的标记时刻与图片不一一对应。",
        )


def _check_review(
    contents: Contents, listed: Sequence[str], label: str, findings: Findings
) -> None:
    """The enclosed review is the one that the environment record names, of that browser and code.

    Environment records without rows (``markseal-environment/1``) name none, and prove nothing.
    """
    environment = contents.records.get(names.ENVIRONMENT, {})
    rows = environment.get("rows")
    if not isinstance(rows, list):
        return
    stated = _value(next((r for r in rows if _value(r, "id") == "review"), None), "data", "sha256")
    if names.REVIEW not in listed:
        if stated is not None:
            findings.invalid(
                "package",
                f"{label}!{names.ENVIRONMENT}",
                "The environment record names a technical review that is not enclosed.",
                "环境记录所述的技术核查记录未附上。",
            )
        return
    if contents.review is None:
        return
    record = contents.records.get(names.REVIEW)
    reviewed = [_value(record, "subject", key) for key in ("browser_sha256", "code_sha256")]
    used = [
        _value(environment, "browser", "binary_sha256"),
        _value(environment, "software", "code_sha256"),
    ]
    if stated != sha256_hex(contents.review[0]) or used != reviewed:
        findings.invalid(
            "package",
            f"{label}!{names.REVIEW}",
            "The technical review is not the one that the environment record names, or is of "
            "another browser or code than captured.",
            "技术核查记录不是环境记录所述的那一份，或并非针对取证所用的浏览器和程序。",
        )


def _value(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
