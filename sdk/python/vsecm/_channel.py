# SPDX-License-Identifier: BSD-2-Clause
"""A connection to the daemon. What has arrived and was not taken lies in locked memory."""

from __future__ import annotations

import array
import json
import mmap
import os
import socket
import time
from typing import Optional, Sequence, Tuple

from . import _errors, _memory
from ._errors import Error, ProtocolError, Timeout, Unavailable, Unreachable
from ._head import Head

_SHORT_SOCKET = "/run/vsecm.sock"
_LONG_SOCKET = "/run/vsecm/vsecm.sock"

# For one answer: three times what the daemon may wait for a pod that it does not know yet, so that its own
# answer comes first.
ANSWER_SECONDS = 15.0
MAX_HEAD = 8 << 10
MAX_BODY = 1 << 20  # the largest value


class Gone(Unreachable):
    """The connection ended before an answer."""


def socket_or(path: str) -> str:
    """PATH, or where the daemon is looked for: $VSECM_SOCKET, /run/vsecm.sock, /run/vsecm/vsecm.sock."""
    if path or os.environ.get("VSECM_SOCKET"):
        return path or os.environ["VSECM_SOCKET"]
    return _SHORT_SOCKET if os.path.exists(_SHORT_SOCKET) else _LONG_SOCKET


class Channel:
    """Connected to PATH until close(). Every wait ends at `deadline`, a time of time.monotonic()."""

    def __init__(self, path: str, deadline: float) -> None:
        self.path = path
        self.deadline = deadline
        self.fd = -1  # a descriptor that came along
        self.used = 0
        self._socket = self._connect()
        self.buffer: mmap.mmap = _memory.locked(MAX_HEAD)

    def _connect(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            while True:
                made.settimeout(self._left())
                try:
                    made.connect(self.path)
                    return made
                except BlockingIOError:  # a full queue
                    time.sleep(0.005)
        except (OSError, Error) as error:
            made.close()
            raise self._failure(error) from None

    def _left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Timeout(f"{self.path}: no answer in time")
        return left

    def _failure(self, error: Exception) -> Error:
        if isinstance(error, Error):
            return error
        if isinstance(error, (socket.timeout, TimeoutError)):
            return Timeout(f"{self.path}: no answer in time")
        if isinstance(error, (ConnectionResetError, BrokenPipeError)):
            return Gone(f"{self.path}: the daemon closed the connection")
        reason = error.strerror if isinstance(error, OSError) else ""
        return Unreachable(f"{self.path}: {reason or error}")

    def send(self, request: str) -> None:
        """A daemon that has closed may have said why: that is no error here."""
        try:
            self._socket.settimeout(self._left())
            self._socket.sendall(request.encode("ascii"))
        except (ConnectionResetError, BrokenPipeError):
            pass
        except OSError as error:
            raise self._failure(error) from None

    def send_files(self, body: str, files: Sequence[int]) -> bool:
        """Send BODY and descriptors once the daemon asks for them; False: it has answered without asking,
        and the answer waits."""
        while (end := self.buffer.find(b"\r\n\r\n", 0, self.used)) < 0:
            if self.used == len(self.buffer):
                raise ProtocolError("the answer has too long a header")
            self.fill()
        if not self.buffer[:end].startswith(b"HTTP/1.1 100 "):
            return False
        self.take(end + 4)
        try:
            self._socket.settimeout(self._left())
            rights = array.array("i", files)
            self._socket.sendmsg([body.encode("ascii")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        except (ConnectionResetError, BrokenPipeError):
            pass
        except OSError as error:
            raise self._failure(error) from None
        return True

    def fill(self, with_fd: bool = False) -> None:
        """Receive more behind what is there already."""
        view = memoryview(self.buffer)[self.used:]
        try:
            self._socket.settimeout(self._left())
            if with_fd and self.fd < 0:
                got = self._receive_fd(view)
            else:
                got = self._socket.recv_into(view)
        except OSError as error:
            raise self._failure(error) from None
        finally:
            view.release()
        if not got:
            raise Gone(f"{self.path}: the daemon closed the connection")
        self.used += got

    def _receive_fd(self, view: memoryview) -> int:
        got, control, _, _ = self._socket.recvmsg_into(
            [view], socket.CMSG_SPACE(4 * 4), socket.MSG_CMSG_CLOEXEC)
        for level, kind, data in control:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds = array.array("i", data[:len(data) // 4 * 4])
                self.fd, *others = fds
                for fd in others:
                    os.close(fd)
        return got

    def take(self, length: int) -> None:
        """Remove the first LENGTH bytes of what has arrived, and wipe where they were."""
        left = self.used - length
        self.buffer.move(0, length, left)
        _memory.wipe(self.buffer, left, self.used)
        self.used = left

    def receive_head(self, with_fd: bool = False) -> Head:
        while True:
            end = self.buffer.find(b"\r\n\r\n", 0, self.used)
            if end >= 0:
                head = self.buffer[:end + 4]
                self.take(end + 4)
                return Head(head)
            if self.used == len(self.buffer):
                raise ProtocolError("the answer has too long a header")
            before = self.used
            try:
                self.fill(with_fd)
            except Gone:
                if before:
                    raise ProtocolError("the answer ends in its header") from None
                raise

    def receive_body(self, head: Head) -> Tuple[mmap.mmap, int]:
        """The body in locked memory, and its length."""
        length = head.number("content-length")
        if length > MAX_BODY:
            raise ProtocolError("the answer is larger than any that was expected")
        if self.used > length:
            raise ProtocolError("the answer is longer than it says")
        body = _memory.locked(length)
        filled = self.used
        body[:filled] = self.buffer[:filled]
        self.take(filled)
        with memoryview(body) as view:
            while filled < length:
                try:
                    self._socket.settimeout(self._left())
                    got = self._socket.recv_into(view[filled:length])
                except OSError as error:
                    raise self._failure(error) from None
                if not got:
                    raise ProtocolError("the answer ends before its length")
                filled += got
        return body, length

    def refusal(self, head: Head) -> Error:
        """The failure that an answer tells, of which the body is still to come."""
        body, length = self.receive_body(head)
        try:
            message = str(json.loads(body[:length])["message"])
        except (ValueError, KeyError, TypeError):
            message = ""
        return _errors.of_status(head.status, message, head.retry_after())

    def resize(self, size: int) -> None:
        """Another buffer, with what has arrived."""
        fresh = _memory.locked(size)
        fresh[:self.used] = self.buffer[:self.used]
        _memory.wipe(self.buffer, 0, self.used)
        self.buffer = fresh

    def close(self) -> None:
        self._socket.close()
        _memory.wipe(self.buffer, 0, self.used)
        self.used = 0
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def deadline_of(timeout: Optional[float]) -> float:
    """The deadline of one answer, for which nobody waits longer than ANSWER_SECONDS."""
    return time.monotonic() + (ANSWER_SECONDS if timeout is None else min(timeout, ANSWER_SECONDS))


def unavailable(error: Timeout) -> Unavailable:
    """A daemon that does not answer in the time that it was given by this library."""
    return Unavailable(str(error))
