"""Folders that this user may not read: one sentence each, as an ordinary user meets them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.errors import InputError
from evidence.home import EvidenceHome
from evidence.verify import verify_file
from tests.evidence.seal.rig import home_at

NOBODY = 65534


@pytest.fixture
def shut(tmp_path: Path) -> Iterator[Path]:
    """A home in a folder that an ordinary user cannot enter; we are one for the test."""
    home_at(tmp_path / "shut/home")
    (tmp_path / "shut").chmod(0o000)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    yield tmp_path / "shut/home"
    if root:
        os.seteuid(0)
    (tmp_path / "shut").chmod(0o700)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux permissions")
def test_a_home_that_may_not_be_read_is_one_sentence(shut: Path) -> None:
    with pytest.raises(InputError, match="Permission denied"):
        home_at(shut)
    with pytest.raises(InputError, match="Permission denied"):
        EvidenceHome(shut).audit_log()
    with pytest.raises(InputError, match="Permission denied"):
        verify_file(Path(__file__), trust=shut / "trust")
