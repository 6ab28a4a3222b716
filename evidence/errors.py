"""Every error of the evidence package, each a sentence in Chinese and in English.

EvidenceError
├── FormatError          bytes are not what their specification says
│   └── NotAPackage      no ZIP record was recognised at all (exit 2)
├── ProofError           a hash, signature or Merkle proof does not prove what it claims
├── InputError           a path or value given to us cannot be used
│   └── TrustError       the trust folder or its policy cannot be used
├── CaptureError         the page could not be captured
│   └── CaptureFailed    ... and the attempt and its failure have been logged
├── LogError             the log on disk cannot be read, locked or appended to
│   ├── RolledBack       ... or a witness has seen more of it, or another log under its name
│   └── Unreachable      ... a log followed from outside cannot be read now (exit 3)
├── WitnessError         a witness gave no usable cosignature, or cannot be run
├── AuthorityError       a timestamp authority gave no usable token
└── SealError            a package could not be written or did not verify
    └── PlaceError       ... because its place is taken or not writable; nothing was begun

Input that cannot be used, and a place that cannot, end the command with 64, as a command line
does that is not understood: 1 is kept for what was found wrong or failed.
"""

from __future__ import annotations

from typing import ClassVar


class EvidenceError(Exception):
    """The base: one sentence in English (``en``) and in Chinese (``zh``)."""

    exit_code: ClassVar[int] = 1

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


class FormatError(EvidenceError):
    """Bytes are not what their specification says."""


class NotAPackage(FormatError):
    """The file holds no ZIP record at all."""

    exit_code: ClassVar[int] = 2


class ProofError(EvidenceError):
    """A hash, signature or Merkle proof does not prove what it claims."""


class InputError(EvidenceError):
    """A path or value that was given cannot be used."""

    exit_code: ClassVar[int] = 64


class TrustError(InputError):
    """The trust folder or its policy cannot be used."""


class CaptureError(EvidenceError):
    """The page could not be captured."""


class CaptureFailed(CaptureError):
    """The page could not be captured; the attempt and its failure are in the log."""


class LogError(EvidenceError):
    """The log on disk cannot be read, locked or appended to."""


class RolledBack(LogError):
    """A witness has seen more of the log than there is, or another log under its name."""


class Unreachable(LogError):
    """A log that is followed from outside could not be read; nothing was found wrong with it."""

    exit_code: ClassVar[int] = 3


class WitnessError(EvidenceError):
    """A witness gave no usable cosignature, or its own state cannot be used."""


class AuthorityError(EvidenceError):
    """A timestamp authority gave no usable token.

    ``reason`` is a code for the log; ``passing`` says that asking again soon may help.
    """

    def __init__(
        self, en: str, zh: str, *, reason: str = "unusable", passing: bool = False
    ) -> None:
        super().__init__(en, zh)
        self.reason = reason
        self.passing = passing


class SealError(EvidenceError):
    """A package could not be written, or did not verify after writing."""


class PlaceError(SealError):
    """The place for a package is taken or cannot be written; nothing was begun."""

    exit_code: ClassVar[int] = 64
