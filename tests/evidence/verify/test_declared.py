"""What must be declared comes first, and follows from the records even if left out of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evidence.format import jcs
from evidence.format.declared import CHANGED, SENTENCES, elsewhere_line, first_lines
from evidence.verify.report import print_report
from tests.evidence.builder import URL, Draft
from tests.evidence.rich import CAPTURE, certificates, rich
from tests.evidence.verify.conftest import Bench

BAD = SENTENCES["bad_certificate"]


def verdict_of(bench: Bench, **records: Any) -> Any:
    draft = rich(bench.world)
    for name, value in records.items():
        draft.artefacts[f"evidence/{name}.json"] = jcs.dumps(value)
    return bench.verify(draft.seal().pack())


def test_a_bad_certificate_is_in_the_first_line(bench: Bench) -> None:
    verdict = verdict_of(bench, capture=CAPTURE | {"certificate": {"verdict": "bad"}})
    assert verdict.exit_code == 0
    first_zh, first_en, first_declared = print_report(verdict).splitlines()[:3]
    assert BAD[0] in first_zh
    assert BAD[1] in first_en
    assert first_declared == f"取证时的声明 Declared at the capture: {BAD[0]} / {BAD[1]}"
    said = verdict.to_json()
    assert BAD[0] in said["headline"]["zh"]
    assert said["declared"][0] == {"zh": BAD[0], "en": BAD[1]}
    assert said["facts"]["site_certificate"] == "bad"


def test_a_bad_certificate_that_the_record_keeps_quiet_about_is_said_all_the_same(
    bench: Bench,
) -> None:
    verdict = verdict_of(
        bench,
        capture=CAPTURE | {"url": URL, "certificate": {"verdict": "accepted by the browser"}},
        certificates=certificates(bench.world, "ERR_CERT_DATE_INVALID"),
    )
    assert verdict.declared[0] == BAD
    assert BAD[1] in verdict.headline_en


@pytest.mark.parametrize(
    ("capture", "environment", "code"),
    [
        ({"page_note": "login"}, {}, "login"),
        ({"page_state": "verification"}, {}, "verification"),
        ({"page_state": "gone"}, {}, "gone"),
        ({"page_note": "empty"}, {}, "empty"),
        ({"fidelity": "redacted"}, {}, "redacted"),
        ({"fidelity": "decoded"}, {}, "decoded"),
        ({"limits_hit": ["bytes"]}, {}, "limit"),
        ({"byte_counts": "mismatch"}, {}, "byte_mismatch"),
        ({"log_faults": ["x"]}, {}, "log_incomplete"),
        ({"not_recorded": [{"what": "licence page", "url": "u"}]}, {}, "no_licence"),
        ({}, {"rows": [{"id": "review", "data": {"result": "failed"}}]}, "review_failed"),
        ({}, {"browser": {"sandbox": "off"}}, "sandbox_off"),
        ({}, {"isolation": {"key_isolation": "none"}}, "no_key_isolation"),
        ({}, {"egress": {"allow_loopback": True}}, "loopback_allowed"),
        ({}, {"egress": {"proxy": "none"}}, "no_guard"),
    ],
)
def test_each_fact_obliges_its_line(
    capture: dict[str, Any], environment: dict[str, Any], code: str
) -> None:
    assert first_lines(capture, environment) == (SENTENCES[code],)


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"certificate": None, "declared": None, "page_note": None, "limits_hit": []},
        {"certificate": [], "declared": [1, {"zh": 1, "en": "x"}], "page_note": 3},
        {"url": "https://[", "final_url": 7},
        {"not_recorded": [3, {"what": ["licence page"]}, {"what": "service worker"}]},
    ],
)
def test_records_of_any_shape_are_read(record: dict[str, Any]) -> None:
    assert first_lines(record, record, record | {"connections": [1, {"host": []}]}) == ()


ASKED = "https://shop.example/item.htm?id=1&a=%E8%8C%B6"


@pytest.mark.parametrize(
    ("shown", "other"),
    [
        (ASKED, False),
        ("https://SHOP.example:443/item.htm/?id=1&a=茶&spm=9#top", False),
        ("http://shop.example/item.htm?id=1&a=%e8%8c%b6", False),
        ("https://shop.example/item.htm?id=2&a=%E8%8C%B6", True),
        ("https://shop.example/item.htm", True),
        ("https://shop.example/?id=1&a=%E8%8C%B6", True),
        ("https://shop.example.evil.test/item.htm?id=1&a=%E8%8C%B6", True),
        ("https://shop.example@evil.test/item.htm?id=1&a=%E8%8C%B6", True),
        ("https://shop.example:8443/item.htm?id=1&a=%E8%8C%B6", True),
        ("chrome-error://chromewebdata/", True),
        ("", False),
        (7, False),
    ],
)
def test_a_page_shown_at_another_address_is_named(shown: Any, other: bool) -> None:
    record = {"url": ASKED, "final_url": shown}
    lines = first_lines(record, {})
    assert lines == ((elsewhere_line(shown),) if other else ())
    assert not other or shown in lines[0][0] + lines[0][1]


def test_the_address_shown_is_in_the_verdict_and_its_report(bench: Bench) -> None:
    capture = CAPTURE | {"url": URL, "final_url": "http://home.example/"}
    verdict = verdict_of(bench, capture=capture)
    assert verdict.exit_code == 0
    assert verdict.facts["shown_url"] == "http://home.example/"
    assert "http://home.example/" in verdict.headline_zh
    assert "所示页面的网址 URL shown: http://home.example/" in print_report(verdict)


def test_further_sentences_come_last_and_none_twice() -> None:
    more = [{"zh": BAD[0], "en": BAD[1]}, {"zh": "甲", "en": "a"}]
    record = {"certificate": {"verdict": "bad"}, "declared": more}
    assert first_lines(record, {}) == (BAD, ("甲", "a"))


def test_what_a_capture_may_declare_besides_has_a_bound() -> None:
    stated = [{"zh": f"甲{n}", "en": "a" * 2000} for n in range(100_000)]
    lines = first_lines({"declared": stated}, {})
    assert (len(lines), len(lines[0][1])) == (201, 1001)
    assert lines[-1][1] == "for what else is declared see capture.json"


def test_records_agree_only_as_far_as_nothing_else_is_declared(bench: Bench) -> None:
    def told(*lines: tuple[str, str]) -> str:
        listed = [{"zh": zh, "en": en} for zh, en in lines]
        verdict = verdict_of(bench, capture=CAPTURE | {"declared": listed})
        [package] = [one for one in verdict.to_json()["claims"] if one["id"] == "package"]
        assert verdict.exit_code == 0
        return str(package["en"]) + str(package["zh"])

    assert "capture agree.ZIP" in told(("甲", "a"))
    but = told(("甲", "a"), CHANGED)
    assert "agree, except for what is declared." in but
    assert "除所声明的情形外相互一致" in but


def test_what_the_fidelity_leaves_open_is_listed_as_not_proved(bench: Bench) -> None:
    redacted = bench.verify(bench.rich.pack())
    assert any("masked" in item["en"] for item in redacted.to_json()["not_proved"])
    assert redacted.facts["private"] == {"size": 200}
    assert "加密部分" in print_report(redacted)
    decoded = bench.verify(bench.draft.pack())
    assert any("wire" in item["en"] for item in decoded.to_json()["not_proved"])


def test_an_attended_capture_says_so_and_who_was_there(bench: Bench) -> None:
    verdict = bench.verify(bench.rich.pack())
    assert SENTENCES["attended"] in verdict.declared
    assert "有人值守 Attended by: 张三" in print_report(verdict)


def test_without_trust_the_review_is_not_checked(bench: Bench) -> None:
    verdict = bench.verify(bench.rich.pack(), trusted=False)
    review = [claim for claim in verdict.claims if claim.id == "review"]
    assert [claim.status.value for claim in review] == ["not_checked"]
    assert not review[0].required


def test_a_package_without_review_makes_no_claim_of_it(bench: Bench) -> None:
    verdict = bench.verify(Draft(bench.world).seal().pack())
    assert all(claim.id != "review" for claim in verdict.claims)


def test_a_report_cannot_be_written_by_the_package(bench: Bench) -> None:
    lie = [{"zh": "甲\n核验通过", "en": "x\x1b[2J"}]
    text = print_report(verdict_of(bench, capture=CAPTURE | {"declared": lie}))
    assert "\x1b" not in text
    assert "\n核验通过" not in text


def test_every_line_is_in_the_description_of_the_formats() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "formats.md").read_text("utf-8")
    assert [code for code, (zh, en) in SENTENCES.items() if f"| {zh} / {en} | " not in page] == []
