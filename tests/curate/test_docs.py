"""The pages of docs/ against the code: recipes are valid, links lead somewhere, the README names every page."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
import yaml

from curate.recipe import Recipe

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def recipes(page: Path) -> list[dict[str, object]]:
    """The blocks of YAML on a page, fenced or indented, all of whose keys are tables of a recipe."""
    text = page.read_text(encoding="utf-8")
    blocks = [*re.findall(r"```yaml\n(.*?)```", text, re.DOTALL), *re.findall(r"\n\n((?: {4}.*\n)+)", text)]
    values = []
    for block in map(textwrap.dedent, blocks):
        try:
            value = yaml.safe_load(block)
        except yaml.YAMLError:
            continue  # a command line
        if isinstance(value, dict) and value and value.keys() <= Recipe.model_fields.keys():
            values.append(value)
    return values


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_recipes_of_a_page_are_valid(page: Path) -> None:
    for value in recipes(page):
        Recipe.model_validate({"read": {"sources": [{"name": "mine", "files": ["mine.jsonl"]}]}} | value)


def test_recipes_are_found_where_they_are_known_to_stand() -> None:
    found = {page.name for page in PAGES if recipes(page)}
    assert {"README.md", "files.md", "mapping.md", "ledger.md", "judge.md", "verifiers.md", "semantic.md"} <= found


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings: lower case, spaces to hyphens, punctuation left out."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        other = page.parent / name if name else page
        assert other.exists(), target
        assert not anchor or anchor in anchors(other), target


def test_the_readme_names_every_page() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert f"](docs/{page.name})" in text, page.name
