"""The certificate: what it states, and what ``--check`` tells of another or an altered one."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from desk.cli import main
from evidence.errors import FormatError, ProofError
from evidence.keeping.exhibit import Kept
from evidence.keeping.store import FolderStore
from evidence.papers import certificate_html, check_certificate
from evidence.papers.certificate import read_page, render_certificate
from evidence.papers.code import qr_svg, qr_text
from evidence.papers.fieldwords import WORDS
from evidence.papers.line import COMPARED, line_of, parse_line, print_line
from evidence.papers.material import read_material
from evidence.papers.pdfinfo import put_line, take_line
from tests.evidence.builder import Draft
from tests.evidence.papers.conftest import Case, hostile, now, packed
from tests.evidence.succession.rig import home_at, seal

PDF = (
    b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\nxref\n0 2\n0000000000 65535 f \n0000000009 00000 n \n"
    b"trailer\n<</Size 2\n/Root 1 0 R>>\nstartxref\n29\n%%EOF\n"
)


@pytest.fixture(scope="module")
def page(case: Case) -> str:
    return certificate_html(case.dossier, trust=case.trust)


def checked(folder: Path, data: str | bytes, package: Path, trust: Path | None = None) -> int:
    path = folder / "c"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return check_certificate(path, package, trust=trust).exit_code


@pytest.fixture(scope="module")
def other(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another exhibit of the same page, sealed a second later under the same name."""
    draft = Draft(case.world, now=case.draft.now + timedelta(seconds=1)).seal()
    return packed(draft, tmp_path_factory.mktemp("other") / "d")


def test_it_belongs_to_its_package_alone(
    case: Case, page: str, other: Path, tmp_path: Path
) -> None:
    assert checked(tmp_path, page, case.dossier) == 0
    assert checked(tmp_path, page, case.dossier, case.trust) == 0
    assert checked(tmp_path, page, other) == 1


def test_every_visible_digit_counts(case: Case, page: str, tmp_path: Path) -> None:
    fields = re.findall(r'data-field="(\w+)">([^<]+)<', page)
    assert {name for name, _ in fields} >= {
        "url", "started", "package_sha256", "package_sm3", "manifest_sha256", "manifest_sm3",
        "index", "size", "root", "time_0", "authority_0", "qr",
    }  # fmt: skip
    for name, value in fields:
        altered = page.replace(f'"{name}">{value}', f'"{name}">{value[:-1]}{_other(value[-1])}')
        assert altered != page
        assert checked(tmp_path, altered, case.dossier) == 1, name
    again = page.replace("</body>", '<i data-field="index">9</i></body>')
    assert checked(tmp_path, again, case.dossier) == 1


def test_what_differs_is_told_in_words(case: Case, page: str, other: Path, tmp_path: Path) -> None:
    fields = {re.sub(r"_\d+$", "", name) for name in re.findall(r'data-field="(\w+)">', page)}
    assert set(WORDS) >= fields | {*COMPARED, "tokens", "PDF"}
    (tmp_path / "c").write_text(page)
    zh, en = check_certificate(tmp_path / "c", other).lines[0]
    assert "不一致的有" in zh
    assert "清单哈希值" in zh
    assert "digests of the manifest" in en
    assert "capture_id" not in zh + en


def test_words_elsewhere_on_the_page_are_told(case: Case, page: str, tmp_path: Path) -> None:
    path = tmp_path / "c"
    for data, lines in ((page, 1), (page.replace("</body>", "<b>公证书</b></body>"), 2)):
        path.write_text(data)
        found = check_certificate(path, case.dossier)
        assert (found.exit_code, len(found.lines)) == (0, lines)


def test_what_was_declared_cannot_be_left_out_of_it(case: Case, tmp_path: Path) -> None:
    trust = case.world.trust(tmp_path / "trust", trial=True)
    dossier = packed(hostile(case.world), tmp_path / "d")
    line = parse_line(read_page(certificate_html(dossier, trust=trust))[0][0].encode())
    assert line["declared"]
    tokens = [token | {"trial": False} for token in line["tokens"]]
    for field, value in (("declared", []), ("trial", False), ("tokens", tokens)):
        made = render_certificate({**line, field: value}, lang="both")
        assert checked(tmp_path, made, dossier, trust) == 1, field


def _other(letter: str) -> str:
    return "0" if letter != "0" else "1"


def test_the_line_of_another_package_is_told(
    case: Case, page: str, other: Path, tmp_path: Path
) -> None:
    foreign = certificate_html(other, trust=case.trust)
    meta = re.compile(r'<meta name="markseal-certificate" content="[^"]*">')
    found = meta.search(foreign)
    assert found is not None
    mixed = meta.sub(lambda _: found[0], page)
    assert checked(tmp_path, mixed, other) == 1
    assert checked(tmp_path, mixed, case.dossier) == 1


@pytest.mark.parametrize("data", ["<html></html>", b"\xff\xfe", b"%PDF-1.4\n%%EOF\n", ""])
def test_what_is_no_certificate(case: Case, data: str | bytes, tmp_path: Path) -> None:
    assert checked(tmp_path, data, case.dossier) == 2


def test_none_is_made_of_what_does_not_verify(case: Case, tmp_path: Path) -> None:
    trust = case.world.trust(tmp_path / "trust")
    (trust / "log.vkey").write_text("other+00000000+AQ==\n")
    broken = tmp_path / "exhibit.dossier.zip"
    broken.write_bytes(case.draft.pack() + b"x")
    with pytest.raises(ProofError, match="does not verify"):
        certificate_html(broken, trust=case.trust)


def test_trial_is_red_and_hostile_titles_are_text(case: Case, tmp_path: Path) -> None:
    trust = case.world.trust(tmp_path / "trust", trial=True)
    made = certificate_html(packed(hostile(case.world), tmp_path / "d"), trust=trust)
    assert '<p class="trial">试用' in made
    assert "<script" not in made
    assert "\u202e" not in made
    assert checked(tmp_path, made, tmp_path / "d/exhibit.dossier.zip") == 0


def test_the_line_is_canonical_and_read_strictly(case: Case) -> None:
    line = line_of(read_material(case.dossier, trust=case.trust, clock=now), issued=now())
    data = print_line(line)
    assert print_line(parse_line(data)) == data
    for wrong in (data.replace(b'"url":', b'"Url":'), data + b"\n", b"{}", data[:-1]):
        with pytest.raises(FormatError):
            parse_line(wrong)


def test_a_decoder_that_is_not_ours_reads_the_code() -> None:
    text = qr_text("5e" * 32, 1234567)
    svg = qr_svg(text)
    side = int(re.findall(r'viewBox="0 0 (\d+) ', svg)[0])
    picture = Image.new("L", (side * 4, side * 4), 255)
    for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", svg):
        at = (int(x) * 4, int(y) * 4)
        picture.paste(0, (*at, at[0] + 4, at[1] + 4))
    found = zxingcpp.read_barcodes(picture)
    assert [one.text for one in found] == [text]


def test_the_line_in_a_pdf() -> None:
    made = put_line(PDF, b'{"a":1}', title="凭证 1")
    assert take_line(made) == (b'{"a":1}', True)
    assert made.startswith(PDF)
    assert take_line(made.replace(b"<<>>", b"<< >", 1)) == (b'{"a":1}', False)
    assert take_line(made + b"\n") == (b'{"a":1}', False)
    for wrong in (PDF, made + made[len(PDF) :]):
        with pytest.raises(FormatError):
            take_line(wrong)
    with pytest.raises(FormatError):
        put_line(b"%PDF-1.7\n%%EOF\n", b"{}", title="x")


def test_the_commands(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "c.html"
    trust = ("--trust", str(case.trust))
    assert main(["certificate", str(case.dossier), *trust, "--out", str(out)]) == 0
    assert main(["certificate", "--check", str(out), str(case.dossier), *trust]) == 0
    assert "为同一件。" in capsys.readouterr().out
    assert main(["certificate", str(case.dossier)]) == 64
    assert main(["certificate", str(case.dossier), *trust, "--out", str(tmp_path / "c.txt")]) == 64
    wanted = ["--requester", "公证处", "--out", str(tmp_path / "r.html"), "--verifier-only"]
    assert main(["report", str(case.dossier), *trust, *wanted]) == 0
    assert main(["report", str(case.dossier), *trust, *wanted]) == 64, "nothing is overwritten"
    (tmp_path / "r.html").unlink()
    elsewhere = packed(hostile(case.world), tmp_path / "d")
    capsys.readouterr()
    assert main(["report", str(elsewhere), *wanted]) == 3
    assert "\x1b" not in capsys.readouterr().out
    (tmp_path / "r.html").unlink()
    assert main(["report", str(case.dossier), *wanted]) == 3
    assert "核验报告" in (tmp_path / "r.html").read_text("utf-8")


def test_an_exhibit_that_is_encrypted_at_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_at(tmp_path / "home")
    seal(home, home.path / "exhibits", 1)
    FolderStore(home).put(Kept(home.path / "exhibits", "1"))
    monkeypatch.setenv("MARKSEAL_HOME", str(home.path))
    file, trust = str(home.path / "exhibits/1.dossier.zip"), ("--trust", str(home.trust))
    out = str(tmp_path / "c.html")
    assert main(["certificate", file, *trust, "--out", out]) == 0
    assert main(["certificate", "--check", out, file]) == 0
    wanted = ("--requester", "公证处", "--out", str(tmp_path / "r.html"))
    assert main(["report", file, *trust, *wanted]) == 0
    assert "VALID 以上各项均成立" in (tmp_path / "r.html").read_text("utf-8")
    assert sorted(path.name for path in (home.path / "exhibits").glob(".clear-*")) == []
