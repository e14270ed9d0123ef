from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from ablation.generate import Answer, Sampling, sample

STOP = 7
LENGTHS = (3, 9, 4, 9, 6)
PROMPTS = [np.random.default_rng(i).integers(8, 50, n) for i, n in enumerate(LENGTHS)]


@pytest.fixture(scope="module")
def model() -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    return LlamaForCausalLM(LlamaConfig(vocab_size=50, num_key_value_heads=2, initializer_range=0.5, **sizes)).eval()


def answers(
    model: Any, prompts: list[Any], numbers: list[int], how: Sampling, context: int = 100, seed: int = 1
) -> list[list[Answer]]:
    return sample(model, prompts, numbers, [STOP], context, how, seed)


def test_greedy_is_what_transformers_generates(model: Any) -> None:
    found = answers(model, PROMPTS, list(range(5)), Sampling(1, 0.0, 12))
    for prompt, (answer,) in zip(PROMPTS, found, strict=True):
        ids = torch.from_numpy(prompt)[None]
        with torch.inference_mode():
            whole = model.generate(ids, do_sample=False, max_new_tokens=12, eos_token_id=STOP, pad_token_id=0)
        expected = whole[0, len(prompt) :].tolist()
        assert answer.length == len(expected)
        assert answer.terminated == (expected[-1] == STOP)
        assert answer.tokens == (expected[:-1] if answer.terminated else expected)


def test_neither_batch_nor_neighbours_change_a_sample(model: Any) -> None:
    together = answers(model, PROMPTS, list(range(5)), Sampling(6, 1.0, 20, batch=256))
    small = answers(model, PROMPTS, list(range(5)), Sampling(6, 1.0, 20, batch=6))
    alone = [answers(model, [p], [i], Sampling(6, 1.0, 20))[0] for i, p in enumerate(PROMPTS)]
    ended = sum(a.terminated for group in together for a in group)
    assert 0 < ended < 30  # some leave the batch early, some stay to the end
    for other in (small, alone):
        for mine, theirs in zip(together, other, strict=True):
            assert [(a.tokens, a.terminated, a.length) for a in mine] == [
                (a.tokens, a.terminated, a.length) for a in theirs
            ]
            np.testing.assert_allclose([a.entropy for a in mine], [a.entropy for a in theirs], atol=1e-4)


def test_first_tokens_follow_the_softmax_at_the_temperature(model: Any) -> None:
    n, temperature = 4000, 0.7
    (drawn,) = answers(model, PROMPTS[:1], [0], Sampling(n, temperature, 1, batch=n))
    with torch.inference_mode():
        logits = model(input_ids=torch.from_numpy(PROMPTS[0])[None]).logits[0, -1].double()
    p = torch.softmax(logits / temperature, -1).numpy()
    first = [STOP if a.terminated else a.tokens[0] for a in drawn]
    counts = np.bincount(first, minlength=50)
    deviation = (counts - n * p) / np.sqrt(n * p * (1 - p) + 1e-9)
    assert np.abs(deviation[p > 0.002]).max() < 4
    assert drawn[0].entropy == pytest.approx(-(p * np.log(p)).sum(), abs=1e-5)


def test_entropy_is_the_mean_over_own_tokens_with_the_stop(model: Any) -> None:
    (drawn,) = answers(model, PROMPTS[1:2], [1], Sampling(8, 1.0, 15))
    for answer in drawn:
        tokens = [*answer.tokens, STOP] if answer.terminated else answer.tokens
        ids = torch.tensor([[*PROMPTS[1].tolist(), *tokens]])
        with torch.inference_mode():
            log_p = torch.log_softmax(model(input_ids=ids).logits[0, len(PROMPTS[1]) - 1 : -1].double(), -1)
        expected = -(log_p.exp() * log_p).sum(-1).mean()
        assert answer.entropy == pytest.approx(float(expected), abs=1e-4)
        assert STOP not in answer.tokens


def test_the_seed_and_the_number_name_the_stream(model: Any) -> None:
    how = Sampling(4, 1.0, 10)
    again = [answers(model, PROMPTS[:1], [0], how, seed=s)[0] for s in (1, 1, 2)]
    assert again[0] == again[1] != again[2]
    assert answers(model, PROMPTS[:1], [3], how)[0] != again[0]


def test_nothing_grows_beyond_the_context(model: Any) -> None:
    found = answers(model, PROMPTS, list(range(5)), Sampling(4, 1.0, 20), context=12)
    for prompt, group in zip(PROMPTS, found, strict=True):
        assert all(a.length <= 12 - len(prompt) for a in group)
        assert all(a.terminated or a.length == 12 - len(prompt) for a in group)
