"""Pictures of suspected listings, decoded and written anew before anybody sees them."""

from __future__ import annotations

import hashlib
import io
import warnings
from pathlib import Path

from PIL import Image, UnidentifiedImageError

LONGEST_SIDE = 1600
MOST_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")


def keep_picture(source: Path, *, folder: Path) -> str | None:
    """Write the picture anew as JPEG below ``folder`` and return its name there.

    The name is the SHA-256 of the new bytes. None for anything that is no picture of a
    usual kind, or has more than 40 million points.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            data = _as_jpeg(source)
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        return None
    name = f"{hashlib.sha256(data).hexdigest()}.jpg"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = folder / f".{name}.part"
    draft.write_bytes(data)
    draft.replace(folder / name)
    return name


def _as_jpeg(source: Path) -> bytes:
    with Image.open(source, formats=FORMATS) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError(picture.size)
        flat = Image.new("RGB", picture.size, "white")
        layer = picture.convert("RGBA")
        flat.paste(layer, mask=layer)
    flat.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=90)
    return out.getvalue()
