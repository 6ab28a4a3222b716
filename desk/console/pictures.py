"""Pictures of others are never served as they came: each is decoded and drawn anew.

What leaves here is a JPEG or PNG written by Pillow from pixels alone: no metadata, no
appended script, no format a browser might take for a page. The result is kept in a
folder of its own, named by the digest of the original.
"""

from __future__ import annotations

import hashlib
import tempfile
import warnings
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from desk.console.errors import PictureRefused

READABLE = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
PIXEL_LIMIT = 80_000_000
BYTE_LIMIT = 64 * 1024 * 1024


def redrawn(data: bytes, *, cache: Path, side: int | None = None, lossless: bool = False) -> Path:
    """Return the file of the picture drawn anew, from the cache when it is there.

    ``side`` is the longest side in pixels (None: as it is). Raises PictureRefused for
    bytes that are no picture, for more than 64 MB or 80 million pixels.
    """
    if len(data) > BYTE_LIMIT:
        raise _refused("larger than 64 MB", "超过 64 MB")
    suffix = "png" if lossless else "jpg"
    name = f"{hashlib.sha256(data).hexdigest()}-{side or 'full'}.{suffix}"
    target = cache / name
    if not target.is_file():
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        _put(target, _draw(data, side, lossless=lossless))
    return target


def _draw(data: bytes, side: int | None, *, lossless: bool) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=READABLE) as picture:
                if picture.width * picture.height > PIXEL_LIMIT:
                    raise _refused("more than 80 million pixels", "超过 8000 万像素")
                flat = _flat(picture)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _refused("more than 80 million pixels", "超过 8000 万像素") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise _refused("not a picture", "不是可识别的图片") from error
    if side is not None:
        flat.thumbnail((side, side))
    out = BytesIO()
    if lossless:
        flat.save(out, "PNG", compress_level=6)
    else:
        flat.save(out, "JPEG", quality=86, optimize=True)
    return out.getvalue()


def _flat(picture: Image.Image) -> Image.Image:
    """Return the first frame on white, without transparency or metadata."""
    coloured = picture.convert("RGBA")
    paper = Image.new("RGB", coloured.size, (255, 255, 255))
    paper.paste(coloured, mask=coloured.getchannel("A"))
    return paper


def _put(target: Path, data: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as part:
        part.write(data)
    Path(part.name).replace(target)


def _refused(en: str, zh: str) -> PictureRefused:
    return PictureRefused(f"The picture cannot be shown: {en}.", f"图片无法显示：{zh}。")
