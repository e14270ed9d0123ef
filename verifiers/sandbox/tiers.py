"""Which way of isolating works on this machine: each is tried out live before it is trusted, else nothing is run.

Does NOT offer a way without isolation. The self-test looks for leaks it knows of (files outside, network, the host's
processes, powers); it cannot show that the kernel has no bug.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from functools import lru_cache
from pathlib import Path

from verifiers.sandbox.limits import Limits, Program
from verifiers.sandbox.process import TIERS, RefusedError
from verifiers.sandbox.worker import Worker

_PROBE = """
import ctypes, json, os, signal, socket, sys
job = json.loads(sys.stdin.read())
leaks = []
def attempt(name, action):
    try:
        action()
    except (OSError, PermissionError):
        return
    leaks.append(name)
def write(path):
    with open(path, "w") as out:
        out.write("x")
def call(*numbers):
    if ctypes.CDLL(None, use_errno=True).syscall(*numbers) < 0:
        raise OSError("refused")
attempt("reads files outside", lambda: open(job["canary"]).read())
attempt("writes files outside", lambda: write(job["folder"] + "/leak"))
for place in ("/", "/usr", "/dev", "/etc"):
    attempt("writes " + place, lambda: write(place + "/leak"))
attempt("opens network sockets", lambda: socket.socket(socket.AF_INET))
attempt("opens unix sockets", lambda: socket.socket(socket.AF_UNIX))
attempt("signals the harness", lambda: os.kill(job["harness"], 0) if job["harness"] > 4 else call(-1))
attempt("makes namespaces", lambda: call(job["unshare"], 0x10000000))
attempt("becomes the superuser", lambda: os.setuid(0))
if os.geteuid() == 0:
    leaks.append("is the superuser")
if os.getppid() > 1:
    leaks.append("sees processes outside")
if any("SBX" in name for name in os.environ):
    leaks.append("sees the environment")
import wave, sqlite3  # a lazy import: the interpreter must be readable after the change of user
with open("own", "w") as out:
    out.write("x")
if os.fork() == 0:
    os._exit(0)
os.wait()
print(json.dumps([job["word"], leaks]))
"""


def refusal(tier: str) -> str:
    """Why this tier cannot be trusted here; '' when its self-test found nothing. Takes about a second."""
    limits = Limits()
    worker = Worker(tier, limits)
    word = secrets.token_hex(8)
    unshare = {"x86_64": 272}.get(os.uname().machine, 97)
    try:
        with tempfile.TemporaryDirectory(prefix="sandbox-self-test-") as folder:
            os.chmod(folder, 0o777)
            canary = Path(folder, "canary")
            canary.write_text("outside", encoding="ascii")
            canary.chmod(0o644)
            job = {"canary": str(canary), "folder": folder, "harness": os.getpid(), "word": word, "unshare": unshare}
            done = worker.check(Program(_PROBE, stdin=json.dumps(job), expected_stdout=json.dumps([word, []])))
            if done.verdict == "broken":
                return done.reason
            if done.verdict != "pass":
                return f"the self-test found a leak or did not end: {done.stdout.decode(errors='replace')[:200]!r}"
            if Path(folder, "leak").exists():
                return "the self-test wrote a file outside"
        checks = (
            (Program("def add(a, b):\n    return a + b", "assert add(2, 3) == 5"), "pass"),
            (Program("def add(a, b):\n    return 0", "assert add(2, 3) == 5"), "fail"),
            (Program("import os\ndef add(a, b):\n    os._exit(0)", "assert add(2, 3) == 5"), "fail"),
        )
        for program, due in checks:
            done = worker.check(program)
            if done.verdict != due:
                return f"a check that should {due} gave {done.verdict} ({done.reason})"
    finally:
        worker.close()
    return ""


@lru_cache(maxsize=1)
def tried() -> tuple[tuple[str, str], ...]:
    """(tier, refusal) up to the first tier that isolates; asked once a process."""
    found: list[tuple[str, str]] = []
    for tier in TIERS:
        found.append((tier, refusal(tier)))
        if not found[-1][1]:
            break
    return tuple(found)


def usable_tier(asked: str = "auto") -> str:
    """The tier to use. Raises RefusedError, with all that was tried and what helps, where nothing isolates."""
    if asked != "auto":
        if asked not in TIERS:
            raise RefusedError(f"there is no tier {asked!r}; there are {', '.join(TIERS)}")
        why = refusal(asked)
        if why:
            raise RefusedError(sentence(((asked, why),)))
        return asked
    tier, why = tried()[-1]
    if why:
        raise RefusedError(sentence(tried()))
    return tier


def sentence(attempts: tuple[tuple[str, str], ...]) -> str:
    told = "; ".join(f"{tier}: {why}" for tier, why in attempts)
    return (
        f"No program is run, because nothing isolates it on this machine. Tried {told}. What helps: allow user "
        "namespaces (sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0, or a container "
        "started with a seccomp profile that permits unshare), or install bubblewrap."
    )
