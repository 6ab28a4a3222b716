"""``authorities.toml``: which timestamp authorities are asked, how, and how many must answer."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from evidence.authority.client import CLOCK_BOUND, Authority, Token, stamp
from evidence.authority.remote import Credentials, RemoteAuthority
from evidence.authority.request import ALGORITHMS, is_oid
from evidence.errors import FormatError, InputError
from evidence.format.names import check_authority_name

NAME = "authorities.toml"
SECONDS, MOST_SECONDS = 20.0, 120.0
_TOP = {"authorities": list, "tokens": int, "clock_bound_seconds": int}
_ROW = {
    "name": str,
    "url": str,
    "roots": str,
    "trial": bool,
    "policy": str,
    "digest": str,
    "timeout_seconds": int,
    "user": str,
    "password_file": str,
    "certificate": str,
    "key": str,
    "tls_roots": str,
}
_NEEDED = ("name", "url", "roots")


@dataclass(frozen=True)
class NamedAuthority:
    """An authority to ask for tokens, its roots in PEM, and on what terms it is asked.

    ``policy`` is the object identifier that is asked for and required; ``digest`` the algorithm.
    """

    authority: Authority
    roots: bytes
    policy: str | None = None
    digest: str = "sha256"

    @property
    def name(self) -> str:
        """The short name."""
        return self.authority.name

    def stamp(
        self, data: bytes, *, clock: Callable[[], datetime], bound: timedelta = CLOCK_BOUND
    ) -> Token:
        """Return a token over ``data`` that was checked on receipt, or raise AuthorityError."""
        return stamp(
            self.authority,
            data,
            clock=clock,
            algorithm=self.digest,
            policy=self.policy,
            roots=self.roots,
            bound=bound,
        )


@dataclass(frozen=True)
class Authorities:
    """All that are asked; ``tokens`` of them must answer before a capture is sealed.

    ``clock_bound`` is how far our clock and an authority's may differ.
    """

    named: tuple[NamedAuthority, ...]
    tokens: int
    clock_bound: timedelta = CLOCK_BOUND

    @classmethod
    def all_of(cls, *named: NamedAuthority) -> Authorities:
        """Return the rule that every one must answer."""
        return cls(named, len(named))


def read_authorities(path: Path, *, proxy: str | None) -> Authorities:
    """Read ``path`` strictly; raises InputError that names what is wrong.

    Files that it names lie beside it; those with secrets must be the owner's alone (0600).
    """
    try:
        value = tomllib.loads(path.read_text(encoding="utf-8"))
        _check(value, _TOP, ("authorities",))
        named = tuple(_row(row, path.parent, proxy) for row in value["authorities"])
        names = [item.name for item in named]
        if not named or len(set(names)) != len(names):
            raise _Unusable("no authority, or two of one name")
        tokens = value.get("tokens", len(named))
        if not 1 <= tokens <= len(named):
            raise _Unusable(f"tokens is not from 1 to {len(named)}")
        seconds = value.get("clock_bound_seconds", int(CLOCK_BOUND.total_seconds()))
        if not 1 <= seconds <= 3600:
            raise _Unusable("clock_bound_seconds is not from 1 to 3600")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError, _Unusable, FormatError) as error:
        raise InputError(
            f"{path.name} is not usable ({error}); each [[authorities]] needs name, url and roots.",
            f"{path.name} 无法使用（{error}）；每个 [[authorities]] 需要 name、url 和 roots。",
        ) from error
    return Authorities(named, tokens, timedelta(seconds=seconds))


class _Unusable(Exception):
    """What is wrong with the file."""


def _check(value: Any, kinds: Mapping[str, type], needed: tuple[str, ...]) -> None:
    if not isinstance(value, dict):
        raise _Unusable("a table is missing")
    for key, item in value.items():
        if key not in kinds:
            raise _Unusable(f"the key {key} is unknown")
        if type(item) is not kinds[key]:
            raise _Unusable(f"the key {key} is not of type {kinds[key].__name__}")
    for key in needed:
        if key not in value:
            raise _Unusable(f"the key {key} is missing")


def _row(row: Any, folder: Path, proxy: str | None) -> NamedAuthority:
    _check(row, _ROW, _NEEDED)
    name, url = check_authority_name(row["name"]), urlsplit(row["url"])
    if url.scheme not in ("http", "https") or not url.hostname:
        raise _Unusable(f"{name}: the url is not http or https")
    seconds = row.get("timeout_seconds", SECONDS)
    if not 1 <= seconds <= MOST_SECONDS:
        raise _Unusable(f"{name}: timeout_seconds is not from 1 to {MOST_SECONDS:g}")
    policy, digest = row.get("policy"), row.get("digest", "sha256")
    if (policy is not None and not is_oid(policy)) or digest not in ALGORITHMS:
        raise _Unusable(f"{name}: policy is not an object identifier, or digest not known")
    credentials = _credentials(row, name, folder)
    secret = credentials.user is not None or credentials.certificate is not None
    if secret and url.scheme != "https" and url.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise _Unusable(f"{name}: credentials are sent over https only")
    remote = RemoteAuthority(
        name, row["url"], proxy, row.get("trial", False), float(seconds), credentials
    )
    return NamedAuthority(remote, (folder / row["roots"]).read_bytes(), policy, digest)


def _credentials(row: Mapping[str, Any], name: str, folder: Path) -> Credentials:
    if ("user" in row) != ("password_file" in row) or ("key" in row) > ("certificate" in row):
        raise _Unusable(f"{name}: user and password_file, certificate and key belong together")
    password = None
    if "password_file" in row:
        password = _private(folder / row["password_file"]).read_text("utf-8").rstrip("\r\n")
    certificate = str(folder / row["certificate"]) if "certificate" in row else None
    key = str(_private(folder / row["key"])) if "key" in row else None
    roots = str(folder / row["tls_roots"]) if "tls_roots" in row else None
    for path in filter(None, (certificate, roots)):
        Path(path).stat()
    return Credentials(row.get("user"), password, certificate, key, roots)


def _private(path: Path) -> Path:
    if path.stat().st_mode & 0o077:
        raise _Unusable(f"{path.name} can be read by others; run chmod 600 on it")
    return path
