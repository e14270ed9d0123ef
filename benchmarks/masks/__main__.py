"""Our masks beside TRL's, token by token: `python -m benchmarks.masks --trl PYTHON --out FILE`.

PYTHON is the interpreter of an environment with TRL, where `benchmarks/peers/trl_masks.py` runs alone. Not covered: the
families' own vocabularies (see `tokenizers`), images, templates that need other arguments than messages and tools.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from ablation.mask import Encoder
from ablation.mask_policy import MaskPolicy
from benchmarks.masks.families import FAMILIES, Family
from benchmarks.masks.reasons import REASONS, differences
from benchmarks.masks.talks import Talk, talks
from benchmarks.masks.tokenizers import tokenizer_for
from buckets import RowError, write_json
from verifiers import Template, chat_of, json_list

PEER = Path(__file__).parents[1] / "peers" / "trl_masks.py"
POLICIES = {name: MaskPolicy(rewritten=name) for name in ("masked", "trained")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trl", required=True, help="python of an environment with TRL")
    parser.add_argument("--talks", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/masks.json"))
    options = parser.parse_args()
    names = [name for family in FAMILIES.values() for name in (family.stock, family.training)]
    told = json.loads(_peer(options.trl, "--templates", *names))
    everything = list(talks(options.talks))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _hand_over(folder, told, everything)
        lines = [json.loads(line) for line in _peer(options.trl, str(folder)).splitlines()]
    theirs = {(line["family"], line["id"]): line for line in lines}
    found = {name: _family(name, family, told, everything, theirs) for name, family in FAMILIES.items()}
    import transformers

    write_json(
        options.out,
        {
            "command": f"python -m benchmarks.masks --trl PYTHON --talks {options.talks}",
            "date": date.today().isoformat(),
            "versions": {
                "trl": told["trl"],
                "transformers_of_trl": told["transformers"],
                "transformers": transformers.__version__,
            },
            "talks": options.talks,
            "reasons": REASONS,
            "families": found,
        },
    )
    for name, line in found.items():
        print(name, json.dumps(line, ensure_ascii=False))


def _peer(python: str, *arguments: str) -> str:
    return subprocess.run([python, str(PEER), *arguments], check=True, capture_output=True, text=True).stdout


def _hand_over(folder: Path, told: dict[str, str], everything: list[Talk]) -> None:
    """One tokenizer folder a family, with the stock template, and every conversation in the form its template takes."""
    with (folder / "talks.jsonl").open("w", encoding="utf-8") as file:
        for name, family in FAMILIES.items():
            tokenizer_for(told[family.stock], family.bos, family.eos, family.extra).save_pretrained(folder / name)
            training = tokenizer_for(told[family.training], family.bos, family.eos, family.extra)
            template = Template(training)
            for talk in everything:
                chat = template.content(chat_of(talk.messages))
                tools = json_list("tools", talk.tools)
                line = {"family": name, "id": talk.id, "chat": chat, "tools": tools}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _family(
    name: str, family: Family, told: dict[str, str], everything: list[Talk], theirs: dict[tuple[str, str], Any]
) -> dict[str, Any]:
    """Same text (TRL's training template without its marks) and stock template, rewritten turns masked and trained."""
    result: dict[str, Any] = {}
    for which in dict.fromkeys((family.training, family.stock)):
        tokenizer = tokenizer_for(told[which], family.bos, family.eos, family.extra)
        kind = "same text" if which == family.training else "stock template"
        for mode, policy in POLICIES.items():
            result[f"{kind}, rewritten turns {mode}"] = _compared(Encoder(tokenizer, policy), name, everything, theirs)
    return result


def _compared(
    encoder: Encoder, name: str, everything: list[Talk], theirs: dict[tuple[str, str], Any]
) -> dict[str, Any]:
    template = Template(encoder.tokenizer)
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for talk in everything:
        peer = theirs[name, talk.id]
        try:
            row = encoder.encode(talk.messages, talk.tools)
        except RowError as error:
            refused[f"{error.reason}{' (TRL too)' if 'error' in peer else ''}"] += 1
            continue
        if "error" in peer:
            counts["only TRL refuses"] += 1
        elif row.ids != peer["ids"]:
            counts["another text"] += 1
        else:
            found = differences(row, peer["mask"], talk, template)
            counts["conversations"] += 1
            counts["tokens"] += len(row.ids)
            counts["trained"] += sum(row.trained)
            counts["identical conversations"] += not found
            reasons.update(found)
    return {**counts, "refused": dict(refused), "differing tokens": dict(reasons)}


if __name__ == "__main__":
    main()
