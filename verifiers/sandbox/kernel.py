"""The kernel calls that a sandbox needs, by ctypes: namespaces, mounts, capabilities, a seccomp filter.

Does NOT cover: machines other than x86_64 and aarch64 (`SUPPORTED` is false there and every tier refuses), kernels
before 5.12 (no mount_setattr), and bugs of the kernel itself. Every call raises OSError with what was tried.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

_LIBC = ctypes.CDLL(None, use_errno=True)
_MACHINE = platform.machine()
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
SUPPORTED = sys.platform == "linux" and _MACHINE in _AUDIT_ARCH and sys.byteorder == "little"

NEW_NS, NEW_CGROUP, NEW_UTS, NEW_IPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
NEW_USER, NEW_PID, NEW_NET = 0x10000000, 0x20000000, 0x40000000
_ALL_NEW = NEW_NS | NEW_CGROUP | NEW_UTS | NEW_IPC | NEW_USER | NEW_PID | NEW_NET | 0x80  # 0x80: NEWTIME
BIND, RECURSIVE, PRIVATE, NOSUID, NODEV = 0x1000, 0x4000, 0x40000, 2, 4
_ATTR_READ_ONLY, _ATTR_NOSUID, _ATTR_NODEV, _AT_RECURSIVE = 1, 2, 4, 0x8000

# name: (x86_64, aarch64); 0xFFFF where the machine has no such call
_DENIED: dict[str, tuple[int, int]] = {
    "socket": (41, 198), "connect": (42, 203), "accept": (43, 202), "accept4": (288, 242), "bind": (49, 200),
    "listen": (50, 201), "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "kcmp": (312, 272), "pidfd_getfd": (438, 438), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "fanotify_init": (300, 262),
    "quotactl": (179, 60), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "reboot": (169, 142), "syslog": (103, 116), "acct": (163, 89), "swapon": (167, 224),
    "swapoff": (168, 225), "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171),
    "clock_adjtime": (305, 266), "personality": (135, 92), "iopl": (172, 0xFFFF), "ioperm": (173, 0xFFFF),
    "modify_ldt": (154, 0xFFFF), "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190), "semop": (65, 193),
    "semctl": (66, 191), "semtimedop": (220, 192), "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188),
    "msgctl": (71, 187), "mq_open": (240, 180), "mq_unlink": (241, 181), "setdomainname": (171, 162),
    "sethostname": (170, 161), "move_pages": (279, 239), "migrate_pages": (256, 238), "mbind": (237, 235),
    "io_setup": (206, 0), "io_destroy": (207, 1), "io_submit": (209, 2), "io_cancel": (210, 3),
    "io_getevents": (208, 4), "inotify_init": (253, 0xFFFF), "inotify_init1": (294, 26),
    "lookup_dcookie": (212, 18), "vhangup": (153, 58), "ioprio_set": (251, 30), "quotactl_fd": (443, 443),
    "statmount": (457, 457), "listmount": (458, 458), "open_tree_attr": (467, 467),
}  # fmt: skip
_ONLY_ITSELF: dict[str, tuple[tuple[int, int], int]] = {
    "prlimit64": ((302, 261), 1), "setpriority": ((141, 140), 2), "sched_setaffinity": ((203, 122), 1),
    "sched_setscheduler": ((144, 119), 1), "sched_setparam": ((142, 118), 1), "sched_setattr": ((314, 274), 1),
}  # fmt: skip
"""Calls whose first arguments (so many) must be 0, the caller: process 1 is of the same user, and what is done to it
is inherited by every later check."""
_CLONE, _CLONE3, _SOCKETPAIR = {"x86_64": (56, 435, 53), "aarch64": (220, 435, 199)}.get(_MACHINE, (0, 0, 0))
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}.get(_MACHINE, 0)
_MOUNT_SETATTR = 442


def _checked(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    _checked(_LIBC.unshare(flags), "new namespaces")


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    arguments = [part.encode() if part is not None else None for part in (source, target, kind)]
    _checked(_LIBC.mount(*arguments, ctypes.c_ulong(flags), options.encode()), f"mount {target}")


def protect(target: str, recursive: bool, no_devices: bool = True) -> None:
    """Make a mount read-only and without set-uid files; with everything under it when recursive."""
    attributes = _ATTR_READ_ONLY | _ATTR_NOSUID | (_ATTR_NODEV if no_devices else 0)
    packed = struct.pack("QQQQ", attributes, 0, 0, 0)
    flags = _AT_RECURSIVE if recursive else 0
    result = _LIBC.syscall(_MOUNT_SETATTR, -100, target.encode(), flags, packed, ctypes.c_size_t(len(packed)))
    _checked(result, f"read-only {target}")


def change_root(new: str) -> None:
    """Make `new` the root and let go of the old one."""
    os.chdir(new)
    _checked(_LIBC.syscall(_PIVOT_ROOT, b".", b"."), "pivot_root")
    _checked(_LIBC.umount2(b".", 2), "let go of the old root")
    os.chdir("/")


def drop_privileges() -> None:
    """No capability in any set, and none to be gained by exec."""
    for capability in range(64):
        if _LIBC.prctl(24, capability, 0, 0, 0) < 0:  # PR_CAPBSET_DROP: fails past the last capability, or unprivileged
            break
    _LIBC.prctl(47, 4, 0, 0, 0)  # PR_CAP_AMBIENT, CLEAR_ALL
    header = struct.pack("Ii", 0x20080522, 0)
    _checked(_LIBC.capset(header, struct.pack("6I", *[0] * 6)), "drop capabilities")
    _checked(_LIBC.prctl(38, 1, 0, 0, 0), "no_new_privs")


def hide_from_peers() -> None:
    """Processes of the same user may not read this one's memory or take its descriptors."""
    _checked(_LIBC.prctl(4, 0, 0, 0, 0), "PR_SET_DUMPABLE")


def filter_calls() -> None:
    """Install the seccomp deny list for this process and all it starts. Needs no_new_privs.

    Denied calls give EPERM; clone3 gives ENOSYS (libc then uses clone, whose flags the filter can read); socketpair is
    left for unix streams (asyncio wakes itself through one).
    """
    column = 0 if _MACHINE == "x86_64" else 1
    numbers = sorted({n for pair in _DENIED.values() if (n := pair[column]) != 0xFFFF})
    program = _program(numbers)
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
    _checked(_LIBC.prctl(22, 2, header, 0, 0), "seccomp filter")


_LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_ALLOW, _KILL, _EPERM, _ENOSYS = 0x7FFF0000, 0x80000000, 0x00050000 | 1, 0x00050000 | 38


def _program(numbers: list[int]) -> bytes:
    """Classic BPF over struct seccomp_data: nr at 0, arch at 4, the low halves of the arguments at 16, 24, ..."""
    code = [
        (_LOAD, 0, 0, 4), (_EQUAL, 1, 0, _AUDIT_ARCH[_MACHINE]), (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0), (_AT_LEAST, 0, 1, 0x40000000), (_RETURN, 0, 0, _EPERM),  # the x32 doubles of every call
    ]  # fmt: skip
    for number in numbers:
        code += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _EPERM)]
    for pair, count in _ONLY_ITSELF.values():
        body = [
            step
            for argument in range(count)
            for step in ((_LOAD, 0, 0, 16 + 8 * argument), (_EQUAL, 1, 0, 0), (_RETURN, 0, 0, _EPERM))
        ]
        code += [(_EQUAL, 0, len(body) + 1, pair[0 if _MACHINE == "x86_64" else 1]), *body, (_LOAD, 0, 0, 0)]
    code += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ENOSYS)]
    code += [
        (_EQUAL, 0, 4, _CLONE), (_LOAD, 0, 0, 16), (_AND, 0, 0, _ALL_NEW & ~0x80),
        (_EQUAL, 1, 0, 0), (_RETURN, 0, 0, _EPERM), (_LOAD, 0, 0, 0),
    ]  # fmt: skip
    code += [
        (_EQUAL, 0, 6, _SOCKETPAIR), (_LOAD, 0, 0, 16), (_EQUAL, 0, 3, 1),
        (_LOAD, 0, 0, 24), (_AND, 0, 0, 0xF), (_EQUAL, 1, 0, 1), (_RETURN, 0, 0, _EPERM),
    ]  # fmt: skip
    code.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("HBBI", *step) for step in code)
