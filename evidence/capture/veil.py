"""A capture with a login: what is published is masked, the exact bytes are sealed beside it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from evidence.browser.failure import PageNotCaptured, Reason
from evidence.browser.order import CaptureOrder
from evidence.capture.joined import Row
from evidence.capture.login import LoginState, read_login
from evidence.capture.private import seal_private
from evidence.capture.redaction import Redactor
from evidence.capture.warc import Fields, write_warc
from evidence.errors import CaptureError, InputError
from evidence.format import jcs
from evidence.format.names import CAPTURE, PRIVATE
from evidence.format.private import NETLOG, WARC
from evidence.netlog.model import WireExchange

PARTS = ("archive", "evidence", "indexes", "pages")
"""The folders of a package, in which a capture writes."""
_DOTS = 96.0
_LONGEST = 14_400
"""Dots per inch of a screen, and the longest side of a PDF's page in points (ISO 32000)."""


@dataclass
class Veil:
    """What lies over one capture; ``state`` is None when a person signs in by themselves."""

    redactor: Redactor
    state: LoginState | None
    spool: Path
    key: bytes | None
    left_out: list[tuple[int, str]] = field(default_factory=list)

    @classmethod
    def of(cls, order: CaptureOrder, spool: Path) -> Veil | None:
        """Return the veil that an order asks for; None without a login and without a key.

        Raises PageNotCaptured when the session file cannot be used.
        """
        if order.login is None and order.private_key is None:
            return None
        state: LoginState | None = None
        names: tuple[str, ...] = ()
        if order.login is not None:
            try:
                state, names = read_login(order.login), order.login.secrets
            except InputError as error:
                raise PageNotCaptured(Reason.AUTHENTICATION, error.en, error.zh) from error
        made = Redactor(state, names, spool / "masked", spare=order.url)
        return cls(made, state, spool, order.private_key)

    def also(self, names: Sequence[str], values: Iterable[str]) -> None:
        """Take in what a person typed into password fields: the fields' names, the passwords."""
        self.redactor.also(names, values)

    @property
    def needed(self) -> bool:
        """Whether there is a login: one that was declared, or a secret that was typed or sent.

        An attended capture in which nobody signed in has none; known after ``learn``.
        """
        return self.redactor.needed

    def learn(self, exchanges: Iterable[WireExchange]) -> None:
        """Take in the secrets that went over the wire; before anything is masked."""
        self.redactor.learn(exchanges)

    def require_plain(self, url: str) -> None:
        """Refuse an address that holds a secret: it stands in the manifest and the log."""
        if self.redactor.finds(url):
            raise PageNotCaptured(
                Reason.AUTHENTICATION,
                "The address itself holds a secret of the login; give it without.",
                "网址本身含有登录凭据；请给出不含凭据的网址。",
            )

    def rows(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the exchanges as they are published.

        One in which a secret stands where it cannot be masked is left out; its number and its
        address, masked, are then in ``left_out``, its bytes in the encrypted part alone.
        """
        for row in rows:
            wire = self.redactor.exchange(row.wire)
            if self.redactor.is_readable(wire):
                self.left_out.append((row.wire.number, wire.url))
            else:
                yield replace(row, wire=wire)

    def content(self, name: str, content: bytes | Path) -> bytes | Path:
        """Return a file of the package as it is published; pictures and films stay as they are."""
        suffix = Path(name).suffix
        if isinstance(content, Path) or suffix in (".png", ".webm"):
            self.redactor.not_searched(name)
            return content
        if suffix == ".json":
            return jcs.dumps(self.redactor.record(name, json.loads(content)))
        if suffix == ".mhtml":
            return self.redactor.mhtml(name, content)
        if suffix == ".pdf":
            return self.redactor.pdf(name, content)
        return self.redactor.text(name, content) if suffix in (".html", ".txt") else content

    def pdf(self, pdf: bytes, *, picture: bytes) -> bytes:
        """Return the page as PDF: with a login, its picture (PNG) alone, without text.

        The letters that a browser draws in a PDF are numbers of glyphs, out of which the usual
        tools make the text again, so they cannot be masked where they stand; and what is drawn
        is more than the page's text says (values typed, shadow trees, content made by a style).
        """
        return pdf_of_picture(picture) if self.needed else pdf

    def plain(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return another record of the attempt masked."""
        found: dict[str, Any] = self.redactor.record("", record)
        return found

    def record(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return the capture's own record masked, with the list of what was masked anywhere."""
        found: dict[str, Any] = self.redactor.record(CAPTURE, record)
        return found | {"masked": self.redactor.masked()}

    def seal(
        self, folder: Path, rows: Sequence[Row], *, about: Fields, made: datetime
    ) -> list[dict[str, Any]]:
        """Write the encrypted part: the exact WARC and the log; return its parts' digests."""
        exact = self.spool / "exact.warc.gz"
        try:
            with exact.open("wb") as target:
                write_warc(target, rows, about=about, made=made)
            parts = [(WARC, exact), (NETLOG, self.spool / NETLOG)]
            sealed = seal_private(parts, folder / PRIVATE, self.key)
        except CaptureError as error:
            raise PageNotCaptured(Reason.STORAGE, error.en, error.zh) from error
        exact.unlink()
        return [part.to_json() for part in sealed]

    def require_clean(self, folder: Path) -> None:
        """Look for every secret in every file; PageNotCaptured when one is still to be read.

        The files are then removed: they are not what they promise to be.
        """
        try:
            self.redactor.require_clean(folder, apart=[PRIVATE])
        except CaptureError as error:
            for part in PARTS:
                shutil.rmtree(folder / part, ignore_errors=True)
            raise PageNotCaptured(Reason.UNSOUND, error.en, error.zh) from error


def pdf_of_picture(picture: bytes) -> bytes:
    """Return a PDF of one page that holds a picture (PNG) and no text."""
    out = BytesIO()
    with Image.open(BytesIO(picture)) as image:
        dots = max(_DOTS, 72 * max(image.size) / _LONGEST)
        image.convert("RGB").save(out, "PDF", resolution=dots)
    return out.getvalue()
