"""What every check answers: PASS, FAIL or ABSTAIN, with evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from buckets import Record


class Outcome(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    ABSTAIN = "abstain"  # cannot judge: neither a keep nor a drop


@dataclass(frozen=True, slots=True)
class Verdict:
    """`rule` is a stable slug; `reason` a sentence for a person; `evidence` the matched text or numbers."""

    outcome: Outcome
    rule: str
    reason: str = ""
    evidence: str = ""


class Verifier(Protocol):
    """Deterministic, pure, and never raises on any record."""

    @property
    def name(self) -> str: ...

    def __call__(self, record: Record) -> Verdict: ...


@dataclass(frozen=True)
class Check:
    """A verifier with the proof that it works: gold that must pass, damaged gold that must fail."""

    name: str
    judge: Callable[[Record], Verdict]
    gold: Sequence[Record]
    damaged: Sequence[Record]

    def __call__(self, record: Record) -> Verdict:
        return self.judge(record)


def passed(rule: str, evidence: str = "") -> Verdict:
    return Verdict(Outcome.PASS, rule, "", evidence)


def failed(rule: str, reason: str, evidence: str = "") -> Verdict:
    return Verdict(Outcome.FAIL, rule, reason, evidence[:400])


def abstained(rule: str, reason: str, evidence: str = "") -> Verdict:
    return Verdict(Outcome.ABSTAIN, rule, reason, evidence[:400])
