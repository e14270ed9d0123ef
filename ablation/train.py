"""One trial in its own process: `python -m ablation.train trial.json` trains, samples, scores and leaves a Result.

Needs torch, transformers and numpy, nothing else of this project's dependencies. Everything that differs
between arms is in the npz beside the trial; result.json is written last, so that it exists only when the
rest does. Not covered: several devices, adapters, vision models.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from ablation.environment import environment, peak_memory
from ablation.generate import Sampling, sample
from ablation.pack import Ints, Rows, steps
from ablation.scorer import Scorer, row_nll
from ablation.trial import Result, Status, Trial

# What a bad model, a bad file or a bug raises. Anything else (a kill) is seen by the parent process.
CRASHES = (RuntimeError, ValueError, TypeError, LookupError, OSError, AttributeError, ImportError, ArithmeticError)


@dataclass(frozen=True)
class Fit:
    """How a run of optimizer steps went. `curve` is (step, mean NLL per trained token in nats)."""

    curve: tuple[tuple[int, float], ...]
    trained_tokens: int
    tokens: int
    finite: bool


def fit(model: Any, rows: Rows, order: Ints, how: dict[str, Any]) -> Fit:
    """AdamW over `order` in steps of `batch_tokens`; each loss is the mean over all trained tokens of the step.

    Where tokens are weighted it is the weighted mean, sum(w x NLL) / sum(w) over the whole step.
    """
    with Scorer(model).ready() as scorer:
        return _fit(scorer, rows, order, how)


def _fit(scorer: Scorer, rows: Rows, order: Ints, how: dict[str, Any]) -> Fit:
    model = scorer.model
    cut = steps(rows.lengths, order, how["batch_tokens"])
    optimizer = _optimizer(model, how)
    counts, lengths = rows.trained_counts, rows.lengths
    curve, trained, tokens = [], 0, 0
    model.train()
    for number, chosen in enumerate(cut):
        total = int(counts[chosen].sum())
        weights = rows.scored_weights(chosen)
        mass = float(total) if weights is None else float(weights.sum(dtype=np.float64))
        rate = how["learning_rate"] * schedule(number, len(cut), how["warmup_fraction"], how["decay_fraction"])
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = 0.0
        for micro in scorer.parts(lengths, chosen, how["micro_tokens"]):
            part = _summed(scorer, rows, micro) / (mass or 1.0)
            part.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            loss += float(part.detach())
        curve.append((number, loss))
        if not np.isfinite(loss):
            return Fit(tuple(curve), trained, tokens, False)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        trained, tokens = trained + total, tokens + int(lengths[chosen].sum())
    return Fit(tuple(curve), trained, tokens, True)


def _summed(scorer: Scorer, rows: Rows, micro: Ints) -> torch.Tensor:
    """Nats of the trained tokens of these rows, each times its weight."""
    nats, weights = scorer.nll(rows, micro), rows.scored_weights(micro)
    return (nats if weights is None else nats * torch.from_numpy(weights).to(nats.device)).sum()


def schedule(step: int, steps_in_all: int, warmup: float, decay: float) -> float:
    """Warmup-stable-decay: linear up over `warmup` of the steps, constant, linear to zero over the last `decay`."""
    up, down = warmup * steps_in_all, decay * steps_in_all
    rising = (step + 1) / up if step + 1 < up else 1.0
    left = steps_in_all - step
    falling = left / (down + 1) if left < down + 1 else 1.0
    return min(rising, falling)


def _optimizer(model: Any, how: dict[str, Any]) -> torch.optim.AdamW:
    matrices = [p for p in model.parameters() if p.requires_grad and p.ndim >= 2]
    vectors = [p for p in model.parameters() if p.requires_grad and p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": how["weight_decay"]}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=how["learning_rate"], betas=(0.9, 0.95), fused=True)


def run(path: Path) -> Result:
    """Do the trial at `path` and write samples.jsonl, nll.json and, last, result.json beside it."""
    trial = Trial.read(path)
    started, cpu = time.perf_counter(), time.process_time()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    threads = int(trial.train.get("threads", 1))
    status: Status = "ok"
    error, done = "", Fit((), 0, 0, True)
    cost: dict[str, float] = {}
    try:
        torch.set_num_threads(threads)
        torch.manual_seed(trial.seed)
        model = load_model(path.parent / trial.model, device)
        done = _train(model, trial, path.parent)
        cost["train_seconds"] = time.perf_counter() - started
        if done.finite:
            cost["sampled_tokens"] = _evaluate(model, trial, path.parent)
            cost["eval_seconds"] = time.perf_counter() - started - cost["train_seconds"]
        else:
            status, error = "nan", f"the loss was not finite at step {done.curve[-1][0]}"
    except (MemoryError, *CRASHES) as problem:
        status, error = _diagnose(problem)
    cost |= {"train_tokens": done.tokens, "cpu_seconds": time.process_time() - cpu, "peak_mb": peak_memory()}
    result = Result(
        name=trial.name,
        arm=trial.arm,
        seed=trial.seed,
        status=status,
        error=error,
        steps=len(done.curve),
        trained_tokens=done.trained_tokens,
        seconds=time.perf_counter() - started,
        loss_curve=tuple((step, loss) for step, loss in done.curve if np.isfinite(loss)),
        environment=environment(device, threads),
        fingerprint=trial.fingerprint,
        cost=cost,
    )
    result.write(path.parent / "result.json")
    return result


def load_model(folder: Path, device: str) -> Any:
    """A causal model in float32 from safetensors; no pickles, no code from the folder."""
    logging.disable_progress_bar()
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, use_safetensors=True, trust_remote_code=False, local_files_only=True
    )
    return model.to(device)


def _diagnose(problem: BaseException) -> tuple[Status, str]:
    text = f"{type(problem).__name__}: {problem}"[:2000]
    no_room = isinstance(problem, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in text
    return ("oom" if no_room else "crash"), text


def _train(model: Any, trial: Trial, folder: Path) -> Fit:
    if trial.data is None:
        return Fit((), 0, 0, True)
    with np.load(folder / trial.data, allow_pickle=False) as arrays:
        return fit(model, Rows.from_arrays(arrays, "row"), arrays["order"].astype(np.int64), trial.train)


def _evaluate(model: Any, trial: Trial, folder: Path) -> float:
    """Sample every prompt and score every reference of the trial's splits; returns the number of sampled tokens."""
    splits = list(trial.sample["splits"])
    how = Sampling(**{name: trial.sample[name] for name in ("k", "temperature", "max_new_tokens", "batch")})
    model.eval()
    with np.load(folder / trial.eval, allow_pickle=False) as arrays:
        wanted = np.flatnonzero(np.isin(arrays["prompt_splits"], splits))
        prompts = Rows.from_arrays(arrays, "prompt")
        ids, stop = arrays["prompt_ids"], arrays["stop"].tolist()
        with torch.autocast(model.device.type, dtype=torch.bfloat16, enabled=model.device.type == "cuda"):
            answers = sample(
                model,
                [prompts.row(int(i))[0] for i in wanted],
                wanted.tolist(),
                stop,
                int(arrays["context"]),
                how,
                trial.seed,
            )
        scored = np.flatnonzero(np.isin(arrays["reference_splits"], splits))
        nll = row_nll(model, Rows.from_arrays(arrays, "reference").take(scored), trial.train["micro_tokens"])
        nll_ids = [str(arrays["reference_ids"][i]) for i in scored]
    tokenizer = AutoTokenizer.from_pretrained(folder / trial.model, trust_remote_code=False, local_files_only=True)
    lines = [
        {
            "item": str(ids[i]),
            "texts": tokenizer.batch_decode(
                [a.tokens for a in group], skip_special_tokens=False, clean_up_tokenization_spaces=False
            ),
            "terminated": [a.terminated for a in group],
            "lengths": [a.length for a in group],
            "entropy": [round(a.entropy, 6) for a in group],
        }
        for i, group in zip(wanted, answers, strict=True)
    ]
    _write(folder / "samples.jsonl", (json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    _write(folder / "nll.json", [json.dumps(dict(zip(nll_ids, nll, strict=True)))])
    return float(sum(a.length for group in answers for a in group))


def _write(path: Path, lines: Iterable[str]) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with aside.open("w", encoding="utf-8", errors="surrogatepass") as file:
        file.writelines(lines)
    aside.replace(path)


def main(arguments: list[str]) -> int:
    """0 when the trial is ok, 1 when it is a Result of another kind, 2 for a wrong command line."""
    if len(arguments) != 1:
        print("usage: python -m ablation.train trial.json", file=sys.stderr)
        return 2
    return 0 if run(Path(arguments[0])).status == "ok" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
