"""The base is no back door: what is scored is not in the text that it learns from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ablation import AblationSettings, campaign
from ablation.holdout import hold_out, opening_hash
from ablation.tiny import build, corpus_of
from buckets import InputError, Message


def written(path: Path, talks: Sequence[Sequence[Message]]) -> Path:
    rows = [{"messages": [{"role": m.role, "content": m.content} for m in talk]} for talk in talks]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_the_base_learns_no_held_out_talk_and_no_eval_item(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The README's case: the corpus of the base is the data itself."""
    pool = [[Message(m["role"], m["content"]) for m in talk] for talk in world.pool["messages"].to_list()]
    asked = [[*item.draft.messages, Message("assistant", "leaked")] for item in world.items]
    corpus = written(tmp_path / "mine.jsonl", [*pool, *asked])
    read: list[str] = []
    monkeypatch.setattr("ablation.tiny.tokenizer_of", _spy(read))
    settings = AblationSettings(
        model=world.model.model_copy(update={"corpus": (str(corpus),)}),
        holdout=0.2,
        doses=(),
        leave_one_out=False,
        seeds=(1,),
        epochs=1.0,
        sample={"k": 1, "max_new_tokens": 1},
    )
    outcome = campaign(settings, world.pool, world.items, tmp_path / "out", workers=1)
    held = hold_out(world.pool, 0.2, 200)[1]
    closed = {opening_hash(item.draft.messages) for item in [*world.items, *held]}
    out = sum(opening_hash(talk) in closed for talk in [*pool, *asked])
    assert out >= len(world.items) + len(held)
    assert outcome["base"] == {"conversations": len(pool) + len(asked) - out, "withheld": out}
    assert "leaked" not in read
    assert not {item.draft.messages[0].content for item in [*world.items, *held]} & set(read)


def test_what_is_withheld_names_another_base(world: Any, tmp_path: Path) -> None:
    talks = [[Message("user", f"say {n}"), Message("assistant", f"{n}")] for n in range(30)]
    corpus = written(tmp_path / "mine.jsonl", talks)
    model = world.model.model_copy(update={"base_tokens": 200})
    open_base = build(model, [corpus], tmp_path)
    closed = [opening_hash(talk) for talk in talks]
    assert corpus_of(open_base) == {"conversations": 30, "withheld": 0}
    base = build(model, [corpus], tmp_path, closed[:4])
    assert base != open_base
    assert base == build(model, [corpus], tmp_path, set(closed[:4]))
    assert corpus_of(base) == {"conversations": 26, "withheld": 4}
    with pytest.raises(InputError, match="all 30 conversations"):
        build(model, [corpus], tmp_path, closed)


def _spy(read: list[str]) -> Any:
    from ablation.tiny import tokenizer_of

    def listening(texts: Sequence[str], vocab: int, context: int) -> Any:
        read.extend(texts)
        return tokenizer_of(texts, vocab, context)

    return listening
