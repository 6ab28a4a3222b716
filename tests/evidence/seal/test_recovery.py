"""Each way in which an authority fails: the capture waits and says why, and is sealed afterwards.

The failing answers are real ones over HTTP; ``markseal resume`` is run as a person runs it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from rfc3161_client._rust import parse_timestamp_request

from desk.cli import main
from evidence.authority import LocalAuthority, create_local
from evidence.format.entry import Attempt, parse_entry
from evidence.log import audit
from evidence.seal import Preserved, Status
from evidence.seal.waiting import waiting
from tests.evidence.authority.places import REPLY, Answer, Asked, granting, now, serving
from tests.evidence.seal.rig import Recorded, home_at, run, verdict
from tests.evidence.seal.test_command import markseal

Reply = Callable[[Asked], Answer]
POLICY = b"\x06\x04\x88\x37\x06"


def changed(local: LocalAuthority, change: Callable[[bytes], bytes]) -> Reply:
    """Return the reply of an authority that answers another request than it was sent."""
    return lambda asked: (200, REPLY, local.answer(change(asked.body)))


def other_nonce(request: bytes) -> bytes:
    nonce = parse_timestamp_request(request).nonce
    assert nonce is not None
    held = nonce.to_bytes(nonce.bit_length() // 8 + 1)
    return request.replace(held, held[:-1] + bytes([held[-1] ^ 1]))


def other_imprint(request: bytes) -> bytes:
    imprint = bytes(parse_timestamp_request(request).message_imprint.message)
    return request.replace(imprint, bytes(32))


def other_policy(local: LocalAuthority) -> Reply:
    def reply(asked: Asked) -> Answer:
        return 200, REPLY, local.answer(asked.body).replace(POLICY + b"\x01", POLICY + b"\x02")

    return reply


def an_hour_off(local: LocalAuthority) -> Reply:
    """The time in the token is changed: our clock is compared with it before anything else."""

    def reply(asked: Asked) -> Answer:
        data = local.answer(asked.body)
        at = data.index(b"\x18\x0f2") + 2
        wrong = (now() - timedelta(hours=1)).strftime("%Y%m%d%H%M%SZ").encode()
        return 200, REPLY, data[:at] + wrong + data[at + 15 :]

    return reply


def slow(asked: Asked) -> Answer:
    time.sleep(1.2)
    return 200, REPLY, b""


def failures(local: LocalAuthority, folder: Path) -> dict[str, tuple[Reply, str, str]]:
    """Return each failure with the reason in the attempt and a part of the sentence."""
    old = create_local(folder / "old", now=now() - timedelta(days=365 * 11))
    return {
        "slow": (slow, "timeout", "no answer within"),
        "wrong nonce": (changed(local, other_nonce), "wrong-nonce", "nonce"),
        "wrong policy": (other_policy(local), "wrong-policy", "policy"),
        "wrong imprint": (changed(local, other_imprint), "wrong-imprint", "digest"),
        "an hour off": (an_hour_off(local), "clock", "clock"),
        "certificate expired": (granting(old), "certificate", "expired"),
        "100 MB": (lambda asked: (200, REPLY, bytes(100 << 20)), "too-large", "bytes"),
        "HTML": (lambda asked: (200, "text/html", b"<html>"), "not-a-token", "timestamp"),
    }


NAMES = (
    "slow", "wrong nonce", "wrong policy", "wrong imprint", "an hour off", "certificate expired",
    "100 MB", "HTML",
)  # fmt: skip


@dataclass
class Place:
    """An installation with one authority, whose way of answering can be changed."""

    home: Path
    local: LocalAuthority
    reply: Reply
    failing: dict[str, tuple[Reply, str, str]]
    waited: dict[str, Preserved] = field(default_factory=dict)

    def out(self, name: str) -> Path:
        return self.home.parent / "out" / name.replace(" ", "-") / "A.wacz"


@contextmanager
def installation(folder: Path) -> Iterator[Place]:
    local = create_local(folder / "far", now=now())
    place = Place(folder / "home", local, granting(local), failures(local, folder))
    authority = place.home / "authority"
    authority.mkdir(parents=True)
    old = (folder / "old/root.pem").read_bytes()
    (authority / "far.pem").write_bytes(local.roots + old)

    def reply(asked: Asked) -> Answer:
        return place.reply(asked)

    with serving(reply) as url:
        (authority / "authorities.toml").write_text(
            f'[[authorities]]\nname = "far"\nurl = "{url}"\nroots = "far.pem"\n'
            'policy = "2.999.6.1"\ntimeout_seconds = 1\n',
            encoding="utf-8",
        )
        yield place


@pytest.fixture(scope="module")
def place(recorded: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Every failure in turn, one capture each; then the authority is back."""
    with installation(tmp_path_factory.mktemp("recovery")) as made:
        for number, (name, (reply, _, _)) in enumerate(made.failing.items()):
            made.reply = reply
            made.waited[name] = run(
                recorded, made.home, made.out(name), capture_id=f"{number:032x}"
            )
        yield made


@pytest.mark.parametrize("name", NAMES)
def test_it_waits_and_says_why(place: Place, name: str) -> None:
    kept, (_, reason, sentence) = place.waited[name], place.failing[name]
    assert kept.status is Status.AWAITING_TIMESTAMP
    (why,) = kept.waiting_for
    assert sentence in why
    begun = parse_entry((place.out(name).parent / "A.attempt.json").read_bytes())
    assert isinstance(begun, Attempt)
    assert begun.fresh is not None
    assert begun.fresh.no_token == reason


def test_the_command_seals_them_all_when_the_authority_is_back(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.reply = granting(place.local)
    done = markseal(place.home, "resume")
    assert (done.returncode, done.stdout.count("已封装 / sealed: ")) == (0, 8)
    for name in NAMES:
        dossier = place.out(name).with_name("A.dossier.zip")
        assert str(dossier) in done.stdout
    assert verdict(place.out("slow").with_name("A.dossier.zip"), place.home / "trust")["exit"] == 0
    assert waiting(home_at(place.home)) == []
    report = audit(place.home / "log")
    assert (report.clean, report.sealed, report.open_attempts) == (True, 8, [])
    assert main(["resume", "--home", str(place.home)]) == 0
    assert "Nothing awaits" in capsys.readouterr().out
