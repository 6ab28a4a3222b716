"""A stage for killing: a site, a guard, a home, a folder for temporary files, and the actors."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from egress.process import Guard, guard
from evidence.log import audit
from evidence.worker import family
from evidence.worker.private import PREFIX
from tests.evidence.seal.rig import ROOT, verdict

GONE_SECONDS = 30.0


def wait_for(done: Callable[[], object], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


@dataclass
class Stage:
    """One home and one temporary folder, which only these captures use."""

    folder: Path
    temporary: Path
    url: str
    way_out: Guard
    environment: dict[str, str] = field(default_factory=dict)
    count: int = 0

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def new_id(self) -> str:
        self.count += 1
        return f"{self.count:032x}"

    def out(self, capture_id: str) -> Path:
        return self.folder / "out" / f"c{int(capture_id, 16)}.wacz"

    def start(self, capture_id: str, *, url: str | None = None) -> subprocess.Popen[str]:
        (self.folder / "out").mkdir(exist_ok=True)
        return subprocess.Popen(
            [
                sys.executable, "-m", "tests.evidence.worker.child", url or self.url,
                str(self.home), str(self.out(capture_id)), capture_id,
                self.way_out.address, str(self.way_out.journal),
            ],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(self.temporary), **self.environment},
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    def finish(self, caller: subprocess.Popen[str]) -> dict[str, Any]:
        """Return what the caller said; nothing when it was killed."""
        said, _ = caller.communicate(timeout=180)
        return json.loads(said) if said.strip() else {}

    def steps(self) -> list[str]:
        """Return the steps that the running capture has told of."""
        for path in self.temporary.glob(f"{PREFIX}*/inside/progress"):
            try:
                return path.read_text(encoding="utf-8").splitlines()
            except OSError:
                return []
        return []

    def answered(self) -> bool:
        """Whether the running capture is whole and has given its answer."""
        return any(self.temporary.glob(f"{PREFIX}*/inside/result.json"))

    def private_folders(self) -> list[str]:
        return [path.name for path in self.temporary.iterdir()]

    def running(self) -> set[int]:
        """Return every process that works in the temporary folder, the caller left out."""
        return family.bearers(str(self.temporary) + "/" + PREFIX)

    def actor(self, name: str, caller: int) -> int | None:
        """Return the process of ``name``: supervisor, worker, driver, browser or caller."""
        if name == "caller":
            return caller
        if name == "guard":
            return self.way_out.pid
        wanted = {
            "supervisor": lambda a: "evidence.worker.supervisor" in a,
            "worker": lambda a: a[-1:] == ["evidence.worker"],
            "driver": lambda a: "run-driver" in a,
            "browser": lambda a: (
                any(x.startswith("--markseal-capture=") for x in a)
                and not any(x.startswith("--type=") for x in a)
            ),
        }[name]
        for pid in sorted(family.descendants(caller)):
            try:
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            if wanted(line.decode("utf-8", "replace").rstrip("\0").split("\0")):
                return pid
        return None

    def require_nothing_left(self) -> None:
        """Fail when a process or a private folder outlived its capture."""
        assert wait_for(lambda: not self.running(), GONE_SECONDS), self.running()
        assert wait_for(lambda: not self.private_folders(), GONE_SECONDS), self.private_folders()

    def require_only_whole(self, capture_id: str, said: dict[str, Any]) -> bool:
        """Return whether it is sealed; fail when what is there only looks complete."""
        out = self.out(capture_id)
        dossier = out.with_name(f"{out.stem}.dossier.zip")
        report = audit(self.home / "log")
        assert report.clean, report.to_json()
        if said.get("status") == "sealed":
            assert verdict(dossier, self.home / "trust")["exit"] == 0
            return True
        assert not dossier.exists()
        assert "\n" not in said.get("failed", "")
        return False

    def require_failed_or_whole(self, capture_id: str, said: dict[str, Any]) -> str:
        """Return sealed; failed, with the failure in the log; or cut short, with no word."""
        if self.require_only_whole(capture_id, said):
            return "sealed"
        assert not self.out(capture_id).exists()
        if "failed" in said:
            assert audit(self.home / "log").open_attempts == []
            return "failed"
        assert said == {}, said
        return "cut short"


@contextmanager
def stage(folder: Path, url: str) -> Iterator[Stage]:
    """Set the stage; the temporary folder has a short name, as browsers' sockets need one."""
    temporary = Path(tempfile.mkdtemp(prefix="ms-"))
    temporary.chmod(0o711)
    try:
        with guard(folder / "journal.jsonl", allow_loopback=True) as way_out:
            yield Stage(folder, temporary, url, way_out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
