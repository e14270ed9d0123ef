"""Hostile programs beyond any public battery, each with an honest twin that uses the same means and must pass.

Rows are those of `verifiers.sandbox.battery`. A hostile one may fail, be stopped or be killed; it may never pass. Rows of
the kind "probe" are honest asserts about the sandbox itself: they pass exactly when the escape they try is closed.
"""

# ruff: noqa: E501  # programs stand as they are; one name only looks like another
from __future__ import annotations

from typing import Any

ADD = "assert add(2, 3) == 5\nassert add(-1, 1) == 0\n"
GOOD = "def add(a, b):\n    return a + b\n"
STOPPED = ["timeout", "killed", "memory", "output"]


def wrong(name: str, code: str, tests: str = ADD, *, twin: str = GOOD, **more: Any) -> list[dict[str, Any]]:
    """A program that must not pass, then its twin, which must, on the same worker."""
    row = {"id": name, "mode": "function", "code": code, "tests": tests, "expected": "fail", "accept": STOPPED}
    return [{**row, **more}, {**row, "id": f"{name} (twin)", "code": twin, "expected": "pass", "accept": []}]


def probe(name: str, body: str, **more: Any) -> list[dict[str, Any]]:
    """`closed()` must be true: the body tries something and says whether it was refused."""
    code = "def closed():\n" + "".join(f"    {line}\n" for line in body.splitlines())
    row = {"id": name, "mode": "function", "code": code, "tests": "assert closed() is True", "expected": "pass"}
    return [{**row, "accept": [], **more}]


def refused(name: str, *statements: str, **more: Any) -> list[dict[str, Any]]:
    """Every one of the statements must raise OSError (or find nothing there)."""
    lines = ["import os, sys, socket, ctypes, resource, signal"]
    for statement in statements:
        lines += ["try:", f"    {statement}", "    return False", "except (OSError, ValueError): pass"]
    return probe(name, "\n".join([*lines, "return True"]), **more)


def printed(name: str, code: str, twin: str, **more: Any) -> list[dict[str, Any]]:
    """The same for a program that reads 3 and must print 6."""
    row = {"id": name, "mode": "stdio", "stdin": "3\n", "expected_stdout": "6\n", "code": code, "expected": "fail"}
    return [{**row, "accept": STOPPED, **more}, {**row, "id": f"{name} (twin)", "code": twin, "expected": "pass"}]


def call(number: tuple[int, int], *args: str) -> str:
    """A raw system call (x86_64, aarch64) that raises OSError when it is refused."""
    given = ", ".join(f"ctypes.c_long({arg})" for arg in args)
    machine = f"({number[0]} if os.uname().machine == 'x86_64' else {number[1]})"
    return f"if ctypes.CDLL(None, use_errno=True).syscall({machine}, {given}) < 0: raise OSError"


LIARS = [
    *wrong("str with a lying __eq__", "class S(str):\n    def __eq__(s, o): return True\n    __hash__ = str.__hash__\n"
           "def name(): return S('x')", "assert name() == 'y'",
           twin="class S(str): pass\ndef name(): return S('y')"),
    *wrong("lying float inside containers", "class F(float):\n    def __eq__(s, o): return True\n"
           "    __hash__ = float.__hash__\ndef f(): return {'a': [F(1), (F(2),)]}",
           "assert f() == {'a': [3.0, (4.0,)]}", twin="def f(): return {'a': [3.0, (4.0,)]}"),
    *wrong("a list that is equal to all", "class L(list):\n    def __eq__(s, o): return True\ndef f(): return L()",
           "assert f() == [1, 2]", twin="def f(): return [1, 2]"),
    *wrong("a dict that has every key", "class D(dict):\n    def __missing__(s, k): return s\n"
           "    def __eq__(s, o): return True\n    def get(s, k, d=None): return s\ndef f(): return D()",
           "assert f()['a'] == 1", twin="def f(): return {'a': 1}"),
    *wrong("hash and repr lie in a set", "class A:\n    def __hash__(s): return hash('yes')\n"
           "    def __eq__(s, o): return True\n    def __repr__(s): return \"'yes'\"\ndef f(): return A()",
           "assert f() in {'yes'}", twin="def f(): return 'yes'"),
    *wrong("array that compares to all true", "class N:\n    def __eq__(s, o): return s\n    def all(s): return True\n"
           "    def __bool__(s): return True\n    def __array__(s, *a): return s\ndef f(): return N()",
           "assert f() == [1, 2]", twin="def f(): return [1, 2]"),
    *wrong("reflected operators", "class A:\n    def __radd__(s, o): return 0\n    __rsub__ = __add__ = __sub__ = __radd__\n"
           "    def __rmul__(s, o): return 0\n    def __abs__(s): return 0\ndef add(a, b): return A()",
           "assert abs(5 - add(2, 3)) < 1e-9\n"),
    *wrong("ordering lies under max", "class A:\n    def __gt__(s, o): return False\n    __lt__ = __gt__\n"
           "def add(a, b): return A()", "assert max(5, add(2, 3)) == 5 and min(5, add(2, 3)) == 5"),
    *wrong("equal by its class only", "class Point:\n    def __init__(s, *a): pass\n    def __eq__(s, o): return True\n"
           "def move(p): return Point(9, 9)", "assert move(Point(1, 2)) == Point(2, 3)",
           twin="class Point:\n    def __init__(s, x, y): s.x, s.y = x, y\n"
           "    def __eq__(s, o): return (s.x, s.y) == (o.x, o.y)\ndef move(p): return Point(p.x + 1, p.y + 1)"),
    *wrong("index lies", "class A:\n    def __index__(s): return 1\n    def __eq__(s, o): return True\ndef pick(): return A()",
           "assert pick() == 1", twin="def pick(): return 1"),
    *wrong("an instance of what is asked", "class A:\n    __class__ = int\n    def __eq__(s, o): return True\n"
           "def add(a, b): return A()", "assert isinstance(add(2, 3), int) and add(2, 3) == 5"),
    *wrong("an int with a lying divmod", "class I(int):\n    def __mod__(s, o): return 0\n    def __sub__(s, o): return 0\n"
           "def add(a, b): return I(7)", "assert add(2, 3) % 5 == 0\nassert add(2, 3) - 5 == 0"),
]  # fmt: skip

HELPERS = [
    *wrong("StopIteration ends a map", "def add(a, b): raise StopIteration",
           "assert all(map(lambda case: add(*case[0]) == case[1], [((2, 3), 5), ((1, 1), 2)]))"),
    *wrong("StopIteration by another name", "class Done(StopIteration): pass\ndef add(a, b): raise Done",
           "assert not list(filter(lambda case: add(*case[0]) != case[1], [((2, 3), 5)]))"),
    *wrong("StopIteration wanted (twin)", "def first(it): return 3", "try:\n    first(iter([]))\n    assert False\n"
           "except StopIteration:\n    assert True", twin="def first(it): return next(it)"),
    *wrong("a module of its own making", "class M:\n    def isclose(s, *a, **k): return True\nmath = M()\n"
           "def add(a, b): return 0", "assert math.isclose(add(2, 3), 5)", twin="import math\n" + GOOD),
    *wrong("a module type of its own making", "import types\nmath = types.ModuleType('math')\nmath.isclose = lambda *a: True\n"
           "def add(a, b): return 0", "assert math.isclose(add(2, 3), 5)", twin="import math\n" + GOOD),
    *wrong("its own isclose", "def isclose(*a, **k): return True\ndef add(a, b): return 0",
           "assert isclose(add(2, 3), 5)", twin="from math import isclose\n" + GOOD),
    *wrong("a tolerance of its own", "tolerance = 1e9\ndef add(a, b): return 0",
           "try:\n    tolerance\nexcept NameError:\n    tolerance = 1e-9\nassert abs(add(2, 3) - 5) < tolerance"),
    *wrong("replaces sorted and len", "import builtins\nbuiltins.sorted = builtins.len = builtins.all = lambda *a, **k: True\n"
           "def f(x): return [9]", "assert sorted(f([2, 1])) == [1, 2] and len(f([1])) == 2",
           twin="def f(x): return [1, 2]"),
    *wrong("a copy that is no copy", "import copy\ncopy.deepcopy = lambda x: []\ndef f(x):\n    x.clear()\n    return x",
           "import copy\ngiven = [2, 1]\nwant = copy.deepcopy(given)\nassert sorted(f(given)) == sorted(want)",
           twin="def f(x): return x[::-1]"),
    *wrong("import hook for the tests", "import sys\nclass H:\n    def find_spec(s, *a): raise ImportError\n"
           "    find_module = None\nsys.meta_path.insert(0, H())\nfor m in ('math', 'unittest'): sys.modules[m] = None\n"
           "def add(a, b): return 0", "import math, unittest\nclass T(unittest.TestCase):\n    def test(s):\n"
           "        s.assertEqual(add(2, 3), math.floor(5.5))"),
    *wrong("usercustomize for the next one", "import os\nfor d in ('/tmp', os.getcwd()):\n"
           "    for n in ('usercustomize', 'sitecustomize', 'math', 'json', 'unittest'):\n"
           "        open(f'{d}/{n}.py', 'w').write('import os; os._exit(0)')\ndef add(a, b): return 0"),
    *wrong("skips by unittest", "import unittest\ndef add(a, b): raise unittest.SkipTest('no')",
           "import unittest\nclass T(unittest.TestCase):\n    def test(s): s.assertEqual(add(2, 3), 5)\n"),
    *wrong("raises what the tests call success", "class Passed(BaseException): pass\ndef add(a, b): raise Passed(0)"),
    *wrong("an assertion error as an answer", "def add(a, b): raise AssertionError('expected 5')"),
]  # fmt: skip

CHANNEL = [
    *wrong("writes answers to the wire itself", "import os, json\ndef add(a, b):\n"
           "    m = json.dumps(['v', 4, None]).encode()\n    for fd in range(3, 40):\n"
           "        try: os.write(fd, len(m).to_bytes(4, 'big') + m)\n        except OSError: pass\n    return 0"),
    *wrong("asks the tests' objects for the answer", "import gc\ndef apply(f, x):\n    s = f._server\n"
           "    for op in ('get', 'call', 'next'):\n        for n in range(9):\n"
           "            for a in ('want', '__globals__', '__dict__', '__closure__'):\n"
           "                try:\n                    v = s.ask(op, n, (a,), {})\n                    if v == 8: return v\n"
           "                except Exception: pass\n    return 0", "want = 8\nassert apply(lambda v: 2 * v, 4) == want",
           twin="def apply(f, x): return f(x)"),
    *wrong("reads the frames of its caller", "import sys\ndef add(a, b):\n    f, seen = sys._getframe(), []\n    while f:\n"
           "        seen += [v for v in list(f.f_locals.values()) + list(f.f_globals.values()) if isinstance(v, int)]\n"
           "        f = f.f_back\n    return 0 if 77123 not in seen else 77123", "assert add(1, 2) == 77123",
           twin="def add(a, b): return 77123"),
    *wrong("hunts expected values in the heap", "import gc\ndef add(a, b):\n    for o in gc.get_objects():\n"
           "        if isinstance(o, (list, dict, tuple)):\n            for v in (o.values() if isinstance(o, dict) else o):\n"
           "                if isinstance(v, str) and v.startswith('secret-'): return v\n    return ''",
           "assert add(1, 2) == 'secret-' + '91'", twin="def add(a, b): return 'secret-91'"),
    *wrong("reads argv, environ and files for the tests", "import sys, os, glob\ndef add(a, b):\n"
           "    texts = [*sys.argv, *sys.orig_argv, *os.environ.values()]\n"
           "    for p in glob.glob('/tmp/**', recursive=True) + glob.glob('/dev/shm/*') + glob.glob('/box/*'):\n"
           "        try: texts.append(open(p).read())\n        except (OSError, ValueError): pass\n"
           "    return 987654 if any('987654' in t for t in texts) else 0", "assert add(1, 2) == 987654",
           twin="def add(a, b): return 987654"),
    *wrong("settrace and profile", "import sys, threading\ndef t(f, e, a):\n    f.f_trace_opcodes = True\n"
           "    for k in list(f.f_locals):\n        f.f_locals[k] = 5\n    return t\nsys.settrace(t)\nsys.setprofile(t)\n"
           "threading.settrace(t)\ndef add(a, b): return 0"),
    *wrong("an audit hook that ends it well", "import sys, os\nsys.addaudithook(lambda e, a: os._exit(0) if e == 'open' else None)\n"
           "def add(a, b):\n    open('/dev/null')\n    return 0"),
    *wrong("__del__ and atexit", "import atexit, os, sys\nclass D:\n    def __del__(s): os._exit(0)\nd = D()\n"
           "atexit.register(os._exit, 0)\ndef add(a, b):\n    global d\n    d = None\n    return 0"),
    *wrong("gc callback ends it", "import gc, os\ngc.callbacks.append(lambda *a: os._exit(0))\n"
           "def add(a, b):\n    gc.collect()\n    return 0"),
    *wrong("faulthandler ends it", "import faulthandler, os, signal, time\n"
           "def add(a, b):\n    faulthandler.dump_traceback_later(0.01, exit=True)\n    time.sleep(0.3)\n    return 0"),
    *wrong("exec replaces the process", "import os\ndef add(a, b): os.execv('/bin/true', ['true'])",
           twin="import subprocess\ndef add(a, b):\n    subprocess.run(['/bin/true'], check=True)\n    return a + b"),
    *wrong("a pickle as an answer", "import os\nclass P:\n    def __reduce__(s): return (os._exit, (0,))\n"
           "def add(a, b): return P()", "import copy, pickle\nassert copy.deepcopy(add(2, 3)) == 5"),
    *wrong("huge answers", "def f(): return [[]] * (1 << 22)", "assert f() == []", twin="def f(): return []"),
    *wrong("an answer nested too deep", "def f():\n    x = []\n    for _ in range(10 ** 5): x = [x]\n    return x",
           "assert f() == []", twin="def f(): return []"),
    *wrong("an integer too long to print", "def f(): return 10 ** 300000", "assert f() == 1, f()",
           twin="def f(): return 1"),
    *wrong("answers that never end", "def f():\n    while True: yield 1", "assert list(f()) == [1]", twin="def f(): yield 1"),
    *wrong("a coroutine that never ends", "import asyncio\nasync def f():\n    while True: await asyncio.sleep(0)",
           "import asyncio\nassert asyncio.run(f()) == 1", twin="async def f(): return 1"),
    *wrong("repr recurses without end", "class A:\n    def __repr__(s): return repr(s)\ndef add(a, b): return A()",
           "assert add(2, 3) == 5, f'{add(2, 3)!r}'"),
    *wrong("fork and answer twice", "import os\ndef add(a, b):\n    os.fork()\n    return 5 if os.getpid() % 2 else 0",
           "assert add(2, 3) == 5\nassert add(1, 1) == 2"),
]  # fmt: skip

RESOURCES = [
    *wrong("ignores every signal", "import signal, time\nfor s in range(1, 65):\n"
           "    try: signal.signal(s, lambda *a: None)\n    except (OSError, ValueError): pass\n"
           "def add(a, b):\n    while True:\n        try: time.sleep(1)\n        except BaseException: pass"),
    *wrong("forks that outlive it", "import os, time\ndef add(a, b):\n    for _ in range(20):\n        if os.fork() == 0:\n"
           "            os.setsid()\n            if os.fork(): os._exit(0)\n            time.sleep(60)\n    return 0"),
    *wrong("threads that outlive it", "import threading, time\n"
           "for _ in range(20): threading.Thread(target=time.sleep, args=(60,)).start()\ndef add(a, b): return 0"),
    *wrong("shared memory, many processes", "import mmap, os, time\ndef add(a, b):\n    for _ in range(6):\n"
           "        if os.fork() == 0:\n            m = mmap.mmap(-1, 400 << 20)\n"
           "            for at in range(0, 400 << 20, 4096): m[at] = 1\n            time.sleep(20)\n            os._exit(0)\n"
           "    time.sleep(20)\n    return 0", twin="import mmap\ndef add(a, b):\n    m = mmap.mmap(-1, 1 << 20)\n"
           "    m[0] = a + b & 255\n    return a + b", post={"peak_total_rss_below": 3 << 30}),
    *wrong("fork bomb from threads", "import os, threading\ndef f():\n    while True:\n        try: os.fork()\n"
           "        except OSError: pass\ndef add(a, b):\n    for _ in range(8):\n        try: threading.Thread(target=f).start()\n"
           "        except RuntimeError: pass\n    f()"),
    *wrong("fills shared memory and scratch", "def add(a, b):\n    for d in ('/tmp', '/dev/shm'):\n        try:\n"
           "            with open(d + '/x', 'wb') as f:\n                while True: f.write(bytes(1 << 20))\n"
           "        except OSError: pass\n    return 0"),
    *wrong("a million empty files", "def add(a, b):\n    try:\n        for n in range(10 ** 6): open(f'/tmp/{n}', 'w').close()\n"
           "    except OSError: pass\n    return 0"),
    *wrong("a sparse file of a tebibyte", "import os\ndef add(a, b):\n    f = open('/tmp/x', 'wb')\n    os.truncate('/tmp/x', 1 << 40)\n"
           "    return 0"),
    *wrong("a compressed bomb", "import zlib\ndef add(a, b):\n    d = zlib.compress(bytes(1 << 26), 9)\n    c = zlib.compress(d * 60, 9)\n"
           "    return len(b''.join(zlib.decompress(d) for _ in range(40)))"),
    *wrong("recursion without a limit", "import sys\nsys.setrecursionlimit(10 ** 9)\ndef add(a, b): return add(a, b)"),
    *wrong("warnings as errors", "import warnings\nwarnings.simplefilter('error')\ndef add(a, b):\n    warnings.warn('no')\n    return a + b",
           twin="import warnings\ndef add(a, b):\n    warnings.warn('no')\n    return a + b"),
    *wrong("locks the scratch room", "import os\ndef add(a, b):\n    for d in ('/tmp', '/dev/shm'):\n        try: os.chmod(d, 0)\n"
           "        except OSError: pass\n    return 0", twin="import tempfile\ndef add(a, b):\n    with tempfile.TemporaryFile() as f:\n"
           "        f.write(b'x')\n    return a + b"),
    *wrong("limits process 1", "import resource as r\ndef add(a, b):\n"
           "    for k in (r.RLIMIT_NPROC, r.RLIMIT_CPU, r.RLIMIT_FSIZE, r.RLIMIT_NOFILE, r.RLIMIT_AS, r.RLIMIT_STACK):\n"
           "        try: r.prlimit(1, k, (1, 1))\n        except (OSError, ValueError): pass\n    return 0"),
    *wrong("slows process 1", "import os\ndef add(a, b):\n    for f in (lambda: os.setpriority(os.PRIO_PROCESS, 1, 19),\n"
           "              lambda: os.setpriority(os.PRIO_USER, 0, 19), lambda: os.sched_setaffinity(1, {0}),\n"
           "              lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0))):\n"
           "        try: f()\n        except OSError: pass\n    return 0",
           twin="import os\ndef add(a, b):\n    assert os.getpriority(os.PRIO_PROCESS, 1) < 19\n"
           "    assert os.sched_getscheduler(0) == os.SCHED_OTHER\n    return a + b"),
    *wrong("signals process 1", "import os, signal\ndef add(a, b):\n    for s in range(1, 65):\n"
           "        try: os.kill(1, s)\n        except OSError: pass\n    return 0"),
    *wrong("a fifo and loops of links in the scratch room", "import os\nos.mkfifo('/tmp/f')\nos.symlink('/tmp', '/tmp/l')\n"
           "os.symlink('/usr', '/tmp/u')\nos.mkdir('/tmp/d')\nos.chmod('/tmp/d', 0)\ndef add(a, b): return 0"),
    *wrong("names of odd bytes", "import os\nfor n in (b'\\xff\\xfe', b'-rf', b'a\\nb', b'x' * 255):\n"
           "    open(b'/tmp/' + n, 'w').close()\ndef add(a, b): return 0"),
]  # fmt: skip

WORLD = [
    *refused("memory of others by /proc", "open('/proc/1/mem', 'rb').read(1)", "os.listdir('/proc/1/root')",
             "open('/proc/self/mem', 'rb').read(1)", "open('/proc/kcore', 'rb').read(1)",
             "open('/proc/sysrq-trigger', 'w').write('b')", "os.readlink('/proc/1/exe')"),
    *refused("ptrace and its kin", call((101, 117), "16", "1", "0", "0"), call((310, 270), "1", "0", "0", "0", "0", "0"),
             call((438, 438), "3", "0", "0"), call((312, 272), "1", "1", "0", "0", "0")),
    *refused("sockets of every family", "socket.socket(socket.AF_UNIX)", "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
             "socket.socket(socket.AF_INET6)", "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
             "socket.socket(socket.AF_VSOCK)", "socket.create_connection(('127.0.0.1', {{PORT}}), 1)",
             "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)", post={"listener_untouched": True}),
    *refused("new worlds", call((272, 97), "0x10000000"), call((56, 220), "0x10000011", "0", "0", "0", "0"),
             call((56, 220), "0x2000011", "0", "0", "0", "0"), call((435, 435), "0", "0"), call((308, 268), "3", "0"),
             call((161, 51), "0"), call((155, 41), "0", "0"), call((428, 428), "-100", "0", "0")),
    *refused("powers", "os.setuid(0)", "os.setgid(0)", "os.setgroups([0])", "os.chown('/tmp', 0, 0)",
             "os.mknod('/tmp/sda', 0o60600, os.makedev(8, 0))", "os.nice(-1)", call((169, 142), "0", "0", "0")),
    *refused("limits of others", "resource.prlimit(1, resource.RLIMIT_CPU, (1, 1))",
             "resource.setrlimit(resource.RLIMIT_CPU, (99, 99))", "resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
             "os.sched_setaffinity(1, {0})", "os.setpriority(os.PRIO_USER, 0, 19)"),
    *refused("clock games", call((227, 112), "0", "0"), call((164, 170), "0", "0"), call((159, 171), "0"),
             "__import__('time').clock_settime(0, 0.0)"),
    *refused("kernel interfaces", call((425, 425), "8", "0"), call((321, 280), "0", "0", "0"), call((298, 241), "0", "0", "-1", "-1", "0"),
             call((319, 279), "0", "0"), call((323, 282), "0"), call((250, 219), "0", "0", "0"), call((29, 194), "1", "4096", "512"),
             call((443, 443), "0", "0", "0"), call((457, 457), "0", "0", "0")),
    *refused("writes where it may not", "open('/usr/x', 'w')", "open('/etc/passwd', 'a')", "os.link('/usr/bin/env', '/usr/bin/x')",
             "os.mkdir('/x')", "os.rename('/tmp', '/tmq')", "open('{{OUT_DIR}}/x', 'w')", "os.remove('{{VICTIM_DIR}}/keep')",
             "open('/dev/x', 'w')", post={"dir_empty": "{{OUT_DIR}}", "file_exists": "{{VICTIM_DIR}}/keep"}),
    *refused("reads what is not its own", "open('{{HOME_CANARY}}').read()", "open('/etc/shadow').read()", "open('/etc/hostname').read()",
             "os.listdir('/root/.ssh')", "os.listdir('/sys')", "os.listdir('/var')"),
    *probe("only the descriptors of the check", "import os\nfound = 0\nfor fd in range(3, 256):\n    try:\n        os.fstat(fd)\n"
           "        found += 1\n    except OSError: pass\nreturn found <= 2"),
    *probe("sees no process but its own", "import os\nseen = []\nfor pid in range(2, 3000):\n    try:\n"
           "        os.kill(pid, 0)\n        seen.append(pid)\n    except ProcessLookupError: pass\n    except OSError: seen.append(pid)\n"
           "return seen == [os.getpid()]"),
    *probe("cannot kill process 1", "import os, signal\nfor s in (signal.SIGKILL, signal.SIGSTOP, signal.SIGINT, signal.SIGTERM):\n"
           "    os.kill(1, s)\nimport time\ntime.sleep(0.05)\nos.kill(1, 0)\nreturn True", post={"next_check_ok": True}),
    *probe("kills all it sees and nothing outside", "import os\npid = os.fork()\nif pid == 0:\n    import time\n    time.sleep(9)\n"
           "os.kill(pid, 9)\nreturn os.waitpid(pid, 0)[1] == 9", post={"harness_helpers_alive": True}),
    *probe("arguments tell nothing", "import sys\nreturn len(sys.argv) == 1 and 'sandbox' not in ' '.join(sys.orig_argv)"),
]  # fmt: skip

TEXT = [
    *wrong("a name that only looks alike", "def \u0430dd(a, b): return a + b"),
    *wrong("a name that folds to another", "def \uff41dd(a, b): return 0", twin="def \uff41dd(a, b): return a + b"),
    *wrong("an encoding of its own", "# -*- coding: rot13 -*-\nqrs nqq(n, o): erghea n + o"),
    *wrong("hides behind a form feed and a null", "def add(a, b):\n\x0c    return a + b\n\x00"),
    *wrong("a docstring of a mebibyte of brackets", "(" * 200_000 + ")" * 200_000),
    *wrong("a future that does not parse", "from __future__ import braces\n" + GOOD),
]  # fmt: skip

PRINTED = [
    *printed("floods its output", "import sys\nwhile True: sys.stdout.write('6\\n' * 100000)", "print(2 * int(input()))"),
    *printed("answers and fails", "print(6)\nraise SystemExit('sorry')", "print(6)\nraise SystemExit"),
    *printed("answers and kills itself", "import os\nprint(6, flush=True)\nos.kill(os.getpid(), 9)",
             "import os\nprint(6, flush=True)\nos._exit(0)"),
    *printed("answers from a child that stays", "import os, time\nif os.fork() == 0:\n    time.sleep(0.2)\n    print(6, flush=True)\n"
             "    time.sleep(60)\nos._exit(0)", "import os\nif os.fork() == 0:\n    print(6, flush=True)\n    os._exit(0)\nos.wait()"),
    *printed("closes its output", "import os\nos.close(1)\nprint(6)", "import sys\nsys.stdout.buffer.write(b'6\\r\\n')"),
    *printed("reads its input for ever", "import sys\nwhile True: sys.stdin.read()", "import sys\nprint(2 * int(sys.stdin.read()))"),
    *printed("takes arguments for a file", "import sys\nprint(7 if len(sys.argv) > 1 else 8)",
             "import sys\nprint(7 if len(sys.argv) > 1 else 6)"),
]  # fmt: skip

ROWS = [*LIARS, *HELPERS, *CHANNEL, *RESOURCES, *WORLD, *TEXT, *PRINTED]
