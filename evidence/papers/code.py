"""QR code (ISO/IEC 18004) of a certificate's digest and log index, as SVG of ours."""

from __future__ import annotations

import segno

from evidence.papers.markup import Markup

BORDER = 4


def qr_text(manifest_sha256: str, index: int) -> str:
    """Return what the code holds; upper case, so that the smaller alphanumeric mode fits it."""
    return f"MARKSEAL1:{manifest_sha256.upper()}:{index}"


def qr_svg(text: str) -> Markup:
    """Return the code (error correction M or better) as an SVG of one path."""
    rows = [bytes(row) for row in segno.make_qr(text, error="m").matrix]
    side = len(rows) + 2 * BORDER
    path = "".join(
        f"M{x + BORDER} {y + BORDER}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, dark in enumerate(row)
        if dark
    )
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" '
        f'shape-rendering="crispEdges" aria-label="{text}"><rect width="{side}" height="{side}" '
        f'fill="#fff"/><path d="{path}" fill="#000"/></svg>'
    )
