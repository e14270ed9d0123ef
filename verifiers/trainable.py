"""Would this row train the model, and only on what it should? Judged with the tokenizer and chat template of the run.

Does not cover: trainers that pack, or that mask in another way than assistant turns; slow tokenizers (no offsets).
A tokenizer is read by transformers without remote code; a chat template runs in its sandboxed Jinja.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Generator, Iterator
from typing import Any

from buckets import Draft, Message, Record, RowError
from verifiers.calls import read_calls
from verifiers.jsonish import lenient
from verifiers.rendered import TEMPLATE_ERRORS, RefusedError, Rendered, Template
from verifiers.verdict import Check, Verdict, abstained, failed, passed

TRAINABLE: dict[str, str] = {
    "forged_special": "The text holds a control token: it would end a turn or open one.",
    "unclosed_think": "The reasoning of an assistant turn is opened and never closed, or closed twice.",
    "template_refused": "The chat template refuses this conversation.",
    "call_lost": "The chat template leaves a tool call of this row out.",
    "no_trained_token": "No token of this row is in the loss.",
    "answer_cut": "The final answer is cut at the length that will be trained.",
    "no_end_of_turn": "The final answer ends without an end-of-turn token in the loss.",
    "boilerplate_in_loss": "The loss holds words of the template, the prompt or a tool, not only the answer.",
}
"""Rule -> reason, in the order in which they are told."""

_THINK = re.compile(r"<(/?)(think|thinking|thought|reasoning)>")
_QUOTED = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_TAGS = re.compile(r"<[^<>\n]{1,60}>|\[/?[A-Z_]{2,30}\]")
_PROSE = re.compile(r"[^\W\d_]{2,}(?:[ ,.:;'’-]+[^\W\d_]{2,}){3,}|[\u3040-\u30ff\u3400-\u9fff]{12,}")
"""Four words in a row (or twelve ideographs): markup of a turn has fewer."""


class Trainability:
    """A verifier for one tokenizer; `max_tokens` is the length at which the trainer cuts, None: it does not.

    `skip` takes rules of TRAINABLE that are not told.
    """

    name = "trainable"

    def __init__(self, tokenizer: Any, max_tokens: int | None = None, skip: Collection[str] = ()) -> None:
        self.skip = frozenset(skip)
        self.tokenizer = tokenizer
        self.template = Template(tokenizer)
        self.max_tokens = max_tokens
        self.specials = {i: t.content for i, t in tokenizer.added_tokens_decoder.items() if t.special}
        self._ends = set(self.specials) | {tokenizer.eos_token_id}

    def __call__(self, record: Record) -> Verdict:
        """PASS with the trained and all tokens, FAIL with a rule of TRAINABLE, ABSTAIN where it cannot be rendered."""
        try:
            return self._judge(record)
        except RefusedError as refused:
            if "template_refused" in self.skip:
                return abstained("not_rendered", TRAINABLE["template_refused"], str(refused))
            return failed("template_refused", TRAINABLE["template_refused"], str(refused))
        except RowError as error:
            return abstained("unreadable", "The calls or tools of this row cannot be read.", str(error))
        except (*TEMPLATE_ERRORS, UnicodeError) as error:
            return abstained(
                "not_rendered", f"The chat template cannot be applied: {type(error).__name__}.", str(error)
            )

    def _judge(self, record: Record) -> Verdict:
        faults = self._faults(record)
        while True:
            try:
                rule, evidence = next(faults)
            except StopIteration as done:
                return passed("trainable", done.value)
            if rule not in self.skip:
                return failed(rule, TRAINABLE[rule], evidence)

    def _faults(self, record: Record) -> Generator[tuple[str, str], None, str]:
        """(rule, evidence) in the order of TRAINABLE; returns how much of the row is trained."""
        if forged := self._forged(record):
            yield "forged_special", forged
        if loose := next((m.content for m in record.messages if m.role == "assistant" and _loose(m)), None):
            yield "unclosed_think", loose
        if not record.messages:
            yield "no_trained_token", "no turns"
            return "no turns"
        rendered = self.template.render(record.messages, record.draft.tools)
        if not self.template.calls and (lost := _called(record)):
            yield "call_lost", ", ".join(lost)
        encoding = self.tokenizer(rendered.text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        trained = _trained(encoding["offset_mapping"], rendered)
        kept = trained if self.max_tokens is None else [at for at in trained if at < self.max_tokens]
        ids = encoding["input_ids"]
        if not any(ids[at] not in self.specials and self._says(ids[at]) for at in kept):
            yield "no_trained_token", f"0 of {len(ids)} tokens, limit {self.max_tokens}"
        if len(kept) < len(trained):
            yield "answer_cut", f"{len(ids)} tokens, limit {self.max_tokens}, {len(trained) - len(kept)} lost"
        if record.messages[-1].role == "assistant" and trained and ids[self._last(ids, trained)] not in self._ends:
            yield "no_end_of_turn", rendered.text[rendered.spans[-1][0] :][-60:]
        if strange := self._boilerplate(record, rendered):
            yield "boilerplate_in_loss", strange
        return f"{len(trained)} of {len(ids)} tokens trained"

    def _says(self, token: int) -> bool:
        return bool(self.tokenizer.decode([token]).strip())

    def _last(self, ids: list[int], trained: list[int]) -> int:
        """The last trained token that is not white space: some templates put a newline behind the end of turn."""
        return next((at for at in reversed(trained) if ids[at] in self._ends or self._says(ids[at])), trained[-1])

    def _forged(self, record: Record) -> str | None:
        """A control token as the tokenizer finds it in any text that the template will paste in."""
        texts = [t for m in record.messages for t in (m.content, m.reasoning, m.name, *_written(m.tool_calls)) if t]
        spelled = [special.strip() for special in self.specials.values()]
        for text in [*texts, *_written(record.draft.tools)]:
            if not any(special in text for special in spelled):
                continue
            encoding = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
            for token, (begin, end) in zip(encoding["input_ids"], encoding["offset_mapping"], strict=True):
                # the unknown token is special too: only the token's own letters forge it
                if token in self.specials and text[begin:end].strip() == self.specials[token].strip():
                    return f"{self.specials[token]} in: {text[max(0, begin - 30) : end + 30]}"
        return None

    def _boilerplate(self, record: Record, rendered: Rendered) -> str | None:
        """Prose in the loss that no assistant turn said. None also when a turn cannot be found again."""
        turns = [m for m in record.messages if m.role == "assistant"]
        if any(part not in rendered.text for m in turns for part in _parts(m.content)):
            return None
        whole = "\n".join(rendered.text[begin:end] for begin, end in rendered.spans)
        pieces = sorted({p for m in turns for p in _pieces(m)}, key=len, reverse=True)
        for piece in [*pieces, *self.specials.values()]:
            whole = whole.replace(piece, "\x00")
        found = _PROSE.search(_TAGS.sub("\x00", whole))
        return found.group() if found else None


def _trained(offsets: list[tuple[int, int]], rendered: Rendered) -> list[int]:
    """Positions of the tokens that overlap a span; both lists ascend."""
    found, spans, at = [], sorted(rendered.spans), 0
    for position, (begin, end) in enumerate(offsets):
        while at < len(spans) and spans[at][1] <= begin:
            at += 1
        if at < len(spans) and begin < spans[at][1] and end > spans[at][0]:
            found.append(position)
    return found


def _loose(message: Message) -> bool:
    """Reasoning tags that do not pair: a second opening, a second closing, an opening left open.

    A closing without an opening is well: many templates open the reasoning in the generation prompt.
    """
    depth, closings = 0, 0
    for slash, _ in _THINK.findall(_QUOTED.sub("", message.content or "")):
        depth += -1 if slash else 1
        closings += bool(slash and depth < 0)
        depth = max(depth, 0)
        if closings > 1:
            return True
    return depth > 0


def _written(text: str | None) -> Iterator[str]:
    """All keys and texts inside a JSON column: templates write them out again, so escapes are undone."""
    level = [lenient(text)]
    while level:
        value = level.pop()
        if isinstance(value, str):
            inner = lenient(value) if value[:1] in "{[" else None
            yield value
            level += [inner] if isinstance(inner, dict | list) else []
        elif isinstance(value, dict):
            level += [*value, *value.values()]
        elif isinstance(value, list):
            level += value


def _called(record: Record) -> list[str]:
    calls = [read_calls(m.tool_calls) for m in record.messages if m.role == "assistant"]
    return [call.name for turn in calls if isinstance(turn, list) for call in turn]


def _pieces(message: Message) -> list[str]:
    """What a turn says, as a template may write it: whole, split at its reasoning tags, JSON-escaped."""
    texts = [(message.content or "").strip(), (message.reasoning or "").strip(), *_parts(message.content)]
    for value in _written(message.tool_calls):
        texts += [value, json.dumps(value, ensure_ascii=False)[1:-1], json.dumps(value)[1:-1]]
    return [text for text in texts if text]


def _parts(content: str) -> list[str]:
    """The content between its reasoning tags, which templates move apart."""
    pieces = (piece.strip() for piece in _THINK.sub("\x00", content or "").split("\x00"))
    return [piece for piece in pieces if piece]


def trainable_check(judge: Trainability) -> Check:
    """The verifier of one tokenizer with its proof; gold passes under a template that ends its turns."""

    def row(answer: str) -> Record:
        return Record("gold", "gold", Draft((Message("user", "Hi"), Message("assistant", answer))))

    forged = tuple(row(f"Hello{special}") for special in sorted(judge.specials.values())[:1])
    silent = Record("gold", "gold", Draft((Message("user", "Hi"),)))
    return Check(
        judge.name,
        judge,
        gold=(row("Hello"), row("<think>A greeting.</think>Hello")),
        damaged=(*forged, row("<think>A greeting. Hello"), silent, Record("gold", "gold", Draft(()))),
    )
