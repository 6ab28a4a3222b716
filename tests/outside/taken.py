"""Captures taken by the command itself, from sites that are gone by the time they are looked at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Taken:
    """A package that ``markseal capture`` wrote, and its members unpacked beside it."""

    url: str
    wacz: Path
    inside: Path

    @property
    def warc(self) -> Path:
        return self.inside / "archive" / "data.warc.gz"

    @property
    def page(self) -> dict[str, Any]:
        """Return what the package's page list says of its page."""
        lines = (self.inside / "pages" / "pages.jsonl").read_text("utf-8").splitlines()
        value: dict[str, Any] = json.loads(lines[1])
        return value

    @property
    def index(self) -> list[dict[str, str]]:
        """Return the index's lines: what the package says of every response."""
        lines = (self.inside / "indexes" / "index.cdx").read_text("utf-8").splitlines()
        return [json.loads(line[line.index("{") :]) for line in lines]


def take(url: str, folder: Path, *options: str) -> Taken:
    """Run ``markseal capture`` in a data folder of its own and unpack what it wrote."""
    folder.mkdir(parents=True)
    wacz = folder / "exhibit.wacz"
    command = Path(sys.executable).with_name("markseal")
    environ = {**os.environ, "MARKSEAL_HOME": str(folder / "home"), "MARKSEAL_ALLOW_LOOPBACK": "1"}
    if os.geteuid() == 0:
        environ["MARKSEAL_NO_SANDBOX"] = "1"
    done = subprocess.run(
        [str(command), "capture", url, "--out", str(wacz), *options],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(wacz) as package:
        package.extractall(folder / "inside")
    return Taken(url, wacz, folder / "inside")
