"""Which files a package may have: the required ones, optional ones, and pictures in series."""

from __future__ import annotations

import pytest

from evidence.format import names

WHOLE = tuple(names.REQUIRED)


@pytest.mark.parametrize(
    "name",
    ["evidence/strips/001.png", "evidence/moments/099.png", names.PRIVATE, names.ARCHIVE],
)
def test_known_names(name: str) -> None:
    assert names.media_type(name)


@pytest.mark.parametrize(
    "name",
    [
        "evidence/strips/000.png",
        "evidence/strips/100.png",
        "evidence/strips/1.png",
        "evidence/strips/0001.png",
        "evidence/strips/٠٠١.png",
        "evidence/strips/001.PNG",
        "evidence/strips/001.png\n",
        "evidence/other/001.png",
        "strips/001.png",
        names.MANIFEST,
        "",
    ],
)
def test_unknown_names(name: str) -> None:
    assert names.media_type(name) is None


@pytest.mark.parametrize(
    ("more", "holes"),
    [
        ((), []),
        (tuple(names.OPTIONAL), []),
        (("evidence/strips/001.png", "evidence/strips/002.png"), []),
        (
            ("evidence/strips/001.png", "evidence/strips/003.png"),
            [("evidence/strips/002.png", "evidence/strips/003.png")],
        ),
        (("evidence/strips/002.png",), [("evidence/strips/001.png", "evidence/strips/002.png")]),
        (("evidence/moments/001.png",), [(names.ATTENDED, "evidence/moments/001.png")]),
        ((names.REVIEW,), [(names.REVIEW_SIGNATURE, names.REVIEW)]),
        ((names.LICENCE_TEXT,), [(names.LICENCE_PICTURE, names.LICENCE_TEXT)]),
    ],
)
def test_holes_are_named(more: tuple[str, ...], holes: list[tuple[str, str]]) -> None:
    assert names.incomplete({*WHOLE, *more}) == holes


def test_a_required_one_that_lacks_is_named() -> None:
    assert names.incomplete(WHOLE[1:]) == [(WHOLE[0], names.MANIFEST)]


def test_the_order_is_sorted_and_closed_by_the_manifest() -> None:
    order = names.wacz_order([*WHOLE, names.strip_name(2), names.strip_name(1), names.PRIVATE])
    assert list(order[:-4]) == sorted(order[:-4])
    assert order[-4:] == names.CLOSING


def test_the_further_files_of_a_dossier_have_one_order() -> None:
    sidecars = names.Sidecars("A")
    wanted = (
        "A.checkpoint.one.tsq",
        "A.checkpoint.one.tsr",
        "A.checkpoint.two.tsq",
        "A.checkpoint.two.tsr",
        "A.renewal.json",
        "A.case.json",
        "revocation/one.1.crl",
        "revocation/one.2.ocsp",
        "revocation/one.10.crl",
        "revocation/two.1.crl",
        "A.anchor.court.json",
    )
    assert sidecars.further(reversed(wanted)) == wanted
    whole = sidecars.dossier_order(("one",), wanted)
    assert whole[: -3 - len(wanted)] == sidecars.dossier_order(("one",))[:-3]
    assert whole[-3 - len(wanted) :] == (*wanted, names.LOG_KEY, names.SIGNER_KEY, "VERIFY.txt")
    assert sidecars.checkpoint_authority("A.checkpoint.one.tsr") == "one"
    assert sidecars.checkpoint_authority("A.checkpoint.one.tsq") is None
    assert sidecars.authority_of("A.checkpoint.one.tsr") is None


@pytest.mark.parametrize(
    "name",
    [
        "B.case.json",
        "A.checkpoint.One.tsr",
        "A.checkpoint.one.two.tsr",
        "A.checkpoint.one.pem",
        "revocation/one.0.crl",
        "revocation/one.01.crl",
        "revocation/one.100.crl",
        "revocation/one.1.pem",
        "A.anchor..json",
        "A.anchor.court.json\n",
        "case.json",
    ],
)
def test_nothing_else_may_be_in_a_dossier(name: str) -> None:
    assert names.Sidecars("A").further([name]) == ()
