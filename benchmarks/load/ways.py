"""How each peer is asked to read each of our formats, or why it has no reader for it.

What a peer is known to change on the way is declared here by the name of the change (`benchmarks.load.changes`); a row
that differs in any other way counts as different. `only` says which rows a peer can read at all, and why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from buckets import Message

Compared = Literal["messages", "turns", "text"]


@dataclass(frozen=True)
class Way:
    """One peer's reader for one format."""

    entry: dict[str, Any] = field(default_factory=dict)
    """What the peer's script is told beside the name and the file."""
    compared: Compared = "messages"
    """messages: equal to the canonical ones; turns: the texts of the row's turns, in which tools and calls stand;
    text: the row's one text."""
    changes: tuple[str, ...] = ()
    only: Callable[[tuple[Message, ...]], bool] | None = None
    only_reason: str = ""
    info: dict[str, Any] | None = None
    """LLaMA-Factory's entry in dataset_info.json, less the file."""


def _single(messages: tuple[Message, ...]) -> bool:
    return sum(message.role == "user" for message in messages) == 1


def _no_developer(messages: tuple[Message, ...]) -> bool:
    return all(message.role != "developer" for message in messages)


_TAGS = {"role_tag": "from", "content_tag": "value", "system_tag": "system", "function_tag": "function_call"}
_HUMAN = {**_TAGS, "user_tag": "human", "assistant_tag": "gpt"}
_USER = {**_TAGS, "user_tag": "user", "assistant_tag": "assistant", "observation_tag": "tool"}
_CHAT = {"ds_type": "json", "type": "chat_template"}
_TURNS = {
    **_CHAT,
    "field_messages": "conversations",
    "message_property_mappings": {"role": "from", "content": "value"},
    "roles": {
        "system": ["system"],
        "user": ["human", "user"],
        "assistant": ["gpt", "assistant", "function_call"],
        "tool": ["observation", "tool"],
    },
}
_PROMPTED = {
    "field_instruction": "query",
    "field_output": "response",
    "field_system": "system",
    "format": "### Instruction:\n{instruction}\n\n### Response:\n",
    "no_input_format": "### Instruction:\n{instruction}\n\n### Response:\n",
    "system_format": "{system}\n\n",
}
_OPENAI = {
    "formatting": "openai",
    "columns": {"messages": "messages", "tools": "tools"},
    "tags": {
        "role_tag": "role",
        "content_tag": "content",
        "user_tag": "user",
        "assistant_tag": "assistant",
        "observation_tag": "tool",
        "function_tag": "function_call",
        "system_tag": "system",
    },
}
_NO_DEVELOPER = "its openai converter knows no developer role and stops with a KeyError"
_NO_HISTORY = "its readers of instruction and answer take one question and one answer, no history"
_NO_CHANNEL = "harmony's channels are no part of chat messages: no chat template reads `channel`"
_COLUMNS = "it reads messages, or prompt and completion; these columns it does not know"
_ONE_TEXT = "calls or reasoning in columns of their own would be lost or become the text of an answer"

Ways = dict[str, Way | str]
TRL: Ways = {
    "openai_messages": Way(),
    "sharegpt": Way(compared="turns", changes=("roles_not_mapped",)),
    "hermes": Way(compared="turns", changes=("roles_not_mapped",)),
    "toolace": Way(compared="turns", changes=("no_system_beside",)),
    "harmony": _NO_CHANNEL,
    "harmony_text": Way({"plain": True}, "text"),
    "transcript": Way({"plain": True}, "text"),
    "alpaca": _COLUMNS,
    "prompt_response": _COLUMNS,
    "reasoning": _COLUMNS,
    "glaive": _COLUMNS,
    "xlam": _COLUMNS,
}
LLAMAFACTORY: Ways = {
    "openai_messages": Way(
        info=_OPENAI,
        changes=("thinking_off", "no_reasoning", "no_text_beside_calls", "results_joined", "arguments_as_string"),
        only=_no_developer,
        only_reason=_NO_DEVELOPER,
    ),
    "sharegpt": Way(info={"formatting": "sharegpt", "columns": {"messages": "conversations", "tools": "tools"}}),
    "hermes": Way(
        compared="turns",
        info={
            "formatting": "sharegpt",
            "columns": {"messages": "conversations"},
            "tags": {**_HUMAN, "observation_tag": "tool"},
        },
    ),
    "toolace": Way(
        compared="turns",
        info={
            "formatting": "sharegpt",
            "columns": {"messages": "conversations", "system": "system"},
            "tags": _USER,
        },
    ),
    "harmony": _NO_CHANNEL,
    "harmony_text": Way({"plain": True}, "text", info={"columns": {"prompt": "text"}}),
    "transcript": Way({"plain": True}, "text", info={"columns": {"prompt": "text"}}),
    "alpaca": Way(
        info={
            "columns": {
                "prompt": "instruction",
                "query": "input",
                "response": "output",
                "system": "system",
                "history": "history",
            }
        }
    ),
    "prompt_response": Way(
        info={"columns": {"prompt": "query", "response": "response", "system": "system", "history": "history"}}
    ),
    "reasoning": _ONE_TEXT,
    "glaive": "a whole conversation in one text, with the system text beside it, is none of its three forms",
    "xlam": _ONE_TEXT,
}
AXOLOTL: Ways = {
    "openai_messages": Way({"dataset": _CHAT}),
    "sharegpt": Way({"dataset": _TURNS}, "turns"),
    "hermes": Way({"dataset": _TURNS}, "turns"),
    "toolace": Way({"dataset": _TURNS}, "turns", changes=("blank_system",)),
    "harmony": _NO_CHANNEL,
    "harmony_text": Way({"plain": True, "dataset": {"ds_type": "json", "type": "completion", "field": "text"}}, "text"),
    "transcript": Way({"plain": True, "dataset": {"ds_type": "json", "type": "completion", "field": "text"}}, "text"),
    "alpaca": Way(
        {"headings": True, "dataset": {"ds_type": "json", "type": "alpaca_w_system.load_instruct"}},
        only=_single,
        only_reason=_NO_HISTORY,
    ),
    "prompt_response": Way(
        {"headings": True, "dataset": {"ds_type": "json", "type": _PROMPTED}},
        only=_single,
        only_reason=_NO_HISTORY,
    ),
    "reasoning": _ONE_TEXT,
    "glaive": "a whole conversation in one text, with the system text beside it, is none of its types",
    "xlam": _ONE_TEXT,
}
EXPORTS: dict[str, dict[str, Way]] = {
    "trl": {
        "export: messages": Way({"config": "export/trl.yaml"}),
        "export: folder": Way({"file": "export"}),
    },
    "llamafactory": {"export: sharegpt": Way({"config": "export/llamafactory.yaml"})},
    "axolotl": {"export: messages": Way({"config": "export/axolotl.yaml"})},
}
"""What `curate export` writes, by the configs that stand beside it."""
PEERS: dict[str, Ways] = {"trl": TRL, "llamafactory": LLAMAFACTORY, "axolotl": AXOLOTL}
