"""Large dossiers are hashed by several threads, which find and leave the same as one does."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pytest

from evidence.format import names
from evidence.verify import verify_opened
from evidence.verify.ahead import LEAST
from tests.evidence.builder import NAME, zipped
from tests.evidence.rich import webm
from tests.evidence.tamper.good import WACZ, Good, flipped

LARGE = bytes(LEAST)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Good, dict[str, bytes]]:
    good = Good(tmp_path_factory.mktemp("good"))
    draft = good.begin_rich(**{names.PRIVATE: LARGE, names.RECORDING: webm()}).seal()
    return good, draft.parts()


def test_a_large_dossier_is_valid_and_leaves_no_thread(
    parts: tuple[Good, dict[str, bytes]],
) -> None:
    good, files = parts
    data = zipped(dict(files))
    before = threading.active_count()
    file = io.BytesIO(data)
    verdict = verify_opened(file, Path(f"{NAME}.dossier.zip"), trust=good.trust)
    assert verdict.exit_code == 0, [c.to_json() for c in verdict.claims]
    assert threading.active_count() == before
    assert file.seek(0) == 0
    assert file.read() == data


@pytest.mark.parametrize("at", [-3, 9_000, len(LARGE) // 2])
def test_a_changed_byte_of_a_large_dossier_is_found(
    parts: tuple[Good, dict[str, bytes]], at: int
) -> None:
    good, files = parts
    where = at if at >= 0 else len(files[WACZ]) + at
    changed = dict(files)
    changed[WACZ] = flipped(files[WACZ], where)
    verdict = verify_opened(
        io.BytesIO(zipped(changed)), Path(f"{NAME}.dossier.zip"), trust=good.trust
    )
    assert verdict.exit_code == 1
    assert any(c.where == WACZ for c in verdict.claims if c.id == "inclusion")
