"""A realistic report, made of formulas and one seed: nine buckets, five sources, twelve rules, a 9x9 gain matrix."""

from __future__ import annotations

import math
import random

from curate.report import (
    Ablation,
    Balance,
    Boundary,
    Bucket,
    BucketDecision,
    Candidate,
    Cell,
    Checked,
    Checks,
    Costs,
    Curve,
    Decision,
    Drop,
    Duplicate,
    Example,
    Fit,
    Forecast,
    GainMatrix,
    Interval,
    Mixture,
    Near,
    Plan,
    Point,
    Readiness,
    Report,
    Score,
    Semantic,
    Shortfall,
    Side,
    Signal,
    Source,
    SourceFile,
    Stage,
    Step,
    Truth,
    Watched,
    Weight,
)
from curate.report.judged import Allowance, Counted, Grades, Judged, Judgment

TITLES = {
    "general_instruction": "General instruction",
    "domain_qa": "Domain QA",
    "math_reasoning": "Math reasoning",
    "code": "Code",
    "tool_calls": "Tool calls",
    "multi_turn_dialogue": "Multi-turn dialogue",
    "safety_refusal": "Safety and refusal",
    "structured_output": "Structured output",
    "long_context": "Long context",
}
IDS = tuple(TITLES)
ROWS = (31_204, 9_871, 14_973, 8_544, 7_308, 6_112, 3_140, 2_873, 611)
TOKENS = (6_240_800, 2_171_620, 4_791_360, 3_332_160, 1_680_840, 4_217_280, 408_200, 862_000, 2_871_700)
BASE = (0.31, 0.36, 0.12, 0.21, 0.08, 0.27, 0.55, 0.19, 0.10)
RISE = (0.10, 0.05, 0.24, 0.14, 0.52, 0.06, 0.21, 0.44, 0.07)
RATE = (1.6, 2.4, 0.7, 1.1, 2.8, 0.8, 3.0, 2.6, 0.5)
VERDICTS = ("DONE", "UNDECIDED", "CONTINUE", "CONTINUE", "DONE", "UNDECIDED", "OVER", "DONE", "CONTINUE")
LABELS = {"DONE": "saturated", "UNDECIDED": "undecided", "CONTINUE": "still gaining", "OVER": "over-trained"}
DOSES = (0.0, 0.125, 0.25, 0.5, 1.0)
PROMPTS = (420, 310, 500, 360, 400, 240, 300, 380, 90)


def _score(i: int, dose: float, shift: float = 0.0) -> float:
    return BASE[i] + shift + RISE[i] * (1 - math.exp(-RATE[i] * 2 * dose)) * (1 if shift == 0 else 0.6)


def _curve(i: int, split: str, rng: random.Random) -> Curve:
    shift = {"dev": 0.0, "ood": -0.07}[split]
    n = PROMPTS[i] if split == "dev" else PROMPTS[i] // 2
    points = []
    for dose in DOSES:
        score = round(_score(i, dose, shift) + rng.gauss(0, 0.006), 4)
        half = 1.96 * math.sqrt(max(score * (1 - score), 0.01) / n / 3)
        points.append(
            Point(
                dose=dose,
                rows=int(ROWS[i] * dose),
                tokens=int(TOKENS[i] * dose),
                score=score,
                low=round(score - half, 4),
                high=round(score + half, 4),
                n=n,
            )
        )
    step = _score(i, 2.0, shift) - _score(i, 1.0, shift)
    half = 0.012 + 2 / n
    doubling = Step(estimate=round(step, 4), low=round(step - half, 4), high=round(step + half * 1.2, 4))
    return Curve(
        bucket=IDS[i], split=split, points=tuple(points), fit=Fit(kind="rectified law", next_doubling=doubling)
    )


def _signal(name: str, condition: str, estimate: float, half: float, margin: float, n: int, state: str) -> Signal:
    said = {
        "holds": "the whole interval is on the side that the condition asks for",
        "fails": "the whole interval is on the other side",
        "unknown": "the interval reaches over the margin on one side",
    }
    return Signal.model_validate(
        {
            "name": name,
            "condition": condition,
            "state": state,
            "why": said[state].capitalize() + f"; the design detects {half * 1.43:.3f} with 80% power.",
            "gain": {
                "metric": "entropy" if name == "dH_policy" else "pass@1",
                "mde": round(half * 1.43, 4),
                "interval": {
                    "estimate": round(estimate, 4),
                    "low": round(estimate - half, 4),
                    "high": round(estimate + half, 4),
                    "level": 0.9,
                    "n": n,
                    "clusters": n // 3,
                    "seeds": 3,
                },
            },
            "margin": margin,
            "needs": f"about {n * 2 + 40} more dev prompts" if state == "unknown" else "",
        }
    )


def _ready(i: int) -> Readiness:
    def around(value: float) -> Interval:
        low, high = round(value - 0.03, 4), round(value + 0.03, 4)
        return Interval(estimate=value, low=low, high=high, level=0.95, n=PROMPTS[i], clusters=PROMPTS[i] // 3, seeds=3)

    return Readiness(group=8, pass_rate=around(0.33), learnable=around(0.38), headroom=around(0.21))


def _watch(i: int) -> tuple[Watched, ...]:
    names = ("protocol", "rising", "reach", "memory", "template", "narrowing", "entropy", "rl")
    states = ("seen", "not seen", "cannot tell")
    interval = {"estimate": -0.021, "low": -0.05, "high": 0.008, "level": 0.95, "n": PROMPTS[i]}
    return tuple(
        Watched.model_validate(
            {
                "name": name,
                "side": "not yet done" if k < 3 else "gone too far",
                "says": f"What {name} means when it is seen",
                "state": "cannot tell" if name == "rl" else states[(i + k) % 3],
                "measured": name != "rl",
                "why": f"Numbers behind {name}: 0.812 [0.790, 0.834] (90%), n={PROMPTS[i]}, margin 0.02",
                "needs": "about 120 more dev prompts" if (i + k) % 3 == 2 or name == "rl" else "",
                "gain": {"interval": interval} if k % 2 else None,
            }
        )
        for k, name in enumerate(names)
    )


MOVES = {"DONE": "rlvr", "UNDECIDED": "measure", "CONTINUE": "sft more", "OVER": "fix the mode"}


def _boundary(verdict: str) -> Boundary:
    return Boundary.model_validate(
        {
            "move": MOVES[verdict],
            "kind": "hard" if verdict == "CONTINUE" else "",
            "says": f"What to do where the verdict is {verdict}, in one sentence.",
            "because": ("The strongest reason with its interval.", "A second reason.", "A third reason."),
            "flips": "a dose arm that is flat within 0.02",
            "cheapest": "one more arm x 3 seeds: 3 trials",
        }
    )


def _decided(i: int, rng: random.Random) -> BucketDecision:
    verdict, n = VERDICTS[i], PROMPTS[i]
    states = {
        "DONE": ("holds", "holds", "holds", "holds"),
        "UNDECIDED": ("unknown", "holds", "holds", "unknown"),
        "CONTINUE": ("fails", "fails", "holds", "unknown"),
        "OVER": ("holds", "holds", "holds", "fails"),
    }[verdict]
    spread = {"holds": 0.008, "fails": 0.046, "unknown": 0.024}
    signals = [
        _signal(
            "dS_dev", "dS_dev ~ 0 within ±0.020", spread[states[0]] + rng.gauss(0, 0.002), 0.011, 0.02, n, states[0]
        ),
        _signal("dS_OOD", "dS_OOD <= 0 within 0.020", spread[states[1]] - 0.012, 0.014, 0.02, n // 2, states[1]),
        _signal("dH_policy", "dH_policy < 0", -0.062 + rng.gauss(0, 0.02), 0.021, 0.01, n, states[2]),
        _signal("dG_RL", "dG_RL <= 0 within 0.030", spread[states[3]] + 0.001, 0.017, 0.03, 128, states[3]),
    ]
    if i == 8:
        signals[3] = Signal(
            name="dG_RL",
            condition="dG_RL <= 0 within 0.030",
            state="unknown",
            why="No RL probe was run: the verifier of this bucket abstains on 41% of the samples.",
            needs="a verifier that abstains on less than 10%",
        )
    steps = {
        "DONE": "Stop adding rows; spend the tokens on math reasoning and code.",
        "UNDECIDED": "Add about 340 dev prompts from new documents, then read the same trials again (no training).",
        "CONTINUE": "Double the unique rows, hard ones first; repeat the two largest doses with three seeds.",
        "OVER": "Step back to checkpoint step-1200 of this arm and halve the bucket’s weight.",
    }
    return BucketDecision(
        bucket=IDS[i],
        verdict=verdict,
        label=LABELS[verdict],
        rule="done" if verdict in ("DONE", "OVER") else "undecided" if verdict == "UNDECIDED" else "not done",
        signals=tuple(signals),
        reasons=(
            f"Dev score moves by {signals[0].estimate:+.3f} on the last doubling of this bucket’s rows.",
            "Two OOD families agree, and neither is at its floor or ceiling.",
        ),
        flips=(
            f"A dev interval that clears +0.020 on {n * 2} prompts.",
            "An OOD family that falls by more than 0.020 with three more seeds.",
        ),
        next=steps[verdict],
        readiness=_ready(i) if i in (2, 3, 4) else None,
        watch=_watch(i),
        boundary=_boundary(verdict),
        made_of="+0.030 on dev is stopping +0.002; format +0.004; capability +0.024: a gain in capability",
    )


def _matrix(rng: random.Random) -> GainMatrix:
    cells = []
    for i, row in enumerate(IDS):
        for j, col in enumerate(IDS):
            effect = RISE[i] * 0.7 if i == j else rng.gauss(0, 0.012)
            if (row, col) in {("math_reasoning", "code"), ("tool_calls", "structured_output")}:
                effect += 0.055
            if (row, col) == ("safety_refusal", "general_instruction"):
                effect = -0.047
            half = 1.96 * 0.42 / math.sqrt(PROMPTS[j] * 1.2)
            cells.append(
                Cell(
                    row=row,
                    col=col,
                    estimate=round(effect, 4),
                    low=round(effect - half, 4),
                    high=round(effect + half, 4),
                    n=PROMPTS[j],
                )
            )
    return GainMatrix(rows=IDS, cols=IDS, cells=tuple(cells), split="dev")


def _scores() -> tuple[Score, ...]:
    lines = []
    for i, bucket in enumerate(IDS):
        for arm, dose in (("base", 0.0), ("dose:0.25", 0.25), ("dose:0.5", 0.5), ("full", 1.0)):
            for split, shift in (("dev", 0.0), ("ood", -0.07)):
                score = round(_score(i, dose, shift), 4)
                terminates, parses = 0.78 + 0.2 * dose, 0.9 + 0.08 * dose
                lines.append(
                    Score(
                        arm=arm,
                        bucket=bucket,
                        split=split,
                        score=score,
                        terminates=terminates,
                        parses=parses,
                        correct=min(score / terminates / parses, 1.0),
                    )
                )
    return tuple(lines)


def _mixture() -> Mixture:
    wanted = (0.13, 0.06, 0.27, 0.19, 0.09, 0.07, 0.03, 0.06, 0.10)
    budget, total = 20_000_000, sum(TOKENS)
    whys = {
        "math_reasoning": "Largest gain a token on its own eval, and it carries over to code.",
        "code": "Still gaining on the last doubling; capped at 4 epochs.",
        "safety_refusal": "Kept at its floor: more of it lowers general instruction.",
        "long_context": "Wide interval: 611 rows, one document family.",
    }
    weights = tuple(
        Weight(
            bucket=bucket,
            weight=w,
            low=round(w * 0.72, 4),
            high=round(min(w * 1.3 + 0.01, 1), 4),
            tokens=int(w * budget),
            epochs=round(w * budget / TOKENS[i], 3),
            available_tokens=TOKENS[i],
            proportional=round(TOKENS[i] / total, 4),
            uniform=round(1 / 9, 4),
            why=whys.get(bucket, "Saturated: the weight is what keeps its score within 0.020."),
        )
        for i, (bucket, w) in enumerate(zip(IDS, wanted, strict=True))
    )
    return Mixture(
        budget_tokens=budget,
        weights=weights,
        notes=("No bucket repeats its rows more than 4 times; protocol buckets keep a floor of 3%.",),
        method="surface",
        forecasts=tuple(
            Forecast(
                name=name,
                weights={},
                score=0.6 + gain,
                low=0.58 + gain,
                high=0.62 + gain,
                change=gain,
                change_low=gain - 0.01,
                change_high=gain + 0.01,
                no_regression=chance,
            )
            for name, gain, chance in (("proposal", 0.031, 0.97), ("proportional", 0.0, 1.0), ("uniform", -0.012, 0.31))
        ),
    )


SOURCES = (
    ("alpaca_seed", "general_instruction", "alpaca", 52_002, 3),
    ("gsm_train", "math_reasoning", "question_answer", 7_473, 0),
    ("glaive_tools", "tool_calls", "glaive", 12_940, 61),
    ("support_chats", None, "sharegpt", 18_311, 207),
    ("mixed_dump", None, "openai_messages", 21_806, 1_114),
)

RULES = (
    ("rules", "empty_answer", "The last assistant turn is empty or whitespace.", 1_203),
    ("rules", "refusal_stub", "The answer is a stock refusal to a harmless request.", 418),
    ("rules", "truncated_answer", "The answer ends inside a word, a fence or a list item.", 906),
    ("chat", "role_order", "Turns do not alternate, or a tool answer has no call.", 733),
    ("chat", "not_trainable", "The template leaves no assistant token to train on.", 122),
    ("tools", "unknown_tool", "A call names a tool that the row does not declare.", 389),
    ("tools", "bad_arguments", "The arguments do not satisfy the tool’s schema.", 514),
    ("answers", "wrong_answer", "The final answer differs from the gold answer.", 1_377),
    ("execution", "tests_fail", "The code does not pass its own tests in the sandbox.", 842),
    ("contamination", "eval_overlap", "Thirteen words in a row also stand in an eval prompt.", 97),
    ("dedup", "exact_duplicate", "The same content was seen before.", 9_311),
    ("dedup", "near_duplicate", "Jaccard of word 5-grams is at least 0.80 with a kept row.", 8_624),
)


def _drops(rng: random.Random) -> tuple[Drop, ...]:
    lines = []
    for k, (stage, rule, reason, count) in enumerate(RULES):
        examples = tuple(
            Example(
                id=f"{SOURCES[(k + e) % 5][0]}/part-{e}.jsonl:{1000 * k + e}:{rng.getrandbits(32):08x}",
                source=SOURCES[(k + e) % 5][0],
                excerpt="User: How many apples are left if Ana had 12 and gave away a third of them?\n"
                "Assistant: She gave away 4, so there are 7 left.",
                evidence="found 7, gold 8" if rule == "wrong_answer" else f"matched by {rule}",
                witness=f"alpaca_seed/data.json:{17 * k}:0f3c9a1{e}" if stage == "dedup" else None,
            )
            for e in range(3)
        )
        share = {name: round(rng.random() ** 3 * count / 30_000, 5) for name, *_ in SOURCES[: 2 + k % 4]}
        lines.append(Drop(stage=stage, rule=rule, reason=reason, count=count, share_of_source=share, examples=examples))
    return tuple(lines)


def _funnel() -> tuple[Stage, ...]:
    lost = {
        "rules": (2_527, 0),
        "chat": (855, 0),
        "tools": (903, 0),
        "answers": (1_377, 402),
        "execution": (842, 118),
        "contamination": (97, 0),
        "dedup": (17_935, 0),
        "balance": (1_456, 0),
    }
    read = sum(s[3] for s in SOURCES)
    broken = sum(s[4] for s in SOURCES)
    stages = [
        Stage(stage="read", rows_in=read, kept=read - broken, quarantined=broken, seconds=11.4, rows_per_second=9871)
    ]
    for k, (name, (dropped, quarantined)) in enumerate(lost.items()):
        rows = stages[-1].kept
        seconds = 2.0 + 7.7 * k
        stages.append(
            Stage(
                stage=name,
                rows_in=rows,
                kept=rows - dropped - quarantined,
                dropped=dropped,
                quarantined=quarantined,
                seconds=seconds,
                rows_per_second=rows / seconds,
            )
        )
    return tuple(stages)


_POEM = (
    "User: Write a short poem about the sea in {}.\nAssistant: The grey sea folds the evening light, and gulls {} home."
)
_ORDER = (
    "User: My order {} has not arrived{}, can you check where it is?\n"
    "Assistant: I am sorry about that. Could you {}give me the email of the account?"
)
_COLOURS = "User: Name the three primary colours.\nAssistant: Red, blue and yellow."

SEMANTIC = Semantic(
    action="flag",
    model="all-MiniLM-L6-v2",
    cosine=0.9,
    pairs=31,
    flagged=12,
    confirmed={"answer": 4, "lexical": 2},
    dropped=0,
    method="ivf",
    recall=0.9995,
    recall_low=0.9981,
    recall_high=0.9999,
    examples=(
        Near(
            cosine=0.957,
            signal="answer",
            row=Side(id="chat/a.jsonl:7:00aa", text="What's the capital city of France?"),
            other=Side(id="chat/a.jsonl:3:00ab", text="What is the capital of France?"),
        ),
        Near(
            cosine=0.911,
            veto="add / multiply",
            row=Side(id="math/b.jsonl:9:00ac", text="Multiply two numbers."),
            other=Side(id="math/b.jsonl:2:00ad", text="Add two numbers."),
        ),
    ),
)

DUPLICATES = (
    Duplicate(
        kind="near",
        jaccard=0.912,
        dropped=Side(id="mixed_dump/b.jsonl:88:91aa02ff", text=_POEM.format("autumn", "go")),
        witness=Side(id="alpaca_seed/data.json:4110:77c0ee12", text=_POEM.format("winter", "fly")),
    ),
    Duplicate(
        kind="near",
        jaccard=0.834,
        dropped=Side(id="support_chats/2.jsonl:512:aa01bc44", text=_ORDER.format(4471, "", "")),
        witness=Side(id="support_chats/1.jsonl:77:10bb9f3e", text=_ORDER.format(9920, " yet", "please ")),
    ),
    Duplicate(
        kind="exact",
        jaccard=1.0,
        dropped=Side(id="mixed_dump/a.jsonl:3:5be1c07d", text=_COLOURS),
        witness=Side(id="alpaca_seed/data.json:1:5be1c07d", text=_COLOURS),
    ),
)


JUDGED = Judged(
    judge="answer_quality 1, judge-70b, 3 votes",
    action="drop",
    pass_at=4,
    passed=21_204,
    failed=1_130,
    unscored=61,
    dropped=1_130,
    grades=tuple(
        Grades(grade=grade, rows=rows, share=rows / 22_334)
        for grade, rows in ((1.0, 112), (2.0, 341), (2.5, 97), (3.0, 580), (4.0, 9_881), (4.5, 4_120), (5.0, 7_203))
    ),
    reasons=(Counted(what="refusal: no vote", count=40), Counted(what="longer than max_input_chars", count=21)),
    calls=(Counted(what="answered", count=66_948), Counted(what="status 429, given up", count=54)),
    spent_usd=3.8113,
    cap_usd=5.0,
    forecast="judge: 67,002 calls to make, 0 in the ledger; about $4.10",
    allowance=Allowance(
        labelled=400,
        precision=0.962,
        precision_low=0.911,
        precision_high=0.985,
        kappa=0.74,
        kappa_low=0.66,
        kappa_high=0.82,
        least_precision=0.95,
        least_kappa=0.6,
        shortfalls=("precision of its FAILs is shown to be at least 0.911 only",),
    ),
    unread="agreement.json: no such file any more",
    examples=(
        Judgment(
            id="mixed_dump:17:aa",
            outcome="fail",
            votes=("1", "2", "1"),
            reason="mean grade 1.3",
            excerpt="user: Name three rivers. assistant: Blue.",
        ),
        Judgment(
            id="mixed_dump:99:bb",
            outcome="unscored",
            votes=("refused", "no_json"),
            reason="two of three votes are missing",
            excerpt="user: Tell me. assistant: No idea.",
        ),
    ),
)


def full_report() -> Report:
    """Everything present."""
    rng = random.Random(7)
    curves = tuple(_curve(i, split, rng) for i in range(9) for split in ("dev", "ood"))
    decision = Decision(
        verdict="CONTINUE",
        headline="Keep training on math, code and long context; three of nine buckets are saturated.",
        reasons=(
            "Math reasoning, code and long context still gain more than 0.020 on the last doubling.",
            "General instruction, tool calls and structured output are equivalent to their half dose.",
            "Safety and refusal is over-trained: RL after the full dose ends lower than after the half dose.",
        ),
        next="Collect about 15,000 more math rows (hard split first) and 8,500 code rows; "
        "train the proposed mixture against proportional with three fresh seeds.",
        move_to_rl="no",
        rl_reason="three buckets still gain from SFT, and 38% of GRPO groups in math carry signal already.",
        buckets=tuple(_decided(i, rng) for i in range(9)),
        checkpoint="dose:0.5",
        checkpoint_reason="least data within 0.02 of the best arm (full) on one half of dev",
        candidates=(
            Candidate(
                name="dose:0.25",
                kind="dose",
                score=0.518,
                eligible=True,
                why="loses 0.061 on hard",
                regret=Interval(estimate=0.061, low=0.032, high=0.09, level=0.95, n=212),
            ),
            Candidate(name="dose:0.5", kind="dose", score=0.573, eligible=True, why="tied with full", tied=True),
            Candidate(
                name="full",
                kind="dose",
                score=0.581,
                eligible=True,
                why="the highest",
                tied=True,
                regret=Interval(estimate=-0.004, low=-0.019, high=0.011, level=0.95, n=212),
            ),
        ),
        last="full",
        highest="full",
        boundary=_boundary("CONTINUE"),
    )
    return Report(
        title="sft-curate report: assistant-v3 data, autumn run",
        created="2026-11-23 14:02 UTC",
        command="curate run recipes/assistant-v3.yaml --out runs/assistant-v3 --workers 8",
        versions={
            "sft-curate": "0.1.0",
            "python": "3.11.9",
            "polars": "1.34.0",
            "torch": "2.8.0",
            "transformers": "5.1.0",
        },
        sources=tuple(
            Source(
                name=name,
                bucket=bucket,
                files=(
                    SourceFile(
                        path=f"{name}/part-0.jsonl.gz",
                        format=form,
                        why=f"keys of 500 rows match {form}",
                        rows=rows // 2,
                        quarantined=bad,
                    ),
                    SourceFile(
                        path=f"{name}/part-1.jsonl.gz",
                        format=form,
                        why=f"keys of 500 rows match {form}",
                        rows=rows - rows // 2,
                    ),
                ),
            )
            for name, bucket, form, rows, bad in SOURCES
        ),
        funnel=_funnel(),
        drops=_drops(rng),
        buckets=(
            *(
                Bucket(
                    id=bucket,
                    title=TITLES[bucket],
                    rows=ROWS[i],
                    tokens=TOKENS[i],
                    unsure_rows=ROWS[i] // 41,
                    tokens_p50=TOKENS[i] // ROWS[i],
                    tokens_p95=TOKENS[i] // ROWS[i] * 4,
                    difficulty=tuple(int(400 * math.exp(-((b - 2 - i / 2) ** 2) / 6)) for b in range(12)),
                )
                for i, bucket in enumerate(IDS)
            ),
            Bucket(id="unsure", title="Unsure", rows=1_022, tokens=204_400, tokens_p50=180, tokens_p95=702),
        ),
        duplicates=DUPLICATES,
        judged=JUDGED,
        semantic=SEMANTIC,
        balance=Balance(
            shortfalls=(
                Shortfall(
                    bucket="long_context", quota=2_000, got=611, why="only 611 rows are longer than 4,096 tokens"
                ),
            )
        ),
        truth=(
            Truth(
                fault="wrong gold answer",
                catcher="answers/wrong_answer",
                planted=200,
                found=196,
                flagged=204,
                precision=0.961,
            ),
            Truth(
                fault="near duplicate, 5% of words changed",
                catcher="dedup/near_duplicate",
                planted=300,
                found=297,
                flagged=311,
                precision=0.955,
            ),
            Truth(
                fault="call to an undeclared tool",
                catcher="tools/unknown_tool",
                planted=80,
                found=80,
                flagged=80,
                precision=1.0,
            ),
            Truth(
                fault="eval prompt, paraphrased",
                catcher="contamination/eval_overlap",
                planted=120,
                found=71,
                flagged=74,
                precision=0.959,
            ),
            Truth(fault="same numbers, another question", catcher="dedup", planted=100, found=99, wanted="kept"),
        ),
        ablation=Ablation(
            plan=Plan(trials=45, seeds=3, tokens=412_000_000, flops=3.34e17, mde=0.021, model="models/base-135m"),
            curves=curves,
            gain_matrix=_matrix(rng),
            scores=_scores(),
        ),
        decision=decision,
        mixture=_mixture(),
        checks=Checks(
            checks=(
                Checked(check="rules", passed=90_011, failed=2_114, abstained=0, seconds=2.9),
                Checked(check="answers", passed=14_002, failed=318, abstained=75_691, seconds=11.4),
                Checked(check="execution", passed=0, failed=0, abstained=89_693, seconds=0.0),
            ),
            untimed_shards=2,
        ),
        costs=Costs(
            wall_seconds=9_912,
            cleaning_seconds=388,
            ablation_seconds=9_524,
            peak_rss_mib=1_911,
            trials=45,
            trained_tokens=412_000_000,
            flops=3.34e17,
        ),
        warnings=("mixed_dump: 1,114 rows were quarantined (5.1%); most are truncated JSON.",),
    )


def bare_report() -> Report:
    """Only what cannot be missing."""
    return Report(title="bare", created="2026-11-23", command="curate run r.yaml")
