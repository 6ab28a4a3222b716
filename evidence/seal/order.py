"""What is asked of one preservation, and what came of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from evidence.capture import Limits, check_url
from evidence.errors import InputError

_NAME = re.compile(r"[A-Za-z0-9._-]{1,80}\Z")
_CAPTURE_ID = re.compile(r"[0-9a-f]{32}\Z")
_TEXT_LIMIT = 200


class Status(StrEnum):
    """The two ways in which a preservation that did not fail can end."""

    SEALED = "sealed"
    AWAITING_TIMESTAMP = "awaiting_timestamp"


@dataclass(frozen=True)
class PreserveOrder:
    """One page to be captured and sealed; ``capture_id`` is the idempotency key.

    ``out`` is ``NAME.wacz``; the sidecars and ``NAME.dossier.zip`` are written beside it.
    """

    url: str
    case: str
    out: Path
    capture_id: str
    requested_by: str | None = None
    sandbox: bool = True
    strict_tls: bool = False
    limits: Limits = field(default_factory=Limits)

    @property
    def name(self) -> str:
        """NAME, without ``.wacz``."""
        return self.out.name.removesuffix(".wacz")

    def checked(self) -> PreserveOrder:
        """Return the order with its address in ASCII form and an absolute path.

        Raises InputError, before anything is logged, when a field cannot be used.
        """
        if self.out.suffix != ".wacz" or not _NAME.match(self.name) or self.name[0] in ".-":
            raise InputError(
                f"The file name {self.out.name!r} cannot be used: it ends in .wacz, its name has "
                "1 to 80 characters out of A-Z a-z 0-9 . _ - and does not begin with . or -.",
                f"文件名 {self.out.name!r} 不可用：须以 .wacz 结尾，主名为 1 至 80 个字符，"
                "仅限 A-Z a-z 0-9 . _ -，且不以 . 或 - 开头。",
            )
        if not _CAPTURE_ID.match(self.capture_id):
            raise InputError(
                "A capture id has 32 lower-case hex digits.", "取证编号须为 32 位小写十六进制数。"
            )
        for text in (self.case, self.requested_by or "-"):
            if not text.strip() or len(text) > _TEXT_LIMIT or not text.isprintable():
                raise InputError(
                    f"Case and person are 1 to {_TEXT_LIMIT} printable characters.",
                    f"案号与经办人须为 1 至 {_TEXT_LIMIT} 个可见字符。",
                )
        return replace(self, url=check_url(self.url), out=self.out.absolute())

    def with_id(self, capture_id: str) -> PreserveOrder:
        """Return the same order under another capture id."""
        return replace(self, capture_id=capture_id)


@dataclass(frozen=True)
class Preserved:
    """What was preserved. ``index`` is the outcome's place in the log, None while awaiting.

    ``sealed`` means that our own verifier, with this installation's trust folder, found every
    required claim valid in the dossier as it was then put in place.
    """

    status: Status
    wacz: Path
    dossier: Path | None
    manifest_sha256: str
    index: int | None
    trial: bool
    title: str
    final_url: str
    http_status: int
    page_note: str | None
    certificate: str
    checkpoint: str | None
    waiting_for: tuple[str, ...] = ()
