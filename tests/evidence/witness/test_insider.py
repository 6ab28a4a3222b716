"""An insider with every file and the log's key, but not the witness: what shows, and by whom.

Each crime leaves a log that is sound in itself: written anew with the right key, every kept copy
of a checkpoint replaced. What tells is the witness.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from evidence.errors import RolledBack
from evidence.format.digests import ZERO, sha256_hex
from evidence.format.entry import Attempt, Failed, parse_entry
from evidence.log import Log, audit
from evidence.witness.comparing import compare_with_witnesses
from evidence.witness.gather import Patience, gather_cosignatures
from tests.evidence.log.fixtures import add_attempts, attempt
from tests.evidence.log.fixtures import make_log as plain_log
from tests.evidence.witness.fixtures import Running, noon, serving

Entries = list[bytes]
COUNT = 9


@dataclass(frozen=True)
class House:
    """A log that a witness has followed up to its ninth entry."""

    log: Log
    witness: Running
    folder: Path

    @property
    def entries(self) -> Entries:
        """Every entry."""
        return [data for _, data in self.log.store.entries(self.log.store.newest().size)]

    def rewritten(self, entries: Entries) -> Log:
        """Put another log with the same key in its place, chained anew, with every copy."""
        shutil.rmtree(self.log.folder)
        log = plain_log(self.log.folder)
        with log.writing() as session:
            session.append(chained(entries))
        return log

    def shown(self, log: Log) -> tuple[list[str], list[str]]:
        """Return what an audit finds by itself, and what the witness adds."""
        alone = [finding.code for finding in audit(log.folder).findings]
        report = audit(log.folder)
        silent = compare_with_witnesses(log.store, [self.witness.asked()], report, proxy=None)
        assert silent == ()
        added = report.findings[len(alone) :]
        assert all("公证处" in finding.zh for finding in added)
        return alone, [finding.code for finding in added]

    def cosign(self, log: Log) -> None:
        """Ask the witness, as sealing does."""
        gather_cosignatures(
            log.store,
            [self.witness.asked()],
            folder=self.folder / "memory",
            proxy=None,
            clock=noon,
            patience=Patience(5.0, 1, 10.0),
        )


def chained(entries: Entries) -> Entries:
    """Return the entries with every ``prev`` written anew."""
    found: Entries = []
    previous = ZERO
    for data in entries:
        entry = parse_entry(data)
        assert isinstance(entry, Attempt | Failed)
        found.append(replace(entry, prev=previous).to_bytes())
        previous = sha256_hex(found[-1])
    return found


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    log = plain_log(tmp_path / "log")
    for number in range(1, COUNT + 1):
        add_attempts(log, 1, case=f"case {number}")
    with serving(tmp_path / "witness", log=log.key) as witness:
        standing = House(log, witness, tmp_path)
        standing.cosign(log)
        yield standing


def test_nothing_is_shown_of_an_honest_log_that_grew(house: House) -> None:
    add_attempts(house.log, 3, case="more")
    assert house.shown(house.log) == ([], [])


def changed(entries: Entries) -> Entries:
    entry = parse_entry(entries[4])
    assert isinstance(entry, Attempt)
    other = replace(entry, url_commitment="ab" * 32).to_bytes()
    return [*entries[:4], other, *entries[5:]]


def swapped(entries: Entries) -> Entries:
    return [*entries[:3], entries[4], entries[3], *entries[5:]]


def backdated(entries: Entries) -> Entries:
    """Another entry slipped in among the older ones, with a time that fits there."""
    slipped = attempt(ZERO, 1, case="slipped in")
    return [*entries[:4], slipped, *entries[4:]]


@pytest.mark.parametrize(
    ("crime", "code"),
    [
        pytest.param(changed, "fork", id="rewriting one entry"),
        pytest.param(swapped, "fork", id="swapping two entries"),
        pytest.param(backdated, "fork", id="backdating one entry"),
        pytest.param(lambda e: e[:-3], "rollback", id="dropping the last entries"),
        pytest.param(lambda e: e[:4] + e[5:], "rollback", id="dropping a middle entry"),
        pytest.param(
            lambda e: [*e[:4], *e[5:], attempt(ZERO, 1, case="filler")],
            "fork",
            id="dropping a middle entry and filling up",
        ),
        pytest.param(
            lambda e: [attempt(ZERO, n, case="other") for n in range(1, COUNT + 4)],
            "fork",
            id="a second log with the same key",
        ),
        pytest.param(lambda e: [], "rollback", id="beginning anew"),
    ],
)
def test_what_only_a_witness_shows(
    house: House, crime: Callable[[Entries], Entries], code: str
) -> None:
    log = house.rewritten(crime(house.entries))
    assert house.shown(log) == ([], [code])
    with pytest.raises(RolledBack) as error:
        house.cosign(log)
    assert "公证处" in error.value.zh


def test_replaying_an_old_checkpoint(house: House, tmp_path: Path) -> None:
    """The folder as it was at the ninth entry, put back when it had twelve."""
    shutil.copytree(house.log.folder, tmp_path / "copy")
    add_attempts(house.log, 3, case="more")
    house.cosign(house.log)
    shutil.rmtree(house.log.folder)
    shutil.copytree(tmp_path / "copy", house.log.folder)
    assert house.shown(house.log) == ([], ["rollback"])
    with pytest.raises(RolledBack):
        house.cosign(house.log)


def test_a_rollback_that_grows_again_is_still_shown(house: House) -> None:
    log = house.rewritten(house.entries[:5])
    add_attempts(log, 8, case="made up")
    assert house.shown(log) == ([], ["fork"])
