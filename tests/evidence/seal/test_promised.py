"""What ``authorities.toml`` promises the trust folder requires; earlier exhibits stay good."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from evidence.authority import create_local
from evidence.home import EvidenceHome
from evidence.seal import Status
from evidence.trustfolder import read_policy
from tests.evidence.authority.places import granting, serving
from tests.evidence.seal.rig import Recorded, home_at, now, run, verdict


def promise(home: EvidenceHome, url: str, *names: str, tokens: int | None = None) -> None:
    """Write ``authorities.toml``: these authorities, of one root, at one address."""
    head = "" if tokens is None else f"tokens = {tokens}\n"
    rows = [f'[[authorities]]\nname = "{n}"\nurl = "{url}"\nroots = "root.pem"\n' for n in names]
    (home.authority / "authorities.toml").write_text(head + "".join(rows), encoding="utf-8")


def test_a_new_installation_requires_what_it_promises(tmp_path: Path) -> None:
    home = home_at(tmp_path / "home")
    promise(home, "http://127.0.0.1:1/", "one", "two", "three", tokens=2)
    assert "policy.toml" in home.stale_trust()
    home.update_trust(now=now(), why="update")
    policy = read_policy(home.trust)
    assert policy is not None
    assert (policy.tokens, policy.earlier) == (2, ())
    assert home.stale_trust() == []
    promise(home, "http://127.0.0.1:1/", "one", "two", "three", tokens=1)
    home.update_trust(now=now(), why="update")
    kept = read_policy(home.trust)
    assert kept is not None
    assert kept.tokens == 2
    assert home.stamping(proxy=None).tokens == 2  # sealing goes by the stricter of the two


def test_with_fewer_authorities_than_required_it_waits_and_says_so(
    recorded: Recorded, tmp_path: Path
) -> None:
    home = home_at(tmp_path / "home")
    path = home.trust / "policy.toml"
    path.write_text(path.read_text("utf-8").replace("tokens = 1", "tokens = 2"), encoding="utf-8")
    waiting = run(recorded, home.path, tmp_path / "A.wacz")
    assert waiting.status is Status.AWAITING_TIMESTAMP
    assert "requires 2 tokens and authorities.toml lists 1 authorities" in waiting.waiting_for[0]


def test_a_raised_promise_holds_from_then_on(recorded: Recorded, tmp_path: Path) -> None:
    home = home_at(tmp_path / "home")
    local = create_local(tmp_path / "far", now=now())
    (home.authority / "root.pem").write_bytes(local.roots)
    first, second = tmp_path / "1/A.wacz", tmp_path / "2/A.wacz"
    with serving(granting(local)) as url:
        promise(home, url, "one")
        home.update_trust(now=now(), why="update")
        assert run(recorded, home.path, first).status is Status.SEALED
        promise(home, url, "one", "two")
        home.update_trust(now=now(), why="update")
        assert run(recorded, home.path, second, capture_id="cd" * 16).status is Status.SEALED
    policy = read_policy(home.trust)
    assert policy is not None
    ((was, until),) = [(item.tokens, item.end) for item in policy.earlier]
    assert (policy.tokens, was) == (2, 1)
    assert timedelta() < until - now() < timedelta(minutes=6)
    old, new = (path.with_name("A.dossier.zip") for path in (first, second))
    assert [verdict(path, home.trust)["exit"] for path in (old, new)] == [0, 0]
    assert len(verdict(new, home.trust)["facts"]["tokens"]) == 2
    text = (home.trust / "policy.toml").read_text(encoding="utf-8")
    at = text.index("[[earlier_tokens]]")
    (home.trust / "policy.toml").write_text(text[:at], encoding="utf-8")
    assert [verdict(path, home.trust)["exit"] for path in (old, new)] == [3, 0]
