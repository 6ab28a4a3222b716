"""Masks the secrets of a login in everything that is handed out, at equal length, and lists it.

``evidence.capture.veil`` uses it in this order: what is known at the beginning (the session file,
the named fields), ``also`` what a person typed, ``learn`` what went over the wire, then mask each
exchange and file, then ``require_clean``. Byte counts are compared before masking. Where a body is
in a content coding and holds a secret, the body stored is the decoded one and its coding's fields
are renamed ``X-Orig-…``. Not searched: what pictures and recordings show; each is listed so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evidence.capture.bodies import Body, body_of, decoded_head, joined, overlay, scan, write
from evidence.capture.codings import NotDecodable
from evidence.capture.fields import NamedFields
from evidence.capture.heads import secret_values, telling_header
from evidence.capture.leaks import leaks
from evidence.capture.login import LoginState
from evidence.capture.markup import masked_mhtml, masked_pdf
from evidence.capture.masking import WINDOW, Hit, Scanner, masked, merged
from evidence.capture.tokens import credentials, is_telling, stored_tokens, tokens_of
from evidence.errors import CaptureError
from evidence.format.names import ARCHIVE
from evidence.netlog.model import Blob, WireExchange

_ALL = "unreadable, masked whole"
_SURPLUS = "bytes after the answer, masked whole"
_COMMON = frozenset(
    {"code", "data", "item", "key", "name", "text", "title", "type", "url", "value"}
)


class Redactor:
    """Masks the secrets of one capture; ``spool`` (made when missing) gets the masked bodies.

    ``names`` are fields whose values are secrets; what the browser sends in a field whose name
    says password is one without being named. ``spare`` is the address that was asked for:
    a value that stands in it is masked only where a name says that it is a secret.
    """

    def __init__(
        self, state: LoginState | None, names: Sequence[str], spool: Path, *, spare: str = ""
    ) -> None:
        spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._spool = spool
        self._fields = NamedFields(names)
        self._sent = NamedFields(names, passwords=True)
        self._headers = tuple(name.lower() for name in names)
        self._spare = spare
        self._secrets: dict[str, None] = {}
        self._scanner = Scanner(())
        self._listed: dict[tuple[str, int, str, str], list[int]] = {}
        self._seen = state is not None or bool(names)
        if state is not None:
            self._learn_state(state)
        self._scanner = Scanner(self._secrets)

    def _learn_state(self, state: LoginState) -> None:
        for cookie in state.cookies:
            sure = cookie.hidden or is_telling(cookie.name)
            self._add(tokens_of(cookie.value, sure=sure), named=cookie.hidden)
        for name, value in state.stored:
            self._add(stored_tokens(name, value))

    @property
    def needed(self) -> bool:
        """Whether anything was declared, typed or seen that is a secret of a login."""
        return self._seen or bool(self._secrets)

    def _add(self, values: Iterable[str], *, named: bool = False) -> None:
        for value in values:
            if named or value not in self._spare:
                self._secrets.setdefault(value)

    def also(self, names: Sequence[str], values: Iterable[str]) -> None:
        """Take in further names of secret fields, and secrets themselves, before ``learn``.

        These names were not chosen by us: only what has no other use is one (no ``id``, no ``p``).
        """
        self._seen = self._seen or bool(names)
        told = [name for name in names if len(name) > 2 and name.lower() not in _COMMON]
        self._fields = NamedFields((*self._fields.names, *told))
        self._sent = NamedFields((*self._fields.names, *names), passwords=True)
        for value in values:
            self._seen = True
            self._add(tokens_of(value, named=True), named=True)
        self._scanner = Scanner(self._secrets)

    def learn(self, exchanges: Iterable[WireExchange]) -> None:
        """Take in the secrets that went over the wire: cookies, credentials, named fields."""
        for one in exchanges:
            heads = [(one.request, one.request_head), (one.response, one.response_head)]
            for blob, head in [*heads, *((blob, blob.size) for blob in one.interim)]:
                self._learn_head(blob.read(0, head))
            for trailer in (_trailer(one), *map(_framed_trailer, self._bodies(one))):
                self._learn_head(trailer)
            self._learn_body(body_of(*heads[0], literal=one.literal), self._sent)
            if self._fields.names:
                self._learn_body(body_of(*heads[1], literal=one.literal), self._fields)
        self._scanner = Scanner(self._secrets)

    def _bodies(self, one: WireExchange) -> Iterator[Body]:
        for blob, head in ((one.request, one.request_head), (one.response, one.response_head)):
            yield body_of(blob, head, literal=one.literal)

    def _learn_head(self, head: bytes) -> None:
        self._seen = self._seen or telling_header(head)
        for value in secret_values(head, self._headers):
            self._seen = True
            text = head[value.start : value.end].decode("utf-8", "replace").strip()
            if value.credentials:
                self._add(credentials(head[value.line : value.end].decode("latin-1")), named=True)
            else:
                sure = value.hidden or is_telling(value.what.rpartition(": ")[2])
                named = value.what.lower() in self._headers
                self._add(tokens_of(text, sure=sure, named=named), named=value.hidden or named)
        self._learn_fields(head, self._fields)

    def _learn_body(self, body: Body, fields: NamedFields) -> None:
        def find(data: bytes) -> list[Hit]:
            self._learn_fields(data, fields)
            return []

        try:
            for _ in scan(body.content(), find):
                pass
        except NotDecodable:
            self._seen = True  # such a body is masked whole

    def _learn_fields(self, data: bytes, fields: NamedFields) -> None:
        for one in fields.find(data):
            self._seen = True
            text = data[one.start : one.end].decode("utf-8", "replace")
            self._add(tokens_of(text, named=True), named=True)

    def finds(self, text: str) -> bool:
        """Return whether a text holds a secret."""
        return bool(self._find(text.encode("utf-8", "surrogatepass")))

    def _find(self, data: bytes) -> list[Hit]:
        """Return every place to be masked in content of any kind."""
        return self._found(data, self._fields)

    def _find_sent(self, data: bytes) -> list[Hit]:
        """Return every place to be masked in what the browser sent: passwords as well."""
        return self._found(data, self._sent)

    def _found(self, data: bytes, fields: NamedFields) -> list[Hit]:
        named = (Hit(one.start, one.end, f"field {one.name}") for one in fields.find(data))
        return merged([*named, *self._scanner.hits(data)])

    def exchange(self, one: WireExchange) -> WireExchange:
        """Return an exchange with its address, heads and bodies masked; unchanged blobs stay."""
        request = self._message(one, "request", one.request, one.request_head)
        response = self._message(one, "response", one.response, one.response_head)
        interim = [
            self._message(one, f"interim {number}", blob, blob.size)[0]
            for number, blob in enumerate(one.interim, start=1)
        ]
        return replace(
            one,
            url=self._text(one.url, ARCHIVE, one.number, "address"),
            request=request[0],
            request_head=request[1],
            response=response[0],
            response_head=response[1],
            interim=tuple(interim),
            surplus=self._surplus(one),
            trailers=tuple(self._trailers(one)),
        )

    def _trailers(self, one: WireExchange) -> Iterator[tuple[str, str]]:
        """Yield the trailer fields of an answer over HTTP/2 with their secrets masked."""
        for name, value in one.trailers:
            line = _line(name, value)
            hits = self._head_hits(line)
            self._list(ARCHIVE, one.number, "trailer", hits)
            size, told = len(name.encode("utf-8", "surrogatepass")), masked(line, hits)[2:]
            yield str(told[:size], "utf-8", "replace"), str(told[size + 2 :], "utf-8", "replace")

    def is_readable(self, one: WireExchange) -> bool:
        """Return whether a secret is still to be read in an exchange as ``exchange`` returned it.

        The look is that of ``require_clean``: in the bytes as they are stored.
        """
        blobs = (one.request, one.response, *one.interim, *filter(None, [one.surplus]))
        found = any(True for blob in blobs for _ in scan(blob.chunks(), self._scanner.hits))
        return found or bool(self._scanner.hits(_trailer(one)))

    def _message(self, one: WireExchange, part: str, blob: Blob, size: int) -> tuple[Blob, int]:
        head = blob.read(0, size)
        hits = self._head_hits(head)
        self._list(ARCHIVE, one.number, f"{part} head", hits)
        body = body_of(blob, size, literal=one.literal)
        path = self._spool / f"{one.number}.{part.replace(' ', '-')}"
        if body.codings:
            found = self._coded(one, part, body, masked(head, hits), path)
            if found is not None:
                return found
        else:
            plain = list(body.raw(self._scanned(one, part, body.pieces())))
            hits += plain
        hits += self._framing(one, part, body)
        if not hits:
            return blob, size
        return write(path, overlay(blob.chunks(), hits)), size

    def _surplus(self, one: WireExchange) -> Blob | None:
        """Return what came after the answer masked whole: nothing says how it is to be read."""
        if one.surplus is None or one.surplus_is_blank:
            return one.surplus
        hit = Hit(0, one.surplus.size, _SURPLUS)
        self._list(ARCHIVE, one.number, "surplus", [hit])
        return write(self._spool / f"{one.number}.surplus", overlay(one.surplus.chunks(), [hit]))

    def _head_hits(self, head: bytes) -> list[Hit]:
        values = [Hit(v.start, v.end, v.what) for v in secret_values(head, self._headers)]
        return merged([*values, *self._find(head)])

    def _scanned(self, one: WireExchange, part: str, pieces: Iterable[bytes]) -> list[Hit]:
        hits = list(scan(pieces, self._find_sent if part == "request" else self._find))
        self._list(ARCHIVE, one.number, f"{part} body", hits)
        return hits

    def _framing(self, one: WireExchange, part: str, body: Body) -> Iterator[Hit]:
        """Yield the secrets in what of a chunked body is not content; trailers are fields."""
        for offset, size in body.framing():
            blob = Blob(body.blob.path, body.blob.offset + offset, size)
            short = size <= WINDOW
            hits = self._head_hits(blob.read(0, size)) if short else self._scan_framing(blob)
            self._list(ARCHIVE, one.number, f"{part} framing", hits)
            for hit in hits:
                yield Hit(hit.start + offset, hit.end + offset, hit.form)

    def _scan_framing(self, blob: Blob) -> list[Hit]:
        return list(scan(blob.chunks(), self._find))

    def _coded(
        self, one: WireExchange, part: str, body: Body, head: bytes, path: Path
    ) -> tuple[Blob, int] | None:
        """Return the message with a decoded body if that holds secrets; None if it is clean."""
        try:
            hits = self._scanned(one, part, body.content())
            if not hits:
                return None
            plain = write(path.with_suffix(".plain"), overlay(body.content(), hits))
            told = f"stored decoded ({', '.join(body.codings)})"
        except NotDecodable:
            size = sum(size for _, size in body.places)
            plain = write(path.with_suffix(".plain"), overlay(body.pieces(), [Hit(0, size, _ALL)]))
            told = _ALL
        self._list(ARCHIVE, one.number, f"{part} body", [Hit(0, plain.size, told)])
        head = decoded_head(head, plain.size)
        whole = write(path, joined(head, plain))
        plain.path.unlink()
        return whole, len(head)

    def text(self, file: str, data: bytes) -> bytes:
        """Return a text artefact (DOM, text, anything readable) masked at equal length."""
        hits = self._find(data)
        self._list(file, 0, "text", hits)
        return masked(data, hits)

    def mhtml(self, file: str, data: bytes) -> bytes:
        """Return an MHTML file with its parts masked; a part that is changed is coded anew."""
        found, hits = masked_mhtml(data, self._find)
        self._list(file, 0, "part", hits)
        return found

    def pdf(self, file: str, data: bytes) -> bytes:
        """Return a PDF with addresses and texts masked at equal length, in its streams too.

        The letters it draws are numbers of its fonts' glyphs, and listed as not searched.
        """
        self.not_searched(file)
        found, hits = masked_pdf(data, self._find)
        self._list(file, 0, "object", hits)
        return found

    def not_searched(self, file: str) -> None:
        """List a picture, a recording or a PDF: what it shows is neither searched nor masked."""
        self._listed.setdefault((file, 0, "picture", "not searched"), [0, 0])

    def record(self, file: str, value: Any) -> Any:
        """Return a JSON value with every text in it masked; keys are ours and stay."""
        if isinstance(value, str):
            return self._text(value, file, 0, "record")
        if isinstance(value, dict):
            return {key: self.record(file, part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.record(file, part) for part in value]
        return value

    def _text(self, text: str, file: str, number: int, part: str) -> str:
        data = text.encode("utf-8", "surrogatepass")
        hits = self._find(data)
        self._list(file, number, part, hits)
        return masked(data, hits).decode("utf-8", "replace") if hits else text

    def _list(self, file: str, number: int, part: str, hits: Iterable[Hit]) -> None:
        for hit in hits:
            entry = self._listed.setdefault((file, number, part, hit.form), [0, 0])
            entry[0] += 1
            entry[1] += hit.end - hit.start

    def masked(self) -> list[dict[str, Any]]:
        """Return what was masked, without any value: file, part, kind, places and bytes.

        ``exchange`` is the exchange's number in ``capture.json``.
        """
        rows = []
        for (file, number, part, what), (places, size) in sorted(self._listed.items()):
            row = {"file": file, "part": part, "what": what, "places": places, "bytes": size}
            rows.append(row | ({"exchange": number} if number else {}))
        return rows

    def require_clean(self, folder: Path, *, apart: Sequence[str] = ()) -> None:
        """Look for every secret in every file of ``folder``; CaptureError names those that leak.

        ``apart`` are names that are not handed out as they are (the encrypted part).
        """
        found = leaks(folder, self._scanner, apart)
        if found:
            names = ", ".join(found)
            raise CaptureError(
                f"A secret of the login is still readable in {names}; nothing is handed out.",
                f"登录凭据在 {names} 中仍可读出；不予封装。",
            )


def _line(name: str, value: str) -> bytes:
    """Return a field as a line of a head; a head begins with a start line."""
    return f"\r\n{name}: {value}".encode("utf-8", "surrogatepass")


def _trailer(one: WireExchange) -> bytes:
    """Return the trailer fields of an answer over HTTP/2 as a head."""
    return b"".join(_line(name, value) for name, value in one.trailers)


def _framed_trailer(body: Body) -> bytes:
    """Return what follows the content of a chunked body, which holds its trailer fields."""
    framing = body.framing()
    return body.blob.read(framing[-1][0], min(framing[-1][1], WINDOW)) if framing else b""
