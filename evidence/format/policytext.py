"""Reads ``policy.toml`` (``markseal-trust/1``, ``/2``) strictly; the inverse of ``to_text``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from evidence.errors import FormatError, TrustError
from evidence.format.names import check_authority_name
from evidence.format.note import check_name
from evidence.format.policy import (
    CLAIMS,
    DIGESTS,
    FORMAT,
    FURTHER_CLAIMS,
    NOT_INDEPENDENT,
    POLICY,
    RELATIONS,
    SECOND,
    EarlierTokens,
    FormerLog,
    Policy,
    RevokedKey,
    TrustedAuthority,
    TrustedSigner,
    TrustedWitness,
    WeakAlgorithm,
)
from evidence.format.times import parse_time

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_TOP = {"format": str, "require": list, "tokens": int}
_TABLES = {"log": dict, "signer": dict, "authorities": list}
_FURTHER = {
    "cosignatures": int,
    "independent": bool,
    "witnesses": list,
    "revocation": bool,
    "clock_bound_seconds": int,
    "signers": list,
    "revoked": list,
    "logs": list,
    "recovery": int,
    "recovery_keys": list,
    "weak": list,
    "earlier_tokens": list,
}
MAX_NAME = 80
_Value = TypeVar("_Value")
Table = dict[str, Any]


def parse_policy(text: str) -> Policy:
    """Read the policy strictly, or raise TrustError naming the key that is wrong."""
    try:
        value = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _wrong(f"it is not TOML ({error})", f"不是 TOML（{error}）") from error
    if value.get("format") not in (FORMAT, SECOND):
        formats = f"{FORMAT!r} or {SECOND!r}"
        raise _wrong(f"format must be {formats}", f"format 应为 {FORMAT!r} 或 {SECOND!r}")
    second = value["format"] == SECOND
    _take(value, "", _TOP | _TABLES, _FURTHER if second else {})
    _check_required(value["require"], (*CLAIMS, *FURTHER_CLAIMS) if second else CLAIMS)
    _take(value["log"], "log.", {"vkey": str})
    _take(value["signer"], "signer.", {"key": str})
    _at_least(value, "tokens", 1)
    policy = Policy(
        tuple(value["require"]),
        value["tokens"],
        _relative(value["log"]["vkey"]),
        _relative(value["signer"]["key"]),
        tuple(map(_authority, value["authorities"])),
        **_further(value),
    )
    _check_names(policy)
    _check_witnesses(policy)
    if not policy.recovery <= len(policy.recovery_keys) or (
        policy.recovery_keys and not policy.recovery
    ):
        raise _wrong(
            "recovery must be between 1 and the number of recovery_keys",
            "recovery 应在 1 与 recovery_keys 的数目之间",
        )
    return policy


def _further(value: Table) -> dict[str, Any]:
    """Return what /2 adds; every default when it is not there."""
    witnesses = tuple(map(_witness, value.get("witnesses", [])))
    bound = None
    if "clock_bound_seconds" in value:
        bound = timedelta(seconds=_at_least(value, "clock_bound_seconds", 1, 1 << 31))
    return {
        "cosignatures": _at_least({"cosignatures": bool(witnesses)} | value, "cosignatures", 0),
        "independent": value.get("independent", False),
        "witnesses": witnesses,
        "revocation": value.get("revocation", False),
        "clock_bound": bound,
        "signers": tuple(map(_signer, value.get("signers", []))),
        "revoked": tuple(map(_revoked, value.get("revoked", []))),
        "logs": tuple(map(_former, value.get("logs", []))),
        "recovery": _at_least({"recovery": 0} | value, "recovery", 0),
        "recovery_keys": tuple(map(_recovery, value.get("recovery_keys", []))),
        "weak": tuple(map(_weak, value.get("weak", []))),
        "earlier": tuple(map(_earlier, value.get("earlier_tokens", []))),
    }


def _wrong(en: str, zh: str) -> TrustError:
    return TrustError(f"{POLICY}: {en}", f"{POLICY}：{zh}")


def _check_required(require: list[Any], known: tuple[str, ...]) -> None:
    if any(claim not in known for claim in require) or not require:
        listed = ", ".join(known)
        raise _wrong(f"require may list {listed}", f"require 只能列出 {listed}")


def _check_names(policy: Policy) -> None:
    names = [authority.name for authority in policy.authorities]
    if len(set(names)) != len(names):
        raise _wrong("two authorities have one name", "两个时间戳机构同名")
    algorithms = [one.algorithm for one in policy.weak]
    if len(set(algorithms)) != len(algorithms):
        raise _wrong("two [[weak]] have one algorithm", "两个 [[weak]] 的算法相同")
    names = [witness.name for witness in policy.witnesses]
    if len(set(names)) != len(names):
        raise _wrong("two witnesses have one name", "两个见证人同名")


def _check_witnesses(policy: Policy) -> None:
    """A policy that could never be met is a slip of the pen, and refused."""
    if policy.cosignatures > len(policy.witnesses) or (
        policy.witnesses and not policy.cosignatures
    ):
        raise _wrong(
            "cosignatures must be between 1 and the number of witnesses",
            "cosignatures 应在 1 与 witnesses 的数目之间",
        )
    if "witness" in policy.require and not policy.witnesses:
        raise _wrong(
            "witness is required but no [[witnesses]] are listed", "要求见证但未列出 [[witnesses]]"
        )
    if policy.independent and all(w.relation in NOT_INDEPENDENT for w in policy.witnesses):
        raise _wrong(
            "independent needs a witness who is neither party nor operator",
            "independent 要求至少一名既非当事人也非运营者的见证人",
        )


def _authority(item: Any) -> TrustedAuthority:
    _take(item, "authorities.", {"name": str, "roots": str, "trial": bool})
    name = _read(check_authority_name, item["name"])
    return TrustedAuthority(name, _relative(item["roots"]), item["trial"])


def _witness(item: Any) -> TrustedWitness:
    _take(item, "witnesses.", {"name": str, "vkey": str, "relation": str})
    name = item["name"]
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise _wrong(
            f"witnesses.name must be 1 to {MAX_NAME} printable characters",
            f"witnesses.name 应为 1 至 {MAX_NAME} 个可见字符",
        )
    if item["relation"] not in RELATIONS:
        listed = ", ".join(RELATIONS)
        raise _wrong(
            f"witnesses.relation must be one of {listed}", f"witnesses.relation 应为 {listed} 之一"
        )
    return TrustedWitness(name, _relative(item["vkey"]), item["relation"])


def _signer(item: Any) -> TrustedSigner:
    _take(item, "signers.", {"key": str}, {"from": str, "until": str})
    start, end = (_moment(item[key]) if key in item else None for key in ("from", "until"))
    if start is not None and end is not None and start >= end:
        raise _wrong("signers.from must be before signers.until", "signers.from 应早于 until")
    return TrustedSigner(_relative(item["key"]), start, end)


def _revoked(item: Any) -> RevokedKey:
    _take(item, "revoked.", {"key_sha256": str, "from": str}, {"log": str, "index": int})
    if ("log" in item) != ("index" in item):
        raise _wrong("revoked.log and revoked.index belong together", "revoked.log 与 index 应并列")
    start = _moment(item["from"])
    digest = _digest(item["key_sha256"], "revoked.key_sha256")
    if "log" not in item:
        return RevokedKey(digest, start)
    index = _at_least(item, "index", 0, 1 << 62)
    return RevokedKey(digest, start, _read(check_name, item["log"]), index)


def _former(item: Any) -> FormerLog:
    _take(item, "logs.", {"vkey": str, "until_size": int, "until_root": str})
    size = _at_least(item, "until_size", 0, 1 << 62)
    return FormerLog(_relative(item["vkey"]), size, _digest(item["until_root"], "logs.until_root"))


def _recovery(item: Any) -> str:
    _take(item, "recovery_keys.", {"key": str})
    return _relative(item["key"])


def _weak(item: Any) -> WeakAlgorithm:
    _take(item, "weak.", {"algorithm": str, "from": str})
    if item["algorithm"] not in DIGESTS:
        listed = ", ".join(DIGESTS)
        raise _wrong(
            f"weak.algorithm must be one of {listed}", f"weak.algorithm 应为 {listed} 之一"
        )
    return WeakAlgorithm(item["algorithm"], _moment(item["from"]))


def _earlier(item: Any) -> EarlierTokens:
    _take(item, "earlier_tokens.", {"tokens": int, "before": str})
    return EarlierTokens(_at_least(item, "tokens", 1), _moment(item["before"]))


def _moment(text: str) -> datetime:
    return _read(parse_time, text)


def _read(parse: Callable[[str], _Value], text: str) -> _Value:
    try:
        return parse(text)
    except FormatError as error:
        raise _wrong(error.en, error.zh) from error


def _digest(text: str, noun: str) -> str:
    if not _SHA256.match(text):
        raise _wrong(f"{noun} must be 64 hex digits", f"{noun} 应为 64 位小写十六进制数")
    return text


def _at_least(value: Table, key: str, least: int, most: int = 1 << 16) -> int:
    number = int(value[key])
    if not least <= number <= most:
        raise _wrong(f"{key} must be {least} to {most}", f"{key} 应为 {least} 至 {most}")
    return number


def _relative(path: str) -> str:
    parts = path.split("/")
    if not path or set(path) & set("\\\0:") or any(p in ("", ".", "..") for p in parts):
        raise _wrong(f"{path!r} must be a path inside the folder", f"{path!r} 应为该文件夹内的路径")
    return path


def _take(
    value: Any, prefix: str, fields: dict[str, type], optional: dict[str, type] | None = None
) -> None:
    if not isinstance(value, dict):
        raise _wrong(f"{prefix.rstrip('.')} must be a table", f"{prefix.rstrip('.')} 应为表")
    further = optional or {}
    for key in value:
        if key not in fields and key not in further:
            raise _wrong(f"the key {prefix}{key} is unknown", f"键 {prefix}{key} 未知")
    due = fields | {key: kind for key, kind in further.items() if key in value}
    for key, kind in due.items():
        if type(value.get(key)) is not kind:
            raise _wrong(
                f"the key {prefix}{key} is missing or not of type {kind.__name__}",
                f"键 {prefix}{key} 缺失或类型不是 {kind.__name__}",
            )
