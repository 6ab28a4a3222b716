"""A registered mark as the matcher sees it. The register's own record is the desk's."""

from __future__ import annotations

from dataclasses import dataclass, field

KINDS = frozenset(
    {"word", "figurative", "combined", "gi", "collective", "certification", "3d", "colour", "sound"}
)

FIGURES = frozenset({"figurative", "combined", "3d", "colour"})


@dataclass(frozen=True)
class Mark:
    """One registered mark; ``classes`` are Nice classes 1 to 45, () when not known."""

    mark_id: str
    name: str
    classes: tuple[int, ...] = ()
    kind: str = "word"
    holder: str = ""
    well_known: bool = False
    common_word: bool = False
    extra: tuple[tuple[str, str], ...] = field(default=(), compare=True)

    @property
    def unwatched_figure(self) -> bool:
        """Whether it has a figure: pictures are not compared yet (图形未监测)."""
        return self.kind in FIGURES
