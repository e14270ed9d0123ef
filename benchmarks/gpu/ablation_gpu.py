"""Tokens per second of one trial on a CUDA device: `python benchmarks/gpu/ablation_gpu.py MODEL OUT.json`.

MODEL is a Hugging Face folder (config.json, tokenizer, safetensors). The trial runner is the one that every
ablation uses (bf16 autocast on CUDA); the rows are synthetic, of mixed lengths. This script has not been run
on a GPU by its authors: there are no reference numbers yet, and the first run is also its test.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ablation import Arm, Trial
from ablation.pack import Rows
from ablation.train import run

ROWS, PROMPTS, LONGEST, SEED = 2000, 256, 512, 0


def rows(count: int, longest: int, vocab: int, rng: np.random.Generator) -> Rows:
    """Random tokens, 16..longest of them, the second half of each row in the loss."""
    lengths = rng.integers(16, longest, count)
    return Rows.of([(rng.integers(0, vocab, n).tolist(), [i >= n // 2 for i in range(n)]) for n in lengths])


def write_trial(folder: Path, model: Path, vocab: int) -> Path:
    rng = np.random.default_rng(SEED)
    data: dict[str, Any] = rows(ROWS, LONGEST, vocab, rng).arrays("row") | {"order": np.arange(ROWS)}
    np.savez(folder / "data.npz", **data)
    evaluation: dict[str, Any] = {"stop": np.array([], np.int64), "context": np.int64(2 * LONGEST)}
    for name, part in (("prompt", rows(PROMPTS, 128, vocab, rng)), ("reference", rows(PROMPTS, LONGEST, vocab, rng))):
        ids = np.array([f"{name}-{i}" for i in range(PROMPTS)])
        evaluation |= part.arrays(name) | {f"{name}_ids": ids, f"{name}_splits": np.full(PROMPTS, "dev")}
    np.savez(folder / "eval.npz", **evaluation)
    train = {"learning_rate": 1e-5, "batch_tokens": 32_768, "micro_tokens": 16_384, "weight_decay": 0.0}
    trial = Trial(
        name="gpu",
        arm=Arm("full", "full"),
        seed=SEED,
        model=str(model.resolve()),
        data="data.npz",
        eval="eval.npz",
        train=train | {"warmup_fraction": 0.05, "decay_fraction": 0.3, "threads": 8},
        sample={"k": 4, "temperature": 1.0, "max_new_tokens": 64, "batch": 512, "splits": ["dev"]},
    )
    trial.write(folder / "trial.json")
    return folder / "trial.json"


def main(model: Path, out: Path) -> None:
    vocab = int(json.loads((model / "config.json").read_text(encoding="utf-8"))["vocab_size"])
    with tempfile.TemporaryDirectory() as folder:
        result = run(write_trial(Path(folder), model, vocab))
    cost = result.cost
    numbers = {
        "command": " ".join(["python", *sys.argv]),
        "status": result.status,
        "error": result.error,
        "train_tokens_per_second": cost["train_tokens"] / cost["train_seconds"] if result.status == "ok" else None,
        "sampled_tokens_per_second": cost["sampled_tokens"] / cost["eval_seconds"] if result.status == "ok" else None,
        "cost": cost,
        "environment": result.environment,
    }
    out.write_text(json.dumps(numbers, indent=1), encoding="utf-8")
    print(json.dumps(numbers, indent=1))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
