"""Tokens against the tokenizer itself, called text by text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from buckets import InputError, count_tokens, empty_frame, frame_of, measure, tokenizer_digest


def made(path: Path, words: list[str]) -> Path:
    tokenizers = pytest.importorskip("tokenizers")
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=300, special_tokens=["<s>"])
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel()
    tokenizer.train_from_iterator(words, trainer)
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    tokenizer.enable_truncation(max_length=4)
    path.mkdir()
    tokenizer.save(str(path / "tokenizer.json"))
    return path


def rows() -> list[dict[str, Any]]:
    empty = {"reasoning": None, "tool_calls": None, "tool_call_id": None, "name": None}
    call = '[{"function": {"name": "look", "arguments": "{}"}}]'
    talks: list[list[tuple[str, str, dict[str, Any]]]] = [
        [
            ("user", "how long is this line of words", {}),
            ("assistant", "seven words é 中文 🎉", {"reasoning": "count"}),
        ],
        [("assistant", "", {"tool_calls": call}), ("tool", "found", {})],
        [],
        [("user", "", {})],
    ]
    return [
        {
            "id": str(n),
            "origin": {"file": "f", "row": n},
            "messages": [{"role": role, "content": text, **empty, **more} for role, text, more in talk],
        }
        for n, talk in enumerate(talks)
    ]


def test_counts_are_the_tokenizers_own_without_special_tokens_and_truncation(tmp_path: Path) -> None:
    folder = made(tmp_path / "tok", ["how long is this line of words"] * 3)
    from tokenizers import Tokenizer

    plain = Tokenizer.from_file(str(folder / "tokenizer.json"))
    plain.no_truncation()

    def size(turn: dict[str, Any]) -> int:
        texts = [turn[part] or "" for part in ("content", "reasoning", "tool_calls")]
        return sum(len(plain.encode(text, add_special_tokens=False).ids) for text in texts)

    frame = measure(frame_of(rows()))
    found = count_tokens(frame, str(folder))
    assert found["tokens"].to_list() == [sum(map(size, row["messages"])) for row in rows()]
    answers = [sum(size(turn) for turn in row["messages"] if turn["role"] == "assistant") for row in rows()]
    assert found["answer_tokens"].to_list() == answers
    assert found["tokens"][0] > 4
    assert found.drop("tokens", "answer_tokens").equals(frame.drop("tokens", "answer_tokens"))
    assert count_tokens(frame.clear(), str(folder)).schema == frame.schema


def test_the_digest_follows_the_content_not_the_place(tmp_path: Path) -> None:
    one, same, other = (
        made(tmp_path / name, words) for name, words in (("a", ["abc"]), ("b", ["abc"]), ("c", ["xyz"]))
    )
    assert tokenizer_digest(str(one)) == tokenizer_digest(str(same)) != tokenizer_digest(str(other))


def test_what_is_no_tokenizer_is_a_sentence(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    with pytest.raises(InputError, match=r"holds no tokenizer\.json"):
        count_tokens(empty_frame(), str(tmp_path))
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(InputError, match="cannot be used"):
        count_tokens(empty_frame(), str(tmp_path))
