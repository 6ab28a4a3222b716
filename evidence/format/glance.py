"""Reads the frequent log entries at a glance: attempts and outcomes, for audit and index.

What is accepted here is a subset of what ``parse_entry`` accepts, byte for byte, so that a
million entries can be read in about the time that their hashes take. Anything else (statements,
very large numbers, what is malformed) is left to ``parse_entry``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from evidence.format.entry import Attempt, Failed, NothingFound, Sealed, parse_entry
from evidence.format.tiles import MAX_ENTRY
from evidence.format.times import format_time

ATTEMPT, SEALED, FAILED, NOTHING_FOUND = range(4)
Glance = tuple[int, bytes, bytes, int, bytes, bytes, int]
"""kind, capture id, case tag, number, previous entry (hex), time, attempt (-1 in an attempt)"""

_RESERVED = (b"attempt", b"outcome", b"dossier")
_H32, _H64 = rb'"(.{32})"', rb'"(.{64})"'
_LEAST1, _LEAST0 = rb"([1-9][0-9]{0,14})", rb"(0|[1-9][0-9]{0,14})"
_WHO = rb'"capture_id":' + _H32 + rb',"case_tag":' + _H64 + rb',"format":"markseal-entry/'
_PREV, _TIME = (
    rb',"prev":' + _H64,
    (rb',"time":"(.{10}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z)"'),
)
_URL = rb',"url_commitment":' + _H64 + rb"\}"
_CODE = rb'"[a-z][a-z0-9_-]{0,63}"'
_OUTCOME = rb'\{"attempt":' + _LEAST0 + rb"," + _WHO


def _form(*parts: bytes) -> re.Pattern[bytes]:
    return re.compile(b"".join(parts), re.DOTALL)


_ATTEMPT_1 = _form(
    rb"\{", _WHO, rb'1","kind":"attempt","number":', _LEAST1, _PREV, _TIME, _URL
)  # fmt: skip
_ATTEMPT_2 = _form(
    rb"\{", _WHO, rb'2","fresh":', _H32, rb',"kind":"attempt","no_token":', _CODE,
    rb',"number":', _LEAST1, _PREV, _TIME, _URL,
)  # fmt: skip
_STAMPED = _form(
    rb"\{", _WHO, rb'2","fresh":', _H32, rb',"kind":"attempt","number":', _LEAST1, _PREV, _TIME,
    rb',"token":\{"authority":"([a-z0-9][a-z0-9-]{0,39})",',
    rb'"response":"([A-Za-z0-9+/]+)(={0,2})"\}', _URL,
)  # fmt: skip
_SEALED = _form(
    _OUTCOME, rb'[12]","kind":"outcome","manifest_sha256":', _H64, rb',"manifest_sm3":', _H64,
    rb',"number":', _LEAST1, rb',"outcome":"sealed","package":\{"sha256":', _H64, rb',"size":',
    _LEAST0, rb',"sm3":', _H64, rb"\}", _PREV, _TIME, rb"\}",
)  # fmt: skip
_FAILED = _form(
    _OUTCOME, rb'[12]","kind":"outcome","number":', _LEAST1, rb',"outcome":"failed"', _PREV,
    rb',"reason":', _CODE, _TIME, rb"\}",
)  # fmt: skip
_NOTHING_FOUND = _form(
    _OUTCOME, rb'2","kind":"outcome","number":', _LEAST1, rb',"outcome":"nothing_found"', _PREV,
    rb',"reason":', _CODE, _TIME, rb"\}",
)  # fmt: skip
_FREQUENT = _form(b"|".join(form.pattern for form in (_ATTEMPT_2, _SEALED, _FAILED)))
_GROUPS = 1 + 7 + 11 + 6
_HEX = b"0123456789abcdef"
_LEFT = b"--T::.Z"
_WANTED = (1, 2, 4, 5, 6, 8, 9, 10, 13, 17, 18, 19, 20, 21, 22, 23, 24)
_TYPES = {Attempt: ATTEMPT, Sealed: SEALED, Failed: FAILED, NothingFound: NOTHING_FOUND}


def glances(entries: Sequence[bytes]) -> list[Glance | None]:
    """Return what each entry says; None where ``parse_entry`` must be asked.

    Everything accepted here is accepted there, with the same values.
    """
    return _together(entries) or [glance(data) for data in entries]


def _together(entries: Sequence[bytes]) -> list[Glance | None] | None:
    """Read entries that are all of the most frequent forms in one go; None if one is not.

    What lies between the matches and what they hold are looked at together: without the hex
    digits, each entry leaves the signs of its time, and a newline stands between two of them
    (nothing that is accepted can hold one).
    """
    parts = _FREQUENT.split(b"\n".join(entries))
    left = b"".join(filter(None, parts)).translate(None, _HEX)
    if left != b"\n".join([_LEFT] * len(entries)):
        return None
    column = [parts[at::_GROUPS] for at in range(_GROUPS)]
    found: list[Glance | None] = [
        (ATTEMPT, a, b, int(c), d, e, -1)
        if a
        else (SEALED, g, h, int(i), j, k, int(f))
        if f
        else (FAILED, m, n, int(o), p, q, int(r))
        for a, b, c, d, e, f, g, h, i, j, k, r, m, n, o, p, q in zip(
            *(column[at][: len(entries)] for at in _WANTED), strict=True
        )
    ]
    return found if all(map(_is_day, {one[5][:10] for one in found if one})) else None


def glance(data: bytes) -> Glance | None:
    """Return what one entry says, or None when ``parse_entry`` must be asked."""
    if len(data) > MAX_ENTRY:
        return None
    found = _outcome(data) if data[2:3] == b"a" else _attempt(data)
    if found is None:
        return None
    seen, hexes = found
    return seen if not b"".join(hexes).translate(None, _HEX) and _is_day(seen[5][:10]) else None


def _attempt(data: bytes) -> tuple[Glance, Sequence[bytes]] | None:
    match = _ATTEMPT_2.fullmatch(data)
    if match is not None:
        capture, case, fresh, number, prev, time, url = match.groups()
    elif (match := _ATTEMPT_1.fullmatch(data)) is not None:
        capture, case, number, prev, time, url = match.groups()
        fresh = b""
    elif (match := _STAMPED.fullmatch(data)) is not None:
        capture, case, fresh, number, prev, time, authority, body, pad, url = match.groups()
        if not _sound_token(authority, body, pad):
            return None
    else:
        return None
    return (ATTEMPT, capture, case, int(number), prev, time, -1), (capture, case, fresh, prev, url)


def _outcome(data: bytes) -> tuple[Glance, Sequence[bytes]] | None:
    match = _SEALED.fullmatch(data)
    if match is not None:
        at, capture, case, one, two, number, three, _, four, prev, time = match.groups()
        seen = (SEALED, capture, case, int(number), prev, time, int(at))
        return seen, (capture, case, one, two, three, four, prev)
    for kind, form in ((FAILED, _FAILED), (NOTHING_FOUND, _NOTHING_FOUND)):
        match = form.fullmatch(data)
        if match is not None:
            at, capture, case, number, prev, time = match.groups()
            seen = (kind, capture, case, int(number), prev, time, int(at))
            return seen, (capture, case, prev)
    return None


def _sound_token(authority: bytes, body: bytes, padding: bytes) -> bool:
    """Say whether the base64 is canonical and the name not a reserved one."""
    if (len(body) + len(padding)) % 4 or authority in _RESERVED:
        return False
    last = body[-1:]
    return (not padding) or last in (b"AQgw" if len(padding) == 2 else b"AEIMQUYcgkosw048")


@lru_cache(maxsize=4096)
def _is_day(day: bytes) -> bool:
    """Say whether ``2026-01-31`` is a day, in exactly this form."""
    try:
        return date.fromisoformat(day.decode("ascii")).isoformat().encode() == day
    except ValueError:
        return False


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
    return (
        _TYPES[type(entry)],
        entry.capture_id.encode(),
        entry.case_tag.encode(),
        entry.number,
        entry.prev.encode(),
        format_time(entry.time).encode(),
        -1 if isinstance(entry, Attempt) else entry.attempt,
    )
