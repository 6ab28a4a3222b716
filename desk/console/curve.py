"""A curve as the points of an SVG polyline, drawn on the server: no script, no style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 160


@dataclass(frozen=True)
class Curve:
    """The line and the area under it, in a box of ``width`` by ``height``."""

    line: str
    area: str
    width: int = WIDTH
    height: int = HEIGHT


def curve(points: Sequence[tuple[float, float]]) -> Curve | None:
    """Return the curve through points in order of time, None where there are fewer than two."""
    if len(points) < 2:
        return None
    first, last = points[0][0], max(x for x, _ in points)
    top = max(y for _, y in points) or 1.0
    placed = [
        (
            round((x - first) / (last - first) * WIDTH, 1) if last > first else 0.0,
            round(HEIGHT - y / top * (HEIGHT - 8), 1),
        )
        for x, y in points
    ]
    line = " ".join(f"{x},{y}" for x, y in placed)
    return Curve(line, f"{placed[0][0]},{HEIGHT} {line} {placed[-1][0]},{HEIGHT}")
