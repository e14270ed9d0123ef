"""What each policy trains, what each cut leaves, and that weights multiply the loss."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from ablation.mask import Encoder
from ablation.mask_policy import MaskPolicy
from ablation.pack import Rows
from buckets import Message, RowError

CALL = json.dumps([{"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}])
TALK = [
    Message("user", "first"),
    Message("assistant", "one"),
    Message("user", "second"),
    Message("assistant", "", reasoning="hm", tool_calls=CALL),
    Message("tool", "seen", tool_call_id="1", name="look"),
    Message("assistant", "two", reasoning="so"),
]
CALLED = '<tool_call>{"name":"look","arguments":{}}</tool_call><|end|>'
ONE, ACT, TWO = "one<|end|>", f"<think>hm</think>{CALLED}", "<think>so</think>two<|end|>"


def trained(tokenizer: Any, policy: MaskPolicy, **more: Any) -> list[str]:
    row = Encoder(tokenizer, policy).encode(TALK, None, **more)
    return [tokenizer.decode(row.ids[part.begin : part.end]) for part in row.parts]


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ({}, [ONE, ACT, TWO]),
        ({"turns": "final"}, [TWO]),
        ({"tool_calls": False}, [ONE, TWO]),
        ({"intermediate": False}, [ONE, TWO]),
        ({"reasoning": "masked"}, [ONE, CALLED, "two<|end|>"]),
        ({"reasoning": "stripped"}, [ONE, CALLED, "two<|end|>"]),
    ],
)
def test_policies(tokenizer: Any, policy: dict[str, Any], wanted: list[str]) -> None:
    assert trained(tokenizer, MaskPolicy(**policy)) == wanted
    text = Encoder(tokenizer, MaskPolicy(**policy)).encode(TALK, None).text
    assert ("hm" in text) is (policy.get("reasoning") != "stripped")


def test_weights_of_turns(tokenizer: Any) -> None:
    assert trained(tokenizer, MaskPolicy(), weights={1: 0, 5: 0.5}) == [ACT, TWO]
    row = Encoder(tokenizer).encode(TALK, None, weights={1: 0, 5: 0.5})
    assert set(row.weights) == {0.0, 0.5, 1.0}
    assert trained(tokenizer, MaskPolicy(weights=False), weights={1: 0, 5: 0.5}) == [ONE, ACT, TWO]
    for wrong in (-1.0, float("nan")):
        with pytest.raises(RowError, match="bad_weight"):
            Encoder(tokenizer).encode(TALK, None, weights={1: wrong})


def test_cuts(tokenizer: Any) -> None:
    whole = Encoder(tokenizer).encode(TALK, None)
    for context in range(1, len(whole.ids)):
        assert Encoder(tokenizer).encode(TALK, None, context=context).ids == whole.ids  # drop: the caller leaves it out
        right = Encoder(tokenizer, MaskPolicy(truncation="right"))
        if context < whole.parts[0].end:
            with pytest.raises(RowError, match="no_trained_token"):
                right.encode(TALK, None, context=context)
            continue
        row = right.encode(TALK, None, context=context)
        assert row.ids == whole.ids[:context]
        assert row.parts == tuple(p for p in whole.parts if p.end <= context)
        assert sum(row.trained) == sum(p.end - p.begin for p in row.parts)
    left = Encoder(tokenizer, MaskPolicy(truncation="left")).encode(TALK, None, context=len(whole.ids) - 1)
    assert left.cut
    assert left.messages == (2, 3, 4, 5)
    assert left.text == Encoder(tokenizer).encode(TALK[2:], None).text
    hard = Encoder(tokenizer, MaskPolicy(truncation="left")).encode(TALK, None, context=5)
    assert hard.ids == whole.ids  # nothing fits: too long as it is, and left out


@pytest.mark.parametrize("weighted", [False, True])
def test_loss_of_a_batch_is_that_of_plain_transformers(weighted: bool) -> None:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from ablation.train import fit

    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    rows = []
    for length in (9, 5, 12):
        flags = [0.0, *rng.choice([0.0, 1.0, 0.25, 3.0] if weighted else [0.0, 1.0], length - 2).tolist(), 1.0]
        rows.append((rng.integers(1, 40, length).tolist(), flags))
    packed = Rows.of(rows)
    assert (packed.weights is not None) is weighted
    back = Rows.from_arrays(packed.arrays("row"), "row")
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=40, **sizes))
    ids = torch.zeros(3, 12, dtype=torch.long)
    labels, weights = torch.full((3, 12), -100), torch.zeros(3, 12)
    for line, (tokens, flags) in enumerate(rows):
        ids[line, : len(tokens)] = torch.tensor(tokens)
        weights[line, : len(tokens)] = torch.tensor(flags)
        labels[line, : len(tokens)] = torch.where(torch.tensor(flags) > 0, torch.tensor(tokens), -100)
    with torch.no_grad():
        if weighted:
            logits = model(input_ids=ids).logits[:, :-1]
            nats = torch.nn.functional.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")
            expected = float((nats * weights[:, 1:]).sum() / weights[:, 1:].sum())
        else:
            expected = float(model(input_ids=ids, labels=labels).loss)
    how = {"batch_tokens": 100, "micro_tokens": 12, "learning_rate": 1e-3, "warmup_fraction": 0.0}
    done = fit(model, back, np.arange(3), how | {"decay_fraction": 0.0, "weight_decay": 0.0})
    assert done.curve[0][1] == pytest.approx(expected, abs=1e-5)
