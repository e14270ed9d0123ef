"""From a plain process to the first process of its own small world: the tier that needs nothing but the kernel.

Does NOT cover: machines that forbid user namespaces to this user (the tier is then refused in a sentence), and /proc,
which the sandbox simply lacks. What is inside: /usr and the interpreter read-only, five devices, two small tmpfs.
"""

from __future__ import annotations

import os
from typing import Any

import verifiers.sandbox.kernel as kernel

INSIDE_UID = 1000
_LINKS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_NAMESPACES = (
    kernel.NEW_USER | kernel.NEW_NS | kernel.NEW_PID | kernel.NEW_NET | kernel.NEW_IPC | kernel.NEW_UTS
)  # fmt: skip


def separate() -> None:
    """New namespaces; the parent must write the id maps before `furnish`. The next fork is process 1 in there."""
    kernel.unshare(_NAMESPACES)


def furnish(readable: list[str], scratch_bytes: int) -> None:
    """Build a read-only root that shows only `readable` (and the usual links into /usr), and make it the root.

    The mounts belong to the namespace of this process and vanish with it.
    """
    kernel.mount("none", "/", None, kernel.RECURSIVE | kernel.PRIVATE)
    root = "/proc"  # always there, nothing readable lies under it, and nobody inside needs it
    kernel.mount("tmpfs", root, "tmpfs", kernel.NOSUID, "size=1m,nr_inodes=512,mode=755")

    for path in readable:
        _show(path, root)
    for link in _LINKS:
        if os.path.islink(link):
            os.symlink(os.readlink(link), root + link)
        elif os.path.isdir(link):
            _show(link, root)
    os.makedirs(root + "/dev/shm")
    for name in _DEVICES:
        os.close(os.open(f"{root}/dev/{name}", os.O_CREAT | os.O_WRONLY, 0o644))
        kernel.mount(f"/dev/{name}", f"{root}/dev/{name}", None, kernel.BIND)
    os.makedirs(root + "/etc")
    with open(root + "/etc/passwd", "w", encoding="ascii") as passwd:
        passwd.write(f"nobody:x:{INSIDE_UID}:{INSIDE_UID}::/tmp:/nonexistent\n")
    os.makedirs(root + "/tmp")
    room = kernel.NOSUID | kernel.NODEV
    kernel.mount("tmpfs", root + "/tmp", "tmpfs", room, f"size={scratch_bytes},nr_inodes=8192,mode=1777")
    kernel.mount("tmpfs", root + "/dev/shm", "tmpfs", room, "size=16m,nr_inodes=512,mode=1777")
    kernel.change_root(root)
    kernel.protect("/", recursive=False, no_devices=False)


def _show(path: str, root: str) -> None:
    target = root + path
    if os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    kernel.mount(path, target, None, kernel.BIND | kernel.RECURSIVE)
    kernel.protect(target, recursive=True)


def settle(uid: int | None) -> None:
    """Give up every power for good: another user (None: stay), no capability, no new privilege, fewer calls."""
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    kernel.drop_privileges()
    kernel.filter_calls()
    if os.geteuid() == 0:
        raise PermissionError("still the superuser after giving up all powers")


def environment() -> dict[str, Any]:
    """All that a program inside sees of the environment."""
    return {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}
