# SPDX-License-Identifier: BSD-2-Clause
"""The shared page: the newest value in memory that the daemon writes (include/page_abi.h).

Reading is a seqlock: `sequence` is loaded, then the value, then `sequence` again, and what was copied
counts when both are the same even number. Python promises nothing of memory, so what holds is this. A
4-byte element of a memoryview is one aligned load in CPython as compilers make it on x86-64 and aarch64,
so `sequence` is never half old, half new. On x86-64 loads stay in order. Elsewhere a lock is released and
taken between them, which orders them on every machine that CPython runs on. Of the value itself nothing
is assumed: it may be torn, and then `sequence` tells.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
import time
from datetime import datetime, timedelta, timezone
from types import TracebackType
from typing import Dict, Optional, Tuple, Type

from . import _memory
from ._backoff import Backoff
from ._channel import MAX_BODY, Channel, deadline_of, socket_or, unavailable
from ._errors import Error, Expired, Forbidden, NotFound, ProtocolError, Timeout, Unavailable
from ._secret import Secret

_MAGIC = 0x3147504D43455356
_HEAD = struct.Struct("=QIIIIIIQqqq")
_VALUE_AT = 128
_KEEPER, _SEQUENCE = 3, 4  # indices of 4-byte words
_KEEPER_DIED = 0x40000000
_NEVER = (1 << 63) - 1

_VALUE, _ABSENT, _MOVED, _REVOKED = 1, 2, 3, 4

_ABSENCES: Dict[int, Tuple[Type[Error], str]] = {
    1: (NotFound, "there is no secret"),
    2: (NotFound, "the secret is not valid yet"),
    3: (Expired, "the secret has expired"),
    4: (Unavailable, "the secret is withheld"),
}

_F_GET_SEALS = 1034
_F_SEAL_SHRINK = 0x0002
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

_PATIENCE = 1.0  # with a write: the daemon may have been put aside meanwhile
_WAKE_UP = 0.5  # the kernel wakes nobody who waits when the daemon dies: that is looked for


def _time(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


class _Mapping:
    """One page, mapped for reading. The daemon keeps it while CHANNEL is open."""

    def __init__(self, fd: int, channel: Channel) -> None:
        size = os.fstat(fd).st_size
        if not mmap.PAGESIZE <= size <= 2 * MAX_BODY:
            raise ProtocolError(f"the page has {size} bytes")
        # One that could shrink would kill its reader.
        if not fcntl.fcntl(fd, _F_GET_SEALS) & _F_SEAL_SHRINK:
            raise ProtocolError("the page is not sealed")
        self.memory = mmap.mmap(fd, size, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ)
        _memory.protect(self.memory)
        self.words = memoryview(self.memory)[:_HEAD.size].cast("I")
        self.address = _memory.address(self.memory) + 4 * _SEQUENCE
        self.channel = channel
        magic, self.capacity, *_ = _HEAD.unpack_from(self.memory)
        if magic != _MAGIC or self.capacity > size - _VALUE_AT:
            raise ProtocolError("the page is none, or of a later version")

    def is_kept(self) -> bool:
        keeper = self.words[_KEEPER]
        return keeper != 0 and not keeper & _KEEPER_DIED

    def snapshot(self) -> Optional[_Snapshot]:
        """What the page says; None when it has been written to for too long, or its keeper died over it."""
        end = time.monotonic() + _PATIENCE
        while True:
            found = self._try_copy()
            if found:
                return found
            if time.monotonic() > end or self.words[_SEQUENCE] & 1 and not self.is_kept():
                return None
            time.sleep(0.00005)

    def _try_copy(self) -> Optional[_Snapshot]:
        before = self.words[_SEQUENCE]
        if before & 1:
            return None
        _memory.fence()
        _, _, _, _, state, reason, length, version, created, updated, expires = _HEAD.unpack_from(self.memory)
        value = None
        if state == _VALUE and length <= self.capacity:
            value = _memory.locked(length)
            with memoryview(self.memory) as view:
                value[:length] = view[_VALUE_AT:_VALUE_AT + length]
        _memory.fence()
        if self.words[_SEQUENCE] != before:
            if value:
                _memory.wipe(value, 0, length)
            return None
        secret = Secret(value, length, version, _time(created), _time(updated)) if value else None
        return _Snapshot(self, before, state, secret, _why_none(state, reason), expires)


def _why_none(state: int, reason: int) -> Tuple[Type[Error], str]:
    if state == _MOVED:
        return Unavailable, "the value has outgrown its page"
    if state == _REVOKED:
        return Forbidden, "the page was revoked"
    if state == _ABSENT and reason in _ABSENCES:
        return _ABSENCES[reason]
    return ProtocolError, "the page has a state that means nothing"


class _Snapshot:
    """What a page said at one moment. It is never changed."""

    def __init__(self, mapping: _Mapping, sequence: int, state: int, secret: Optional[Secret],
                 why: Tuple[Type[Error], str], expires: int) -> None:
        self.mapping = mapping
        self.words = mapping.words
        self.sequence = sequence
        self.state = state
        self.secret = secret
        self.why = why
        self.expires = expires if secret else _NEVER

    def is_current(self) -> bool:
        """Whether the page still says this, and will go on to say what is new."""
        words = self.words
        return (words[_SEQUENCE] == self.sequence and not words[_KEEPER] & _KEEPER_DIED
                and words[_KEEPER] != 0 and self.state < _MOVED)

    def is_over(self) -> bool:
        return self.expires != _NEVER and time.time_ns() // 1000 >= self.expires

    def is_same(self, other: _Snapshot) -> bool:
        """Whether both would give a reader the same."""
        if self.secret is None or other.secret is None:
            return self.secret is other.secret and self.why[0] is other.why[0]
        return (self.secret.version, self.secret.updated) == (other.secret.version, other.secret.updated)

    def without(self, kind: Type[Error], message: str) -> _Snapshot:
        """This, with an error in the place of its value."""
        return _Snapshot(self.mapping, self.sequence, self.state, None, (kind, message), _NEVER)


class Page:
    """The caller's secret in memory that the daemon at PATH (as for Client) keeps current.

    That there is no secret yet is no error. Any thread may use it.
    """

    def __init__(self, path: str = "") -> None:
        self._path = socket_or(path)
        self._lock = threading.Lock()
        self._backoff = Backoff()
        self._retry_at = 0.0
        self._closed = False
        self._given: Optional[_Snapshot] = None
        self._last = self._attach()

    def read(self) -> Secret:
        """The newest value, without a system call unless something has happened.

        Then it is copied anew, once. The secret is the page's: not to be wiped; who holds it keeps it when
        the page has a newer one. When the daemon has gone, the last value is given while its time lasts,
        and a new daemon is asked as soon as there is one. Raises NotFound, Expired, Forbidden (the caller
        is no longer who it was), Unavailable.
        """
        last = self._last
        if not last.is_current() or last.expires != _NEVER and last.is_over():
            last = self._refresh()
        self._given = last
        if last.secret is None:
            raise last.why[0](last.why[1])
        return last.secret

    @property
    def stale(self) -> bool:
        """No daemon keeps the page current: what is read may be out of date."""
        return self._closed or self._last.state >= _MOVED or not self._last.mapping.is_kept()

    def wait(self, timeout: Optional[float] = None) -> bool:
        """Wait until read() would give something else than it did last; False: not in so many seconds."""
        given = self._given
        end = None if timeout is None else time.monotonic() + timeout
        while given:
            last = self._last
            if not last.is_current() or last.is_over():
                last = self._refresh()
            if self._closed or not last.is_same(given):
                return True
            left = _WAKE_UP if end is None else min(_WAKE_UP, end - time.monotonic())
            if left <= 0:
                return False
            self._pause(last, left)
        return True

    def close(self) -> None:
        """Let the daemon keep the page no longer, and wipe the last value."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            old = self._last
            self._last = old.without(Unavailable, "the page is closed")
            self._last.state = _MOVED
            old.mapping.channel.close()
            if old.secret:
                old.secret.wipe()

    def __enter__(self) -> Page:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        self.close()

    def _pause(self, last: _Snapshot, seconds: float) -> None:
        if last.expires != _NEVER:
            seconds = max(0.0, min(seconds, last.expires / 1e6 - time.time()))
        if not last.is_current():
            time.sleep(min(seconds, 0.05))
        elif not _memory.wait_word(last.mapping.address, last.sequence, seconds):
            time.sleep(min(seconds, 0.01))

    def _refresh(self) -> _Snapshot:
        """Find out what is now."""
        with self._lock:
            last = self._last
            if self._closed:
                return last
            if last.words[_SEQUENCE] != last.sequence:
                last = last.mapping.snapshot() or last
            if last.state >= _MOVED or not last.mapping.is_kept():
                last = self._attached(last)
            if last.is_over():
                last = last.without(Expired, f"the value's time ended at {_time(last.expires)}")
            self._last = last
            return last

    def _attached(self, last: _Snapshot) -> _Snapshot:
        """What a new page says, or else what is left of the old."""
        if time.monotonic() < self._retry_at:
            return last
        try:
            fresh = self._attach()
        except Error as error:
            self._backoff.failures += 1
            self._retry_at = time.monotonic() + self._backoff.pause_after(error)
            return last.without(Forbidden, str(error)) if isinstance(error, Forbidden) else last
        last.mapping.channel.close()
        self._backoff.failures = 0
        return fresh

    def _attach(self) -> _Snapshot:
        """Ask the daemon for a page."""
        try:
            channel = Channel(self._path, deadline_of(None))
        except Timeout as error:
            raise unavailable(error) from None
        try:
            found = _receive_page(channel).snapshot()
            if not found:
                raise Unavailable("the page is not finished")
            return found
        except Timeout as error:
            channel.close()
            raise unavailable(error) from None
        except BaseException:
            channel.close()
            raise


def _receive_page(channel: Channel) -> _Mapping:
    channel.send("GET /v1/page HTTP/1.1\r\nHost: vsecm\r\n\r\n")
    head = channel.receive_head(with_fd=True)
    if head.status == 404:
        raise ProtocolError("the daemon knows no page")
    if head.status != 200:
        raise channel.refusal(head)
    channel.receive_body(head)
    if channel.fd < 0:
        raise ProtocolError("the answer comes without a page")
    try:
        return _Mapping(channel.fd, channel)
    finally:
        os.close(channel.fd)
        channel.fd = -1
