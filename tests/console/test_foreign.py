"""What others sealed, against what is broken: the page of a verification tells them apart."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from desk.cases.models import Verification
from evidence.format import jcs, names
from evidence.format.datapackage import build_datapackage, build_datapackage_digest
from evidence.format.manifest import Manifest, sign_manifest
from evidence.verify import verify_file
from evidence.verify.foreign import sealed_elsewhere
from evidence.verify.verdict import Claim, Status
from tests.console.conftest import Sessions
from tests.evidence.builder import Draft, World, zipped

FIRST = "这份移交包由您未信任的密钥封装"


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return the installation that is trusted here."""
    return World.create(tmp_path_factory.mktemp("ours") / "keys")


@pytest.fixture(scope="module")
def theirs(ours: World) -> World:
    """Return another installation, with keys of its own, stamped by the same authority."""
    keys = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (7, 8)]
    return replace(ours, signer=keys[0], log_key=keys[1])


@pytest.fixture
def trust(ours: World, db: None) -> Iterator[Path]:
    """Return the trust folder of this installation, in the place where it is read."""
    folder = Path(settings.MARKSEAL_HOME) / "trust"
    shutil.rmtree(folder, ignore_errors=True)
    yield ours.trust(folder)
    shutil.rmtree(folder)


def _dossier(world: World, path: Path, capture: bytes | None = None) -> Path:
    draft = Draft(world)
    if capture is not None:
        draft.artefacts[names.CAPTURE] = capture
    path.write_bytes(draft.seal().pack())
    return path


def _handed_in(client: Client, path: Path) -> str:
    file = SimpleUploadedFile(path.name, path.read_bytes())
    return client.post("/verify/", {"file": file}, follow=True).content.decode()


def test_a_dossier_of_others_says_first_that_the_keys_are_not_trusted(
    session: Sessions, theirs: World, trust: Path, tmp_path: Path
) -> None:
    path = _dossier(theirs, tmp_path / "exhibit.dossier.zip")
    page = _handed_in(session("notary"), path)
    assert page.index(FIRST) < page.index("这意味着什么") < page.index("您该怎么做")
    assert page.index("您该怎么做") < page.index("逐项结论")
    kept = Verification.objects.get()
    assert kept.verdict["foreign"] is True
    assert (kept.verdict["verdict"], kept.exit_code) == ("invalid", 1), "no verdict is weakened"
    assert kept.verdict["facts"]["signer"][:4] in page
    english = session("notary", language="en").get(f"/verify/{kept.pk}/").content.decode()
    assert "keys that you do not trust" in english
    assert "密钥未受信任" in session("notary").get("/verify/").content.decode()


def test_an_altered_dossier_of_ours_or_of_others_is_invalid_and_nothing_else(
    session: Sessions, ours: World, theirs: World, trust: Path, tmp_path: Path
) -> None:
    for world in (ours, theirs):
        path = _dossier(world, tmp_path / "exhibit.dossier.zip")
        data = path.read_bytes()
        path.write_bytes(data.replace("商品一号".encode(), "商品二号".encode()))
        page = _handed_in(session("notary"), path)
        assert FIRST not in page
        assert "不成立" in page
    assert not [row for row in Verification.objects.all() if row.verdict["foreign"]]


def _is_foreign(path: Path, trust: Path) -> bool:
    return verify_file(path, trust=trust).foreign


def test_only_keys_that_are_all_of_others_make_a_file_foreign(
    ours: World, theirs: World, trust: Path, tmp_path: Path
) -> None:
    mixed = {
        "ours": (ours, False),
        "theirs": (theirs, True),
        "their signer in our log": (replace(theirs, log_key=ours.log_key), False),
        "our signer in their log": (replace(ours, log_key=theirs.log_key), False),
    }
    for name, (world, foreign) in mixed.items():
        path = _dossier(world, tmp_path / "exhibit.dossier.zip")
        assert _is_foreign(path, trust) is foreign, name


def test_a_package_without_its_papers_is_told_apart_too(
    ours: World, theirs: World, trust: Path, tmp_path: Path
) -> None:
    for world in (ours, theirs):
        path = tmp_path / "exhibit.wacz"
        path.write_bytes(Draft(world).seal().wacz)
        assert _is_foreign(path, trust) is (world is theirs)


def test_another_installation_whose_authority_has_the_same_name_is_foreign_too(
    theirs: World, trust: Path, tmp_path: Path
) -> None:
    elsewhere = World.create(tmp_path / "keys")
    stranger = replace(elsewhere, signer=theirs.signer, log_key=theirs.log_key)
    path = _dossier(stranger, tmp_path / "exhibit.dossier.zip")
    trusted, alone = (verify_file(path, trust=known) for known in (trust, None))
    failed = {c.id for c in trusted.claims if c.status is Status.INVALID}
    assert {"signature", "inclusion", "timestamp"} <= failed
    assert trusted.foreign
    token = Claim("order", Status.INVALID, True, "", "", "exhibit.checkpoint.trial.tsr")
    further = replace(trusted, claims=(*trusted.claims, token))
    assert sealed_elsewhere(further, alone), "a token over the checkpoint rests on keys too"
    token = replace(token, where="exhibit.wacz!evidence/manifest.json")
    further = replace(trusted, claims=(*trusted.claims, token))
    assert not sealed_elsewhere(further, alone), "times out of order do not"


def test_who_names_our_key_and_has_it_not_is_no_stranger_but_a_forger(
    ours: World, theirs: World, trust: Path, tmp_path: Path
) -> None:
    draft = Draft(ours).seal()
    data = draft.inner[names.MANIFEST]
    draft.inner[names.SIGNATURE] = forged = sign_manifest(data, theirs.signer)
    package = build_datapackage(Manifest.parse(data), forged)
    draft.inner[names.DATAPACKAGE] = package
    draft.inner[names.DATAPACKAGE_DIGEST] = build_datapackage_digest(package)
    path = tmp_path / "exhibit.wacz"
    path.write_bytes(zipped(draft.inner))
    assert [c.id for c in verify_file(path, trust=trust).claims if c.status.value == "invalid"] == [
        "signature"
    ]
    assert not _is_foreign(path, trust)


def test_what_is_declared_comes_before_the_verdict(
    session: Sessions, ours: World, trust: Path, tmp_path: Path
) -> None:
    told = jcs.dumps({"certificate": {"verdict": "bad"}, "page_note": "login", "title": "登录"})
    path = _dossier(ours, tmp_path / "exhibit.dossier.zip", told)
    page = _handed_in(session("notary"), path)
    assert page.index("网站证书未通过验证，仍按声明取证") < page.index("verdict-title")
    assert page.index("页面为登录页") < page.index("verdict-title")
