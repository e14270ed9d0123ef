"""A judge over rows: several votes each, answered from the ledger where they can be, unscored where they fail.

The judge never raises for what a server says about a row. It stops the run, with nothing decided, when going on is
senseless: the endpoint is down or refuses access, or bills more than a call can cost.

Not covered: whether the judge is right (`agreement` measures it), and the choice of rows that a spent cap leaves out
(it follows the order of replies).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from buckets import CurateError, IncompleteError, Record, RefusedError, RowError, digest, dumps
from verifiers.judge_endpoint import Endpoint, Fault, call, client
from verifiers.judge_ledger import Ledger, Reply, pico, usd
from verifiers.judge_pace import Pace, backoff
from verifiers.judge_reply import Vote, read_vote
from verifiers.judge_rubric import Rubric, ask_pair, ask_score
from verifiers.verdict import Verdict, abstained, failed, passed

Answer = Vote | str
"""A vote, or a slug that says why there is none."""


@dataclass(frozen=True)
class Question:
    """One vote to be asked for."""

    key: str
    body: dict[str, Any]
    worst: int
    """Pico-dollars."""


@dataclass(frozen=True)
class Scored:
    """What the judge says about one row."""

    id: str
    verdict: Verdict
    """PASS or FAIL by a strict majority of the votes asked for; otherwise ABSTAIN, rule `unscored`."""
    score: float | None
    """Mean grade of the valid votes; None when the row is unscored."""
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Compared:
    """Which of two answers is better."""

    better: str
    """`first`, `second` or `tie`; `unscored` when a vote of either order is missing."""
    answers: tuple[Answer, ...]
    """Votes as A, B or tie, the two orders in turn: (first shown first), (second shown first), ..."""


@dataclass(frozen=True)
class Forecast:
    """Calls that are not in the ledger yet, and what they cost."""

    calls: int
    stored: int
    expected_usd: float
    """From the mean of earlier calls of this judge, else a token every four bytes and replies of full length."""
    worst_usd: float
    spent_usd: float
    cap_usd: float

    @property
    def enough(self) -> bool:
        """Whether the expected cost fits under what is left of the cap."""
        return not self.calls or self.spent_usd + self.expected_usd <= self.cap_usd

    def text(self) -> str:
        return (
            f"judge: {self.calls:,} calls to make, {self.stored:,} in the ledger; about ${self.expected_usd:,.2f}, at "
            f"most ${self.worst_usd:,.2f}; ${self.spent_usd:,.2f} of the cap of ${self.cap_usd:,.2f} are spent"
        )


class Judge:
    """One rubric at one endpoint with one ledger. Not safe for use by several threads at a time."""

    def __init__(self, rubric: Rubric, endpoint: Endpoint, ledger: Path) -> None:
        self.rubric = rubric
        self.endpoint = endpoint
        self.ledger = Ledger(ledger)

    def identity(self) -> str:
        """Rubric, model and all that shapes a vote: what agreement with people is shown for."""
        return identity(self.rubric, self.endpoint)

    def score(
        self, records: Sequence[Record], pass_at: int, notify: Callable[[int], None] = lambda _: None
    ) -> list[Scored]:
        """One Scored a record, in order."""
        asked = [self.questions(record) for record in records]
        found = self.ask([q for each in asked if not isinstance(each, str) for q in each], notify)
        return [
            tally(record.id, (each,) * self.endpoint.votes if isinstance(each, str) else _of(each, found), pass_at)
            for record, each in zip(records, asked, strict=True)
        ]

    def compare(self, pairs: Sequence[tuple[Record, str, str]]) -> list[Compared]:
        """For each (record, first, second): the better answer to the record's prompt, every vote in both orders."""
        asked: list[list[Question] | str] = []
        for record, first, second in pairs:
            orders = [self._questions(lambda r, a=a, b=b: ask_pair(self.rubric, r, a, b), record)  # type: ignore[misc]
                      for a, b in ((first, second), (second, first))]  # fmt: skip
            one, other = orders
            if isinstance(one, str) or isinstance(other, str):
                asked.append(one if isinstance(one, str) else str(other))
            else:
                asked.append([q for both in zip(one, other, strict=True) for q in both])
        found = self.ask([q for each in asked if not isinstance(each, str) for q in each])
        return [weigh((each,) if isinstance(each, str) else _of(each, found)) for each in asked]

    def questions(self, record: Record) -> list[Question] | str:
        """The votes to ask for about a record, or why it cannot be asked about."""
        if not record.answer.strip():
            return "no_answer"
        return self._questions(lambda r: ask_score(self.rubric, r), record)

    def _questions(self, ask: Callable[[Record], list[dict[str, str]]], record: Record) -> list[Question] | str:
        try:
            messages = ask(record)
            if sum(len(message["content"]) for message in messages) > self.endpoint.max_input_chars:
                return "too_long"
            bodies = [
                self.endpoint.request(messages, self.rubric.reply_schema(), v) for v in range(self.endpoint.votes)
            ]
            who = self.rubric.identity()
            return [Question(digest([who, dumps(body)]), body, self.endpoint.worst(body)) for body in bodies]
        except (RowError, UnicodeEncodeError):
            return "not_text"

    def forecast(self, records: Iterable[Record]) -> Forecast:
        """What scoring these records would cost now; nothing is called."""
        seen: set[str] = set()
        stored = size = worst = 0
        for question in self._each(records):
            if question.key in seen:
                continue
            seen.add(question.key)
            if self.ledger.reply(question.key) is not None:
                stored += 1
                continue
            size += sum(len(message["content"].encode()) for message in question.body["messages"])
            worst += question.worst
        calls = len(seen) - stored
        means = self.ledger.mean_tokens(self.identity())
        a_call = means or (size / max(calls, 1) / 4, float(self.endpoint.max_tokens))
        expected = min(worst, self.endpoint.cost(round(a_call[0] * calls), round(a_call[1] * calls)))
        return Forecast(
            calls, stored, usd(expected), usd(worst), usd(self.ledger.spent()), float(self.endpoint.cap_usd)
        )

    def _each(self, records: Iterable[Record]) -> Iterator[Question]:
        for record in records:
            asked = self.questions(record)
            if not isinstance(asked, str):
                yield from asked

    def ask(self, questions: Sequence[Question], notify: Callable[[int], None] = lambda _: None) -> dict[str, Answer]:
        """An answer for every key. Raises IncompleteError when the endpoint is down, RefusedError when it overbills."""
        found: dict[str, Answer] = {}
        open_: dict[str, Question] = {}
        for question in questions:
            reply = self.ledger.reply(question.key)
            if reply is None:
                open_[question.key] = question
            else:
                found[question.key] = self._vote(reply)
        if open_:
            # A thread of its own: the caller may already be inside an event loop, as in a notebook.
            asking = _Asking(self, notify)
            with ThreadPoolExecutor(1) as alone:
                try:
                    found |= alone.submit(lambda: asyncio.run(asking.all(list(open_.values())))).result()
                except KeyboardInterrupt:
                    asking.stop(IncompleteError("judge: stopped; calls in flight were waited for"))
                    raise
        return found

    def _vote(self, reply: Reply) -> Answer:
        return read_vote(self.rubric, reply.text, reply.finish, reply.refusal)


class _Asking:
    """One round of calls on one event loop."""

    def __init__(self, judge: Judge, notify: Callable[[int], None]) -> None:
        self._judge = judge
        self._how = judge.endpoint
        self._notify = notify
        self._pace = Pace(self._how.requests_per_minute)
        self._found: dict[str, Answer] = {}
        self._in_flight = 0
        self._lost_in_a_row = 0
        self._stop: CurateError | None = None
        self._settled = asyncio.Condition()

    def stop(self, why: CurateError) -> None:
        """Start no more calls; those in flight are paid for, so they are waited for and kept."""
        self._stop = self._stop or why

    async def all(self, questions: Sequence[Question]) -> dict[str, Answer]:
        left = iter(questions)

        async def work(asked: Any) -> None:
            for question in left:  # shared: each worker takes the next
                self._found[question.key] = await self._answer(asked, question)
                self._notify(len(self._found))
                if self._stop is not None:
                    return

        async with client(self._how) as asked:
            await asyncio.gather(*(work(asked) for _ in range(min(self._how.concurrency, len(questions)))))
        if self._stop is not None:
            raise self._stop
        return self._found

    async def _rest(self, seconds: float) -> None:
        """Sleep in slices, so that a stop is not slept through."""
        until = time.monotonic() + seconds
        while self._stop is None and (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(left, 0.5))

    async def _answer(self, asked: Any, question: Question) -> Answer:
        how = self._how
        kind = ""
        for attempt in range(how.attempts):
            while self._stop is None and (wait := self._pace.take()) > 0:
                await self._rest(wait)
            if self._stop is not None:
                return "stopped"
            out = await self._paid(asked, question)
            if out is None:
                return "cap_reached"
            if isinstance(out, Reply):
                self._lost_in_a_row = 0
                return self._judge._vote(out)
            if out.hopeless:
                self.stop(IncompleteError(f"judge: the endpoint refuses access ({out.detail}); nothing was decided"))
                return out.kind
            kind = out.kind
            wait = backoff(how.backoff_s, how.longest_wait_s, attempt, how.seed, question.key)
            wait = max(wait, out.wait or 0.0)
            if not out.again or attempt + 1 == how.attempts or wait > how.longest_wait_s:
                break
            if out.wait is not None:
                self._pace.pause(out.wait)  # the server spoke to all of us
            await self._rest(wait)
        self._lost_in_a_row += 1
        if self._lost_in_a_row >= how.give_up_after:
            self.stop(
                IncompleteError(
                    f"judge: {self._lost_in_a_row} votes in a row were lost ({kind}); the endpoint seems to be down. "
                    "Paid replies are kept: the same command resumes"
                )
            )
        return kind

    async def _paid(self, asked: Any, question: Question) -> Reply | Fault | None:
        """One call inside the cap; None when there is no money for it even after all calls in flight are settled."""
        ledger, how = self._judge.ledger, self._how
        async with self._settled:
            while (booked := ledger.book(question.key, question.worst, pico(how.cap_usd))) is None:
                if self._in_flight == 0:
                    return None
                await self._settled.wait()
            self._in_flight += 1
        try:
            out = await call(asked, question.body, how.timeout_s)
            cost = _cost(how, out)
            outcome = "reply" if isinstance(out, Reply) else out.kind
            reply = out if isinstance(out, Reply) else None
            ledger.settle(booked, cost, outcome, self._judge.identity(), reply)
        finally:
            self._in_flight -= 1
            async with self._settled:
                self._settled.notify_all()
        if cost is not None and cost > question.worst:
            said = (
                f"judge: a call was billed ${usd(cost):.6f}, more than the ${usd(question.worst):.6f} that its bytes "
            )
            more = "and max_tokens allow; stopped. Raise judge.endpoint.template_tokens if the endpoint adds prompts"
            self.stop(RefusedError(said + more))
        return out


def identity(rubric: Rubric, endpoint: Endpoint) -> str:
    """Rubric, model and all that shapes a vote, without address, price and pace."""
    fields = {"model", "max_tokens", "limit_field", "response_format", "temperature", "votes", "seed"}
    return f"{rubric.identity()} {dumps(endpoint.model_dump(mode='json', include=fields))}"


def tally(id: str, answers: Sequence[Answer], pass_at: int) -> Scored:
    """The verdict of a row's votes: a vote that is missing or invalid counts for neither side."""
    answers = tuple(answers)
    grades = [int(each.value) for each in answers if isinstance(each, Vote)]
    good = sum(grade >= pass_at for grade in grades)
    need = len(answers) // 2 + 1
    told = "; ".join(each.reason if isinstance(each, Vote) else each for each in answers)
    shown = f"{' '.join(map(str, grades)) or 'no votes'}: {told}"
    if max(good, len(grades) - good) < need:
        lost = sorted({each for each in answers if isinstance(each, str)}) or ["split_votes"]
        reason = f"The judge gave no majority of valid votes: {', '.join(lost)}."
        return Scored(id, abstained("unscored", reason, shown), None, answers)
    mean = sum(grades) / len(grades)
    if good >= need:
        return Scored(id, passed("judge", shown[:400]), mean, answers)
    return Scored(id, failed("judge", f"The judge grades it below {pass_at}.", shown), mean, answers)


def weigh(answers: Sequence[Answer]) -> Compared:
    """Better only when it wins the strict majority of all votes and both orders lean its way or to a tie."""
    answers = tuple(answers)
    if len(answers) % 2 or not all(isinstance(each, Vote) for each in answers):
        return Compared("unscored", answers)
    worth = {"A": 1, "B": -1, "tie": 0}
    signed = [
        worth[str(each.value)] * (-1 if at % 2 else 1) for at, each in enumerate(answers) if isinstance(each, Vote)
    ]
    straight, swapped = sum(signed[::2]), sum(signed[1::2])
    if straight * swapped < 0:
        return Compared("tie", answers)  # it prefers a place, not an answer
    ahead = sum(vote > 0 for vote in signed), sum(vote < 0 for vote in signed)
    if max(ahead) * 2 <= len(signed):
        return Compared("tie", answers)
    return Compared("first" if ahead[0] > ahead[1] else "second", answers)


def _of(questions: Sequence[Question], found: dict[str, Answer]) -> tuple[Answer, ...]:
    return tuple(found[question.key] for question in questions)


def _cost(how: Endpoint, out: Reply | Fault) -> int | None:
    """Pico-dollars that a call cost; None when nobody can know."""
    if isinstance(out, Fault):
        return 0 if out.free else None
    return None if out.input is None or out.output is None else how.cost(out.input, out.output)
