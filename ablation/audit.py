"""Is a loss mask right? Every trained token of a row must belong to a turn that is meant to be learnt, and to its end.

Judges any ids and weights, ours or another trainer's, against the chat template: a row is rendered anew, and the words
of users, system turns and tools are looked up in the text without help of the code that makes masks.
Not covered: whether the words themselves are right, and rows that the template refuses (the caller counts those).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ablation.located import Located, Turn
from ablation.mask import Encoder
from ablation.mask_policy import MaskPolicy
from buckets import Message
from verifiers import chat_of, json_list

FAULTS: dict[str, str] = {
    "none_trained": "No token of the row is in the loss.",
    "all_trained": "Every token of the row is in the loss: there is no prompt.",
    "observation_leak": "Words of a user, a system turn or a tool are in the loss.",
    "header_leak": "Tokens that the template writes around turns are in the loss.",
    "unwanted_trained": "A turn that the policy keeps out is in the loss.",
    "rewritten_trained": "A turn that the template shows otherwise in history is in the loss.",
    "turn_not_trained": "A turn that the policy wants is not in the loss.",
    "partly_trained": "A part of a trained turn is not in the loss.",
    "wrong_weight": "A trained turn does not have the weight that it was given.",
    "no_end_of_turn": "A trained turn does not end in a control token: the model is not told to stop.",
    "end_not_trained": "The end of a trained turn is not in the loss: the model is not told to stop.",
    "truncated_final": "A turn whose end is cut away is in the loss: the model is told not to stop.",
    "straddle": "One token holds both the header and the answer.",
    "double_bos": "The row begins with two begin-of-sequence tokens.",
    "ids_differ": "The ids are not those of the rendered conversation.",
    "positions_run_on": "Positions do not start again at a document of a packed row.",
    "attention_crosses": "A token of a packed row sees another document.",
    "first_token_trained": "The first token of a document is in the loss: it would be foretold from another document.",
}
"""Kind -> what is wrong, for `curate audit-mask` and tests."""

NOTES: dict[str, str] = {
    "rewritten_turn": "A turn stays out of the loss: the template shows it otherwise in a longer history.",
    "cut": "The context cut tokens or turns away.",
}
"""What is as the policy says and should be known."""

Kind = Literal["trained", "plain", "special"]


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it stands in the text."""

    text: str
    kind: Kind
    special: bool


@dataclass(frozen=True, slots=True)
class Audited:
    """Faults and notes by kind, each once, with where it was first seen."""

    faults: Mapping[str, str]
    notes: Mapping[str, str]
    tokens: tuple[Token, ...]


class Auditor:
    """Audits rows of one tokenizer under one policy."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.tokenizer = encoder.tokenizer
        self.policy: MaskPolicy = encoder.policy

    def row(
        self,
        messages: Sequence[Message],
        tools: str | None,
        ids: Sequence[int],
        weights: Sequence[float],
        turn_weights: Mapping[int, float] | None = None,
        *,
        cut: bool = False,
    ) -> Audited:
        """`messages` are those that were rendered; `weights` are loss weights or a mask of 0 and 1, one a token.

        Raises RowError for a row that the template refuses.
        """
        shown = self.policy.shown(messages)
        found = self.encoder.locate(chat_of(shown), json_list("tools", tools))
        offsets, faults = self._aligned(found.text, list(ids))
        notes: dict[str, str] = {"cut": f"{len(ids)} tokens kept"} if cut else {}
        trained = [at for at, weight in enumerate(weights) if weight > 0]
        if not trained:
            faults["none_trained"] = f"0 of {len(ids)} tokens"
        elif len(trained) == len(ids):
            faults["all_trained"] = f"{len(ids)} tokens"
        if offsets is not None:
            wanted = self.policy.loss_weights(messages, turn_weights)
            turns = [
                t for at, m in enumerate(shown) if m.role == "assistant" and at and (t := self.encoder.turn(found, at))
            ]
            self._outside(found.text, shown, turns, trained, offsets, faults)
            for turn in turns:
                self._turn(found, turn, wanted[turn.message], list(ids), weights, offsets, faults, notes)
        return Audited(faults, notes, self._tokens(ids, weights, offsets, found.text))

    def _aligned(self, text: str, ids: list[int]) -> tuple[list[tuple[int, int]] | None, dict[str, str]]:
        """Characters of each token; None where the ids are not those of the text."""
        faults: dict[str, str] = {}
        bos = self.tokenizer.bos_token_id
        if bos is not None and ids[:2] == [bos, bos]:
            faults["double_bos"] = self.tokenizer.bos_token
        encoding = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        whole, offsets = list(encoding["input_ids"]), [(int(a), int(b)) for a, b in encoding["offset_mapping"]]
        if ids == whole[: len(ids)]:
            return offsets[: len(ids)], faults
        if ids and ids[0] == bos and ids[1:] == whole[: len(ids) - 1]:
            if "double_bos" not in faults:
                faults["ids_differ"] = "a begin-of-sequence token that the template does not write"
            return [(0, 0), *offsets[: len(ids) - 1]], faults
        at = next((i for i, (a, b) in enumerate(zip(ids, whole, strict=False)) if a != b), min(len(ids), len(whole)))
        faults["ids_differ"] = f"from token {at} on"
        return None, faults

    def _outside(
        self,
        text: str,
        messages: Sequence[Message],
        turns: Sequence[Turn],
        trained: Sequence[int],
        offsets: Sequence[tuple[int, int]],
        faults: dict[str, str],
    ) -> None:
        """Trained tokens that belong to no assistant turn."""
        others = _words(text, messages, turns)
        for at in trained:
            begin, end = offsets[at]
            if begin == end or any(t.begin <= begin and end <= t.end for t in turns):
                continue
            if any(begin < t.end and end > t.begin for t in turns):
                faults.setdefault("straddle", repr(text[begin:end]))
            elif any(begin < high and end > low for low, high in others):
                faults.setdefault("observation_leak", repr(text[max(0, begin - 20) : end + 20]))
            else:
                faults.setdefault("header_leak", repr(text[max(0, begin - 20) : end + 20]))

    def _turn(
        self,
        found: Located,
        turn: Turn,
        wanted: float,
        ids: list[int],
        weights: Sequence[float],
        offsets: Sequence[tuple[int, int]],
        faults: dict[str, str],
        notes: dict[str, str],
    ) -> None:
        """One assistant turn: all of it with its end, or nothing."""
        begin = found.answer(turn) if wanted and self.policy.reasoning == "masked" else turn.begin
        own = [at for at, (a, b) in enumerate(offsets) if a < turn.end and b > turn.begin]
        mine = [at for at in own if offsets[at][1] > begin]
        where, count = f"turn {turn.message}", sum(weights[at] > 0 for at in own)
        if wanted and any(offsets[at][0] < border < offsets[at][1] for at in own for border in (begin, turn.end)):
            faults.setdefault("straddle", where)
        elif not wanted or (len(mine) < len(own) and any(weights[at] > 0 for at in own if at < (mine or own)[0])):
            if count:
                faults.setdefault("unwanted_trained", where)
        elif turn.rewritten and self.policy.rewritten == "masked":
            (faults if count else notes).setdefault("rewritten_trained" if count else "rewritten_turn", where)
        elif not own or offsets[own[-1]][1] < turn.end:
            (faults if count else notes).setdefault("truncated_final" if count else "cut", where)
        elif not count:
            faults.setdefault("turn_not_trained", where)
        else:
            if ids[own[-1]] not in self.encoder.special_ids:
                faults.setdefault("no_end_of_turn", where)
            elif not weights[own[-1]]:
                faults.setdefault("end_not_trained", where)
            if any(not weights[at] for at in mine[:-1]):
                faults.setdefault("partly_trained", where)
            if any(weights[at] and abs(weights[at] - wanted) > 1e-6 for at in mine):
                faults.setdefault("wrong_weight", f"{where}: {wanted:g} was given")

    def _tokens(
        self, ids: Sequence[int], weights: Sequence[float], offsets: Sequence[tuple[int, int]] | None, text: str
    ) -> tuple[Token, ...]:
        told, cursor = [], 0
        for at, id in enumerate(ids):
            special = id in self.encoder.special_ids
            if offsets is not None and offsets[at] != (0, 0):
                # a character of several tokens stands at the first of them
                own, cursor = text[max(cursor, offsets[at][0]) : offsets[at][1]], offsets[at][1]
            else:
                own = str(self.tokenizer.decode([id], skip_special_tokens=False, clean_up_tokenization_spaces=False))
            told.append(Token(own, "trained" if weights[at] > 0 else "special" if special else "plain", special))
        return tuple(told)


def _words(text: str, messages: Sequence[Message], turns: Sequence[Turn]) -> list[tuple[int, int]]:
    """Where users, system turns and tools speak: their words in order, outside of assistant turns."""
    places, cursor = [], 0
    for message in messages:
        words = (message.content or "").strip()
        if message.role == "assistant" or not words:
            continue
        at = text.find(words, cursor)
        while at >= 0 and (inside := next((t for t in turns if at < t.end and at + len(words) > t.begin), None)):
            at = text.find(words, inside.end)
        if at >= 0:
            places.append((at, at + len(words)))
            cursor = at + len(words)
    return places


def audit_packing(
    starts: Sequence[int], positions: Sequence[int], sees: Sequence[Sequence[int]], weights: Sequence[float]
) -> dict[str, str]:
    """Faults of documents laid end to end. `starts` holds the first token of each, and at last the number of tokens.

    `positions` and `weights` are one a token; `sees[i]` are the tokens that token i attends to.
    """
    faults: dict[str, str] = {}
    for low, high in pairwise(starts):
        if list(positions[low:high]) != list(range(high - low)):
            faults.setdefault("positions_run_on", f"tokens {low} to {high - 1}")
        if high > low and weights[low]:
            faults.setdefault("first_token_trained", f"token {low}")
        for at in range(low, high):
            if any(not low <= other <= at for other in sees[at]):
                faults.setdefault("attention_crosses", f"token {at} of the document from {low} to {high - 1}")
                break
    return faults
