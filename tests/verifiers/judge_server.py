"""A chat-completions server on loopback that fails on request and keeps its own bill.

It bills like the harshest provider: whatever it has begun to generate, whether or not the reply arrives, at one
token a byte of prompt. What the client believes to have spent must never be less.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]

FAULTS = (
    "429", "429_after", "500", "503", "504", "400", "timeout", "drip", "cut", "cut_headers", "reset", "html",
    "no_choices",
    "not_json", "prose", "refusal", "refusal_field", "filtered", "length", "wrong_schema", "out_of_scale", "two_minds",
    "empty", "null",
)  # fmt: skip
"""Everything that gives no vote, however often it is tried."""


def grade(body: Body) -> int:
    """The honest grade that the server gives: a number that the judged text names, or 3."""
    text = body["messages"][-1]["content"]
    at = text.rfind("GRADE")
    return int(text[at + 5]) if at >= 0 else 3


class JudgeServer:
    """`plan`, or `plan(body, n)`, says what happens to the n-th request: "ok" or a fault's name."""

    def __init__(self, plan: str | Callable[[Body, int], str], reply: Callable[[Body], str] | None = None) -> None:
        self.plan = plan
        self.reply = reply or (lambda body: json.dumps({"reason": "as told", "score": grade(body)}))
        self.slow_s = 0.0
        self.cheap = False
        self.hang_s = 1.0
        self.after = {"retry-after-ms": "200"}
        self.lock = threading.Lock()
        self.hits: list[tuple[float, str, Body]] = []
        self.billed_tokens = [0, 0]
        self.in_flight = self.most_in_flight = 0

    def bill(self, body: Body) -> Body:
        """The harshest: a token for each byte of the prompt, and replies of full length."""
        text = sum(len(message["content"].encode()) for message in body["messages"])
        usage = {"prompt_tokens": text, "completion_tokens": body["max_tokens"]}
        if self.cheap:
            usage = {"prompt_tokens": 1, "completion_tokens": 1}
        with self.lock:
            self.billed_tokens[0] += usage["prompt_tokens"]
            self.billed_tokens[1] += usage["completion_tokens"]
        return usage

    @contextmanager
    def running(self) -> Iterator[str]:
        """The base_url while it runs."""
        owner = self

        class Handler(_Handler):
            server_of_judges = owner

        server = _Server(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # five by default: then the kernel drops connections, and lost calls are not free
    daemon_threads = True
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    server_of_judges: JudgeServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        owner = self.server_of_judges
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with owner.lock:
            owner.in_flight += 1
            owner.most_in_flight = max(owner.most_in_flight, owner.in_flight)
            number = len(owner.hits)
            what = owner.plan if isinstance(owner.plan, str) else owner.plan(body, number)
            owner.hits.append((time.monotonic(), what, body))
        try:
            time.sleep(owner.slow_s)
            self._act(what, body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client has gone
        finally:
            with owner.lock:
                owner.in_flight -= 1

    def _act(self, what: str, body: Body) -> None:
        owner = self.server_of_judges
        if what in ("429", "429_after", "503", "400", "401", "404"):
            self._send(int(what[:3]), json.dumps({"error": {"message": what}}), owner.after if "after" in what else {})
            return
        usage = owner.bill(body)
        if what in ("500", "504"):
            self._send(int(what), "<h1>oops</h1>")
            return
        if what == "timeout":
            time.sleep(owner.hang_s)
        if what == "html":
            self._send(200, "<html>maintenance</html>")
            return
        message = {"role": "assistant", "content": _said(what, owner, body)}
        choice: Body = {"index": 0, "finish_reason": "stop", "message": message}
        if what == "refusal_field":
            choice["message"] |= {"content": None, "refusal": "I can't help with that."}
        if what in ("filtered", "length"):
            choice["finish_reason"] = {"filtered": "content_filter"}.get(what, what)
        whole: Body = {
            "id": "x",
            "object": "chat.completion",
            "created": 0,
            "model": body["model"],
            "choices": [choice],
        }
        whole["usage"] = usage
        if what == "no_choices":
            whole["choices"] = []
        if what == "no_usage":
            del whole["usage"]
        if what == "overbilled":
            whole["usage"] = {"prompt_tokens": 10**7, "completion_tokens": 1}
        text = json.dumps(whole)
        if what == "cut_headers":
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-ty")
            self.close_connection = True
        elif what == "reset":
            self.close_connection = True
        elif what in ("cut", "drip"):
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            for at in range(0, len(text) // 2, 1 if what == "drip" else len(text)):
                self.wfile.write(text[at : at + 1].encode() if what == "drip" else text[: len(text) // 2].encode())
                self.wfile.flush()
                time.sleep(0.02 if what == "drip" else 0)
            self.close_connection = True
        else:
            self._send(200, text)

    def _send(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"content-type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())


def _said(what: str, owner: JudgeServer, body: Body) -> str | None:
    honest = owner.reply(body)
    return {
        "not_json": '{"reason": "good", "score": ',
        "prose": "I would give this a 5 out of 5.",
        "refusal": "I'm sorry, but I can't help with that request.",
        "wrong_schema": '{"reason": "good", "score": "5"}',
        "out_of_scale": '{"reason": "good", "score": 9}',
        "two_minds": '{"reason": "a", "score": 5} or rather {"reason": "b", "score": 1}',
        "empty": "",
        "null": None,
    }.get(what, honest)  # fmt: skip
