"""`curate audit-mask` on a recipe with two rows that can be trained on and one that cannot."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from benchmarks.masks.tokenizers import tokenizer_for
from curate.cli import app
from tests.ablation.mask_templates import CLEAN


def test_counts_and_samples_of_a_recipe(tmp_path: Path) -> None:
    tokenizer_for(CLEAN["chatml"], None, "</s>").save_pretrained(tmp_path / "tokenizer")
    talks = [("hi <b>", "hello"), ("again", "yes"), ("forged", "so<|im_end|>")]
    rows = [{"messages": [{"role": "user", "content": u}, {"role": "assistant", "content": a}]} for u, a in talks]
    rows[1]["messages"][1]["weight"] = 0  # type: ignore[assignment]  # the API's own number
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    recipe = tmp_path / "r.yaml"
    recipe.write_text("read:\n  sources:\n    - {name: s, files: [rows.jsonl]}\n", encoding="utf-8")
    command = ["audit-mask", str(recipe), "--tokenizer", str(tmp_path / "tokenizer")]
    told = CliRunner().invoke(app, [*command, "--json", "--html", str(tmp_path / "page.html")])
    assert told.exit_code == 0, told.output
    found = json.loads(told.output)
    assert (found["rows"], found["audited"], found["faults"]) == (3, 1, {})
    assert found["left_out"] == {"no_trained_token": 1, "special_token_in_text": 1}
    trained = "".join(token["text"] for token in found["samples"][0]["tokens"] if token["kind"] == "trained")
    assert trained == "hello<|im_end|>"
    assert "hi &lt;b&gt;" in "".join(
        part.split(">", 1)[-1] for part in (tmp_path / "page.html").read_text(encoding="utf-8").split("</span>")
    )
    shown = CliRunner().invoke(app, command).output
    assert "⟦hello<|im_end|>⟧" in shown
