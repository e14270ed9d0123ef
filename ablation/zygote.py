"""A process that imports torch once and forks one child per trial: a trial starts in milliseconds, not seconds.

Speaks JSON lines: {"start": trial, "log": file} or {"kill": trial} on stdin, {"ready": true} and
{"ended": trial, "code": exit code} on stdout. When stdin closes (the parent is gone, however it went) it
kills its children and exits. POSIX only; CUDA must not be touched before the fork, and is not.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from typing import Any


class Zygote:
    """The loop between stdin and the children."""

    def __init__(self) -> None:
        self.children: dict[int, str] = {}
        self.buffer = b""
        self.out = os.dup(1)
        os.dup2(2, 1)  # whatever libraries print must not mix with the protocol
        self.woken, writer = os.pipe()
        os.set_blocking(self.woken, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def run(self) -> None:
        self._say({"ready": True})
        while True:
            ready, _, _ = select.select([0, self.woken], [], [])
            if self.woken in ready:
                os.read(self.woken, 4096)
            self._reap()
            if 0 in ready and not self._listen():
                break
        for pid in self.children:
            os.kill(pid, signal.SIGKILL)

    def _listen(self) -> bool:
        """Handle what the parent wrote; False when it is gone."""
        data = os.read(0, 65536)
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        for line in lines:
            self._handle(json.loads(line))
        return bool(data)

    def _handle(self, order: dict[str, Any]) -> None:
        if "kill" in order:
            for pid, name in self.children.items():
                if name == order["kill"]:
                    os.kill(pid, signal.SIGKILL)
            return
        pid = os.fork()
        if pid == 0:
            _child(order["start"], order["log"])
        self.children[pid] = order["start"]

    def _reap(self) -> None:
        for pid in list(self.children):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                self._say({"ended": self.children.pop(pid), "code": os.waitstatus_to_exitcode(status)})

    def _say(self, message: dict[str, Any]) -> None:
        os.write(self.out, json.dumps(message).encode() + b"\n")


def _child(trial: str, log: str) -> None:
    """Never returns: a child that came back would run the parent's loop."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        sink = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        from ablation.train import main

        code = main([trial])
    except BaseException:  # noqa: BLE001 - written to the log, and the parent makes a Result of the exit code
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    import transformers.models.llama.modeling_llama  # noqa: F401 - what most trials would import

    import ablation.train  # noqa: F401

    Zygote().run()


if __name__ == "__main__":
    main()
