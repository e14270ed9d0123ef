"""The house rules: imports point down, cross only at front doors, the name clash is loud, help is light."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "buckets": set[str](),
    "verifiers": {"buckets"},
    "ablation": {"verifiers", "buckets"},
    "curate": {"ablation", "verifiers", "buckets"},
}
MODULES = sorted(path for package in MAY_IMPORT for path in (ROOT / package).rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports anywhere, with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield node.module or "", node.lineno


def offences(path: Path, package: str) -> list[str]:
    found = []
    for module, line in imports(path):
        top, _, rest = module.partition(".")
        if top in MAY_IMPORT and top != package:
            if top not in MAY_IMPORT[package]:
                found.append(f"{path.name}:{line}: {package} imports {module}, which is above it")
            elif rest:
                found.append(f"{path.name}:{line}: {module} is not a front door; write `from {top} import ...`")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down_and_cross_at_front_doors(path: Path) -> None:
    assert offences(path, path.relative_to(ROOT).parts[0]) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_text_files_name_their_encoding(path: Path) -> None:
    """Else a machine with another locale writes other bytes, or stops on the first umlaut."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        called = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
        if isinstance(node, ast.Call) and called in ("read_text", "write_text"):
            assert "encoding" in [word.arg for word in node.keywords], f"{path}:{node.lineno}"


def test_the_guard_sees_an_upward_import_and_a_side_door(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("import curate.cli\nfrom verifiers.rules import RULES\n")
    assert len(offences(bad, "buckets")) == 2
    assert len(offences(bad, "ablation")) == 2
    good = tmp_path / "good.py"
    good.write_text("from buckets import Record\nimport polars\n")
    assert offences(good, "verifiers") == []


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_no_import_cycle_inside_a_package(package: str) -> None:
    graph: dict[str, set[str]] = {}
    for path in (ROOT / package).rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        top_level = [
            n for n in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(n, ast.Import | ast.ImportFrom)
        ]
        wanted = {n.module or "" if isinstance(n, ast.ImportFrom) else n.names[0].name for n in top_level}
        graph[name] = {w for w in wanted if w.startswith(f"{package}.")}
    assert list(cycles(graph)) == []


def cycles(graph: dict[str, set[str]]) -> Iterator[list[str]]:
    done: set[str] = set()

    def walk(node: str, trail: list[str]) -> Iterator[list[str]]:
        if node in trail:
            yield [*trail[trail.index(node) :], node]
        elif node not in done:
            for child in sorted(graph.get(node, ())):
                yield from walk(child, [*trail, node])
            done.add(node)

    for start in sorted(graph):
        yield from walk(start, [])


def test_cycles_finds_one() -> None:
    assert list(cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}})) == [["a", "b", "c", "a"]]
    assert list(cycles({"a": {"b"}, "b": set()})) == []


def test_every_name_in_a_bucket_resolves() -> None:
    import ablation
    from buckets import BUCKETS
    from verifiers import VERIFIERS

    ids = ["general_instruction", "domain_qa", "math_reasoning", "code", "tool_calls"]
    ids += ["multi_turn_dialogue", "safety_refusal", "structured_output", "long_context"]
    assert sorted(BUCKETS) == sorted(ids)
    for key, bucket in BUCKETS.items():
        assert bucket.id == key
        assert set(bucket.verifiers) <= set(VERIFIERS), key
        assert set(bucket.tasks) <= set(ablation.TASKS), key


def _python(code: str, *, path: list[Path]) -> subprocess.CompletedProcess[str]:
    """`code` in a fresh interpreter that sees `path`; run from the first entry, which python puts in front."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    return subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=path[0], capture_output=True, text=True, check=False
    )


def test_another_verifiers_package_is_refused_in_one_sentence(tmp_path: Path) -> None:
    impostor = tmp_path / "verifiers"
    impostor.mkdir()
    (impostor / "__init__.py").write_text("__version__ = '0.9'\n")
    done = _python("import curate", path=[tmp_path, ROOT])
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert "another package named 'verifiers'" in last
    assert str(impostor) in last
    assert "virtualenv" in last


def test_help_and_front_doors_load_no_heavy_library() -> None:
    heavy = ["torch", "transformers", "faiss", "sentence_transformers", "ray", "openai", "sympy", "math_verify"]
    code = (
        "import sys, json\n"
        "import buckets, verifiers, ablation, curate.cli\n"
        "from typer.testing import CliRunner\n"
        "done = CliRunner().invoke(curate.cli.app, ['--help'])\n"
        "assert done.exit_code == 0, done.output\n"
        f"print(json.dumps([m for m in {heavy} if m in sys.modules]))\n"
    )
    done = _python(code, path=[ROOT])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_a_trial_runs_without_polars_and_pydantic() -> None:
    code = (
        "import sys\n"
        "for name in ('polars', 'pydantic', 'datasketch'):\n"
        "    sys.modules[name] = None\n"
        "import ablation.trial, importlib.util\n"
        "spec = importlib.util.find_spec('ablation.train')\n"
        "assert spec is not None\n"
    )
    done = _python(code, path=[ROOT])
    assert done.returncode == 0, done.stderr
