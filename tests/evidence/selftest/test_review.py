"""Which review an exhibit encloses: the newest of the very browser and code, if it is sound."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.format.times import format_time
from evidence.keyfile import public_pem
from evidence.selftest.review import Review, keep, latest_review, newest_review, sign

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust/signer.pem").write_bytes(public_pem(KEY))
    return tmp_path


def review(hours_ago: float, *, result: str = "passed", key: Any = KEY, **more: Any) -> Review:
    moment = format_time(NOW - timedelta(hours=hours_ago))
    value = {
        "format": "markseal-review/1",
        "result": result,
        "started": moment,
        "finished": moment,
        "subject": {"browser_sha256": "b" * 64, "code_sha256": "c" * 64},
        "system": {},
        "declared": {},
        "checks": [],
        "exchanges": [],
        **more,
    }
    return sign(value, key)


def latest(home: Path, *, browser: str | None = "b" * 64, code: str = "c" * 64) -> Review | None:
    return latest_review(home, now=NOW, browser_sha256=browser, code_sha256=code)


def test_the_newest_of_this_browser_and_code_counts_passed_or_not(home: Path) -> None:
    assert latest(home) is None
    keep(home, review(30))
    found = latest(home)
    assert found is not None
    assert found.passed
    keep(home, review(2, result="failed"))
    found = latest(home)
    assert found is not None
    assert not found.passed
    assert found.named()["result"] == "failed"
    assert newest_review(home) == found


def test_one_too_old_or_of_the_future_does_not_count(home: Path) -> None:
    keep(home, review(48.1))
    assert latest(home) is None
    keep(home, review(-1))
    assert latest(home) is None
    keep(home, review(47.9))
    assert latest(home) is not None


def test_one_of_another_browser_or_code_does_not_count(home: Path) -> None:
    keep(home, review(1))
    assert latest(home, browser="d" * 64) is None
    assert latest(home, code="d" * 64) is None
    assert latest(home, browser=None) is None
    nobody = review(1, subject={"browser_sha256": None, "code_sha256": "c" * 64})
    keep(home, nobody)
    assert latest(home, browser=None) is None


@pytest.mark.parametrize("crime", ["byte", "key", "signature", "format", "extra"])
def test_one_that_is_not_ours_as_it_was_is_none(home: Path, crime: str) -> None:
    made = review(1, key=OTHER if crime == "key" else KEY)
    if crime == "format":
        made = review(1, format="markseal-review/9")
    if crime == "extra":
        made = review(1, more="than asked")
    path = keep(home, made)
    if crime == "byte":
        path.write_bytes(made.record.replace(b"passed", b"failed"))
    if crime == "signature":
        path.with_suffix(".sig").unlink()
    assert latest(home) is None
    keep(home, review(3))
    assert latest(home) is not None


def test_without_the_trusted_key_there_is_none(home: Path) -> None:
    keep(home, review(1))
    (home / "trust/signer.pem").write_text("no key")
    assert latest(home) is None
    (home / "trust/signer.pem").unlink()
    assert newest_review(home) is None
