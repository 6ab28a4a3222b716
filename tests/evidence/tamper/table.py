"""The rows of the matrix: each a named crime, and what must be said of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.evidence.tamper.good import DOSSIER, Good

Make = Callable[[Good], bytes]
Trusting = Callable[[Good], Path]
Says = tuple[str, str]
"""A fragment of the sentence that must be given, in English and in Chinese."""


@dataclass(frozen=True)
class Tampering:
    """One crime: how it is done, and the claim, place and sentence that must name it.

    ``code`` is the exit code: 1, or 3 where something that is required lacks. ``trust`` gives
    another trust folder than the plain one. ``shell`` says whether VERIFY.txt claims to see it.
    """

    name: str
    en: str
    zh: str
    claim: str
    where: str | None
    says: Says
    make: Make
    trust: Trusting | None = None
    code: int = 1
    shell: bool = False
    module: str = ""

    def write(self, good: Good, folder: Path) -> tuple[Path, Path]:
        """Write the dossier into ``folder``; return its path and that of the trust folder."""
        path = folder / DOSSIER
        path.write_bytes(self.make(good))
        return path, self.trust(good) if self.trust else good.trust


TABLE: dict[str, Tampering] = {}


def row(
    name: str,
    en: str,
    zh: str,
    claim: str,
    where: str | None,
    says: Says,
    make: Make,
    *,
    trust: Trusting | None = None,
    code: int = 1,
    shell: bool = False,
) -> None:
    """Add a row to the table; a name is used once."""
    if name in TABLE:
        raise ValueError(name)
    module = next(f.frame.f_globals["__name__"] for f in inspect.stack(0)[1:] if _tells(f))
    given = (name, en, zh, claim, where, says, make, trust, code, shell, module)
    TABLE[name] = Tampering(*given)


def _tells(frame: inspect.FrameInfo) -> bool:
    return frame.function == "<module>"
