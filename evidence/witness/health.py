"""How the witnesses of a log fare: when each cosigned last, what it has not seen, who is silent.

Read from what was kept of their answers; nobody is asked here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from evidence.log.audit import VKEY, read_vkey
from evidence.log.store import Store
from evidence.witness.asked import AskedWitness, Memory, Silence, memory_folder, read_asked
from evidence.witness.gather import Cosigned, gather_cosignatures


@dataclass(frozen=True)
class WitnessHealth:
    """One witness: the entries that it cosigned, how many of ours came since, and when it was.

    ``cosigned`` is by our clock, None before the first time; ``silence`` says since when it gives
    no usable answer and why, None while it answers. ``ahead`` is a size that it has seen and our
    log does not reach: the log was rolled back. ``alarm`` says that people must be told: rolled
    back, or no cosignature for ``alarm_days``.
    """

    name: str
    relation: str
    url: str
    size: int
    behind: int
    cosigned: datetime | None
    silence: Silence | None
    ahead: int | None
    alarm: bool


def health(home: Path, *, now: datetime) -> tuple[WitnessHealth, ...]:
    """Return how each witness of ``witnesses.toml`` fares, in its order.

    ``home`` is the data folder. Raises InputError when the file is not usable, LogError when the
    log cannot be read.
    """
    asked = read_asked(home)
    if not asked.witnesses:
        return ()
    store = _store(home)
    size = store.newest().size
    memory = Memory(memory_folder(home), store.key.name)
    return tuple(_health(w, memory, store, size, asked.alarm, now) for w in asked.witnesses)


def _store(home: Path) -> Store:
    return Store(home / "log", read_vkey(home / "log" / VKEY))


def _health(
    witness: AskedWitness,
    memory: Memory,
    store: Store,
    size: int,
    bound: timedelta,
    now: datetime,
) -> WitnessHealth:
    last, seen = memory.last(witness), memory.ahead(witness, store.key)
    ahead = seen.size if seen is not None and seen.size > size else None
    since = last or memory.begun(witness)
    return WitnessHealth(
        witness.name,
        witness.relation,
        witness.url,
        memory.size(witness),
        max(0, size - memory.size(witness)),
        last,
        memory.silence(witness),
        ahead,
        ahead is not None or (since is not None and now - since > bound),
    )


def ask_all(home: Path, *, proxy: str | None, clock: Callable[[], datetime]) -> Cosigned | None:
    """Show every witness the log as it stands, whether or not it grew.

    Returns None where there are no witnesses, or no entries yet.
    Closings, erasures and changes of keys are thereby seen within a day, and who is silent is
    known. Raises RolledBack when a witness has seen more of the log, or another.
    """
    witnesses, store = read_asked(home).witnesses, _store(home)
    if not witnesses or store.newest().size == 0:
        return None
    return gather_cosignatures(
        store, witnesses, folder=memory_folder(home), proxy=proxy, clock=clock, anew=True
    )
