"""Languages of texts written for this test, and what must not be guessed."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from buckets import frame_of, languages

TEXTS = {
    "en": (
        "The meeting was moved to Thursday because the room is being painted, and nobody told us until this morning.",
        "To sort a list in Python, use the sorted function with a key that returns the value that you compare.",
        "It’s not the end of the café — they will be open when you come back.",
    ),
    "vi": ("Hà Nội là thủ đô của Việt Nam và có rất nhiều hồ đẹp trong thành phố.",),
    "zh": ("会议改到星期四，因为会议室正在粉刷。", "可以使用 sorted 函数对 list 排序，key 参数返回要比较的值。"),
    "ja": ("会議は木曜日に変更されました。部屋が塗装されているためです。",),
    "ko": ("회의가 목요일로 옮겨졌습니다.",),
    "el": ("Η συνάντηση μεταφέρθηκε στην Πέμπτη.",),
    "th": ("การประชุมถูกเลื่อนไปเป็นวันพฤหัสบดี",),
    "he": ("הפגישה הועברה ליום חמישי.",),
}
LATIN = {
    "fr": "La réunion a été déplacée à jeudi parce que la salle est en train d'être repeinte.",
    "de": "Die Besprechung wurde auf Donnerstag verschoben, weil der Raum gerade gestrichen wird.",
    "es": "La reunión se trasladó al jueves porque están pintando la sala.",
    "nl": "De vergadering is verplaatst naar donderdag, want in de kamer was het niet fijn of veilig.",
    "pl": "Spotkanie przeniesiono na czwartek, ponieważ pokój jest malowany, a to nie koniec.",
    "ru": "Встреча перенесена на четверг, потому что комнату красят.",
    "uk": "Зустріч перенесли на четвер, тому що кімнату фарбують.",
}
NOTHING = ("", "42", "x = 3; y = 5", '{"a": 1}', "https://example.com/a/b", "🎉🎉🎉")


def frame(texts: list[str], role: str = "assistant") -> pl.DataFrame:
    empty = {"reasoning": None, "tool_calls": None, "tool_call_id": None, "name": None}
    rows: list[dict[str, Any]] = [
        {"id": str(n), "origin": {"file": "f", "row": n}, "messages": [{"role": role, "content": text, **empty}]}
        for n, text in enumerate(texts)
    ]
    return frame_of(rows)


def test_scripts_decide_what_they_can_and_guess_nothing_else() -> None:
    for code, texts in TEXTS.items():
        assert languages(frame(list(texts)), "script").to_list() == [code] * len(texts)
    unsure = [*LATIN.values(), *NOTHING]
    assert languages(frame(unsure), "script").to_list() == ["und"] * len(unsure)


def test_the_classifier_tells_what_scripts_leave_open_and_contradicts_them_nowhere() -> None:
    pytest.importorskip("py3langid")
    assert languages(frame(list(LATIN.values())), "py3langid").to_list() == list(LATIN)
    for code, texts in TEXTS.items():
        assert languages(frame(list(texts)), "py3langid").to_list() == [code] * len(texts)
    assert languages(frame(list(NOTHING)), "py3langid").to_list() == ["und"] * len(NOTHING)


def test_only_answers_count_and_none_tells_nothing() -> None:
    assert languages(frame(list(TEXTS["zh"]), role="user"), "script").to_list() == ["und"] * 2
    assert languages(frame(list(TEXTS["zh"])), None).null_count() == 2
    assert languages(frame([]), "script").to_list() == []
