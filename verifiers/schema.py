"""Is the answer JSON that its schema allows? Parsed strictly, validated with jsonschema, nothing fetched.

Does not cover: `format` (an annotation by default, as the specification says) and schemas spread over files.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from polars.exceptions import PolarsError
from referencing import Registry
from referencing.exceptions import Unresolvable

from buckets import Record
from verifiers.bounded import TooCostlyError, bounded_kind, errors_of
from verifiers.jsonish import NotJsonError, canonical, lenient, same, strict
from verifiers.verdict import Verdict, abstained, failed, passed

_OPENING = re.compile(r"```[\w-]*[ \t]*\n")
MAX_TEXT = 1_000_000
"""Characters of an answer; longer ones are not read."""
MAX_SCHEMA = 100_000
"""Characters of a schema: checking it against its metaschema takes about a second for so many."""


def judge_schema(record: Record) -> Verdict:
    """PASS when the answer parses and validates (and equals the JSON reference); ABSTAIN without a usable schema."""
    if not record.draft.schema:
        return abstained("no_schema", "The row gives no schema.")
    return judge_json(record.answer or "", record.draft.schema, record.draft.reference)


def judge_json(answer: str, schema: str, reference: str | None) -> Verdict:
    """The same for bare texts."""
    validator = compiled(schema)
    if isinstance(validator, str):
        return abstained("bad_schema", validator, schema)
    try:
        value = read_json(answer)
    except NotJsonError as error:
        return failed("not_json", f"The answer is not JSON: {error}.", answer)
    mistake = first_mistake(validator, value)
    if mistake is not None:
        return mistake
    gold = lenient(reference)
    if gold is not None and not same(value, gold):
        return failed("wrong_json", "The JSON differs from the reference.", f"{canonical(value)} != {canonical(gold)}")
    return passed("schema")


def read_json(answer: str) -> Any:
    """The answer as a value: the whole text, or its one fenced block. Raises NotJsonError."""
    if len(answer) > MAX_TEXT:
        raise NotJsonError(f"longer than {MAX_TEXT} characters")
    text = answer.strip()
    opening = _OPENING.match(text)
    if opening and text.endswith("```") and text.count("```") == 2:
        text = text[opening.end() : -3]
    return strict(text)


def first_mistake(validator: Validator, value: Any) -> Verdict | None:
    """The most telling violation as a FAIL; ABSTAIN when the schema itself cannot be followed; None when valid."""
    try:
        error = best_match(iter(errors_of(validator, value)))
    except Unresolvable as lost:
        return abstained("unresolved_ref", "The schema points to a schema that is not in it.", str(lost))
    except TooCostlyError:
        return abstained("costly_schema", "Checking this value against this schema takes too many steps.")
    except RecursionError:
        return abstained("recursive_schema", "The schema refers to itself without end.")
    except (PolarsError, ValueError, TypeError, AttributeError, ArithmeticError, LookupError) as broken:
        return abstained("bad_schema", f"The schema cannot be applied: {type(broken).__name__}.", str(broken))
    if error is None:
        return None
    return failed("schema_violation", "The value breaks its schema.", f"{error.json_path}: {error.message[:300]}")


@lru_cache(maxsize=4096)
def compiled(schema: str) -> Validator | str:
    """A validator for the schema text (2020-12 unless it declares another draft), or what is wrong with it."""
    if len(schema) > MAX_SCHEMA:
        return f"The schema is longer than {MAX_SCHEMA} characters."
    try:
        value = strict(schema)
    except NotJsonError as error:
        return f"The schema is not JSON: {error}."
    return validator_of(value)


def validator_of(schema: Any) -> Validator | str:
    """A validator for a parsed schema, bounded in steps and unable to fetch, or what is wrong with the schema."""
    if not isinstance(schema, dict | bool):
        return "The schema is neither an object nor a boolean."
    kind: Any = Draft202012Validator
    if isinstance(schema, dict) and isinstance(schema.get("$schema"), str):
        kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema, format_checker=None)
        # An empty registry has no way to retrieve: a remote $ref is Unresolvable instead of a download.
        validator: Validator = bounded_kind(kind)(schema, registry=Registry())
        return validator
    except SchemaError as error:
        return f"The schema is not valid: {error.message}"[:300]
    except (RecursionError, re.error, ValueError, TypeError, AttributeError, LookupError, Unresolvable) as error:
        return f"The schema cannot be read: {type(error).__name__}: {error}"[:300]
