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
from evidence.format.layouts import HEX, Layout, Layouts, are_hex, are_times
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
_FORMS = (
    (ATTEMPT, _ATTEMPT_2, (1, 1, 0, 1, 1, 1, 0)),
    (ATTEMPT, _ATTEMPT_1, (1, 1, 1, 1, 1, 0)),
    (SEALED, _SEALED, (1, 1, 1, 0, 0, 1, 0, 1, 0, 1, 1)),
    (FAILED, _FAILED, (1, 1, 1, 1, 1, 1)),
    (NOTHING_FOUND, _NOTHING_FOUND, (1, 1, 1, 1, 1, 1)),
)
"""Forms whose layout is worth learning, and which of their groups are fields that are wanted."""
_LAYOUTS = Layouts()
_ZERO = ord("0")
_TYPES = {Attempt: ATTEMPT, Sealed: SEALED, Failed: FAILED, NothingFound: NOTHING_FOUND}


def glances(entries: Sequence[bytes]) -> list[Glance | None]:
    """Return what each entry says; None where ``parse_entry`` must be asked.

    Everything accepted here is accepted there, with the same values.
    """
    found: list[Glance | None] = []
    read: list[bytes] = []
    times: list[bytes] = []
    total, known = 0, _LAYOUTS.known.get
    for data in entries:
        for layout in known(len(data), ()):
            check, constants, fields, kind, signs = layout
            if check(data) == constants:
                break
        else:
            learnt = _learnt(data)
            if learnt is None:
                found.append(glance(data))
                continue
            _, _, fields, kind, signs = learnt
        try:
            one = _said(kind, fields(data))
        except ValueError:
            return [glance(data) for data in entries]
        found.append(one)
        read.append(data)
        times.append(one[5])
        total += signs
    sound = are_hex(read, total) and are_times(times)
    if sound and all(map(_is_day, {time[:10] for time in times})):
        return found
    return [glance(data) for data in entries]


def _learnt(data: bytes) -> Layout | None:
    """Return the layout of an entry of a form whose layouts are learnt, None for another."""
    if len(data) <= MAX_ENTRY:
        for kind, form, wanted in _FORMS:
            match = form.fullmatch(data)
            if match is not None:
                layout = Layout.of(kind, match, wanted)
                _LAYOUTS.learn(layout, len(data))
                return layout
    return None


def _said(kind: int, fields: tuple[bytes, ...]) -> Glance:
    """Return what the fields of a layout say; raises ValueError where a number is none."""
    if kind == ATTEMPT:
        capture, case, number, prev, time = fields
        if number[0] == _ZERO:
            raise ValueError
        return (kind, capture, case, int(number), prev, time, -1)
    if kind == SEALED:
        at, capture, case, number, size, prev, time = fields
        if not size.isdigit() or (size[0] == _ZERO and len(size) > 1):
            raise ValueError
    else:
        at, capture, case, number, prev, time = fields
    if number[0] == _ZERO or (at[0] == _ZERO and len(at) > 1):
        raise ValueError
    return (kind, capture, case, int(number), prev, time, int(at))


def glance(data: bytes) -> Glance | None:
    """Return what one entry says, or None when ``parse_entry`` must be asked."""
    if len(data) > MAX_ENTRY:
        return None
    found = _outcome(data) if data[2:3] == b"a" else _attempt(data)
    if found is None:
        return None
    seen, hexes = found
    return seen if not b"".join(hexes).translate(None, HEX) and _is_day(seen[5][:10]) else None


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
