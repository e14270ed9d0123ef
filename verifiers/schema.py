"""Is the answer JSON that its schema allows? Parsed strictly, validated with jsonschema, nothing fetched.

Drafts 3 to 2020-12, as `$schema` says. Does not cover: `format` (an annotation by default, as the specification
says), custom vocabularies, and schemas spread over files unless the caller hands them all in (`registry_of`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jsonschema import (
    Draft3Validator,
    Draft4Validator,
    Draft6Validator,
    Draft7Validator,
    Draft201909Validator,
    Draft202012Validator,
)
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from jsonschema.protocols import Validator
from jsonschema_specifications import REGISTRY as METASCHEMAS
from polars.exceptions import PolarsError
from referencing import Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import SchemaRegistry, specification_with

from buckets import Record
from verifiers.bounded import TooCostlyError, bounded_kind, errors_of, python_patterns
from verifiers.contradiction import contradiction
from verifiers.jsonish import NotJsonError, canonical, lenient, same, strict
from verifiers.verdict import Verdict, abstained, failed, passed

_OPENING = re.compile(r"```[\w-]*[ \t]*\n")
MAX_TEXT = 1_000_000
"""Characters of an answer; longer ones are not read."""
MAX_SCHEMA = 100_000
"""Characters of a schema: checking it against its metaschema takes about a second for so many."""

DRAFTS: dict[str, type[Validator]] = {
    "http://json-schema.org/draft-03/schema": Draft3Validator,
    "http://json-schema.org/draft-04/schema": Draft4Validator,
    "http://json-schema.org/draft-06/schema": Draft6Validator,
    "http://json-schema.org/draft-07/schema": Draft7Validator,
    "https://json-schema.org/draft/2019-09/schema": Draft201909Validator,
    "https://json-schema.org/draft/2020-12/schema": Draft202012Validator,
    "http://json-schema.org/schema": Draft202012Validator,
}
"""`$schema` -> validator; http and https, with and without `#` at the end, mean the same."""


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
        nothing = contradiction(validator.schema)  # then the schema is at fault, not the answer
        return failed("contradictory_schema", "No value can satisfy this schema.", nothing) if nothing else mistake
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
        error = _telling(errors_of(validator, value))
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


def _telling(errors: list[ValidationError]) -> ValidationError | None:
    try:
        error: ValidationError | None = best_match(iter(errors))
        return error
    except TypeError:  # it hashes type names, and in draft 3 a type may be a schema
        return errors[0]


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


def validator_of(schema: Any, *, kind: Any = None, registry: SchemaRegistry = METASCHEMAS) -> Validator | str:
    """A validator for a parsed schema, bounded in steps and unable to fetch, or what is wrong with the schema.

    `kind` overrides the draft that `$schema` declares (2020-12 when it is silent). `registry` holds all the schemas
    that a reference may point to: by default those of the specification.
    """
    if not isinstance(schema, dict | bool):
        return "The schema is neither an object nor a boolean."
    if kind is None:
        declared = schema.get("$schema") if isinstance(schema, dict) else None
        kind = DRAFTS.get(_uri(declared)) if isinstance(declared, str) else Draft202012Validator
    if kind is None:
        return f"The schema declares a draft that is not known: {declared}"[:300]
    try:
        kind.check_schema(schema, format_checker=None)
        if hostile := python_patterns(schema):
            return f"A pattern beside unevaluatedProperties may take forever: {hostile[:200]}"
        # The registry has no way to retrieve: a remote $ref is Unresolvable instead of a download.
        validator: Validator = bounded_kind(kind)(schema, registry=registry)
        return validator
    except SchemaError as error:
        return f"The schema is not valid: {error.message}"[:300]
    except (RecursionError, re.error, ValueError, TypeError, AttributeError, LookupError, Unresolvable) as error:
        return f"The schema cannot be read: {type(error).__name__}: {error}"[:300]


def registry_of(schemas: Mapping[str, Any], kind: type[Validator] = Draft202012Validator) -> SchemaRegistry:
    """The specification's own schemas and these, by URI; `kind` reads those that name no draft. Nothing is fetched."""
    dialect = next(uri for uri, known in DRAFTS.items() if known is kind)
    specification = specification_with(dialect)
    registry: SchemaRegistry = METASCHEMAS.with_resources(
        (uri, Resource.from_contents(contents, default_specification=specification))
        for uri, contents in schemas.items()
    )
    return registry


def _uri(declared: str) -> str:
    """The spelling in DRAFTS."""
    bare = declared.strip().rstrip("#").rstrip("/")
    rest = bare.partition("://")[2]
    return next((uri for uri in DRAFTS if uri.partition("://")[2] == rest), bare)
