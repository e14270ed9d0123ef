"""How fast rows are judged when the endpoint costs nothing, and from the ledger; how loose the cost bound is.

    python -m benchmarks.judge --rows 2000 --out benchmarks/results/judge.json

The server is ours, on loopback in a process of its own, and answers at once: what is measured is the client. Not
covered: the endpoint's own speed, which decides in practice.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from buckets import Draft, Message, Record, cores, write_json
from verifiers import Endpoint, Judge, load_rubric

_SERVER = """
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        size = sum(len(m["content"].encode()) for m in body["messages"])
        message = {"role": "assistant", "content": json.dumps({"reason": "fine", "score": 4})}
        said = json.dumps({"choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                           "usage": {"prompt_tokens": size // 4, "completion_tokens": 12}}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


def measure(rows: int, concurrency: int) -> dict[str, Any]:
    records = [
        Record(f"r{n}", "s", Draft((Message("user", f"Question {n}? " * 10), Message("assistant", "An answer. " * 60))))
        for n in range(rows)
    ]
    server = subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        with tempfile.TemporaryDirectory() as folder:
            how = Endpoint(
                base_url=url, model="m", cap_usd=10_000, input_usd=1, output_usd=4, concurrency=concurrency
            )  # fmt: skip
            judge = Judge(load_rubric("answer_quality"), how, Path(folder) / "book")
            judge.score(records[:20], 4)  # modules and connections
            times = {}
            for name in ("forecast", "called", "from_ledger"):
                started = time.perf_counter()
                if name == "forecast":
                    ahead = judge.forecast(records[20:])
                else:
                    scored = judge.score(records[20:], 4)
                times[name] = time.perf_counter() - started
            assert all(each.score == 4 for each in scored)
            spent = judge.ledger.spent() / 1e12 - ahead.spent_usd
    finally:
        server.kill()
        server.wait()
    return {
        "rows": rows - 20,
        "concurrency": concurrency,
        "rows_per_second": {name: round((rows - 20) / seconds, 1) for name, seconds in times.items()},
        "forecast_usd": {"expected": ahead.expected_usd, "worst": ahead.worst_usd, "spent": spent},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    found = measure(given.rows, given.concurrency) | {
        "command": shlex.join(["python", "-m", "benchmarks.judge", *sys.argv[1:]]),
        "cores": cores(),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {name: metadata.version(name) for name in ("openai", "polars", "pydantic")},
    }
    if given.out is not None:
        write_json(given.out, found)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
