"""The JSON records of a package, each by its own rules: which fields, of which kinds.

Certificates are compared with their digests; nothing in them is otherwise believed or proved.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from evidence.errors import FormatError
from evidence.format import names
from evidence.format.digests import check_hex

Record = Mapping[str, Any]
CERTIFICATES = "markseal-certificates/1"
REPLAY = "markseal-replay/1"
ATTENDED = "markseal-attended/1"
REVIEW = "markseal-review/1"
REPLAY_VERDICTS = ("equal", "differs", "not_checked")
MAX_CERTIFICATES = 2000
MAX_CONNECTIONS = 20_000


def _wrong(name: str, what: str, zh: str) -> FormatError:
    return FormatError(f"{name}: {what}.", f"{name}：{zh}。")


def _need(value: Any, name: str, fields: Mapping[str, type | tuple[type, ...]]) -> Record:
    """Return ``value`` if it is an object with at least these fields of these types."""
    if not isinstance(value, dict):
        raise _wrong(name, "an object is expected", "应为对象")
    for key, kind in fields.items():
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if key not in value or type(value[key]) not in kinds:
            raise _wrong(
                name,
                f"the field {key!r} is missing or of the wrong type",
                f"字段 {key!r} 缺失或类型不对",
            )
    return value


def _of_format(value: Record, name: str, wanted: str) -> Record:
    if _need(value, name, {"format": str})["format"] != wanted:
        raise _wrong(name, f"it is not of format {wanted}", f"格式不是 {wanted}")
    return value


def check_certificates(value: Record) -> None:
    """Prove that each certificate has its stated SHA-256 and each chain names known ones."""
    name = names.CERTIFICATES
    _of_format(value, name, CERTIFICATES)
    _need(value, name, {"certificates": dict, "connections": list, "revocation": str})
    known, connections = value["certificates"], value["connections"]
    if len(known) > MAX_CERTIFICATES or len(connections) > MAX_CONNECTIONS:
        raise _wrong(name, "it has too many entries", "条目过多")
    for digest, certificate in known.items():
        check_hex(digest, f"{name}: certificate")
        der = _need(certificate, f"{name}: certificate {digest[:16]}", {"der": str})["der"]
        if hashlib.sha256(_base64(der, name)).hexdigest() != digest:
            raise _wrong(
                name,
                f"certificate {digest[:16]}… is not of that digest",
                f"证书 {digest[:16]}… 与其摘要不符",
            )
    fields = {"host": str, "port": int, "chain": list, "verdict": str, "revocation": str}
    used: set[str] = set()
    for number, connection in enumerate(connections, 1):
        chain = _need(connection, f"{name}: connection {number}", fields)["chain"]
        if not all(isinstance(item, str) and item in known for item in chain):
            raise _wrong(
                name,
                f"connection {number} names a certificate that is not there",
                f"第 {number} 个连接所指证书不在其中",
            )
        used.update(chain)
    if used != set(known):
        raise _wrong(name, "a certificate belongs to no connection", "有证书不属于任何连接")


def _base64(text: str, name: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or base64.b64encode(data).decode() != text:
        raise _wrong(name, "a certificate is not in base64", "有证书不是 base64")
    return data


def check_replay(value: Record) -> None:
    """Prove that the replay check has one of its verdicts, and the findings that go with it."""
    name = names.REPLAY
    _of_format(value, name, REPLAY)
    fields: dict[str, type | tuple[type, ...]] = {
        "verdict": str,
        "picture": (dict, type(None)),
        "text": (dict, type(None)),
    }
    _need(value, name, fields)
    if value["verdict"] not in REPLAY_VERDICTS:
        raise _wrong(name, "its verdict is unknown", "结论未知")
    if value["picture"] is not None:
        picture = _need(
            value["picture"], f"{name}: picture", {"differing_permille": int, "regions": list}
        )
        if not 0 <= picture["differing_permille"] <= 1000:
            raise _wrong(name, "a share is out of bounds", "比例超出范围")
        sides = dict.fromkeys(("x", "y", "width", "height"), int)
        for region in picture["regions"]:
            _need(region, f"{name}: region", {**sides, "cause": str})
    if value["text"] is not None:
        _need(value["text"], f"{name}: text", {"equal": bool, "differences": list})
    if value["verdict"] == "equal" and _differs(value):
        raise _wrong(name, "it says equal and lists differences", "结论为一致，却列有差异")


def _differs(value: Record) -> bool:
    text, picture = value["text"], value["picture"]
    return (text is not None and not text["equal"]) or picture is None or text is None


def check_attended(value: Record) -> None:
    """Prove that the record of an attended capture has its form and names who was there."""
    name = names.ATTENDED
    _of_format(value, name, ATTENDED)
    fields: dict[str, type | tuple[type, ...]] = {"by": str, "second": (str, type(None))}
    _need(value, name, fields | {"moments": list, "pages": list, "doings": list})
    numbers = [
        _need(item, f"{name}: moment", {"number": int})["number"] for item in value["moments"]
    ]
    if numbers != list(range(1, len(numbers) + 1)) or not value["by"]:
        raise _wrong(
            name,
            "its moments are not numbered from 1, or nobody is named",
            "时刻编号有误，或未写明人员",
        )


def check_review(value: Record) -> None:
    """Prove that the technical review record has its form; its signature is checked apart."""
    name = names.REVIEW
    _of_format(value, name, REVIEW)
    _need(value, name, {"result": str, "started": str, "finished": str, "checks": list})
    if value["result"] not in ("passed", "failed"):
        raise _wrong(name, "its result is unknown", "结果未知")
    results = [_need(item, f"{name}: check", {"result": str})["result"] for item in value["checks"]]
    if (value["result"] == "passed") != all(result == "passed" for result in results):
        raise _wrong(name, "its result is not that of its checks", "结论与各项检查不符")


def check_any(value: Record) -> None:
    """Prove nothing more than that it is an object."""


CHECKS: Mapping[str, Callable[[Record], None]] = MappingProxyType(
    {
        names.CAPTURE: check_any,
        names.ENVIRONMENT: check_any,
        names.CERTIFICATES: check_certificates,
        names.REPLAY: check_replay,
        names.ATTENDED: check_attended,
        names.REVIEW: check_review,
    }
)
"""The JSON records of a package and what each is held to."""
