"""False-pass and false-drop rates of every verifier over labelled public data, through `curate agreement`.

    python -m benchmarks.agreement --data DIR --json benchmarks/results/agreement.json

Where the labels come from: answers: GSM8K's is_correct, MATH-500 solutions against their gold, damaged
golds, rewrites and damages of drawn values. tools: BFCL gold calls, and the same with a planted fault. schema: the
official JSON Schema suite without remote references. execution: MBPP references, HumanEval references and empty bodies,
CRUXEval with the right and with another output. refusal: XSTest completions whose human label is full. chat, tools and
schema: the fault catalogue of the tests. rules: gold rows of the verifier against damaged ones, which proves little.
Does not cover: rows as they come in the wild; the rates hold for these samples.
"""

from __future__ import annotations

import argparse
import ast
import gzip
import itertools
import json
import platform
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.answers import boxed
from benchmarks.lint import BFCL, gold_calls
from benchmarks.refusal import MODELS, xstest
from benchmarks.rewrites.kinds import KINDS, pairs
from benchmarks.rewrites.real import damaged_golds
from buckets import REFUSE
from curate.agreed import measure_verifiers, verifiers_text
from tests.verifiers.faults import FAULTS
from verifiers import VERIFIERS

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


def execution(data: Path) -> Iterator[Label]:
    for row in _lines(data / "humaneval/HumanEval.jsonl.gz"):
        tests = f"{row['test']}\ncheck({row['entry_point']})\n"
        for good, body in ((True, row["canonical_solution"]), (False, "    pass\n")):
            yield label("execution", good, "Write it.", row["prompt"] + body, tests=tests)
    for row in _lines(data / "mbpp/mbpp.jsonl"):
        yield label("execution", True, row["text"], row["code"], tests="\n".join(row["test_list"]))
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


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    yield from (json.loads(line) for line in text.split("\n") if line.strip())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    sources = [made(chosen.data) for made in (answers, tools, schema, execution, refusal)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.jsonl"
        with path.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(row) + "\n" for row in itertools.chain(*sources, catalogue()))
        found = measure_verifiers(path)
    print(verifiers_text(found))
    if chosen.json:
        result = {
            "command": "python -m benchmarks.agreement --data DIR --json benchmarks/results/agreement.json",
            "labels": found["labels"]["rows"],
            "verifiers": found["verifiers"],
            "versions": {"python": platform.python_version()}
            | {name: version(name) for name in ("polars", "jsonschema", "math-verify")},
            "date": datetime.now(UTC).date().isoformat(),
        }
        chosen.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
