"""Whether a certificate belongs to a package: told field by field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from evidence.errors import FormatError, InputError
from evidence.papers.certificate import altered_fields, read_page, render_certificate
from evidence.papers.fieldwords import in_words
from evidence.papers.line import Line, differing, line_of, parse_line
from evidence.papers.markup import LANGUAGES
from evidence.papers.material import read_material
from evidence.papers.pdfinfo import take_line
from evidence.verify.steps import utc_now
from evidence.verify.verdict import Outcome

LIMIT = 32 << 20
MATCHES, DIFFERS, NO_CERTIFICATE = 0, 1, 2
ELSEWHERE = (
    "注意：页面其余部分与本版本程序所出的不同（其他版本所出，或被改动）；只比对了各项数据。",
    "Note: the rest of the page is not as this version makes it; only the fields were compared.",
)


@dataclass(frozen=True)
class Checked:
    """``exit_code``: 0 it belongs to the package, 1 it does not or was altered, 2 no certificate.

    ``lines`` are sentences in Chinese and English, the first one the answer.
    """

    exit_code: int
    lines: tuple[tuple[str, str], ...]


def check_certificate(
    certificate: Path,
    package: Path,
    *,
    trust: Path | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Checked:
    """Compare a certificate (HTML or PDF) with a WACZ or dossier and return what was found.

    Without ``trust`` the package is compared, not proved. A certificate is not signed: 0 says
    that it states this package's digests, and that its visible lines (in a PDF: the bytes of its
    pages) are those it was made with. Raises InputError when a file cannot be used.
    """
    try:
        line, altered, whole = _read(certificate)
    except FormatError as error:
        zh = f"{certificate.name} 不是存证凭证：{error.zh}。"
        en = f"{certificate.name} is no certificate: {error.en}."
        return Checked(NO_CERTIFICATE, ((zh, en),))
    material = read_material(package, trust=trust, clock=clock)
    other = line_of(material, issued=clock())
    wrong = differing(line, other, trusted=trust is not None)
    told: list[tuple[str, str]] = []
    if wrong:
        zh, en = in_words(wrong)
        told.append(
            (
                f"凭证不属于 {package.name}：不一致的有{zh}。",
                f"The certificate is not of {package.name}. What differs: {en}.",
            )
        )
    if altered:
        zh, en = in_words(altered)
        told.append(
            (
                f"凭证页面上的文字被改动：{zh}。",
                f"The visible text of the certificate was altered: {en}.",
            )
        )
    if material.verdict.outcome is Outcome.INVALID:
        told.append(
            (
                f"{package.name} 本身核验不通过：{material.verdict.headline_zh}。",
                f"{package.name} itself does not verify: {material.verdict.headline_en}.",
            )
        )
    if told:
        return Checked(DIFFERS, tuple(told))
    proved = material.verdict.outcome is Outcome.VALID
    zh = "" if proved else "；未给出完整的信任文件夹，封装本身未予核验"
    en = "" if proved else "; the package itself was not proved without a trust folder"
    same = (
        f"凭证 {line['number']} 与 {package.name} 为同一件{zh}。",
        f"Certificate {line['number']} is of {package.name}{en}.",
    )
    return Checked(MATCHES, (same,) if whole else (same, ELSEWHERE))


def _read(path: Path) -> tuple[Line, list[str], bool]:
    """Return a certificate's line, what of its visible form is not as the line says, and the rest.

    The rest is whether every byte is as this version makes it (of a PDF: as it was made).
    """
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT + 1)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}).", f"无法读取 {path}（{error.strerror}）。"
        ) from error
    if len(data) > LIMIT:
        raise FormatError("it is too large", "文件过大")
    if data.startswith(b"%PDF-"):
        raw, whole = take_line(data)
        return parse_line(raw), [] if whole else ["PDF"], whole
    try:
        page = data.decode("utf-8")
    except UnicodeDecodeError:
        raise FormatError("it is neither HTML nor PDF", "不是 HTML 也不是 PDF") from None
    lines, _, _ = read_page(page)
    if len(lines) != 1:
        raise FormatError("it holds no line of a certificate", "其中没有凭证的机读行")
    line = parse_line(lines[0].encode())
    made = any(page == render_certificate(line, lang=lang) for lang in LANGUAGES)
    return line, altered_fields(page, line), made
