"""Decontamination: planted leaks of every kind, template phrases that are none, and brute force as the judge."""

from __future__ import annotations

import random
import re

import polars as pl

from buckets import Draft, EvalItem, Message, conserve, frame_of, row_of, split
from verifiers import EvalIndex

WORDS = [f"w{i}" for i in range(400)]


def item(id: str, prompt: str, cluster: str | None = None) -> EvalItem:
    return EvalItem(id, "code", "dev", cluster or id, Draft((Message("system", "s"), Message("user", prompt))))


def framed(*texts: tuple[str, ...]) -> pl.DataFrame:
    drafts = (Draft(tuple(Message("assistant" if i % 2 else "user", t) for i, t in enumerate(text))) for text in texts)
    return frame_of(row_of(d, source="s", path="p", file="f", row=i, format="t") for i, d in enumerate(drafts))


LONG = "A baker sells seventeen loaves before noon and twice as many after it; how many loaves is that in all?"
SHORT = "Who wrote Faust?"


def test_planted_leaks() -> None:
    index = EvalIndex([item("long", LONG), item("short", SHORT)])
    frame = framed(
        (LONG.upper() + "!!", "51"),
        ("Solve this. " + LONG + " Think.", "51"),
        ("Hi", "Hello", "who wrote   FAUST", "Goethe"),
        ("Tell me who wrote Faust? And Emma?", "Goethe, Austen"),
        ("Repeat", f"You asked: {LONG}"),
        ("A baker sells seventeen loaves before noon and goes home to sleep.", "Good."),
        ("Something else", "Yes"),
    )
    hits = index.hits(frame)
    at = {id.split(":")[1]: (rule, witness) for id, rule, witness in hits.select("id", "rule", "witness").iter_rows()}
    assert at == {"0": ("verbatim", "long"), "1": ("near", "long"), "2": ("verbatim", "short"), "4": ("near", "long")}
    assert set(hits["stage"]) == {"decontaminate"}
    assert all("seventeen loaves" in text for text in hits.filter(pl.col("witness") == "long")["evidence"])
    assert index.exact_only == ["short"]
    conserve("decontaminate", frame, split(frame, hits))


def test_template_phrases_do_not_count() -> None:
    template = "Please reason step by step and put your final answer in a box at the end of it. Now: "
    items = [item(f"i{n}", template + f"number {n}") for n in range(50)]
    index = EvalIndex(items)
    assert index.hits(framed((template + "something else entirely", "4"))).is_empty()
    assert index.hits(framed((template + "number 7", "4")))["witness"].to_list() == ["i7"]
    one_cluster = EvalIndex([item(f"i{n}", template + f"number {n}", cluster="same") for n in range(50)])
    assert not one_cluster.hits(framed((template + "x number", "4"))).is_empty()


def test_cjk_and_empty() -> None:
    index = EvalIndex([item("zh", "小明有十七个苹果他又买了三个现在一共有多少个苹果"), item("blank", "  ")])
    leaked = framed(("题目：小明有十七个苹果他又买了三个现在一共有多少个苹果？", "20"))
    assert index.hits(leaked)["witness"].to_list() == ["zh"]
    assert index.hits(framed(("", ""))).is_empty()
    assert EvalIndex([]).hits(framed((LONG, "51"))).is_empty()
    assert index.hits(frame_of([])).is_empty()


def grams(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + 8]) for i in range(len(words) - 7)}


def test_near_hits_against_brute_force() -> None:
    rng = random.Random(0)
    prompts = [" ".join(rng.choices(WORDS, k=rng.randint(8, 30))) for _ in range(40)]
    items = [item(f"i{n:02}", prompt) for n, prompt in enumerate(prompts)]
    texts = []
    for _ in range(200):
        words = rng.choice(prompts).split()
        for at in rng.sample(range(len(words)), k=min(rng.choice([0, 0, 1, 2]), len(words))):
            words[at] = "changed"
        texts.append((" ".join(rng.choices(WORDS, k=5) + words + rng.choices(WORDS, k=5)), "ok"))
    frame = framed(*texts)
    found = dict(EvalIndex(items).hits(frame).select("id", "witness").iter_rows())
    for id, (prompt, answer) in zip(frame["id"], texts, strict=True):
        held = grams(prompt + "\n" + answer)
        shares = {i.id: len(grams(p) & held) / len(grams(p)) for i, p in zip(items, prompts, strict=True)}
        best = max(shares.values())
        assert (id in found) == (best >= 0.8), (id, best)
        if id in found:
            assert shares[found[id]] == best


def test_does_not_depend_on_shards() -> None:
    index = EvalIndex([item("long", LONG), item("short", SHORT)])
    frame = framed((LONG, "51"), ("x", "y"), ("z " + LONG, "51"), (SHORT, "Goethe"))
    whole = index.hits(frame)
    parts = pl.concat([index.hits(frame[i : i + 1]) for i in range(frame.height)])
    assert whole.sort("id").equals(parts.sort("id"))
