"""A long run that can be ended at any moment, by a power cut too, and goes on later.

Beside the output stand ``.NAME.part`` (the leads so far) and ``.NAME.progress`` (how much
of both files is done). A run goes on only with the same marks, sellers, threshold,
versions and listings; its output is byte for byte that of a run that was never ended.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from matcher.bulk import Part
from matcher.errors import MatchError
from matcher.stream import Tally
from matcher.tables import versions

EVERY = 2.0


@dataclass(frozen=True)
class Kept:
    """How far a run came: counts, bytes of the part file, and digests of what it read."""

    inputs: str
    tally: Tally
    size: int
    read: str


def digest_of(files: Iterable[str | None], least: float) -> str:
    """Return a digest of all but the listings that makes a result."""
    whole = hashlib.sha256(json.dumps([dict(versions()), least], sort_keys=True).encode())
    for name in files:
        whole.update(hashlib.sha256(Path(name).read_bytes() if name else b"").digest())
    return whole.hexdigest()


class Progress:
    """The progress of one run; ``out`` is where its leads go until it is whole."""

    def __init__(self, target: Path, inputs: str) -> None:
        target = target.resolve()
        self.target, self.inputs = target, inputs
        self.part = target.with_name(f".{target.name}.part")
        self.state = target.with_name(f".{target.name}.progress")
        self.before = self._load()
        self.read = hashlib.sha256()
        self.out: IO[bytes] = self.part.open("r+b" if self.before else "wb")
        if self.before:
            self.out.truncate(self.before.size)
            self.out.seek(self.before.size)
        self.saved = time.monotonic()

    @property
    def tally(self) -> Tally:
        """What an earlier run has done."""
        return self.before.tally if self.before else Tally(0, 0, 0)

    def lines(self, lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
        """Yield the lines that are still to do; MatchError when the others have changed."""
        for _ in range(self.tally.listings):
            _, data = next(lines, (0, b""))
            self.read.update(data)
        if self.before and self.read.hexdigest() != self.before.read:
            raise self._other("listings", "商品")
        yield from lines

    def kept(self, part: Part, tally: Tally) -> None:
        """Take note of a part whose leads were written; keep it on the disk now and then."""
        for _, data in part.lines:
            self.read.update(data)
        if time.monotonic() - self.saved >= EVERY:
            self.save(tally)
            self.saved = time.monotonic()

    def save(self, tally: Tally) -> None:
        """Keep all that was done so far."""
        self.out.flush()
        os.fsync(self.out.fileno())
        kept = Kept(self.inputs, tally, self.out.tell(), self.read.hexdigest())
        draft = self.state.with_name(self.state.name + ".new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(asdict(kept), file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.state)

    def finish(self) -> None:
        """Give the output its name and forget the progress."""
        self.out.flush()
        os.fsync(self.out.fileno())
        self.out.close()
        self.part.chmod(0o644)
        self.part.replace(self.target)
        self.state.unlink(missing_ok=True)

    def _load(self) -> Kept | None:
        try:
            value = json.loads(self.state.read_text(encoding="utf-8"))
            kept = Kept(**{**value, "tally": Tally(**value["tally"])})
            whole = self.part.stat().st_size >= kept.size
        except (OSError, ValueError, TypeError, KeyError):
            return None
        if kept.inputs != self.inputs:
            raise self._other("marks, shops, threshold or versions", "商标、店铺、阈值或版本")
        return kept if whole else None

    def _other(self, en: str, zh: str) -> MatchError:
        return MatchError(
            f"The run that was ended had other {en}; remove {self.state} to begin anew.",
            f"中断的那次运行所用的{zh}不同；请删除 {self.state} 后重新开始。",
        )
