"""WACZ 1.1.1 and ours: the closed set of file names in a package and in a dossier."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType

from evidence.errors import FormatError

ARCHIVE = "archive/data.warc.gz"
ATTEMPT = "evidence/attempt.json"
CAPTURE = "evidence/capture.json"
DOM = "evidence/dom.html"
ENVIRONMENT = "evidence/environment.json"
PDF = "evidence/page.pdf"
SCREENSHOT = "evidence/screenshot.png"
TEXT = "evidence/text.txt"
INDEX = "indexes/index.cdx"
PAGES = "pages/pages.jsonl"

ARTEFACTS = MappingProxyType(
    {
        ARCHIVE: "application/warc+gzip",
        ATTEMPT: "application/json",
        CAPTURE: "application/json",
        DOM: "text/html; charset=utf-8",
        ENVIRONMENT: "application/json",
        PDF: "application/pdf",
        SCREENSHOT: "image/png",
        TEXT: "text/plain; charset=utf-8",
        INDEX: "application/cdxj",
        PAGES: "application/jsonl",
    }
)
"""Artefact name to media type, sorted by name; every package has all of them."""

MANIFEST = "evidence/manifest.json"
SIGNATURE = "evidence/manifest.sig"
DATAPACKAGE = "datapackage.json"
DATAPACKAGE_DIGEST = "datapackage-digest.json"

WACZ_ORDER = (*sorted(ARTEFACTS), MANIFEST, SIGNATURE, DATAPACKAGE, DATAPACKAGE_DIGEST)
"""The names of the ZIP entries of a WACZ, in their only order."""

LOG_KEY = "log.vkey"
SIGNER_KEY = "signer.pem"
VERIFY_TEXT = "VERIFY.txt"

_NAME = re.compile(r"[A-Za-z0-9._-]{1,80}\Z")
_AUTHORITY = re.compile(r"[a-z0-9][a-z0-9-]{0,39}\Z")


def check_package_name(name: str) -> str:
    """Return ``name`` if it may be NAME (in NAME.wacz), else raise FormatError."""
    if not _NAME.match(name) or name.startswith((".", "-")):
        raise FormatError(
            f"{name!r} cannot name a package: 1 to 80 of A-Z a-z 0-9 . _ -, "
            "beginning with a letter, digit or underscore",
            f"{name!r} 不能作为封装名：应为 1 至 80 个字母、数字或 . _ -，且不以 . 或 - 开头",
        )
    return name


def check_authority_name(name: str) -> str:
    """Return ``name`` if it may name a timestamp authority in file names, else raise."""
    if not _AUTHORITY.match(name) or name in ("attempt", "outcome", "dossier"):
        raise FormatError(
            f"{name!r} cannot name an authority: 1 to 40 of a-z 0-9 -",
            f"{name!r} 不能作为时间戳机构的短名：应为 1 至 40 个小写字母、数字或 -",
        )
    return name


@dataclass(frozen=True)
class Sidecars:
    """The names of everything that travels beside NAME.wacz."""

    name: str

    @property
    def wacz(self) -> str:
        return f"{self.name}.wacz"

    @property
    def dossier(self) -> str:
        return f"{self.name}.dossier.zip"

    @property
    def attempt(self) -> str:
        return f"{self.name}.attempt.json"

    @property
    def attempt_proof(self) -> str:
        return f"{self.name}.attempt.tlog-proof"

    @property
    def outcome(self) -> str:
        return f"{self.name}.outcome.json"

    @property
    def outcome_proof(self) -> str:
        return f"{self.name}.outcome.tlog-proof"

    def request(self, authority: str) -> str:
        """The RFC 3161 request, as it was sent."""
        return f"{self.name}.{authority}.tsq"

    def response(self, authority: str) -> str:
        """The RFC 3161 response, as it came."""
        return f"{self.name}.{authority}.tsr"

    def authority_of(self, file_name: str) -> str | None:
        """Return the authority if ``file_name`` is one of our responses, else None."""
        inner = file_name.removeprefix(f"{self.name}.").removesuffix(".tsr")
        matches = file_name == self.response(inner) and _AUTHORITY.match(inner)
        return inner if matches else None

    def dossier_order(self, authorities: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the entries of the dossier, in their only order.

        ``authorities`` are the short names of those whose tokens it holds.
        """
        tokens = [n for a in sorted(authorities) for n in (self.request(a), self.response(a))]
        certificates = [certificate_name(a) for a in sorted(authorities)]
        return (
            self.wacz,
            self.attempt,
            self.attempt_proof,
            self.outcome,
            self.outcome_proof,
            *tokens,
            *certificates,
            LOG_KEY,
            SIGNER_KEY,
            VERIFY_TEXT,
        )


def certificate_name(authority: str) -> str:
    """Return the name in a dossier of the authority's certificates (for reading only)."""
    return f"authorities/{authority}.pem"
