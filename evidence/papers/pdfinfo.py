"""The line in a PDF (ISO 32000-1, 7.5.6 and 14.3.3): document information, added at the end.

The PDF as the browser printed it stays as it is; what follows is one incremental update with a
new information dictionary: ``/MarksealCertificate`` (the line) and ``/MarksealBody`` (SHA-256 of
the bytes before the update).
"""

from __future__ import annotations

import re

from evidence.errors import FormatError
from evidence.format.digests import sha256_hex

KEY, BODY = b"/MarksealCertificate", b"/MarksealBody"
_TAIL = re.compile(rb"trailer\s*<<(?P<trailer>.*?)>>\s*startxref\s+(?P<at>\d+)\s+%%EOF\s*\Z", re.S)
_SIZE = re.compile(rb"/Size\s+(\d+)")
_ROOT = re.compile(rb"/Root\s+(\d+\s+\d+\s+R)")
_UPDATE = re.compile(
    rb"\n(?P<number>\d+) 0 obj\n<</Title <[0-9A-F]*> /MarksealCertificate <(?P<line>[0-9A-F]*)> "
    rb"/MarksealBody \((?P<body>[0-9a-f]{64})\)>>\nendobj\n"
)


def put_line(pdf: bytes, line: bytes, *, title: str) -> bytes:
    """Return the PDF with the line in its document information.

    Raises FormatError on a PDF without a plain cross-reference table at its end.
    """
    tail = _TAIL.search(pdf, max(0, len(pdf) - 4096))
    size = _SIZE.search(tail["trailer"]) if tail else None
    root = _ROOT.search(tail["trailer"]) if tail else None
    if tail is None or size is None or root is None:
        raise FormatError(
            "the printed PDF has no plain cross-reference table", "打印所得 PDF 没有普通交叉引用表"
        )
    number = int(size[1])
    named = b"\xfe\xff" + title.encode("utf-16-be")
    info = b"\n%d 0 obj\n<</Title <%s> %s <%s> %s (%s)>>\nendobj\n" % (
        number,
        named.hex().upper().encode(),
        KEY,
        line.hex().upper().encode(),
        BODY,
        sha256_hex(pdf).encode(),
    )
    table = len(pdf) + len(info)
    section = b"xref\n%d 1\n%010d 00000 n \n" % (number, len(pdf) + 1)
    named_root = (number + 1, root[1], number, int(tail["at"]))
    trailer = b"trailer\n<</Size %d /Root %s /Info %d 0 R /Prev %d>>\n" % named_root
    return pdf + info + section + trailer + b"startxref\n%d\n%%%%EOF\n" % table


def take_line(pdf: bytes) -> tuple[bytes, bool]:
    """Return the line in a certificate's PDF, and whether the pages before it are unaltered.

    Raises FormatError when there is no such line, or more than one.
    """
    found = list(_UPDATE.finditer(pdf))
    if len(found) != 1 or pdf.count(KEY) != 1 or pdf.count(BODY) != 1:
        raise FormatError("the PDF holds no certificate of ours", "该 PDF 中没有本系统的凭证")
    one = found[0]
    before = pdf[: one.start()]
    line = bytes.fromhex(one["line"].decode())
    return line, _ends_so(before, line, pdf) and sha256_hex(before).encode() == one["body"]


def _ends_so(before: bytes, line: bytes, pdf: bytes) -> bool:
    """Tell whether ``pdf`` is exactly ``before`` with this line put in, whatever its title."""
    title = re.search(rb"<</Title <FEFF([0-9A-F]*)>", pdf[len(before) :])
    if title is None:
        return False
    try:
        named = bytes.fromhex(title[1].decode()).decode("utf-16-be")
        return put_line(before, line, title=named) == pdf
    except (ValueError, FormatError):
        return False
