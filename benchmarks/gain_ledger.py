"""Does the gain ledger find what is planted, and does a confirmed mixture win? On the tiny model, trained for real.

World one: three tasks on lists of words. Rule `useless` drops rows at random; `poison` drops rows whose answers are
wrong. Known truth: the first buys nothing over a random filter, the second does.
World two: a large easy bucket, a smaller one that is still gaining, and one whose answers are wrong for the second's
task. A campaign proposes a mixture; `confirmation` trains it afresh beside proportional, uniform and current.

python -m benchmarks.gain_ledger ledger --folder DIR > benchmarks/results/gain-ledger.json
python -m benchmarks.gain_ledger confirm --folder DIR > benchmarks/results/confirmed-mixture.json
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import torch
import transformers

from ablation import AblationSettings, AnalyseSettings, TinyModel, analyse, campaign
from ablation.confirm import confirmation, contenders, fresh_seeds
from ablation.rule_worth import rule_gains
from buckets import Draft, EvalItem, Message, frame_of, read_frame, row_of
from verifiers import Verdict, failed, passed

WORDS = ["red", "blue", "green", "dog", "cat", "sun", "moon", "tree"]
WORDS += ["fish", "bird", "milk", "salt", "corn", "rice", "wool", "rope"]
LEVEL = 0.95
MARGIN = 0.1


@dataclass(frozen=True)
class Graded:
    parsed: bool
    verdict: Verdict
    canonical: str


def exact(item: EvalItem, reply: str) -> Graded:
    verdict = passed("exact") if reply == item.draft.reference else failed("exact", "another word")
    return Graded(bool(reply), verdict, reply)


def answer(task: str, words: list[str]) -> str:
    return {"first": words[0], "last": words[-1], "second": words[1]}[task]


def talk(task: str, rng: random.Random, *, wrong: bool = False) -> tuple[Message, Message]:
    """A list of three or four different words; a wrong answer is another word of the list."""
    words = rng.sample(WORDS, rng.randint(3, 4))
    right = answer(task, words)
    said = rng.choice([word for word in words if word != right]) if wrong else right
    return Message("user", f"{task}: {' '.join(words)}"), Message("assistant", said)


def rows(bucket: str, task: str, count: int, rng: random.Random, *, wrong: bool = False) -> Iterator[dict[str, Any]]:
    for number in range(count):
        draft = Draft(talk(task, rng, wrong=wrong))
        name = f"{bucket}-{'wrong' if wrong else 'right'}-{rng.random()}"
        yield row_of(draft, source="world", path="world", file=name, row=number, format="x") | {"bucket": bucket}


def items(bucket: str, task: str, count: int, rng: random.Random, taken: set[str]) -> Iterator[EvalItem]:
    """Prompts that no training row opens with."""
    while count:
        question, said = talk(task, rng)
        if question.content not in taken:
            taken.add(question.content)
            count -= 1
            name = f"{bucket}-{count}"
            yield EvalItem(name, bucket, "dev", name, Draft((question,), reference=said.content))


def base_of(folder: Path, tasks: list[str], rng: random.Random) -> TinyModel:
    """A base that has seen word lists and the form of an answer, half of them with a wrong word."""
    folder.mkdir(parents=True, exist_ok=True)
    corpus = folder / "corpus.jsonl"
    talks = [talk(rng.choice(tasks), rng, wrong=rng.random() < 0.6) for _ in range(1500)]
    lines = (json.dumps({"messages": [{"role": m.role, "content": m.content} for m in one]}) for one in talks)
    corpus.write_text("\n".join(lines), encoding="utf-8")
    return TinyModel(hidden=64, layers=2, heads=4, vocab=360, context=64, corpus=(str(corpus),), base_tokens=60_000)


def opens(frame: pl.DataFrame) -> set[str]:
    return {messages[0]["content"] for messages in frame["messages"].to_list()}


def ledger(folder: Path, seeds: int) -> dict[str, Any]:
    rng = random.Random(5)
    tasks = {"code": "first", "math_reasoning": "last", "structured_output": "second"}
    kept = frame_of([row for bucket, task in tasks.items() for row in rows(bucket, task, 120, rng)])
    useless = frame_of([row for bucket, task in tasks.items() for row in rows(bucket, task, 60, rng)])
    poison = frame_of(list(rows("math_reasoning", "last", 80, rng, wrong=True)))
    taken = opens(pl.concat([kept, useless, poison]))
    asked = [item for bucket, task in tasks.items() for item in items(bucket, task, 48, rng, taken)]
    settings = AblationSettings(
        model=base_of(folder, list(tasks.values()), rng),
        doses=(),
        leave_one_out=False,
        seeds=tuple(range(1, seeds + 1)),
        rules=("useless", "poison"),
        epochs=8.0,
        train={"batch_tokens": 512, "learning_rate": 3e-3},
        sample={"k": 4, "max_new_tokens": 6},
    )
    outcome = campaign(
        settings, kept, asked, folder / "run", workers=1, grader=exact, dropped={"useless": useless, "poison": poison}
    )
    scores = read_frame(Path(outcome["scores"]))
    found = rule_gains(scores, "pass@1", LEVEL)
    words = {verdict.rule: verdict.word for verdict in found}
    lines = [
        {
            "rule": gain.rule,
            "full_minus": gain.control,
            "bucket": gain.bucket,
            "estimate": round(gain.interval.estimate, 4),
            "low": round(gain.interval.low, 4),
            "high": round(gain.interval.high, 4),
            "word": gain.word,
        }
        for verdict in found
        for gain in verdict.gains
    ]
    return {
        "seeds": seeds,
        "level": LEVEL,
        "prompts": len(asked),
        "rows_kept": kept.height,
        "rows_dropped": {"useless": useless.height, "poison": poison.height},
        "arm_tokens": outcome["plan"]["arm_tokens"],
        "mean_scores": means(scores),
        "verdicts": {verdict.rule: {"word": verdict.word, "why": verdict.why} for verdict in found},
        "lines": lines,
        "bars": {
            "the useless filter is not shown to help": words["useless"] == "not shown to help",
            "the poisonous slice is found": words["poison"] == "shown to help",
        },
    }


def confirm(folder: Path, seeds: int) -> dict[str, Any]:
    rng = random.Random(6)
    kept = frame_of(
        [
            *rows("code", "first", 600, rng),
            *rows("math_reasoning", "last", 240, rng),
            *rows("domain_qa", "last", 240, rng, wrong=True),
        ]
    )
    taken = opens(kept)
    asked = [
        *items("code", "first", 48, rng, taken),
        *items("math_reasoning", "last", 48, rng, taken),
        *items("domain_qa", "last", 48, rng, taken),
    ]
    settings = AblationSettings(
        model=base_of(folder, ["first", "last"], rng),
        doses=(0.5,),
        seeds=tuple(range(1, seeds + 1)),
        epochs=2.5,  # under the cap of four passes, so that the uniform mixture is another one than the proportional
        train={"batch_tokens": 512, "learning_rate": 3e-3},
        sample={"k": 4, "max_new_tokens": 6},
    )
    outcome = campaign(settings, kept, asked, folder / "run", workers=1, grader=exact)
    plan = outcome["plan"]
    budget = sum(plan["arm_tokens"]["full"].values())
    analysis = analyse(
        read_frame(Path(outcome["scores"])),
        plan["available_tokens"],
        AnalyseSettings(margin=MARGIN, level=LEVEL, budget_tokens=budget),
        trained_tokens={bucket: line["trained_tokens"] for bucket, line in plan["buckets"].items()},
        arm_tokens=plan["arm_tokens"],
    )
    if analysis.mixture is None:
        raise SystemExit("no mixture was proposed")
    proposal = {weight.bucket: weight.weight for weight in analysis.mixture.weights}
    mixtures, notes = contenders(proposal, plan["arm_tokens"]["full"], plan["usable_tokens"], budget, 4.0)
    again = settings.model_copy(update={"seeds": fresh_seeds(settings.seeds, seeds)})
    trained = campaign(
        again, kept, asked, folder / "confirm", workers=1, grader=exact, mixtures=mixtures, models=folder / "run/models"
    )
    scores = read_frame(Path(trained["scores"]))
    found = confirmation(scores, metric="pass@1", margin=MARGIN, level=LEVEL, notes=notes)
    whole = {
        line.baseline: [round(value, 4) for value in (line.interval.estimate, line.interval.low, line.interval.high)]
        for line in found.differences
        if line.bucket == "all" and line.split == "dev"
    }
    return {
        "seeds": list(found.seeds),
        "level": LEVEL,
        "prompts": len(asked),
        "budget_tokens": budget,
        "labels": {b.bucket: [b.verdict, b.label] for b in analysis.decision.buckets},
        "mixtures": mixtures,
        "trained_tokens": {arm: sum(tokens.values()) for arm, tokens in trained["plan"]["arm_tokens"].items()},
        "campaign_scores": means(read_frame(Path(outcome["scores"]))),
        "mean_scores": means(scores),
        "status": found.status,
        "headline": found.headline,
        "proposal_minus": whole,
        "notes": list(found.notes),
        "bars": {"better than uniform and proportional": all(whole[b][1] > 0 for b in ("uniform", "proportional"))},
    }


def means(scores: pl.DataFrame) -> dict[str, dict[str, float]]:
    """Arm -> bucket -> pass@1."""
    rate = pl.col("correct").sum() / pl.col("samples").sum()
    table = scores.group_by("arm", "bucket").agg(rate=rate).sort("arm", "bucket")
    found: dict[str, dict[str, float]] = {}
    for arm, bucket, value in table.iter_rows():
        found.setdefault(arm, {})[bucket] = round(value, 3)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("world", choices=("ledger", "confirm"))
    parser.add_argument("--folder", type=Path, required=True, help="where trials are kept; the same folder resumes")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    started = time.process_time()
    found = (ledger if options.world == "ledger" else confirm)(options.folder, options.seeds)
    about = {
        "command": f"python -m benchmarks.gain_ledger {options.world} --folder DIR --seeds {options.seeds}",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "polars": pl.__version__,
        },
        "own_cpu_seconds": round(time.process_time() - started, 1),
    }
    json.dump(about | found, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
