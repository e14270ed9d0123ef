"""One call to an OpenAI-compatible endpoint, and every way in which it can fail, named.

A fault says whether it may be tried again and whether it was certainly free: what is not known to be free is booked
at its worst. The deadline holds for the whole call, so a server that drips bytes cannot hold it open.

Not covered: streaming, endpoints without chat completions, and prices that change with the time or the prompt.
"""

from __future__ import annotations

import asyncio
import json
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from buckets import InputError
from verifiers.judge_ledger import Reply, per_token
from verifiers.judge_pace import retry_after

_MAX_BODY = 8_000_000
"""Bytes of a response; a longer one is no reply of a judge."""
_A_MESSAGE = 64
"""Tokens that a chat template may put around one message."""
_FREE = frozenset({400, 401, 402, 403, 404, 405, 409, 413, 415, 422, 429, 503, 529})
"""Statuses that refuse the work before it is done. Others (500, 502, 504) may come after it."""
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_HOPELESS = frozenset({401, 402, 403, 404, 405})
"""Statuses that say the same to every row: wrong key, no money, no such model."""


class Endpoint(BaseModel):
    """Where the judge is, how it is asked, and what it may cost."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    base_url: str = Field(pattern=r"^https?://")
    """Address up to and with /v1. It is not part of the cache's key: `model` must say which model answers."""
    model: str = Field(min_length=1)
    """The model's name at that endpoint."""
    api_key_env: str = "OPENAI_API_KEY"
    """Environment variable with the key; it is never written anywhere. On loopback it may be unset."""
    cap_usd: Decimal = Field(ge=0)
    """Dollars that all runs into one ledger may spend together, worst cases of calls in flight included."""
    input_usd: Decimal = Field(ge=0)
    """Price of a million prompt tokens; 0 for a server of your own."""
    output_usd: Decimal = Field(ge=0)
    """Price of a million reply tokens."""
    max_tokens: int = Field(400, ge=1)
    """Reply tokens at most."""
    limit_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """What the endpoint calls that limit; models that reason want the second."""
    response_format: Literal["json_schema", "json_object", "none"] = "json_schema"
    """How the endpoint is told to reply in JSON; replies are validated here in any case."""
    temperature: float | None = Field(0.0, ge=0, le=2)
    """Sampling temperature; null leaves it to the endpoint."""
    votes: int = Field(1, ge=1, le=99)
    """Replies for each row, each with a seed of its own; a strict majority of them decides."""
    seed: int = 1
    """Of the first vote, and of the jitter in backoff."""
    concurrency: int = Field(8, ge=1, le=512)
    """Calls in flight."""
    requests_per_minute: float | None = Field(None, gt=0)
    """Starts a minute at most; null: as many as the endpoint takes."""
    timeout_s: float = Field(120.0, gt=0)
    """Seconds for one whole call."""
    attempts: int = Field(5, ge=1, le=20)
    """Calls for one vote at most, when they fail."""
    backoff_s: float = Field(1.0, gt=0)
    """Wait after the first failure; doubled each time, with jitter."""
    longest_wait_s: float = Field(120.0, gt=0)
    """Longest wait; a server that asks for more is not asked again for that vote."""
    give_up_after: int = Field(20, ge=1)
    """Votes lost in a row, with no reply between them, after which the endpoint counts as down and the run stops."""
    max_input_chars: int = Field(200_000, ge=1)
    """Longer requests are not sent; the row stays unscored."""
    template_tokens: int = Field(256, ge=0)
    """Tokens that the endpoint may add to a prompt on its own."""

    @model_validator(mode="after")
    def _votes_differ(self) -> Endpoint:
        if self.votes > 1 and self.temperature == 0:
            raise ValueError("votes: several votes at temperature 0 are one vote; raise temperature or ask for 1")
        return self

    def request(self, messages: Sequence[dict[str, str]], schema: dict[str, Any], vote: int) -> dict[str, Any]:
        """The body of the call for one vote."""
        body: dict[str, Any] = {"model": self.model, "messages": list(messages), "seed": self.seed + vote}
        body[self.limit_field] = self.max_tokens
        if self.temperature is not None:
            body["temperature"] = self.temperature
        if self.response_format == "json_object":
            body["response_format"] = {"type": "json_object"}
        elif self.response_format == "json_schema":
            form = {"name": "verdict", "schema": schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return body

    def worst(self, body: dict[str, Any]) -> int:
        """Pico-dollars that the call can cost at most: no tokenizer with byte fallback makes more tokens than bytes."""
        texts = [message["content"] for message in body["messages"]]
        if "response_format" in body:
            texts.append(json.dumps(body["response_format"]))
        tokens = sum(map(_bytes, texts)) + _A_MESSAGE * len(texts) + self.template_tokens
        return self.cost(tokens, self.max_tokens)

    def cost(self, input: int, output: int) -> int:
        return input * per_token(self.input_usd) + output * per_token(self.output_usd)

    def key(self) -> str:
        """The API key. Raises InputError when there is none and the endpoint is not on this machine."""
        found = os.environ.get(self.api_key_env)
        if not found and urlsplit(self.base_url).hostname not in ("localhost", "127.0.0.1", "::1"):
            raise InputError(f"judge: the environment variable {self.api_key_env} holds no API key for {self.base_url}")
        return found or "none"


def _bytes(text: str) -> int:
    """Bytes of a text in the longest of the normal forms that tokenizers use."""
    if text.isascii():
        return len(text)
    return max(len(form.encode()) for form in (text, *(unicodedata.normalize(f, text) for f in ("NFKC", "NFKD"))))


@dataclass(frozen=True)
class Fault:
    """A call that gave no reply."""

    kind: str
    """A slug: rate_limited, server_error, rejected, refused_access, timeout, cut, no_connection, malformed."""
    detail: str
    again: bool
    free: bool
    """Certainly not billed."""
    wait: float | None = None
    """Seconds that the server asks for."""
    hopeless: bool = False
    """Every other call would meet it too."""


def client(endpoint: Endpoint) -> Any:
    """An openai.AsyncOpenAI that neither retries nor follows redirects; InputError without the extra."""
    try:
        import openai
    except ImportError as error:
        raise InputError("judge: needs the openai package: pip install 'sft-curate[judge]'") from error
    # Reading the certificates takes a third of a second, for nothing where the address is plain http.
    https = endpoint.base_url.startswith("https:")
    http = openai.DefaultAsyncHttpxClient(follow_redirects=False, verify=https)
    asked = openai.AsyncOpenAI(
        api_key=endpoint.key(), base_url=endpoint.base_url, max_retries=0, timeout=endpoint.timeout_s, http_client=http
    )
    _ = asked.chat.completions.with_streaming_response  # loads modules for a second, which no call should be charged
    return asked


async def call(asked: Any, body: dict[str, Any], seconds: float) -> Reply | Fault:
    """One call with the client `asked`. Never raises for what a server or a network can do."""
    import openai

    raw = bytearray()
    try:
        async with (
            asyncio.timeout(seconds),
            asked.chat.completions.with_streaming_response.create(**body) as response,
        ):
            async for part in response.iter_bytes():
                raw += part
                if len(raw) > _MAX_BODY:
                    return Fault("malformed", f"more than {_MAX_BODY} bytes", again=False, free=False)
    except (TimeoutError, openai.APITimeoutError):
        return Fault("timeout", f"no whole reply in {seconds:g} s", again=True, free=False)
    except openai.APIStatusError as error:
        return _refused(error.status_code, str(error), dict(error.response.headers))
    except openai.APIConnectionError as error:
        return _lost(error.__cause__ or error)
    except Exception as error:  # noqa: BLE001 - the transport's own errors: its package is not ours to name
        return _lost(error)
    return read_body(bytes(raw))


def _refused(status: int, detail: str, headers: dict[str, str]) -> Fault:
    kind = "rate_limited" if status in (429, 529) else "server_error" if status >= 500 else "rejected"
    if status in _HOPELESS:
        kind = "refused_access"
    wait = retry_after({name.lower(): value for name, value in headers.items()})
    return Fault(kind, f"{status}: {detail[:300]}", status in _AGAIN, status in _FREE, wait, status in _HOPELESS)


def _lost(error: BaseException) -> Fault:
    """A connection that never stood cost nothing; one that broke may have."""
    name = type(error).__name__
    free = name in ("ConnectError", "ConnectTimeout")
    return Fault("no_connection" if free else "cut", f"{name}: {error}"[:300], again=True, free=free)


def read_body(raw: bytes) -> Reply | Fault:
    """The reply in the body of a 200; `malformed` when it is no chat completion."""
    try:
        value = json.loads(raw)
        choice = value["choices"][0]
        message = choice["message"]
        texts = [message.get("content"), choice.get("finish_reason"), message.get("refusal")]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        return Fault("malformed", f"{type(error).__name__}: {raw[:200]!r}", again=True, free=False)
    if not all(text is None or isinstance(text, str) for text in texts):
        return Fault("malformed", "a field that should be text is not", again=True, free=False)
    text, finish, refusal = (None if one is None else _storable(one) for one in texts)
    return Reply(text, finish, refusal, *_usage(value.get("usage")))


def _storable(text: str) -> str:
    """Without lone surrogates, which no database takes."""
    return text.encode("utf-8", "replace").decode()


def _usage(usage: object) -> tuple[int | None, int | None]:
    """Tokens as billed; None for both unless both can be believed."""
    found = (usage.get("prompt_tokens"), usage.get("completion_tokens")) if isinstance(usage, dict) else (None, None)
    first, second = (number if type(number) is int and 0 <= number < 2**40 else None for number in found)
    return (first, second) if first and second is not None else (None, None)
