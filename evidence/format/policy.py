"""``policy.toml`` of a trust folder (format ``markseal-trust/1``): what a verdict requires.

The trust folder comes from outside every package. This module reads and prints the policy's
text; loading the keys and certificates that it names is the verifier's work.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from typing import Any

from evidence.errors import FormatError, TrustError
from evidence.format.names import check_authority_name

FORMAT = "markseal-trust/1"
POLICY = "policy.toml"
CLAIMS = ("package", "manifest", "signature", "inclusion", "timestamp")
LIMIT = 1 << 20


@dataclass(frozen=True)
class TrustedAuthority:
    """A timestamp authority: short ``name``, PEM file ``roots``, for trial runs only or not."""

    name: str
    roots: str
    trial: bool


@dataclass(frozen=True)
class Policy:
    """What is required, and the files (relative to the folder) that hold the trusted keys."""

    require: tuple[str, ...]
    tokens: int
    log_key: str
    signer_key: str
    authorities: tuple[TrustedAuthority, ...]

    def to_text(self) -> str:
        """Return the policy as TOML; ``parse_policy`` reads it back."""
        lines = [
            f"format = {_quote(FORMAT)}",
            f"require = [{', '.join(map(_quote, self.require))}]",
            f"tokens = {self.tokens}",
            "",
            "[log]",
            f"vkey = {_quote(self.log_key)}",
            "",
            "[signer]",
            f"key = {_quote(self.signer_key)}",
        ]
        for authority in self.authorities:
            trial = "true" if authority.trial else "false"
            lines += ["", "[[authorities]]", f"name = {_quote(authority.name)}"]
            lines += [f"roots = {_quote(authority.roots)}", f"trial = {trial}"]
        return "\n".join(lines) + "\n"


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _wrong(en: str, zh: str) -> TrustError:
    return TrustError(f"{POLICY}: {en}", f"{POLICY}：{zh}")


def parse_policy(text: str) -> Policy:
    """Read the policy strictly, or raise TrustError naming the key that is wrong."""
    try:
        value = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _wrong(f"it is not TOML ({error})", f"不是 TOML（{error}）") from error
    top: dict[str, type] = {"format": str, "require": list, "tokens": int, "log": dict}
    _take(value, "", top | {"signer": dict, "authorities": list})
    if value["format"] != FORMAT:
        raise _wrong(f"format must be {FORMAT!r}", f"format 应为 {FORMAT!r}")
    require = value["require"]
    if any(claim not in CLAIMS for claim in require) or not require:
        known = ", ".join(CLAIMS)
        raise _wrong(f"require may list {known}", f"require 只能列出 {known}")
    _take(value["log"], "log.", {"vkey": str})
    _take(value["signer"], "signer.", {"key": str})
    authorities = tuple(_authority(item) for item in value["authorities"])
    names = [authority.name for authority in authorities]
    if len(set(names)) != len(names):
        raise _wrong("two authorities have one name", "两个时间戳机构同名")
    if value["tokens"] < 1:
        raise _wrong("tokens must be at least 1", "tokens 至少为 1")
    paths = (value["log"]["vkey"], value["signer"]["key"])
    return Policy(
        tuple(require), value["tokens"], _relative(paths[0]), _relative(paths[1]), authorities
    )


def _authority(item: Any) -> TrustedAuthority:
    _take(item, "authorities.", {"name": str, "roots": str, "trial": bool})
    try:
        name = check_authority_name(item["name"])
    except FormatError as error:
        raise _wrong(error.en, error.zh) from error
    return TrustedAuthority(name, _relative(item["roots"]), item["trial"])


def _relative(path: str) -> str:
    parts = path.split("/")
    if not path or "\\" in path or "\0" in path or any(p in ("", ".", "..") for p in parts):
        raise _wrong(f"{path!r} must be a path inside the folder", f"{path!r} 应为该文件夹内的路径")
    return path


def _take(value: Any, prefix: str, fields: dict[str, type]) -> None:
    if not isinstance(value, dict):
        raise _wrong(f"{prefix.rstrip('.')} must be a table", f"{prefix.rstrip('.')} 应为表")
    for key in value:
        if key not in fields:
            raise _wrong(f"the key {prefix}{key} is unknown", f"键 {prefix}{key} 未知")
    for key, kind in fields.items():
        if type(value.get(key)) is not kind:
            raise _wrong(
                f"the key {prefix}{key} is missing or not of type {kind.__name__}",
                f"键 {prefix}{key} 缺失或类型不是 {kind.__name__}",
            )
