"""The text-to-SQL collection of Finegan-Dollak et al. (2018): one query, many sentences, variables to fill into both.

Eight sets (Advising, ATIS, GeoQuery, Scholar, ...) and copies of WikiSQL and Spider are stored this way. A template
trained with its placeholders teaches the model to write `number0`, so every sentence's own values are filled in; where
a sentence has no value, the query's example is. NOT covered: the schema files beside the queries, no row names them.
"""

from __future__ import annotations

import re
from typing import Any

from buckets.errors import RowError
from buckets.formats.fields import compact, leftovers
from buckets.formats.format import Format, Row, single
from buckets.formats.thought import answered
from buckets.record import Draft, Message


def sniff(row: Row) -> str | None:
    fits = _is_list(row, "sentences", dict) and _is_list(row, "sql", str) and isinstance(row.get("variables"), list)
    return "sentences, sql and variables (text2sql)" if fits else None


def _is_list(row: Row, key: str, kind: type) -> bool:
    value = row.get(key)
    return isinstance(value, list) and bool(value) and all(isinstance(each, kind) for each in value)


def many(row: Row) -> list[Draft]:
    """One example a sentence, with the first of the equivalent queries; the others stay in meta."""
    if sniff(row) is None:
        raise RowError("unexpected_keys", f"no sentences with sql and variables among {sorted(row)[:20]}")
    examples = _examples(row["variables"])
    drafts = []
    for number, sentence in enumerate(row["sentences"]):
        question, own = sentence.get("text"), sentence.get("variables") or {}
        if not isinstance(question, str) or not isinstance(own, dict):
            raise RowError("not_text", f"sentence {number} has no text, or its variables are no object")
        values = {name: str(own.get(name) or example) for name, example in examples.items()}
        values |= {name: str(value) for name, value in own.items() if name not in values}
        sql = _filled(row["sql"][0], values)
        item = {key: value for key, value in sentence.items() if key != "text"}
        meta: dict[str, Any] = leftovers(row, {"sentences", "sql"}, example=number, item=item, template=question)
        meta["sql_template"] = row["sql"][0]
        if len(row["sql"]) > 1:
            meta["other_sql"] = row["sql"][1:]
        drafts.append(Draft((Message("user", _filled(question, values)), answered(sql)), reference=sql, meta=meta))
    return drafts


def _examples(variables: list[Any]) -> dict[str, str]:
    """Variable -> example value. RowError where one has no name."""
    found = {}
    for each in variables:
        if not isinstance(each, dict) or not isinstance(each.get("name"), str) or not each["name"]:
            raise RowError("bad_variables", f"a variable has no name: {compact(each)[:80]}")
        found[each["name"]] = str(each.get("example") or "")
    return found


def _filled(template: str, values: dict[str, str]) -> str:
    """All variables at once: a value that holds another's name is not filled again."""
    if not values:
        return template
    names = sorted(values, key=lambda name: -len(name))
    pattern = re.compile(rf"(?<![A-Za-z0-9_])(?:{'|'.join(map(re.escape, names))})(?![A-Za-z0-9_])")
    return pattern.sub(lambda found: values[found[0]], template)


def read(row: Row) -> Draft:
    return single(many(row))


TEXT2SQL = Format(
    "text2sql", "sentences, sql templates and their variables: many examples in one row", sniff, read, many=many
)
