"""WACZ 1.1.1 and ours: the closed set of file names in a package and in a dossier.

Every package has the artefacts of ``REQUIRED``; those of ``OPTIONAL`` and the numbered pictures
of ``SERIES`` only when the capture made them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
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

REQUIRED = MappingProxyType(
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

ATTENDED = "evidence/attended.json"
CERTIFICATES = "evidence/certificates.json"
LICENCE_PICTURE = "evidence/licence.png"
LICENCE_TEXT = "evidence/licence.txt"
MHTML = "evidence/page.mhtml"
PRIVATE = "evidence/private.bin"
RECORDING = "evidence/recording.webm"
REPLAY = "evidence/replay.json"
REPLAY_PICTURE = "evidence/replay.png"
REVIEW = "evidence/review.json"
REVIEW_SIGNATURE = "evidence/review.sig"

OPTIONAL = MappingProxyType(
    {
        ATTENDED: "application/json",
        CERTIFICATES: "application/json",
        LICENCE_PICTURE: "image/png",
        LICENCE_TEXT: "text/plain; charset=utf-8",
        MHTML: "multipart/related",
        PRIVATE: "application/octet-stream",
        RECORDING: "video/webm",
        REPLAY: "application/json",
        REPLAY_PICTURE: "image/png",
        REVIEW: "application/json",
        REVIEW_SIGNATURE: "application/octet-stream",
    }
)
"""Artefact name to media type, sorted by name; a package lists those it has."""

COMPANIONS = MappingProxyType(
    {
        LICENCE_PICTURE: LICENCE_TEXT,
        LICENCE_TEXT: LICENCE_PICTURE,
        REPLAY_PICTURE: REPLAY,
        REVIEW: REVIEW_SIGNATURE,
        REVIEW_SIGNATURE: REVIEW,
    }
)
"""An optional artefact to the one without which it says nothing."""

STRIPS, MOMENTS = "evidence/strips", "evidence/moments"
SERIES = (MOMENTS, STRIPS)
SERIES_LIMIT = 99
"""A series is ``001.png``, ``002.png`` … without a gap, at most this many."""

MANIFEST = "evidence/manifest.json"
SIGNATURE = "evidence/manifest.sig"
DATAPACKAGE = "datapackage.json"
DATAPACKAGE_DIGEST = "datapackage-digest.json"

CLOSING = (MANIFEST, SIGNATURE, DATAPACKAGE, DATAPACKAGE_DIGEST)
"""The last ZIP entries of a WACZ, after its artefacts."""

LOG_KEY = "log.vkey"
SIGNER_KEY = "signer.pem"
VERIFY_TEXT = "VERIFY.txt"

REVOCATION = "revocation/"
"""Where the names of kept revocation data begin."""
_NUMBERED = re.compile(r"(evidence/[a-z]+)/([0-9]{3})\.png\Z", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9._-]{1,80}\Z")
_SHORT = r"([a-z0-9][a-z0-9-]{0,39})"
_AUTHORITY = re.compile(rf"{_SHORT}\Z")
_CHECKPOINT = re.compile(rf"checkpoint\.{_SHORT}\.(tsq|tsr)\Z")
_ANCHOR = re.compile(rf"anchor\.{_SHORT}\.json\Z")
_REVOCATION = re.compile(rf"revocation/{_SHORT}\.([1-9][0-9]?)\.(crl|ocsp)\Z", re.ASCII)


def wacz_order(artefacts: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the ZIP entries of a WACZ with these artefacts, in their only order."""
    return (*sorted(artefacts), *CLOSING)


def strip_name(number: int) -> str:
    """Return the name of strip ``number`` (from 1, top first) of a tall page."""
    return f"{STRIPS}/{number:03d}.png"


def moment_name(number: int) -> str:
    """Return the name of the picture of marked moment ``number`` (from 1)."""
    return f"{MOMENTS}/{number:03d}.png"


def series(artefacts: Iterable[str], folder: str) -> list[str]:
    """Return the numbered pictures of one series, in their order."""
    return sorted(n for n in artefacts if n.startswith(f"{folder}/") and media_type(n))


def media_type(name: str) -> str | None:
    """Return the one media type of an artefact of this name, or None if no artefact has it."""
    match = _NUMBERED.match(name)
    if match and match[1] in SERIES and 1 <= int(match[2]) <= SERIES_LIMIT:
        return "image/png"
    return REQUIRED.get(name) or OPTIONAL.get(name)


def incomplete(artefacts: Collection[str]) -> list[tuple[str, str]]:
    """Return (name that lacks, name that is given but needs it) for every hole in the set.

    A required artefact that lacks is needed by the manifest.
    """
    holes = [(name, MANIFEST) for name in REQUIRED if name not in artefacts]
    for name, other in COMPANIONS.items():
        if name in artefacts and other not in artefacts:
            holes.append((other, name))
    for folder in SERIES:
        for number, name in enumerate(series(artefacts, folder), 1):
            due = f"{folder}/{number:03d}.png"
            if name != due:
                holes.append((due, name))
                break
    moments = series(artefacts, MOMENTS)
    if moments and ATTENDED not in artefacts:
        holes.append((ATTENDED, moments[0]))
    return holes


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

    @property
    def renewal(self) -> str:
        """The renewals of the tokens."""
        return f"{self.name}.renewal.json"

    @property
    def case(self) -> str:
        """Every entry of the closed case."""
        return f"{self.name}.case.json"

    def checkpoint(self, authority: str) -> tuple[str, str]:
        """The request and response over the checkpoint of the proofs."""
        return (
            f"{self.name}.checkpoint.{authority}.tsq",
            f"{self.name}.checkpoint.{authority}.tsr",
        )

    def anchor(self, name: str) -> str:
        """The receipt of an anchoring."""
        return f"{self.name}.anchor.{check_authority_name(name)}.json"

    def rank(self, file_name: str) -> tuple[int, str, int, str] | None:
        """Return the place among the further files of a dossier, None if it is none of them."""
        inner = file_name.removeprefix(f"{self.name}.")
        revocation = _REVOCATION.match(file_name)
        if revocation and 1 <= int(revocation[2]) <= SERIES_LIMIT:
            return 3, revocation[1], int(revocation[2]), revocation[3]
        if inner == file_name:
            return None
        if match := _CHECKPOINT.match(inner):
            return 0, match[1], 0, match[2]
        if inner in ("renewal.json", "case.json"):
            return (1 if inner == "renewal.json" else 2), "", 0, ""
        match = _ANCHOR.match(inner)
        return (4, match[1], 0, "") if match else None

    def checkpoint_authority(self, file_name: str) -> str | None:
        """Return the authority if ``file_name`` is a response over the checkpoint, else None."""
        rank = self.rank(file_name)
        return rank[1] if rank and (rank[0], rank[3]) == (0, "tsr") else None

    def further(self, file_names: Iterable[str]) -> tuple[str, ...]:
        """Return those of the names that a dossier may have besides, in their only order."""
        ranked = {name: rank for name in file_names if (rank := self.rank(name)) is not None}
        return tuple(sorted(ranked, key=lambda name: ranked[name]))

    def dossier_order(
        self, authorities: tuple[str, ...], further: Iterable[str] = ()
    ) -> tuple[str, ...]:
        """Return the names of the entries of the dossier, in their only order.

        ``authorities`` are the short names of those whose tokens it holds, ``further`` the
        names of the optional files.
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
            *self.further(further),
            LOG_KEY,
            SIGNER_KEY,
            VERIFY_TEXT,
        )


def certificate_name(authority: str) -> str:
    """Return the name in a dossier of the authority's certificates (for reading only)."""
    return f"authorities/{authority}.pem"


def revocation_name(authority: str, number: int, kind: str) -> str:
    """Return the name in a dossier of kept revocation data; ``kind`` is ``crl`` or ``ocsp``."""
    return f"revocation/{check_authority_name(authority)}.{number}.{kind}"
