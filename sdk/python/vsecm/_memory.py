# SPDX-License-Identifier: BSD-2-Clause
"""Memory for plaintext, and what Python has no name for: addresses, mlock(2), futex(2), fences."""

from __future__ import annotations

import ctypes
import mmap
import platform
import threading
from typing import Callable

_libc = ctypes.CDLL(None, use_errno=True)

_X86 = platform.machine() in ("x86_64", "AMD64")
_SYS_FUTEX = {"x86_64": 202, "AMD64": 202, "aarch64": 98, "riscv64": 98}.get(platform.machine())
_FUTEX_WAIT = 0
_MADV_DONTDUMP = 16


class _Buffer(ctypes.Structure):
    """Py_buffer."""

    _fields_ = [
        ("buf", ctypes.c_void_p), ("obj", ctypes.py_object), ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t), ("readonly", ctypes.c_int), ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p), ("shape", ctypes.c_void_p), ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p), ("internal", ctypes.c_void_p),
    ]


def address(memory: mmap.mmap) -> int:
    """Where MEMORY lies, which may be for reading only. It is true for as long as MEMORY is open."""
    buffer = _Buffer()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(memory), ctypes.byref(buffer), 0)
    at = buffer.buf
    ctypes.pythonapi.PyBuffer_Release(ctypes.byref(buffer))
    return at or 0


def protect(memory: mmap.mmap) -> None:
    """Lock it and leave it out of core dumps, as far as the process may.

    A workload without its secret helps nobody: where the limit refuses, the memory works all the same.
    """
    _libc.mlock(ctypes.c_void_p(address(memory)), ctypes.c_size_t(len(memory)))
    try:
        memory.madvise(_MADV_DONTDUMP)
    except OSError:
        pass


def locked(length: int) -> mmap.mmap:
    """At least LENGTH zero bytes on pages of their own, locked and left out of core dumps."""
    memory = mmap.mmap(-1, max(length, 1), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    protect(memory)
    return memory


def wipe(memory: mmap.mmap, start: int, end: int) -> None:
    """Zeros in [START, END)."""
    if end > start:
        memory[start:end] = bytes(end - start)


class _Timespec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


def wait_word(at: int, value: int, seconds: float) -> bool:
    """Wait until the 4 bytes at address AT are not VALUE any more, or somebody wakes; SECONDS at most.

    False where this machine's number of futex(2) is not known here.
    """
    if _SYS_FUTEX is None:
        return False
    time = _Timespec(int(seconds), int(seconds % 1 * 1e9))
    _libc.syscall(ctypes.c_long(_SYS_FUTEX), ctypes.c_void_p(at), ctypes.c_int(_FUTEX_WAIT),
                  ctypes.c_uint32(value), ctypes.byref(time), None, ctypes.c_uint32(0))
    return True


def _no_fence() -> None:
    """x86-64 does not reorder loads with loads, and no compiler looks across two calls of Python."""


def _make_fence() -> Callable[[], None]:
    lock = threading.local()

    def fence() -> None:
        """What was loaded before stays before the release, and what is loaded next behind the acquire."""
        if not hasattr(lock, "held"):
            lock.held = threading.Lock()
            lock.held.acquire()
        lock.held.release()
        lock.held.acquire()

    return fence


# Loads before it are made before loads behind it.
fence: Callable[[], None] = _no_fence if _X86 else _make_fence()
