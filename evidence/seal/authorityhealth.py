"""How the timestamp authorities fare: when each answered last, who is silent, whose term ends.

One small file for each below ``evidence/authorities``, written whenever one is asked while
sealing; all of them may be lost without harm.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from evidence.authority import Authorities, Token
from evidence.authority.client import read_response
from evidence.errors import AuthorityError, EvidenceError
from evidence.format import jcs
from evidence.format.times import format_time, parse_time
from evidence.home import EvidenceHome
from evidence.log.durable import locked, replace_file

ENDS_SOON = timedelta(days=180)
SILENT = timedelta(days=1)


@dataclass(frozen=True)
class AuthorityHealth:
    """One authority: when it answered last, since when it does not and why, when its term ends.

    ``answered`` is None before its first token; ``silent`` while it answers. ``ends`` is the end
    of the first of its certificates, as far as they are known. ``alarm`` says that people must be
    told: silent for a day, or its term ends within 180 days.
    """

    name: str
    trial: bool
    answered: datetime | None
    silent: datetime | None
    zh: str
    en: str
    ends: datetime | None
    alarm: bool


def authority_health(home: Path, *, now: datetime) -> tuple[AuthorityHealth, ...]:
    """Return how each configured authority fares; ``home`` is the data folder.

    Raises InputError when ``authorities.toml`` is not usable.
    """
    found = []
    for item in EvidenceHome(home).authorities(proxy=None):
        held = _read(_path(home, item.name))
        answered, silent = _moment(held, "answered"), _moment(held, "silent")
        ends = min(filter(None, [_moment(held, "ends"), _first_end(item.roots)]), default=None)
        late = ends is not None and ends - now <= ENDS_SOON
        down = silent is not None and now - silent >= SILENT
        zh, en = (str(held.get(name, "")) if silent else "" for name in ("zh", "en"))
        row = AuthorityHealth(
            item.name, item.authority.trial, answered, silent, zh, en, ends, alarm=late or down
        )
        found.append(row)
    return tuple(found)


def note_heard(
    home: Path, stamping: Authorities, heard: Mapping[str, Token | AuthorityError], *, now: datetime
) -> None:
    """Keep what each authority answered just now; what cannot be written is left unwritten."""
    for item in stamping.named:
        answer = heard.get(item.name)
        if answer is None:
            continue
        path = _path(home, item.name)
        with suppress(OSError, EvidenceError), locked(path.with_suffix(".lock")):
            replace_file(path, jcs.dumps(_noted(_read(path), answer, now)))


def _noted(held: dict[str, Any], answer: Token | AuthorityError, now: datetime) -> dict[str, Any]:
    if isinstance(answer, AuthorityError):
        since = held.get("silent") or format_time(now)
        return {**held, "silent": since, "zh": answer.zh, "en": answer.en}
    ends = _signer_end(answer.response)
    told: dict[str, Any] = {"answered": format_time(now)}
    return told if ends is None else {**told, "ends": format_time(ends)}


def _signer_end(response: bytes) -> datetime | None:
    """Return when the stamping certificate in a response ends, None where it is not there."""
    answer = read_response(response)
    with suppress(ValueError):
        inside = [] if answer is None else list(answer.signed_data.certificates)
        found = [x509.load_der_x509_certificate(der) for der in inside]
        return min((c.not_valid_after_utc for c in found if _stamps(c)), default=None)
    return None


def _stamps(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.TIME_STAMPING in usage


def _first_end(roots: bytes) -> datetime | None:
    with suppress(ValueError):
        return min(c.not_valid_after_utc for c in x509.load_pem_x509_certificates(roots))
    return None


def _path(home: Path, name: str) -> Path:
    return home / "evidence" / "authorities" / f"{name}.json"


def _read(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        value = json.loads(path.read_bytes())
        return value if isinstance(value, dict) else {}
    return {}


def _moment(held: Mapping[str, Any], name: str) -> datetime | None:
    with suppress(EvidenceError, TypeError):
        return parse_time(held[name]) if name in held else None
    return None
