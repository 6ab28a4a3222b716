"""The report: what it says of a good, a broken and an untrusted dossier, and that it is inert."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from evidence.errors import InputError
from evidence.format import names
from evidence.format.unproved import NOT_PROVED
from evidence.papers import read_material, render_report, report_html
from evidence.papers.before import sections
from evidence.papers.law import points
from evidence.papers.markup import grouped
from evidence.papers.repeated import LINES_OF, Shell
from evidence.verify.verdict import CLAIM_NAMES
from tests.evidence.builder import NAME, Tsa, zipped
from tests.evidence.papers.conftest import HOSTILE, TOOL, Case, hostile, now, packed


def told(page: str) -> str:
    """Return the text of a page, without its tags, on one line."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page.split("</style>")[1])))


def report(path: Path, trust: Path | None, **more: object) -> str:
    settings = {"tool": TOOL, "requester": "宁波市某公证处", "independent": False} | more
    return report_html(path, trust=trust, **settings)  # type: ignore[arg-type]


def test_a_good_dossier_with_everything_that_repeats_it(case: Case) -> None:
    page = report(case.dossier, case.trust, independent=True)
    text = told(page)
    for said in (
        "核验报告",
        "宁波市某公证处",
        "markseal 9.9",
        grouped("ab" * 32),
        "核验通过：要求的各项均成立",
        "Signature Verified Successfully",
        "Verification: OK",
        "openssl ts -verify -attime ",
        "OK inclusion: attempt is entry 5 of 7",
        "VALID 以上各项均成立",
        "自固定时刻起未改动",
        "起未经增加、删除或修改",
        "固定之前的事实",
        "《最高人民法院关于互联网法院审理案件若干问题的规定》第11条",
        "《最高人民法院关于民事诉讼证据的若干规定》第93条",
        "《人民法院在线诉讼规则》第16条",
        "《人民法院在线诉讼规则》第18条",
        "未经签署，不构成任何人的意见",
        '"format": "markseal-verdict/1"',
    ):
        assert said in text, said
    assert "FAILED" not in text
    assert "两种核验不一致" not in text
    body, _, raw = text.partition("附件一：")
    assert '"status"' not in body
    assert '"zh"' in raw
    assert '"en"' not in raw
    for claim in ("package", "manifest", "signature", "inclusion", "timestamp", "order"):
        assert CLAIM_NAMES[claim][0] in text
    for zh, en in NOT_PROVED.values():
        assert zh in text
        assert en in text


def test_the_number_and_the_digests_are_the_file_s(case: Case) -> None:
    page = told(
        report(case.dossier, case.trust, clock=lambda: datetime(2030, 1, 1, 20, tzinfo=UTC))
    )
    handed = re.search(r"SHA-256 ((?:[0-9a-f]{4} ){15}[0-9a-f]{4})SM3", page)
    assert handed is not None
    digest = handed[1].replace(" ", "")
    assert f"HY-20300102-{digest[:10].upper()}" in page
    assert "2030-01-02 04:00:00 +08:00" in page
    assert "按要求未执行" in page


def test_it_is_one_inert_page(case: Case, tmp_path: Path) -> None:
    page = report(packed(hostile(case.world), tmp_path / "d"), case.trust)
    assert "<script" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202e商品" in page
    assert HOSTILE not in html.unescape(page)
    assert "default-src 'none'" in page
    assert re.search(r"\b(src|href|action)=|url\(|@import", page) is None


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_one_language_says_nothing_in_the_other(case: Case, lang: str) -> None:
    page = report(case.dossier, case.trust, lang=lang, clock=now)
    text = told(page.split("逐项核查" if lang == "zh" else "Check by check")[0])
    assert ("一、结论" in text) is (lang == "zh")
    assert ("1. Result" in text) is (lang == "en")
    assert ("What was handed in" in text) is (lang == "en")
    assert ("送验材料" in text) is (lang == "zh")


def test_how_the_machine_is_set_up_is_noted_and_accuses_nobody(case: Case) -> None:
    rows = [
        {
            "id": "sandbox",
            "status": "differs",
            "zh": "沙箱已关",
            "en": "off",
            "topic": {"zh": "甲"},
        },
        {
            "id": "hosts",
            "status": "differs",
            "zh": "有改动",
            "en": "changed",
            "topic": {"zh": "乙"},
        },
        *({"id": f"r{n}", "status": "checked", "zh": "同前", "en": "same"} for n in range(9)),
    ]
    material = read_material(case.dossier, trust=case.trust)
    records = dict(material.records) | {names.ENVIRONMENT: {"rows": rows}}
    told = sections(replace(material, records=records))["environment"]
    assert [(line.zh, line.state) for line in told[:2]] == [("乙", "differs"), ("甲", "noted")]
    page = render_report(
        replace(material, records=records), tool=TOOL, requester="x", independent=False
    )
    assert page.index("已查，有异") < page.index("已查，须说明") < page.index("已查，正常")


def test_a_broken_dossier_gets_its_report(case: Case, tmp_path: Path) -> None:
    inner = case.draft.inner | {names.TEXT: b"another text\n"}
    path = tmp_path / f"{NAME}.dossier.zip"
    path.write_bytes(zipped(case.draft.parts() | {f"{NAME}.wacz": zipped(inner)}))
    text = told(report(path, case.trust, independent=True))
    assert "核验不通过" in text
    assert "不能认定：" in text
    assert "FAILED evidence/text.txt" in text
    assert f"{NAME}.wacz!evidence/text.txt" in text
    assert "甲未能认定" in text


def test_a_token_of_a_foreign_authority_is_told_by_openssl_too(case: Case, tmp_path: Path) -> None:
    trust = case.world.trust(tmp_path / "trust")
    (trust / "authorities/local.pem").write_bytes(Tsa(tmp_path / "foreign").root)
    text = told(report(case.dossier, trust, independent=True))
    assert "Verification: FAILED" in text
    assert "FAILED token local" in text


def test_without_a_trust_folder_nothing_is_found(case: Case) -> None:
    text = told(report(case.dossier, None))
    assert "未给出信任文件夹" in text
    assert "不能认定：上列要求的核查项未能全部完成" in text


def test_a_package_with_its_papers_beside_it(case: Case, tmp_path: Path) -> None:
    for name, data in case.draft.papers.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / f"{NAME}.wacz").write_bytes(case.draft.wacz)
    text = told(report(tmp_path / f"{NAME}.wacz", case.trust, independent=True))
    assert "核验通过" in text
    assert f"{NAME}.outcome.tlog-proof" in text
    assert "送验文件不是移交包" in text


def test_no_report_of_what_is_no_package(tmp_path: Path, case: Case) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"no package")
    with pytest.raises(InputError, match="is no package"):
        report(path, case.trust)


def test_a_hostile_file_name_in_a_package_is_never_run(case: Case, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    inner = case.draft.inner | {f'evidence/"; echo > {proof}; ".txt': b"x"}
    path = tmp_path / f"{NAME}.dossier.zip"
    path.write_bytes(_loose(case.draft.parts() | {f"{NAME}.wacz": _loose(inner)}))
    assert "核验不通过" in told(report(path, case.trust, independent=True))
    assert not proof.exists()


def _loose(parts: dict[str, bytes]) -> bytes:
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


ODD: tuple[Any, ...] = (5, [], [5], {}, {"answers": 5, "topic": 1}, None, "x", True, [{"a": []}])


def test_records_of_any_shape_are_quoted_or_left_out(case: Case, tmp_path: Path) -> None:
    path = packed(hostile(case.world), tmp_path / "d")
    material = read_material(path, trust=case.trust)
    keys = ["url", "title", "certificate", "byte_counts", "rows", "egress", "software", "by"]
    for odd in ODD:
        value = dict.fromkeys(keys, odd) | {"egress": {"peers": odd}}
        records = dict.fromkeys(material.records, value)
        told = sections(replace(material, records=records))
        assert set(told) == {"source", "environment", "operator", "corroboration"}
        page = render_report(
            replace(material, records=records), tool=TOOL, requester="x", independent=False
        )
        assert "不能认定" not in page
    nested = replace(material, records={names.ENVIRONMENT: {"egress": {"peers": [{"answers": 5}]}}})
    assert any("?" in line.said_en for line in sections(nested)["source"])


def test_every_line_of_the_shell_belongs_to_a_claim() -> None:
    lines = ("OK dossier: x", "OK evidence/a", "FAILED tokens: x", "NOTE token a: x", "VALID x")
    lines = ("OK trust folder: x", "NOTE 信任文件夹指纹 / x", *lines)
    shell = Shell(lines, 0)
    assert [shell.of(claim) for claim in ("package", "manifest", "timestamp")] == [
        ["OK dossier: x"],
        ["OK evidence/a"],
        ["FAILED tokens: x", "NOTE token a: x"],
    ]
    assert set(LINES_OF) <= set(CLAIM_NAMES)


def test_the_articles_are_dated_and_answered_by_known_things() -> None:
    assert [p.article for p in points(date(2018, 9, 6))] == []
    assert {p.instrument.id for p in points(date(2019, 1, 1))} == {"internet-courts-2018"}
    for point in points(date(2026, 1, 1)):
        assert point.claims or point.records
        assert set(point.claims) <= set(CLAIM_NAMES)
        assert set(point.records) <= {"source", "environment", "operator", "corroboration"}
        assert point.instrument.source
