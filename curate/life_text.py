"""A row's life as lines for a terminal of any width; what is cut says so, and --json cuts nothing."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from curate.difference import differences, text_of

_LABEL = 14
_CLIP = 600


def life_text(found: dict[str, Any], width: int | None = None) -> str:
    """The life as lines of about `width` characters; default: the terminal's."""
    fell = found["fell"]
    head = f"{found['id']}  {found['fate']}" + (f" at {fell['stage']}: {fell['rule']}" if fell else "")
    room = max((width or _width()) - _LABEL - 2, 30)
    return "\n".join([head, *(line for label, text in _parts(found) for line in _block(label, text, room))])


def _width() -> int:
    return min(shutil.get_terminal_size((100, 24)).columns, 140)


def _block(label: str, text: str, room: int) -> list[str]:
    """A label beside its text; an empty label goes on with the block above."""
    lines = [part for line in text.split("\n") for part in textwrap.wrap(line, room, **_WRAP) or [""]]
    labels = [label, *[""] * (len(lines) - 1)]
    return [f"  {name:<{_LABEL}}{line}".rstrip() for name, line in zip(labels, lines, strict=True)]


_WRAP: dict[str, Any] = {"break_long_words": True, "replace_whitespace": False, "drop_whitespace": True}


def _parts(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    record, origin = found["record"], found["origin"]
    yield "from", f"{origin['file']} row {origin['row']}" + (f", read as {record['format']}" if record else "")
    yield "raw", _raw(found)
    if record is not None:
        if record["bucket"]:
            sure, why = record["bucket_confidence"], record["bucket_reason"]
            yield "bucket", record["bucket"] + (f" ({sure:.2f}: {why})" if sure is not None else "")
        yield "measures", _measures(record)
        yield from _talk(record["messages"])
        yield from _given(record)
    for stage in found["stages"]:
        yield stage["stage"], stage["verdict"] + _why(stage)
        yield from (("", f"found: {_seen(seen)}") for seen in stage.get("seen", ()))
    yield from _witness(found)
    if found["witness_for"]["rows"]:
        yield from _stands_for(found["witness_for"])
    yield from (("near", _near(flag, found["id"])) for flag in found["near"])


def _raw(found: dict[str, Any]) -> str:
    raw, fell = found["raw"], found["fell"]
    if raw["text"] is not None:
        return _clipped(raw["text"]) + (f"\n({raw['note']})" if raw["note"] else "")
    if fell is not None and fell["fate"] == "quarantined" and fell["stage"] == "read" and fell["evidence"]:
        return f"{_clipped(fell['evidence'])}\n(from the ledger: {raw['note']})"
    return f"({raw['note']})"


def _measures(record: dict[str, Any]) -> str:
    def count(name: str, one: str) -> str:
        return f"{record[name] or 0:,} {one}" + ("" if record[name] == 1 else "s")

    said = [f"{count('tokens', 'token')} ({record['answer_tokens'] or 0:,} of the answer)", count("turns", "turn")]
    said += [count("n_tool_calls", "tool call"), count("chars", "character")]
    if record.get("language"):
        said.append(f"language {record['language']}")
    if record["difficulty"] is not None:
        said.append(f"difficulty {record['difficulty']:.2f}")
    return ", ".join(said)


def _talk(messages: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for message in messages:
        if message["content"] or not message["tool_calls"]:
            yield message["role"], _clipped(json.dumps(message["content"], ensure_ascii=False))
        if message["tool_calls"]:
            yield "" if message["content"] else message["role"], f"calls {_clipped(message['tool_calls'])}"


def _given(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What stands beside the turns: tools, gold, tests, schema."""
    for key, label in (("tools", "tools"), ("reference", "gold"), ("tests", "tests"), ("schema", "schema")):
        if record[key]:
            yield label, _clipped(json.dumps(record[key], ensure_ascii=False) if key == "tests" else record[key])


def _clipped(text: str) -> str:
    rest = len(text) - _CLIP
    return text if rest <= 0 else f"{text[:_CLIP]} ... ({rest:,} more characters: --json)"


def _why(stage: dict[str, Any]) -> str:
    if "rule" not in stage:
        return ""
    told = stage["evidence"] and stage["stage"] != "read"  # what could not be read stands above, as the raw text
    evidence = f" [{_clipped(stage['evidence'])}]" if told else ""
    return f": {stage['rule']}, {stage['reason']}{evidence}"


def _seen(seen: dict[str, Any]) -> str:
    """What a stage found and did not act on; each stage has columns of its own."""
    if "rule" in seen:
        return f"{seen['rule']}, {seen['reason']} [{_clipped(seen['evidence'])}]"
    told = {key: value for key, value in seen.items() if key not in _BESIDE and value not in (None, "")}
    return ", ".join(f"{key} {_plain(value)}" for key, value in told.items())


_BESIDE = ("id", "source", "stage", "fate")


def _plain(value: Any) -> str:
    return (
        f"{value:.3g}"
        if isinstance(value, float)
        else ", ".join(map(str, value))
        if isinstance(value, list)
        else str(value)
    )


def _witness(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    witness, record = found["witness"], found["record"]
    if witness is None:
        return
    after = witness.get("fell")
    yield "witness", witness["id"] + (f"\nwhich fell itself, at {after['stage']} to {after['rule']}" if after else "")
    if "unreadable" in witness:
        yield "", f"(cannot be shown: {witness['unreadable']})"
    if "messages" not in witness:
        return
    if record is not None and text_of(witness["messages"]) == text_of(record["messages"]):
        yield "", "the same text, turn by turn"
        return
    yield from _talk(witness["messages"])
    if record is not None:
        yield "differs", "\n".join(differences(text_of(witness["messages"]), text_of(record["messages"])))


def _stands_for(rows: dict[str, Any]) -> Iterator[tuple[str, str]]:
    first = [f"{row['id']} ({row['rule']}: {row['evidence']})" for row in rows["first"]]
    if rows["rows"] > len(first):
        first.append(f"and {rows['rows'] - len(first):,} more")
    yield "stands for", "\n".join([f"{rows['rows']:,} row{'s' * (rows['rows'] > 1)} that fell:", *first])


def _near(flag: dict[str, Any], id: str) -> str:
    other = flag["other"] if flag["id"] == id else flag["id"]
    verdict = f"confirmed by {flag['signal']}" if flag["signal"] else flag["veto"] or "no second signal"
    return f"{other} (cosine {flag['cosine']:.3f}, words in common {flag['lexical']:.2f}; {verdict})"
