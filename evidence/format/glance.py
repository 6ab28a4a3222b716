"""Reads the frequent log entries at a glance: attempts and outcomes, for audit and index.

A pattern accepts a subset of what ``parse_entry`` accepts, byte for byte, so that a million
entries can be checked in about the time that their hashes take. What no pattern accepts
(statements, very large numbers, anything malformed) is left to ``parse_entry``.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from evidence.format.entry import Attempt, Failed, NothingFound, Sealed, parse_entry
from evidence.format.tiles import MAX_ENTRY
from evidence.format.times import format_time

ATTEMPT, SEALED, FAILED, NOTHING_FOUND = range(4)
_RESERVED = (b"attempt", b"outcome", b"dossier")
_H32, _H64 = rb'"([0-9a-f]{32})"', rb'"([0-9a-f]{64})"'
_HEX = rb'"[0-9a-f]{64}"'
_LEAST1, _LEAST0 = rb"([1-9][0-9]{0,14})", rb"(0|[1-9][0-9]{0,14})"
_TIME = rb'"([0-9]{4}-[0-9]{2}-[0-9]{2})(T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z)"'
_WHO = rb'"capture_id":' + _H32 + rb',"case_tag":' + _H64
_URL = rb',"url_commitment":' + _HEX + rb"\}"
_WHEN = rb',"prev":' + _H64 + rb',"time":' + _TIME
_CODE = rb'"[a-z][a-z0-9_-]{0,63}"'

_ATTEMPT_1 = re.compile(
    rb"\{" + _WHO + rb',"format":"markseal-entry/1","kind":"attempt","number":' + _LEAST1
    + _WHEN + _URL
)  # fmt: skip
_ATTEMPT_2 = re.compile(
    rb"\{" + _WHO + rb',"format":"markseal-entry/2","fresh":"[0-9a-f]{32}","kind":"attempt"'
    rb'(?:,"no_token":' + _CODE + rb')?,"number":' + _LEAST1 + _WHEN
    + rb'(?:,"token":\{"authority":"([a-z0-9][a-z0-9-]{0,39})",'
    rb'"response":"([A-Za-z0-9+/]+)(={0,2})"\})?' + _URL
)  # fmt: skip
_OUTCOME = re.compile(
    rb'\{"attempt":' + _LEAST0 + rb"," + _WHO + rb',"format":"markseal-entry/([12])",'
    rb'"kind":"outcome"(?:,"manifest_sha256":' + _HEX + rb',"manifest_sm3":(' + _HEX
    + rb'))?,"number":' + _LEAST1 + rb',"outcome":"(sealed|failed|nothing_found)"'
    rb'(?:,"package":\{"sha256":' + _HEX + rb',"size":' + _LEAST0 + rb',"sm3":' + _HEX
    + rb"\})?" + _WHEN.replace(rb',"time"', rb'(?:,"reason":(' + _CODE + rb'))?,"time"') + rb"\}"
)  # fmt: skip
_KINDS = {b"sealed": SEALED, b"failed": FAILED, b"nothing_found": NOTHING_FOUND}


class Glance(NamedTuple):
    """What chains and numbers need of an attempt or outcome; hex and times as bytes.

    ``attempt`` is the index that an outcome names, -1 in an attempt.
    """

    kind: int
    capture_id: bytes
    case_tag: bytes
    number: int
    prev: bytes
    time: bytes
    attempt: int


def glance(data: bytes) -> Glance | None:
    """Return what ``data`` says, or None when ``parse_entry`` must be asked.

    Everything accepted here is accepted there, with the same values.
    """
    if data[2:3] == b"a":
        return _outcome(data)
    match = _ATTEMPT_2.fullmatch(data)
    if match is not None:
        capture, case, number, prev, day, clock, authority, body, padding = match.groups()
        # Exactly one of token and no_token; their keys cannot occur elsewhere in such an entry.
        if (authority is None) != (b',"no_token":' in data) or not (
            authority is None or _sound_token(authority, body, padding)
        ):
            return None
    else:
        match = _ATTEMPT_1.fullmatch(data)
        if match is None:
            return None
        capture, case, number, prev, day, clock = match.groups()
    if not _is_date(day) or len(data) > MAX_ENTRY:
        return None
    return Glance(ATTEMPT, capture, case, int(number), prev, day + clock, -1)


def _outcome(data: bytes) -> Glance | None:
    match = _OUTCOME.fullmatch(data)
    if match is None:
        return None
    at, capture, case, version, manifest, number, word, size, prev, reason, day, clock = (
        match.groups()
    )
    kind = _KINDS[word]
    if kind == SEALED:
        if manifest is None or size is None or reason is not None:
            return None
    elif manifest is not None or size is not None or reason is None:
        return None
    if not _is_date(day) or (kind == NOTHING_FOUND and version == b"1"):
        return None
    return Glance(kind, capture, case, int(number), prev, day + clock, int(at))


def _sound_token(authority: bytes, body: bytes, padding: bytes) -> bool:
    """Say whether the base64 is canonical and the name not a reserved one."""
    if (len(body) + len(padding)) % 4 or authority in _RESERVED:
        return False
    last = body[-1:]
    return (not padding) or last in (b"AQgw" if len(padding) == 2 else b"AEIMQUYcgkosw048")


@lru_cache(maxsize=4096)
def _is_date(day: bytes) -> bool:
    try:
        date.fromisoformat(day.decode("ascii"))
    except ValueError:
        return False
    return True


_TYPES = {Attempt: ATTEMPT, Sealed: SEALED, Failed: FAILED, NothingFound: NOTHING_FOUND}


def as_glance(data: bytes) -> Glance | None:
    """Return what an attempt or outcome says, None for a statement; raises FormatError.

    Slower where no pattern fits: the strict parser is asked.
    """
    found = glance(data)
    if found is not None:
        return found
    entry = parse_entry(data)
    if not isinstance(entry, Attempt | Sealed | Failed | NothingFound):
        return None
    return Glance(
        _TYPES[type(entry)],
        entry.capture_id.encode(),
        entry.case_tag.encode(),
        entry.number,
        entry.prev.encode(),
        format_time(entry.time).encode(),
        -1 if isinstance(entry, Attempt) else entry.attempt,
    )
