"""What the page of an exhibit says of the replay check."""

from __future__ import annotations

from django.utils.translation import override

from desk.console.tellings import replay_words

REASON = {"en": "The page took too long.", "zh": "网页重放超时。"}


def test_why_a_replay_was_not_made_is_said_in_the_readers_language() -> None:
    replay = {"verdict": "not_checked", "reason": REASON}
    with override("zh-hans"):
        assert replay_words(replay) == "未做重放核对。网页重放超时。"
    with override("en"):
        assert replay_words(replay).endswith(REASON["en"])


def test_requests_answered_with_a_like_one_are_counted() -> None:
    replay = {"verdict": "equal", "requests": {"answered_alike": 2}}
    with override("en"):
        assert " 2 of its requests" in replay_words(replay)
    with override("zh-hans"):
        assert "其中 2 个请求" in replay_words(replay)


def test_a_record_of_another_shape_is_no_fault() -> None:
    shapes: tuple[dict[str, object], ...] = (
        {},
        {"verdict": "not_checked", "reason": "x"},
        {"requests": []},
    )
    for replay in shapes:
        assert replay_words(replay)
