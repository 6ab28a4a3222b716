"""WebM (RFC 9559), MHTML (RFC 2557) and plain UTF-8 bounds: whole files of their kind.

Only the frame is checked: where elements and parts begin and end, not what they show.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesHeaderParser

from evidence.errors import FormatError
from evidence.verify.window import Window

EBML, DOC_TYPE, SEGMENT = 0x1A45DFA3, 0x4282, 0x18538067
INFO, TRACKS, CLUSTER = 0x1549A966, 0x1654AE6B, 0x1F43B675
MAX_ELEMENTS = 1 << 16
HEAD_LIMIT = 64 << 10
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=?-]{1,70}\Z")


def _not_webm(en: str, zh: str) -> FormatError:
    return FormatError(f"It is not a whole WebM film: {en}.", f"不是完整的 WebM 录像：{zh}。")


def check_webm(window: Window) -> None:
    """Prove that a file is one WebM document from first byte to last, or raise FormatError."""
    top = list(_elements(window, 0, window.size, 2))
    if [kind for kind, _, _ in top] != [EBML, SEGMENT]:
        raise _not_webm("it is not one header and one segment", "应为一个文件头和一个数据段")
    _, at, size = top[0]
    kinds = {kind: window.read(where, length) for kind, where, length in _header(window, at, size)}
    if kinds.get(DOC_TYPE, b"").rstrip(b"\0") != b"webm":
        raise _not_webm("the document type is another", "文件类型不符")
    _, at, size = top[1]
    found = [kind for kind, _, _ in _elements(window, at, at + size, MAX_ELEMENTS)]
    if found.count(INFO) != 1 or found.count(TRACKS) != 1 or CLUSTER not in found:
        raise _not_webm("it lacks its facts, its tracks or its pictures", "缺少信息、轨道或画面")


def _header(window: Window, at: int, size: int) -> Iterator[tuple[int, int, int]]:
    if size > HEAD_LIMIT:
        raise _not_webm("its header is too large", "文件头过大")
    return _elements(window, at, at + size, 64)


def _elements(window: Window, at: int, end: int, most: int) -> Iterator[tuple[int, int, int]]:
    """Yield id, place and size of each element between ``at`` and ``end``, which they tile."""
    for _ in range(most):
        if at == end:
            return
        kind, after = _number(window, at, keep_mark=True, widest=4)
        size, data = _number(window, after, keep_mark=False, widest=8)
        if data + size > end:
            raise _not_webm("an element is cut off", "有元素不完整")
        yield kind, data, size
        at = data + size
    if at != end:
        raise _not_webm(
            "it has too many elements, or bytes after its end", "元素过多，或结尾后另有字节"
        )


def _number(window: Window, at: int, *, keep_mark: bool, widest: int) -> tuple[int, int]:
    """Return a variable-size integer and where it ends; an unknown size is refused."""
    first = window.read(at, 1)
    width = 9 - first[0].bit_length() if first else 9
    raw = window.read(at, width)
    if width > widest or len(raw) < width:
        raise _not_webm("an element has no size", "有元素没有长度")
    value = int.from_bytes(raw, "big")
    if not keep_mark:
        value &= (1 << (7 * width)) - 1
        if value == (1 << (7 * width)) - 1:
            raise _not_webm("an element's size was never written", "有元素的长度未写入")
    return value, at + width


def _not_mhtml(en: str, zh: str) -> FormatError:
    return FormatError(f"It is not a whole MHTML file: {en}.", f"不是完整的 MHTML 文件：{zh}。")


def check_mhtml(window: Window) -> None:
    """Prove that a file is one multipart/related message with an end, or raise FormatError."""
    head = window.read(0, HEAD_LIMIT)
    end = re.search(rb"\r?\n\r?\n", head)
    if end is None:
        raise _not_mhtml("its head has no end", "头部没有结尾")
    message: Message = BytesHeaderParser().parsebytes(head[: end.end()])
    boundary = message.get_boundary("") or ""
    if message.get_content_type() != "multipart/related" or not _BOUNDARY.match(boundary):
        raise _not_mhtml("it is not multipart/related", "类型不是 multipart/related")
    mark = b"--" + boundary.encode("ascii")
    if window.find(mark) < 0:
        raise _not_mhtml("it has no parts", "没有任何部分")
    closing = mark + b"--"
    tail = window.read(max(0, window.size - len(closing) - 8), len(closing) + 8)
    if not tail.rstrip(b"\r\n").endswith(closing):
        raise _not_mhtml("it has no end, or bytes after it", "没有结尾，或其后另有字节")


def check_text(window: Window, name: str) -> None:
    """Prove that a file is UTF-8, or raise FormatError."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in window.chunks():
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise FormatError(f"{name} is not UTF-8.", f"{name} 不是 UTF-8。") from error
