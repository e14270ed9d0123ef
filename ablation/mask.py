"""Chat rows to token ids with the loss on assistant tokens only, from the model's own chat template.

No `{% generation %}` marks are needed: each assistant turn is located by rendering the conversation up to
it, and the found span is decoded and compared with the rendered text. A turn is its content and calls plus
the end-of-turn token; headers, users, tool observations and the generation prompt are not trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError

from buckets import Message, RowError
from verifiers import chat_of, json_list

TEMPLATE_ERRORS = (TemplateError, TypeError, ValueError, KeyError, AttributeError, IndexError)


@dataclass(frozen=True, slots=True)
class Encoded:
    """One conversation as tokens; `trained[i]` says that token i is in the loss."""

    ids: list[int]
    trained: list[bool]
    untrained_turns: int
    """Assistant turns left out of the loss because the template rewrites them in a longer history."""


class Encoder:
    """Encodes conversations for one tokenizer (a fast one: character offsets are needed)."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.specials = {t.content for t in tokenizer.added_tokens_decoder.values() if t.special}
        self.special_ids = {i for i, t in tokenizer.added_tokens_decoder.items() if t.special}

    def encode(self, messages: Sequence[Message], tools: str | None, *, last_turn: bool = False) -> Encoded:
        """Tokens and loss mask of a whole conversation; raises RowError with a reason when it has no exact mask.

        `last_turn` puts only an assistant turn that ends the conversation into the loss.
        """
        self._refuse_specials(messages, tools)
        chat, declared = chat_of(messages), json_list("tools", tools)
        text = self._render(chat, declared, prompt=False)
        spans, skipped = self._spans(chat, declared, text, len(chat) - 1 if last_turn else 0)
        # Not verbose: the caller leaves rows out that are longer than the context, so none "will result in errors".
        encoding = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        ids, offsets = list(encoding["input_ids"]), encoding["offset_mapping"]
        trained = [False] * len(ids)
        for span in spans:
            for position in self._locate(text, ids, offsets, *span):
                trained[position] = True
        if not any(trained):
            raise RowError("no_trained_token", "the template rendered no assistant turn that can be located")
        if all(trained):
            raise RowError("no_prompt_token", "every token would be trained: there is no prompt")
        return Encoded(ids, trained, skipped)

    def prompt(self, messages: Sequence[Message], tools: str | None) -> list[int]:
        """Tokens of a prompt, with the template's generation prompt at its end."""
        self._refuse_specials(messages, tools)
        text = self._render(chat_of(messages), json_list("tools", tools), prompt=True)
        return list(self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def stop_ids(self) -> list[int]:
        """Tokens that end an answer: the template's end of turn and the tokenizer's end of sequence."""
        probe = self.encode([Message("user", "a"), Message("assistant", "b")], None)
        last = max(i for i, flag in enumerate(probe.trained) if flag)
        return sorted({probe.ids[last], self.tokenizer.eos_token_id} - {None})

    def _render(self, chat: list[dict[str, Any]], tools: Any, prompt: bool) -> str:
        if not chat:
            raise RowError("no_turns", "the conversation is empty")
        try:
            text = self.tokenizer.apply_chat_template(chat, tools=tools, tokenize=False, add_generation_prompt=prompt)
        except TEMPLATE_ERRORS as error:
            raise RowError("template_refused", f"{type(error).__name__}: {error}") from error
        return str(text)

    def _spans(
        self, chat: list[dict[str, Any]], tools: Any, text: str, first: int
    ) -> tuple[list[tuple[int, int]], int]:
        """Character spans of the assistant turns from turn `first` on, and how many the template rewrites."""
        spans, skipped = [], 0
        for index, turn in enumerate(chat):
            if index < first or turn["role"] != "assistant":
                continue
            head = self._render(chat[:index], tools, prompt=True) if index else ""
            upto = text if index == len(chat) - 1 else self._render(chat[: index + 1], tools, prompt=False)
            begin, end = len(head), len(upto.rstrip())
            if index and text.startswith(upto) and upto.startswith(head) and begin < end:
                spans.append((begin, end))
            else:
                skipped += 1
        return spans, skipped

    def _locate(self, text: str, ids: list[int], offsets: Sequence[tuple[int, int]], begin: int, end: int) -> range:
        inside = [i for i, (a, b) in enumerate(offsets) if a < end and b > begin]
        if not inside:
            raise RowError("span_not_found", "an assistant turn has no tokens")
        where = range(inside[0], inside[-1] + 1)
        if offsets[where[0]][0] < begin or offsets[where[-1]][1] > end:
            raise RowError("token_straddles_turn", "one token holds both the header and the answer")
        decoded = self.tokenizer.decode(
            ids[where.start : where.stop], skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        wanted = text[begin:end]
        if wanted not in (decoded, " " + decoded):
            raise RowError("span_not_recovered", f"decoded {decoded[:80]!r}, rendered {wanted[:80]!r}")
        if ids[where[-1]] not in self.special_ids:
            raise RowError("no_end_of_turn", "the template does not end the assistant's turn with a special token")
        return where

    def _refuse_specials(self, messages: Sequence[Message], tools: str | None) -> None:
        """Control tokens in the data would end turns and open new ones."""
        parts = [part for m in messages for part in (m.content, m.reasoning, m.tool_calls, m.name) if part]
        text = "\n".join([*parts, tools or ""])
        if found := next((token for token in self.specials if token in text), None):
            raise RowError("special_token_in_text", f"the text holds the control token {found!r}")


def encode(messages: Sequence[Message], tools: str | None, tokenizer: Any) -> tuple[list[int], list[bool]]:
    """(input_ids, trained) of one conversation; see `Encoder.encode`."""
    encoded = Encoder(tokenizer).encode(messages, tools)
    return encoded.ids, encoded.trained
