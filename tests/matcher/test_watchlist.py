"""What is flagged and what is not, and why."""

from __future__ import annotations

import pytest

from matcher import Mark, Match, Watchlist
from tests.matcher.samples import flagged, offer, watchlist


def one(title: str, mark_id: str, **fields: object) -> Match:
    found = [m for m in watchlist().scan(offer(title, **fields)) if m.mark_id == mark_id]
    assert len(found) == 1
    return found[0]


def codes(match: Match) -> set[str]:
    return {reason.code for reason in (*match.reasons, *match.against)}


@pytest.mark.parametrize(
    ("title", "mark", "code"),
    [
        ("霖狸 矿泉水 550ml*24", "M1", "identical"),
        ("夏季 霖·狸 苏打水 整箱", "M1", "separated"),
        ("霖\u200b狸 矿泉水", "M1", "identical_folded"),
        ("林狸 矿泉水 整箱", "M1", "same_sound"),
        ("霖狗 矿泉水 整箱", "M1", "character_changed"),
        ("柯沫岚 面霜 50g", "M2", "same_sound"),
        ("茉柯岚 面霜 50g", "M2", "transposed"),
        ("kemolan 保湿面霜 50g", "M2", "pinyin"),
        ("柯mo岚 保湿面霜", "M2", "mixed_pinyin"),
        ("九日堇云舟 空气炸锅", "MA", "decomposed"),
        ("柯茉嵐 保湿面霜", "M2", "identical_folded"),
        ("Zentavo wireless earbuds", "M3", "identical"),
        ("Z3ntav0 wireless earbuds", "M3", "lookalike_letters"),
        ("Zentvao wireless earbuds", "M3", "transposed"),
        ("ΖЕNТАVО wireless earbuds", "M3", "identical_folded"),
        ("Z-e-n-t-a-v-o earbuds", "M3", "separated"),
        ("ZentavoPro earbuds", "M3", "affix"),
        ("Norvik Pel hoodie men", "M4", "lookalike_letters"),
        ("Norvig Pell hoodie men", "M4", "letters_changed"),
        ("沐禾 保温杯 500ml", "M7", "mark_part"),
        ("慈成年糕 水磨 2斤", "M6", "same_sound"),
        ("旭堇云丹 空气炸锅", "MA", "character_changed"),
    ],
)
def test_imitations_are_flagged_with_their_view(title: str, mark: str, code: str) -> None:
    match = one(title, mark)
    assert match.flag
    assert code in {reason.code for reason in match.reasons}


@pytest.mark.parametrize(
    ("title", "fields"),
    [
        ("霖狸 矿泉水", {"shop": "霖狸旗舰店"}),
        ("霖狸 矿泉水", {"shop": "霖狸 旗艦店"}),
        ("霖狸 矿泉水", {"seller_name": "霖狸饮品有限公司"}),
        ("适用于Zentavo耳机保护套 硅胶", {}),
        ("Silicone case for Zentavo Buds 2", {}),
        ("Ear tips compatible with Zentavo and others", {}),
        ("Zentavo 耳机 通用 保护壳 硅胶", {}),
        ("保护壳", {"attributes": {"适用品牌": "Zentavo"}}),
        ("新鲜橡果 烘焙原料 500g", {"category": "食品 > 坚果"}),
        ("橡果 松果 手工摆件", {}),
        ("精致的美容仪", {}),
        ("精美的美味零食", {}),
        ("Large luggage and hugo style", {}),
        ("慈城古镇 手工糕点 年货", {}),
        ("二手 Zentavo 耳机 九成新", {}),
    ],
)
def test_genuine_compatible_and_ordinary_are_not_flagged(
    title: str, fields: dict[str, object]
) -> None:
    assert flagged(title, **fields) == []


def test_counterfeit_words_outweigh_second_hand_and_compatible_use() -> None:
    match = one("高仿 适用 Zentavo 耳机", "M3")
    assert match.flag
    assert "counterfeit_words" in codes(match)


def test_negated_counterfeit_words_do_not_count() -> None:
    assert "counterfeit_words" not in codes(one("Zentavo 耳机 非高仿", "M3"))
    assert "counterfeit_words" not in codes(one("Zentavo earbuds, not a replica", "M3"))


def test_fake_official_shop_is_told() -> None:
    match = one("无线耳机 长续航", "M3", shop="Zentavo官方特卖店")
    assert match.flag
    assert match.field == "shop"
    assert "fake_official_shop" in codes(match)


def test_goods_of_another_class_speak_against_but_a_well_known_mark_reaches_them() -> None:
    far = one("霖狸 床上四件套", "M1", category="家纺 > 四件套")
    assert not far.flag
    assert "goods_other" in codes(far)
    known = one("Zentavo 床上四件套", "M3", category="家纺 > 四件套")
    assert known.flag
    assert {"goods_other", "well_known"} <= codes(known)


def test_unknown_goods_are_said_to_be_unknown() -> None:
    assert "goods_unknown" in codes(one("霖狸 神秘礼物", "M1"))


def test_another_registered_mark_that_covers_the_span_wins() -> None:
    title = "霖狗 矿泉水 整箱"
    both = Watchlist([Mark("M1", "霖狸", (32,)), Mark("X", "霖狗", (32,))])
    found = {m.mark_id: m for m in both.scan(offer(title))}
    assert found["X"].flag
    assert not found["M1"].flag
    assert "other_mark" in codes(found["M1"])


def test_origin_of_a_geographical_indication() -> None:
    assert "origin_matches" in codes(one("慈城年糕 2斤", "M6", ship_from="宁波慈城"))
    assert "origin_differs" in codes(one("慈城年糕 2斤", "M6", ship_from="河北保定"))


def test_a_mark_of_one_character_is_weak() -> None:
    marks = Watchlist([Mark("S", "鹬", (32,))])
    found = marks.scan(offer("鹬蚌相争图"))
    assert all(not m.flag for m in found)
    alone = marks.scan(offer("鹬 矿泉水"))
    assert "single_character" in codes(alone[0])


def test_a_lead_of_a_mark_with_a_figure_says_that_pictures_are_not_watched() -> None:
    assert "not_watched_by_picture" in codes(one("沐禾 保温杯 500ml", "M7"))
    assert "not_watched_by_picture" not in codes(one("霖狸 矿泉水", "M1"))


def test_two_scripts_are_quoted_from_the_raw_title() -> None:
    title = "【包邮】 Ｚｅｎｔａｖｏ 耳机"
    match = one(title, "M3")
    assert title[slice(*match.span)] == "Ｚｅｎｔａｖｏ"


def test_versions_name_code_rules_tables_and_libraries() -> None:
    versions = one("霖狸 矿泉水", "M1").to_json()["versions"]
    assert set(versions) == {"code", "rules", "tables", "libraries"}


def test_an_empty_title_matches_nothing() -> None:
    assert watchlist().scan(offer("")) == []
    assert Watchlist([]).scan(offer("霖狸")) == []
