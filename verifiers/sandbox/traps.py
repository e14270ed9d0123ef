"""What a battery of hostile programs may not touch: files, sockets, processes outside, and how to look afterwards."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil


class Traps:
    """Set on entry, taken away on exit. `fill` puts the places into a program; `sprung` says what was touched."""

    def __enter__(self) -> Traps:
        self.mark, self.helper_mark = f"mark{secrets.token_hex(6)}"[:15], f"harness{secrets.token_hex(8)}"
        self.folder = Path(tempfile.mkdtemp(prefix="battery-"))
        self.folder.chmod(0o755)
        self.out, self.victim = self.folder / "out", self.folder / "victim"
        for place in (self.out, self.victim):
            place.mkdir()
            place.chmod(0o777)
        (self.victim / "keep").write_text("keep", encoding="ascii")
        self.canary = self._home_canary()
        os.environ["SBX_CANARY"] = f"CANARY-{secrets.token_hex(8)}"
        self.tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.tcp.bind(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.tcp.getsockname()[1]))
        self.unix, self.abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        self.unix.bind(str(self.folder / "socket"))
        os.chmod(self.folder / "socket", 0o777)
        self.abstract.bind(f"\0{self.helper_mark}")
        for listener in (self.tcp, self.unix, self.abstract):
            listener.listen(8)
        for trap in self.sockets:
            trap.setblocking(False)
        sleeper = "import time; time.sleep(36000)"
        self.helper = subprocess.Popen([sys.executable, "-S", "-c", sleeper, self.helper_mark])
        return self

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        return self.tcp, self.udp, self.unix, self.abstract

    def _home_canary(self) -> Path:
        """In the home folder; where that cannot be written (users without one), beside the other traps."""
        text = f"CANARY-{secrets.token_hex(8)}"
        for place in (Path.home(), self.folder):
            path = place / f".canary-{secrets.token_hex(4)}"
            with contextlib.suppress(OSError):
                path.write_text(text, encoding="ascii")
                path.chmod(0o644)
                return path
        raise OSError("no place for a canary")

    def __exit__(self, *_: object) -> None:
        self.helper.kill()
        self.helper.wait()
        for trap in self.sockets:
            trap.close()
        self.canary.unlink(missing_ok=True)
        os.environ.pop("SBX_CANARY", None)
        shutil.rmtree(self.folder)

    def fill(self, text: str) -> str:
        places = {
            "HOME_CANARY": str(self.canary), "OUT_DIR": str(self.out), "VICTIM_DIR": str(self.victim),
            "PORT": str(self.tcp.getsockname()[1]), "UNIX_SOCK": str(self.folder / "socket"),
            "ABSTRACT": self.helper_mark, "MARK": self.mark, "HARNESS_MARK": self.helper_mark,
        }  # fmt: skip
        for name, value in places.items():
            text = text.replace("{{" + name + "}}", value)
        return text

    def sprung(self, post: dict[str, Any]) -> list[str]:
        """What the `post` of a row finds wrong; next_check_ok and peak_total_rss_below are the battery's to look at."""
        wrong = []
        for name, value in post.items():
            text = self.fill(value) if isinstance(value, str) else ""
            if name == "dir_empty" and any(Path(text).iterdir()):
                wrong.append(f"files in {text}")
            elif name == "file_exists" and not Path(text).exists():
                wrong.append(f"{text} is gone")
            elif name == "no_process" and _living(text):
                wrong.append("a process outlives its check")
            elif name == "listener_untouched" and any(map(_touched, self.sockets)):
                wrong.append("a listener was reached")
            elif name == "harness_helpers_alive" and self.helper.poll() is not None:
                wrong.append("a process of the harness was killed")
        return wrong


def _living(mark: str) -> bool:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and (mark in process.name() or mark in " ".join(process.cmdline())):
                return True
    return False


def _touched(trap: socket.socket) -> bool:
    try:
        trap.recv(1) if trap.type == socket.SOCK_DGRAM else trap.accept()
    except BlockingIOError:
        return False
    return True
