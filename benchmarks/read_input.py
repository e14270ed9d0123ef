"""Seeded raw files for the reading benchmarks: Alpaca-like rows, and conversations with tools."""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

_ROW_BLOCK = 10_000
_WORDS = tuple(
    f"{start}{end}"
    for start in ("a", "be", "con", "de", "ex", "for", "in", "mo", "per", "re", "su", "tra")
    for end in ("ble", "ct", "d", "fer", "l", "ment", "n", "port", "st", "ted", "tion", "ve")
)
_CITIES = ("Paris", "Zürich", "São Paulo", "東京", "Nairobi", "Reykjavík", "Montréal", "Kraków")


def alpaca_row(rng: random.Random) -> dict[str, Any]:
    """instruction, input (empty in six of ten rows, as in Alpaca) and output: 300 to 600 bytes of JSON for most."""
    context = "" if rng.random() < 0.6 else _text(rng, 8, 30)
    return {"instruction": _text(rng, 8, 20), "input": context, "output": _text(rng, 25, 75)}


def tool_row(rng: random.Random) -> dict[str, Any]:
    """OpenAI messages of five to nine turns with two tools, parallel calls and JSON arguments: about 2 kB."""
    tools = [_tool(rng, name) for name in rng.sample(("get_weather", "search_web", "book_flight", "convert"), 2)]
    messages: list[dict[str, Any]] = [{"role": "system", "content": "You are helpful. " + _text(rng, 5, 15)}]
    for _ in range(rng.randint(1, 2)):
        messages.append({"role": "user", "content": _text(rng, 15, 30)})
        calls = [_call(rng, tools) for _ in range(rng.choice((1, 1, 2)))]
        messages.append({"role": "assistant", "content": None, "tool_calls": calls})
        messages += [_result(rng, call["id"]) for call in calls[: 2 if len(messages) < 4 else 1]]
    messages.append({"role": "assistant", "content": _text(rng, 20, 60)})
    return {"messages": messages, "tools": tools, "id": rng.getrandbits(48)}


def _text(rng: random.Random, least: int, most: int) -> str:
    words = rng.choices(_WORDS, k=rng.randint(least, most))
    words[len(words) // 2] += ",\n" if rng.random() < 0.3 else ","
    return " ".join(words).capitalize() + "."


def _tool(rng: random.Random, name: str) -> dict[str, Any]:
    properties = {
        "city": {"type": "string", "description": _text(rng, 4, 8)},
        "days": {"type": "integer", "minimum": 1, "maximum": rng.randint(5, 14)},
        "options": {"type": "object", "properties": {"units": {"type": "string", "enum": ["metric", "imperial"]}}},
    }
    parameters = {"type": "object", "properties": properties, "required": ["city"]}
    function = {"name": name, "description": _text(rng, 6, 12), "parameters": parameters}
    return {"type": "function", "function": function}


def _call(rng: random.Random, tools: list[dict[str, Any]]) -> dict[str, Any]:
    arguments = {"city": rng.choice(_CITIES), "days": rng.randint(1, 9), "options": {"units": "metric"}}
    function = {"name": rng.choice(tools)["function"]["name"], "arguments": orjson.dumps(arguments).decode()}
    return {"id": f"call_{rng.getrandbits(40):010x}", "type": "function", "function": function}


def _result(rng: random.Random, call: str) -> dict[str, Any]:
    found = {"temperature": rng.randint(-10, 35), "sky": _text(rng, 3, 9), "wind": [rng.random() for _ in range(3)]}
    return {"role": "tool", "tool_call_id": call, "content": orjson.dumps(found).decode()}


MAKERS = {"alpaca": alpaca_row, "tools": tool_row}


def blocks(shape: str, rows: int, seed: int) -> Iterator[bytes]:
    """The file as blocks of lines; a block has a seed of its own, so that a longer file starts like a shorter one."""
    make = MAKERS[shape]
    for start in range(0, rows, _ROW_BLOCK):
        rng = random.Random(f"{seed}-{shape}-{start}")
        count = min(_ROW_BLOCK, rows - start)
        yield b"".join(orjson.dumps(make(rng), option=orjson.OPT_APPEND_NEWLINE) for _ in range(count))


def write_rows(path: Path, shape: str, rows: int, seed: int) -> None:
    """JSON Lines of `rows` rows of one shape (alpaca or tools)."""
    with path.open("wb") as file:
        file.writelines(blocks(shape, rows, seed))


def write_array(path: Path, lines: Path) -> None:
    """The rows of a JSON Lines file as one JSON array."""
    with lines.open("rb") as rows, path.open("wb") as file:
        for index, line in enumerate(rows):
            file.write((b",\n" if index else b"[") + line.rstrip(b"\n"))
        file.write(b"]\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--shape", choices=sorted(MAKERS), default="alpaca")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    write_rows(options.path, options.shape, options.rows, options.seed)


if __name__ == "__main__":
    main()
