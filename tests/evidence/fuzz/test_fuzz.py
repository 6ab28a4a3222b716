"""The readers on the kept inputs; and, as soak pieces, on what atheris makes of them.

``MARKSEAL_FUZZ_SECONDS`` is how long each reader is fuzzed (1800).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evidence.fuzz.targets import TARGETS

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
KEPT = sorted(path for path in HERE.glob("*/*/*") if path.parent.parent.name != "__pycache__")
SECONDS = int(os.environ.get("MARKSEAL_FUZZ_SECONDS", "1800"))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_kept_input_is_read_or_refused(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


def test_every_reader_has_inputs_to_begin_with() -> None:
    assert {path.parent.name for path in KEPT} == set(TARGETS)
    assert sum(path.stat().st_size for path in KEPT) < 1_000_000


@pytest.mark.soak
@pytest.mark.timeout(SECONDS + 600)
@pytest.mark.parametrize("target", sorted(TARGETS))
def test_fuzzed_readers_refuse_or_read(target: str, tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris has no wheel for this machine")
    folder = tmp_path / target
    shutil.copytree(HERE / "corpus" / target, folder)
    done = subprocess.run(
        [sys.executable, "-m", "tests.evidence.fuzz", target, str(SECONDS), str(folder)],
        cwd=ROOT, capture_output=True, check=False, text=True, errors="replace",
    )  # fmt: skip
    findings = sorted((tmp_path / f"{target}-findings").glob("*"))
    told = [f"{path.name}: {path.read_bytes()[:400]!r}" for path in findings]
    assert done.returncode == 0, (told, done.stderr[-3000:])
    assert not findings, told
    runs = re.search(r"stat::number_of_executed_units: (\d+)", done.stderr)
    covered = re.findall(r"cov: (\d+)", done.stderr)
    assert runs
    print(f"soak: {target}: {int(runs[1]):,} inputs in {SECONDS} s, none crashed or hung; "
          f"{covered[-1] if covered else '?'} edges reached")  # fmt: skip
