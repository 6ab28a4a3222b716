"""Tokens of several authorities: how many suffice, who is asked again, what the verifier says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from evidence.authority import Authorities, LocalAuthority, NamedAuthority
from evidence.errors import AuthorityError
from evidence.format.attempt import case_tag, url_commitment
from evidence.format.checkpoint import Checkpoint
from evidence.format.entry import Attempt, Fresh, FreshToken
from evidence.format.names import Sidecars
from evidence.format.note import SignedNote, sign_note
from evidence.format.policy import CLAIMS
from evidence.format.stampednote import stamped_note
from evidence.format.tlogproof import TlogProof
from evidence.home import EvidenceHome
from evidence.log import no_fault
from evidence.seal.tokens import DELAYS, Gathered, ask_fresh, gather_tokens
from evidence.verify.bounds import Bounds, check_bounds
from evidence.verify.papers import Papers
from evidence.verify.trust import Trust, load_trust
from evidence.verify.verdict import Findings
from tests.evidence.seal.rig import home_at, now

DATA = b"a manifest"
HELD = {
    "capture_id": "1" * 32,
    "case": "C",
    "case_salt": "2" * 64,
    "url": "https://shop.example/",
    "url_salt": "3" * 64,
}


@dataclass(frozen=True)
class Kept:
    """An authority of that name that answers as ``reply`` does."""

    name: str
    reply: Callable[[bytes], bytes]
    trial: bool = False

    def answer(self, request: bytes) -> bytes:
        return self.reply(request)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> EvidenceHome:
    return home_at(tmp_path_factory.mktemp("stamping") / "home")


@pytest.fixture(scope="module")
def local(home: EvidenceHome) -> LocalAuthority:
    return LocalAuthority(home.authority)


@pytest.fixture(scope="module")
def trust(home: EvidenceHome) -> Trust:
    return load_trust(home.trust)


def down(request: bytes) -> bytes:
    raise AuthorityError("It is down.", "不可用。", reason="unreachable", passing=True)


def html(request: bytes) -> bytes:
    return b"<html>"


def named(local: LocalAuthority, *replies: Callable[[bytes], bytes]) -> tuple[NamedAuthority, ...]:
    return tuple(
        NamedAuthority(Kept(f"a{n}", reply), local.roots) for n, reply in enumerate(replies)
    )


def gather(
    folder: Path,
    stamping: Authorities,
    *,
    pauses: list[float] | None = None,
    clock: Callable[[], datetime] = now,
) -> Gathered:
    waited = [] if pauses is None else pauses
    return gather_tokens(folder, stamping, DATA, clock=clock, fault=no_fault, pause=waited.append)


def test_k_of_n_are_enough_and_the_others_are_told(local: LocalAuthority, tmp_path: Path) -> None:
    three = named(local, local.answer, html, local.answer)
    found = gather(tmp_path, Authorities(three, 2))
    assert ([t.authority for t in found.tokens], found.enough) == (["a0", "a2"], True)
    assert len(found.missing) == 1
    assert "a1 did not answer with a timestamp" in found.missing[0]
    assert not gather(tmp_path / "all", Authorities(three, 3)).enough


def test_what_came_is_kept_and_asked_for_once(local: LocalAuthority, tmp_path: Path) -> None:
    asked: list[bytes] = []

    def counting(request: bytes) -> bytes:
        asked.append(request)
        return local.answer(request)

    first = gather(tmp_path, Authorities(named(local, counting, down), 2))
    assert (len(first.tokens), first.enough) == (1, False)
    again = gather(tmp_path, Authorities(named(local, counting, local.answer), 2))
    assert (len(asked), again.enough) == (1, True)
    assert again.tokens[0] == first.tokens[0]
    (tmp_path / "a0.tsr").write_bytes(again.tokens[1].response)
    assert gather(tmp_path, Authorities(named(local, counting, local.answer), 2)).enough
    assert len(asked) == 2


def test_who_is_down_is_asked_again_with_growing_delays(
    local: LocalAuthority, tmp_path: Path
) -> None:
    pauses: list[float] = []
    assert not gather(tmp_path, Authorities(named(local, down), 1), pauses=pauses).enough
    assert pauses == list(DELAYS)
    pauses.clear()
    assert not gather(tmp_path, Authorities(named(local, html), 1), pauses=pauses).enough
    assert pauses == []
    once = iter([down])

    def up_again(request: bytes) -> bytes:
        return next(once, local.answer)(request)

    assert gather(tmp_path, Authorities(named(local, up_again), 1), pauses=pauses).enough
    assert pauses == [DELAYS[0]]


def test_a_clock_that_disagrees_stops_sealing(local: LocalAuthority, tmp_path: Path) -> None:
    two = named(local, local.answer, local.answer)
    found = gather(tmp_path, Authorities(two, 1), clock=lambda: now() + timedelta(hours=1))
    assert (found.enough, len(found.missing)) == (False, 2)
    times = iter([now(), now() + timedelta(hours=1)])
    one_each = gather(tmp_path, Authorities(two, 1), clock=lambda: next(times))
    assert (one_each.enough, len(one_each.tokens)) == (False, 1)
    assert "check the clock" in one_each.missing[0]
    three = Authorities(named(local, local.answer, local.answer, local.answer), 1)
    times = iter([now(), now(), now() + timedelta(hours=1)])
    assert gather(tmp_path / "three", three, clock=lambda: next(times)).enough


def attempt(fresh: Fresh) -> Attempt:
    tag = case_tag(HELD["case_salt"], HELD["case"])
    commitment = url_commitment(HELD["url_salt"], HELD["url"])
    return Attempt(HELD["capture_id"], tag, 1, "0" * 64, now(), commitment, fresh)


def test_without_authorities_an_attempt_says_why(local: LocalAuthority) -> None:
    fresh = ask_fresh(Authorities(named(local, down, html), 2), HELD, clock=now)
    assert (fresh.token, fresh.no_token) == (None, "unreachable")
    assert attempt(fresh).to_bytes()
    fresh = ask_fresh(Authorities(named(local, down, local.answer), 2), HELD, clock=now)
    assert fresh.token is not None
    assert fresh.token.authority == "a1"


def bounds(
    entry: Attempt | None, trust: Trust | None, files: dict[str, bytes] | None = None
) -> tuple[Bounds, Findings]:
    findings = Findings(frozenset(CLAIMS))
    return check_bounds(Papers(Sidecars("A"), files or {}), entry, trust, findings), findings


def test_the_attempts_own_token_bounds_it_from_before(
    home: EvidenceHome, local: LocalAuthority, trust: Trust
) -> None:
    fresh = ask_fresh(home.stamping(proxy=None), HELD, clock=now)
    good = attempt(fresh)
    found, findings = bounds(good, trust)
    assert found.entry is not None
    assert "not earlier than" in found.en
    assert findings.facts["not_earlier_than"]["trusted"]
    assert findings.claims == []
    found, findings = bounds(good, None)
    assert (found.entry, findings.facts["not_earlier_than"]["trusted"]) == (None, False)
    for lie in (
        replace(good, fresh=replace(fresh, value="4" * 32)),
        replace(good, capture_id="5" * 32),
        replace(good, fresh=Fresh(fresh.value, FreshToken("trial", b"\x30\x80junk"))),
    ):
        found, findings = bounds(lie, trust)
        assert (found.entry, findings.failed("order")) == (None, True)


def test_an_attempt_without_a_token_is_told_to_be_unbounded(trust: Trust) -> None:
    found, findings = bounds(attempt(Fresh("6" * 32, no_token="unreachable")), trust)
    assert found.entry is None
    assert "no token (unreachable)" in found.en
    assert findings.facts["not_earlier_than"] == {"no_token": "unreachable"}
    assert findings.claims == []
    first = replace(attempt(Fresh("6" * 32, no_token="x")), fresh=None)
    assert bounds(first, trust)[0] == Bounds()


def test_a_token_over_the_checkpoint(
    home: EvidenceHome, local: LocalAuthority, trust: Trust
) -> None:
    log = home.open_log()
    head = Checkpoint(log.origin, 1, bytes(32))
    note = sign_note(head.text(), log.origin, log.private)
    cosigned = SignedNote(note.text, (*note.signatures, *note.signatures))
    assert stamped_note(cosigned.to_bytes()) == note.to_bytes()
    (item,) = home.stamping(proxy=None).named
    token = item.stamp(stamped_note(cosigned.to_bytes()), clock=now)
    sidecars = Sidecars("A")
    asked, answered = sidecars.checkpoint("trial")
    files = {
        sidecars.outcome_proof: TlogProof(0, (), cosigned.to_bytes()).to_bytes(),
        asked: token.request,
        answered: token.response,
    }
    found, findings = bounds(None, trust, files)
    assert found.checkpoints == (token.gen_time,)
    assert findings.facts["checkpoint_tokens"][0]["authority"] == "trial"
    other = item.stamp(b"another note", clock=now)
    for change in (
        {answered: other.response},
        {asked: other.request},
        {asked: other.request, answered: other.response},
        {answered: token.response[:-1]},
    ):
        assert bounds(None, trust, files | change)[1].failed("order")
    for lacking in (asked, answered, sidecars.outcome_proof):
        less = {name: data for name, data in files.items() if name != lacking}
        assert bounds(None, trust, less)[1].failed("order")
