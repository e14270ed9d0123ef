"""The nine capability buckets, by id."""

from __future__ import annotations

from buckets.bucket import Bucket
from buckets.code import CODE
from buckets.domain_qa import DOMAIN_QA
from buckets.general_instruction import GENERAL_INSTRUCTION
from buckets.long_context import LONG_CONTEXT
from buckets.math_reasoning import MATH_REASONING
from buckets.multi_turn_dialogue import MULTI_TURN_DIALOGUE
from buckets.safety_refusal import SAFETY_REFUSAL
from buckets.structured_output import STRUCTURED_OUTPUT
from buckets.tool_calls import TOOL_CALLS

BUCKETS: dict[str, Bucket] = {
    "general_instruction": GENERAL_INSTRUCTION,
    "domain_qa": DOMAIN_QA,
    "math_reasoning": MATH_REASONING,
    "code": CODE,
    "tool_calls": TOOL_CALLS,
    "multi_turn_dialogue": MULTI_TURN_DIALOGUE,
    "safety_refusal": SAFETY_REFUSAL,
    "structured_output": STRUCTURED_OUTPUT,
    "long_context": LONG_CONTEXT,
}
