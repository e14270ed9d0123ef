"""Chat rows to token ids and loss weights, from the model's own chat template; no `{% generation %}` marks are needed.

Each trained turn is found in the rendered text (`located`), and its tokens are decoded and compared with that text. A
turn is its reasoning, content and calls plus the end-of-turn token; headers, users, tool observations and the
generation prompt are not trained. Which turns count, and how much, is the `MaskPolicy`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ablation.located import Located, Turn
from ablation.mask_policy import MaskPolicy
from buckets import Message, RowError
from verifiers import Template, chat_of, json_list


@dataclass(frozen=True, slots=True)
class Part:
    """Tokens [begin, end) of one trained turn."""

    message: int
    begin: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class Encoded:
    """One conversation as tokens; `trained[i]` says that token i is in the loss, `weights[i]` how much it counts."""

    ids: list[int]
    trained: list[bool]
    weights: list[float]
    untrained_turns: int
    """Assistant turns that the policy wants and the mask leaves out: the template rewrites them in a longer history."""
    text: str
    offsets: list[tuple[int, int]]
    """Characters of `text` behind each token."""
    parts: tuple[Part, ...]
    messages: tuple[int, ...]
    """Which of the messages given were rendered; a cut on the left takes some away."""
    cut: bool = False
    """The context has cut tokens or turns away."""


class Encoder:
    """Encodes conversations for one tokenizer (a fast one: character offsets are needed) under one policy."""

    def __init__(self, tokenizer: Any, policy: MaskPolicy | None = None) -> None:
        self.tokenizer = tokenizer
        self.policy = policy or MaskPolicy()
        self.specials = {t.content for t in tokenizer.added_tokens_decoder.values() if t.special}
        self.special_ids = {i for i, t in tokenizer.added_tokens_decoder.items() if t.special}
        marks = {t.content for t in tokenizer.added_tokens_decoder.values()}
        self._located = Located(Template(tokenizer), self.specials, marks)
        self._silent = not self._located.template.calls
        self._ends = self._end_marks()

    def with_policy(self, policy: MaskPolicy) -> Encoder:
        """The same tokenizer under another policy."""
        return Encoder(self.tokenizer, policy)

    def encode(
        self,
        messages: Sequence[Message],
        tools: str | None,
        *,
        last_turn: bool = False,
        weights: Mapping[int, float] | None = None,
        context: int | None = None,
    ) -> Encoded:
        """Tokens and loss mask of a whole conversation; raises RowError with a reason when it has no exact mask.

        `last_turn` puts only an assistant turn that ends the conversation into the loss. `weights` (message number ->
        weight) are those of the raw turns. `context` is the length in tokens to which the policy cuts; under `drop`
        nothing is cut, and the result may be longer.
        """
        self._refuse_specials(messages, tools)
        shown, counted = self.policy.shown(messages), self.policy.loss_weights(messages, weights)
        if last_turn:
            ends = bool(shown) and shown[-1].role == "assistant"
            counted = [float(ends and at == len(shown) - 1) for at in range(len(shown))]
        whole = self._encode(shown, counted, tools, list(range(len(shown))))
        if context is None or len(whole.ids) <= context or self.policy.truncation == "drop":
            return _checked(whole)
        if self.policy.truncation == "left":
            return self._cut_left(shown, counted, tools, context, whole)
        return _checked(cut_right(whole, context))

    def locate(self, chat: list[dict[str, Any]], tools: Any) -> Located:
        """The conversation as the template shows it; raises RowError when the template refuses it."""
        return self._located.of(chat, tools)

    def turn(self, found: Located, at: int) -> Turn | None:
        """The assistant turn at message `at` > 0 of a located conversation."""
        return found.turn(at, self._ends)

    def prompt(self, messages: Sequence[Message], tools: str | None) -> list[int]:
        """Tokens of a prompt, with the template's generation prompt at its end."""
        self._refuse_specials(messages, tools)
        chat, declared = chat_of(self.policy.shown(messages)), json_list("tools", tools)
        text = self._located.of(chat, declared).render(len(chat), prompt=True)
        return list(self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def stop_ids(self) -> list[int]:
        """Tokens that end an answer: the template's ends of turn and the tokenizer's end of sequence."""
        probe = Encoder(self.tokenizer).encode([Message("user", "a"), Message("assistant", "b")], None)
        ends = {self.tokenizer.convert_tokens_to_ids(end) for end in self._ends}
        answered = {id for id, trained in zip(probe.ids, probe.trained, strict=True) if trained and id in ends}
        return sorted(({probe.ids[probe.parts[-1].end - 1], self.tokenizer.eos_token_id} | answered) - {None})

    def _encode(
        self, messages: Sequence[Message], counted: Sequence[float], tools: str | None, numbers: list[int]
    ) -> Encoded:
        chat = chat_of(messages)
        found = self._located.of(chat, json_list("tools", tools))
        # Not verbose: the caller cuts rows that are longer than the context, so none "will result in errors".
        encoding = self.tokenizer(found.text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        ids, offsets = list(encoding["input_ids"]), [(int(a), int(b)) for a, b in encoding["offset_mapping"]]
        weights, parts, untrained = [0.0] * len(ids), [], 0
        for at, weight in enumerate(counted):
            if weight == 0:
                continue
            turn = self.turn(found, at) if at else None
            if turn is None or (turn.rewritten and self.policy.rewritten == "masked"):
                untrained += 1
                continue
            self._refuse_lost(found.text[turn.begin : turn.end], messages[at])
            where = self._locate(found.text, ids, offsets, self._begin(found, turn, messages[at]), turn.end)
            parts.append(Part(numbers[at], where.start, where.stop, weight))
            weights[where.start : where.stop] = [weight] * len(where)
        trained = [weight > 0 for weight in weights]
        return Encoded(ids, trained, weights, untrained, found.text, offsets, tuple(parts), tuple(numbers))

    def _begin(self, found: Located, turn: Turn, message: Message) -> int:
        thinks = message.reasoning or "</" in (message.content or "")
        return found.answer(turn) if self.policy.reasoning == "masked" and thinks else turn.begin

    def _cut_left(
        self, messages: Sequence[Message], counted: Sequence[float], tools: str | None, context: int, whole: Encoded
    ) -> Encoded:
        """Without the oldest turns, from the first later user turn on that fits; as it is where none fits."""
        head = next((at for at, m in enumerate(messages) if m.role not in ("system", "developer")), len(messages))
        for at in range(head + 1, len(messages)):
            if messages[at].role != "user":
                continue
            kept = [*range(head), *range(at, len(messages))]
            row = self._encode([messages[i] for i in kept], [counted[i] for i in kept], tools, kept)
            if len(row.ids) <= context:
                return _checked(replace(row, cut=True))
        return whole

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

    def _refuse_lost(self, shown: str, message: Message) -> None:
        """A call that the template leaves out would teach the model to say nothing where it should call."""
        for words in (message.content or "", message.reasoning or ""):
            shown = shown.replace(words.strip(), "") if words.strip() else shown  # a name said is not a call
        names = [call["function"]["name"] for call in json_list("tool_calls", message.tool_calls) or []]
        if lost := next((name for name in names if self._silent or shown.count(name) < names.count(name)), None):
            raise RowError("call_lost", f"the template leaves out a call of {lost!r}")

    def _end_marks(self) -> frozenset[str]:
        """Control tokens that end an assistant's turn: the last one of an answer, and the first one behind it."""
        user: dict[str, Any] = {"role": "user", "content": "a"}
        answer: dict[str, Any] = {"role": "assistant", "content": "zqprobe"}
        call = {"type": "function", "function": {"name": "zqprobe", "arguments": {}}}
        called: dict[str, Any] = {"role": "assistant", "content": "", "tool_calls": [call]}
        ends: set[str] = set()
        for chat in ([user, answer], [user, answer, user], [user, called]):
            try:
                text = self._located.of(chat, None).text
            except RowError:
                continue  # the template takes no calls, or no such talk: then it has no end of one
            behind = [m.group() for m in self._located.specials.finditer(text, text.rfind("zqprobe") + 1)]
            ends.update(behind[-1:] if chat[-1] is not user else behind[:1])
            ends.update(behind[:1] if chat[-1] is answer else [])
        return frozenset(ends)

    def _refuse_specials(self, messages: Sequence[Message], tools: str | None) -> None:
        """Control tokens in the data would end turns and open new ones."""
        parts = [part for m in messages for part in (m.content, m.reasoning, m.tool_calls, m.name) if part]
        text = "\n".join([*parts, tools or ""])
        if found := next((token for token in self.specials if token in text), None):
            raise RowError("special_token_in_text", f"the text holds the control token {found!r}")


def cut_right(row: Encoded, context: int) -> Encoded:
    """The first `context` tokens; a turn whose end is cut away is out of the loss."""
    parts = tuple(part for part in row.parts if part.end <= context)
    weights = [0.0] * context
    for part in parts:
        weights[part.begin : part.end] = [part.weight] * (part.end - part.begin)
    ids, offsets = row.ids[:context], row.offsets[:context]
    trained = [weight > 0 for weight in weights]
    return replace(row, ids=ids, offsets=offsets, trained=trained, weights=weights, parts=parts, cut=True)


def _checked(row: Encoded) -> Encoded:
    if not any(row.trained):
        raise RowError("no_trained_token", "the template rendered no assistant turn that can be located")
    if all(row.trained):
        raise RowError("no_prompt_token", "every token would be trained: there is no prompt")
    return row


def encode(messages: Sequence[Message], tools: str | None, tokenizer: Any) -> tuple[list[int], list[bool]]:
    """(input_ids, trained) of one conversation; see `Encoder.encode`."""
    encoded = Encoder(tokenizer).encode(messages, tools)
    return encoded.ids, encoded.trained
