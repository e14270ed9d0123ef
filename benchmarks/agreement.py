"""False-pass and false-drop rates of every verifier over labelled public data, through `curate agreement`.

    python -m benchmarks.agreement --data DIR --json benchmarks/results/agreement.json

Where the labels come from: answers: GSM8K's is_correct, MATH-500 solutions against their gold, damaged
golds, rewrites and damages of drawn values. tools: BFCL gold calls, and the same with a planted fault. schema: the
official JSON Schema suite without remote references. execution: MBPP references, HumanEval references and empty bodies,
CRUXEval with the right and with another output, mutants of the MBPP and HumanEval references (benchmarks/mutants.py).
refusal: XSTest completions whose human label is full. chat and tools: 500 generated dialogues, and the same with a
planted fault (benchmarks/planted.py). rules: published answers, and the same spoiled (benchmarks/spoiled.py). Also the
fault catalogue of the tests for chat, tools, schema and rules. Programs are run in the sandbox where one isolates.
`in_the_wild`: what one reader said of rows that the dropping rules hit in 19 public sets (benchmarks/alarms).
Does not cover: how often faults come in the wild; the rates hold for these samples.
"""

from __future__ import annotations

import argparse
import ast
import gzip
import itertools
import json
import platform
import random
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.answers import boxed
from benchmarks.lint import BFCL, gold_calls
from benchmarks.mutants import behave, mutants
from benchmarks.planted import CHAT, TOOLS, dialogues, planted
from benchmarks.refusal import MODELS, xstest
from benchmarks.rewrites.kinds import KINDS, pairs
from benchmarks.rewrites.real import damaged_golds
from benchmarks.spoiled import spoiled
from buckets import REFUSE
from curate.agreed import Judges, labelled, measure_verifiers, verifiers_text
from tests.verifiers.faults import FAULTS
from verifiers import VERIFIERS, wilson
from verifiers.isolated import isolation, judge_isolated
from verifiers.sandbox import Limits
from verifiers.sandbox.pool import Pool

ALARMS = Path(__file__).parent / "results/alarms.json"

Label = dict[str, Any]


def label(verifier: str, good: bool, question: str, answer: str, **columns: Any) -> Label:
    turns = [{"role": "user", "content": question or "?"}, {"role": "assistant", "content": answer}]
    return {"verifier": verifier, "label": "good" if good else "bad", "record": {"messages": turns, **columns}}


def answers(data: Path) -> Iterator[Label]:
    for row in _lines(data / "gsm8k/example_model_solutions.jsonl.gz"):
        gold = row["ground_truth"].rsplit("A:", 1)[-1].strip()
        for size, way in itertools.product(("6b", "175b"), ("finetuning", "verification")):
            said = row[f"{size}_{way}"]
            yield label("answers", said["is_correct"], row["question"], said["solution"], reference=gold)
    for row in _lines(data / "math_eval/math500_test.jsonl"):
        yield label("answers", True, row["problem"], row["solution"], reference=row["answer"])
        for other in damaged_golds(row["answer"]):
            yield label("answers", False, row["problem"], boxed(other), reference=row["answer"])
    for kind in KINDS:
        for equal, gold, other, question in pairs(kind, 11, 80):
            yield label("answers", equal, question, boxed(other), reference=gold)


def tools(data: Path) -> Iterator[Label]:
    """Each gold answer as BFCL allows it, then with one fault: another name, an argument too many, one that is none."""
    for name in BFCL:
        file = f"BFCL_v4_{name}.json"
        rows = {row["id"]: row for row in _lines(data / "bfcl_v4" / file)}
        with tarfile.open(data / "bfcl_v4/possible_answer.tar.gz") as archive:
            stream = archive.extractfile(next(m for m in archive if m.name.rpartition("/")[2] == file))
            golds = [json.loads(line) for line in stream or () if line.strip()]
        for gold in golds:
            declared = rows[gold["id"]]["function"]
            calls = json.loads(gold_calls(gold["ground_truth"], optional=False))
            yield _called(True, calls, declared)
            function = calls[0]["function"]
            arguments = json.loads(function["arguments"])
            for fault in (
                {**function, "name": function["name"] + "_x"},
                {**function, "arguments": json.dumps({**arguments, "zq_invented": 1})},
                {**function, "arguments": function["arguments"][:-1]},
            ):
                yield _called(False, [{**calls[0], "function": fault}, *calls[1:]], declared)


def _called(good: bool, calls: list[Any], declared: list[Any]) -> Label:
    found = label("tools", good, "?", "", tools=declared)
    found["record"]["messages"][1]["tool_calls"] = calls
    return found


def schema(data: Path) -> Iterator[Label]:
    """Required tests of 2020-12 and draft 7; a case that points to a remote schema is told by its text and left out."""
    uris = {
        "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
        "draft7": "http://json-schema.org/draft-07/schema#",
    }
    with tarfile.open(data / "json_schema_test_suite/json_schema_test_suite.tar.gz") as archive:
        for member in archive:
            draft = next((one for one in uris if f"tests/{one}/" in member.name), None)
            if draft is None or not member.name.endswith(".json") or "/optional/" in member.name:
                continue
            stream = archive.extractfile(member)
            for group in json.loads(stream.read()) if stream else ():
                asked = group["schema"]
                if "localhost" in json.dumps(asked):
                    continue
                told = {"$schema": uris[draft], **asked} if isinstance(asked, dict) else asked
                for test in group["tests"]:
                    yield label(
                        "schema", test["valid"], group["description"], json.dumps(test["data"]), schema=json.dumps(told)
                    )


def dialogues_and_faults() -> Iterator[Label]:
    """The same 500 dialogues for chat and for tools, each followed by one of its faults."""
    goods = dialogues(500)
    for name, faults in (("chat", CHAT), ("tools", TOOLS)):
        yield from (_from(name, True, good) for good in goods)
        for fault, bad in planted(goods, faults, 11):
            yield _from(name, False, bad) | {"fault": fault}


def rules(data: Path) -> Iterator[Label]:
    """550 published answers, 50 for each way to spoil one."""
    pairs = [(row["question"], row["answer"]) for row in itertools.islice(_lines(data / "gsm8k/test.jsonl.gz"), 330)]
    pairs += [(row["problem"], row["solution"]) for row in _lines(data / "math_eval/math500_test.jsonl")][:220]
    yield from (label("rules", True, question, answer) for question, answer in pairs)
    order = random.Random(11).sample(pairs, len(pairs))
    for fault, question, answer in spoiled(order, 11):
        found = label("rules", False, question, answer)
        found["record"]["messages"][0]["content"] = question
        yield found | {"fault": fault}


def mutated(data: Path) -> Iterator[Label]:
    """One mutant of each MBPP reference, three of each of HumanEval; good where every assert still holds."""
    made: list[tuple[str, str, str]] = []
    for row in _lines(data / "mbpp/mbpp.jsonl"):
        tests = _mbpp_tests(row)
        code = row["code"].replace("\r", "")
        made += [(kind, mutant, tests) for kind, mutant in mutants(code, f"mbpp {row['task_id']}", 1)]
    for row in _lines(data / "humaneval/HumanEval.jsonl.gz"):
        tests = f"{row['test']}\ncheck({row['entry_point']})\n"
        whole = row["prompt"] + row["canonical_solution"]
        made += [(kind, code, tests) for kind, code in mutants(whole, row["task_id"], 3)]
    with Pool(limits=Limits(cpu_seconds=1)) as pool:
        behaved = behave(pool, [(code, tests) for _, code, tests in made])
    for (kind, code, tests), right in zip(made, behaved, strict=True):
        if right is not None:  # one that does not end is no case for a check with limits
            fault = f"mutant, equal on the tests ({kind})" if right else kind
            yield label("execution", right, "Write it.", code, tests=tests) | {"fault": fault}


def _mbpp_tests(row: dict[str, Any]) -> str:
    """Two rows define a class that their asserts use beside them."""
    return "\n".join([row.get("test_setup_code") or "", *row["test_list"]]).strip()


def execution(data: Path) -> Iterator[Label]:
    for row in _lines(data / "humaneval/HumanEval.jsonl.gz"):
        tests = f"{row['test']}\ncheck({row['entry_point']})\n"
        for good, body in ((True, row["canonical_solution"]), (False, "    pass\n")):
            yield label("execution", good, "Write it.", row["prompt"] + body, tests=tests)
    for row in _lines(data / "mbpp/mbpp.jsonl"):
        yield label("execution", True, row["text"], row["code"], tests=_mbpp_tests(row))
    for row in _lines(data / "cruxeval/cruxeval.jsonl"):
        for good, output in ((True, row["output"]), (False, _other(row["output"]))):
            yield label("execution", good, "Write f.", row["code"], tests=f"assert f({row['input']}) == {output}")


def _other(literal: str) -> str:
    """A literal that is not equal: text in a list, where the value is anything else than that."""
    value = ast.literal_eval(literal)
    other = ["another", literal]
    assert value != other
    return repr(other)


def refusal(data: Path) -> Iterator[Label]:
    """Full refusals and full compliance, each asked as one that should refuse and as one that should not."""
    for model in MODELS:
        for row in xstest(data, model):
            kind = row["final_label"].strip()[:1]
            if kind in "12":
                yield label("refusal", kind == "2", row["prompt"], row["completion"], reference=REFUSE)
                yield label("refusal", kind == "1", row["prompt"], row["completion"], reference="An answer.")


def catalogue() -> Iterator[Label]:
    """The fault catalogue, and each verifier's own gold; trainability has a test of its own."""
    goods: list[Any] = []
    for fault in FAULTS:
        if fault.check in VERIFIERS:
            yield _from(fault.check, False, fault.damage(fault.good))
            if (fault.check, fault.good) not in goods:
                goods.append((fault.check, fault.good))
                yield _from(fault.check, True, fault.good)
    for name in ("rules", "chat"):
        yield from (_from(name, True, one) for one in VERIFIERS[name].gold)
        yield from (_from(name, False, one) for one in VERIFIERS[name].damaged)


def _from(verifier: str, good: bool, record: Any) -> Label:
    columns = {name: getattr(record.draft, name) for name in ("tools", "reference", "tests", "schema")}
    turns = [asdict(message) for message in record.messages]
    told = {"messages": turns, "bucket": record.bucket, **columns}
    return {"verifier": verifier, "label": "good" if good else "bad", "record": told}


def by_fault(path: Path, judges: Judges) -> dict[str, dict[str, dict[str, int]]]:
    """Verifier -> planted fault -> verdicts, over the labels that name one."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    with path.open(encoding="utf-8") as lines:
        faults = [json.loads(line).get("fault") for line in lines]
    for (name, record, _), fault in zip(labelled(path, judges), faults, strict=True):
        if fault is not None:
            row = found.setdefault(name, {}).setdefault(fault, {"pass": 0, "fail": 0, "abstain": 0})
            row[judges[name](record).outcome.value] += 1
    return found


def in_the_wild(path: Path = ALARMS) -> dict[str, Any]:
    """What a reader said of the rows that dropping rules hit; the share of all rows that they can drop wrongly."""
    told = json.loads(path.read_bytes())
    lines = [line for line in told["rules"].values() if line["drops"]]
    hits = sum(line["hits"] for line in lines)
    read = sum(line["precision"]["of"] for line in lines)
    false = read - sum(line["labels"].get("right", 0) for line in lines)
    low, high = wilson(false, read)
    return {
        "rows": told["rows"],
        "hits": hits,
        "read": read,
        "false": false,
        "false_interval": [low, high],
        "rows_dropped_wrongly_interval": [low * hits / told["rows"], high * hits / told["rows"]],
        "readers": told["readers"],
    }


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    yield from (json.loads(line) for line in text.split("\n") if line.strip())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    sources = [made(chosen.data) for made in (answers, tools, schema, execution, mutated, refusal, rules)]
    judges: dict[str, Any] = {**VERIFIERS, "execution": partial(judge_isolated, tier="auto")}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.jsonl"
        with path.open("w", encoding="utf-8") as out:
            out.writelines(
                json.dumps(row) + "\n" for row in itertools.chain(*sources, dialogues_and_faults(), catalogue())
            )
        found = measure_verifiers(path, judges)
        faults = by_fault(path, judges)
    print(verifiers_text(found))
    if chosen.json:
        result = {
            "command": "python -m benchmarks.agreement --data DIR --json benchmarks/results/agreement.json",
            "labels": found["labels"]["rows"],
            "sandbox": isolation("auto"),
            "verifiers": found["verifiers"],
            "by_fault": faults,
            "in_the_wild": in_the_wild(),
            "versions": {"python": platform.python_version()}
            | {name: version(name) for name in ("polars", "jsonschema", "math-verify")},
            "date": datetime.now(UTC).date().isoformat(),
        }
        chosen.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
