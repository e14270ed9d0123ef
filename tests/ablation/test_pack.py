from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ablation.pack import Rows, micro_batches, steps


def some_rows(count: int = 40, seed: int = 0, longest: int = 30, vocab: int = 50) -> Rows:
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        length = int(rng.integers(3, longest))
        ids = rng.integers(1, vocab, length).tolist()
        flags = [False, *(rng.random(length - 1) < 0.5).tolist()]
        flags[-1] = True
        rows.append((ids, flags))
    return Rows.of(rows)


def tiny_llama(vocab: int = 50, kv_heads: int = 2) -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    return LlamaForCausalLM(
        LlamaConfig(vocab_size=vocab, num_key_value_heads=kv_heads, initializer_range=0.3, **sizes)
    ).eval()


@pytest.mark.parametrize("batch_tokens", [1, 29, 64, 10_000])
def test_steps_keep_the_order_and_the_limit(batch_tokens: int) -> None:
    rows = some_rows()
    order = np.random.default_rng(1).integers(0, len(rows), 200)
    cut = steps(rows.lengths, order, batch_tokens)
    assert np.concatenate(cut).tolist() == order.tolist()
    assert all(len(step) == 1 or rows.lengths[step].sum() <= batch_tokens for step in cut)


@pytest.mark.parametrize("micro_tokens", [10, 100, 5000])
@pytest.mark.parametrize("overhead", [1, 50, 400])
def test_micro_batches_hold_every_row_once_within_the_area(micro_tokens: int, overhead: int) -> None:
    rows = some_rows(80)
    chosen = np.random.default_rng(2).integers(0, len(rows), 120)
    cut = micro_batches(rows.lengths, chosen, micro_tokens, overhead)
    assert sorted(np.concatenate(cut)) == sorted(chosen)
    assert all(len(m) == 1 or rows.lengths[m].max() * len(m) <= micro_tokens for m in cut)


def test_short_rows_waste_little_padding() -> None:
    rows = some_rows(400, longest=120)
    cut = micro_batches(rows.lengths, np.arange(400), 8192)
    area = sum(len(m) * int(rows.lengths[m].max()) for m in cut)
    assert area < 1.2 * len(rows.tokens)


def test_arrays_give_the_rows_back() -> None:
    rows = some_rows()
    back = Rows.from_arrays(rows.arrays("row"), "row")
    assert (back.tokens == rows.tokens).all()
    assert (back.trained == rows.trained).all()
    assert (back.starts == rows.starts).all()
    taken = rows.take(np.array([5, 2]))
    assert taken.row(0)[0].tolist() == rows.row(5)[0].tolist()
    assert rows.trained_counts.tolist() == [int(rows.row(i)[1].sum()) for i in range(len(rows))]
    assert len(rows.take(np.zeros(0, np.int64))) == 0


@pytest.mark.parametrize("end_to_end", [True, False])
@pytest.mark.parametrize("kv_heads", [1, 2])
def test_loss_per_token_in_a_batch_is_the_loss_alone(end_to_end: bool, kv_heads: int) -> None:
    import torch

    from ablation.scorer import Scorer

    rows, model = some_rows(), tiny_llama(kv_heads=kv_heads)
    scorer = Scorer(model)
    assert scorer.short
    assert scorer.end_to_end
    scorer.end_to_end = end_to_end
    seen = []
    with torch.inference_mode():
        with scorer.ready():
            parts = scorer.parts(rows.lengths, np.arange(len(rows)), 300)
            together = [scorer.nll(rows, part).numpy() for part in parts]
        for part, found in zip(parts, together, strict=True):
            alone = []
            for index in part:
                ids, flags = rows.row(int(index))
                log_p = torch.log_softmax(model(input_ids=torch.from_numpy(ids)[None]).logits[0].double(), -1)
                alone += [-float(log_p[t - 1, ids[t]]) for t in range(1, len(ids)) if flags[t]]
            np.testing.assert_allclose(found, alone, atol=1e-5)
            seen += part.tolist()
    assert sorted(seen) == list(range(len(rows)))
    assert len(parts) > 1


def test_gradients_end_to_end_are_those_of_padded_batches() -> None:
    from ablation.scorer import Scorer

    rows, found = some_rows(), []
    for end_to_end in (True, False):
        model = tiny_llama()
        scorer = Scorer(model)
        scorer.end_to_end = end_to_end
        with scorer.ready():
            scorer.nll(rows, np.argsort(rows.lengths)).sum().backward()  # type: ignore[no-untyped-call]  # torch
        found.append([p.grad.numpy() for p in model.parameters()])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3 * np.abs(other).max())


def test_a_model_that_scales_its_logits_takes_the_long_way() -> None:
    import torch
    from transformers import CohereConfig, CohereForCausalLM

    from ablation.scorer import Scorer

    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    model = CohereForCausalLM(CohereConfig(vocab_size=50, logit_scale=0.5, **sizes)).eval()
    scorer = Scorer(model)
    assert not scorer.short
    assert not scorer.end_to_end
    ids = np.arange(1, 9)
    rows = Rows.of([(ids.tolist(), [True] * 8)])
    with torch.inference_mode():
        log_p = torch.log_softmax(model(input_ids=torch.from_numpy(ids)[None]).logits[0], -1)
        found = scorer.nll(rows, np.array([0])).numpy()
    np.testing.assert_allclose(found, [-float(log_p[t - 1, ids[t]]) for t in range(1, 8)], atol=1e-5)
