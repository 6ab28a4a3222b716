"""``VERIFY.txt``: how to verify a dossier with unzip, sha256sum and openssl alone.

The text is versioned: a dossier keeps the one it was made with, and all are known for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.resources import files

from evidence.format.names import REQUIRED, check_authority_name, check_package_name

VERSIONS = (1, 2, 3, 4, 5, 6)


def render_verify_text(
    name: str,
    authorities: Sequence[str],
    artefacts: Iterable[str] = REQUIRED,
    *,
    version: int = VERSIONS[-1],
) -> bytes:
    """Return the bytes of VERIFY.txt for NAME, the authorities and the package's artefacts."""
    template = files("evidence.format").joinpath(f"VERIFY-{version}.txt")
    text = template.read_text(encoding="utf-8")
    short = " ".join(check_authority_name(authority) for authority in sorted(authorities))
    text = text.replace("@NAME@", check_package_name(name)).replace("@AUTHORITIES@", short)
    return text.replace("@ARTEFACTS@", " ".join(sorted(artefacts))).encode()


def is_known_text(
    data: bytes, name: str, authorities: Sequence[str], artefacts: Iterable[str]
) -> bool:
    """Return whether ``data`` is any version's text for this NAME, authorities and artefacts."""
    listed = tuple(artefacts)
    return any(data == render_verify_text(name, authorities, listed, version=v) for v in VERSIONS)
