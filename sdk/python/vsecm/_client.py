# SPDX-License-Identifier: BSD-2-Clause
"""Requests, one after the other."""

from __future__ import annotations

import json
import mmap
import os
import resource
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Optional, Protocol, Sequence, Tuple, Type, Union
from urllib.parse import quote

from ._channel import Channel, Gone, deadline_of, socket_or, unavailable
from ._errors import Invalid, NotFound, ProtocolError, Timeout, Unsupported
from ._head import Head
from ._secret import Secret

_MAX_TARGET = 1024
_MAX_GUARDED = 16


@dataclass(frozen=True)
class Identity:
    """Who the daemon says is calling. Strings are empty where they do not apply."""

    tier: str  # how the caller was established: "lsm" or "cgroup"
    kind: str
    namespace: str
    workload: str
    pod: str
    pod_uid: str
    container: str
    service_account: str
    reason: str  # why the caller is no workload; "" when it is one


class HasFileno(Protocol):
    """An open file."""

    def fileno(self) -> int: ...


class _Request(NamedTuple):
    """What is sent; FILES go with the body, once the daemon asks for it. All may be sent twice."""

    head: str
    body: str = ""
    files: Sequence[int] = ()


def _get(target: str) -> _Request:
    return _Request(f"GET {target} HTTP/1.1\r\nHost: vsecm\r\n\r\n")


def _make_no_core() -> None:
    """Keep the kernel from writing a core file, and from piping one to a program, for which 0 is no limit.

    Where the limit was 0 for good it stays that (fs/coredump.c).
    """
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
    except ValueError:
        pass


def _post(target: str, body: str, fields: str = "", files: Sequence[int] = ()) -> _Request:
    head = f"POST {target} HTTP/1.1\r\nHost: vsecm\r\n{fields}Content-Length: {len(body)}\r\n\r\n"
    return _Request(head, body, files)


_MEMBERS = ("tier", "kind", "namespace", "workload", "pod", "podUid", "container", "serviceAccount", "reason")


class Client:
    """A client of the daemon at PATH, on a connection that is kept. Any thread may use it.

    Without PATH: $VSECM_SOCKET, else /run/vsecm.sock, else /run/vsecm/vsecm.sock. Each call ends within
    15 seconds, by a failure if need be.
    """

    def __init__(self, path: str = "") -> None:
        self._path = socket_or(path)
        self._lock = threading.Lock()
        self._channel: Optional[Channel] = self._connect()

    def get(self) -> Secret:
        """The caller's secret."""
        return self._get("/v1/value")

    def get_member(self, member: str) -> Secret:
        """One member of the caller's secret, which must be a JSON object: a string's text, or JSON."""
        target = "/v1/value/" + quote(member, safe="")
        if not member or len(target) > _MAX_TARGET:
            raise Invalid("a member's name is empty or too long")
        return self._get(target)

    def whoami(self) -> Identity:
        """Who the caller is to the daemon. A stranger is an answer too, with `reason` set."""
        _, body, length = self._run(_get("/v1/whoami"))
        try:
            said = json.loads(body[:length])
            return Identity(*(str(said[name]) for name in _MEMBERS))
        except (ValueError, KeyError, TypeError):
            raise ProtocolError("the answer is no identity") from None

    def shield(self, children: bool = False) -> None:
        """Shield this process, before it has the secret.

        Until it ends no other process, root's neither, may trace it or read its memory, its environment or
        its descriptors. With CHILDREN the same holds for what it starts from then on. No core file of it is
        written: its limit of these becomes 1, for good. Not for process 1 of a container: what enters the
        container, such as `kubectl exec`, goes by way of it. Unsupported on a node without guards: nothing
        is shielded then.
        """
        self._ask(_post("/v1/shield", '{"children":true}' if children else ""), "shielded", True)
        _make_no_core()

    def guard(self, *files: Union[int, HasFileno]) -> None:
        """Let nobody but the caller's pod open, map or be given FILES, at most 16.

        Files on a tmpfs or of memfd_create(), open for writing, and best still empty; guarded as long as
        they exist. Unsupported as for shield(); Conflict: one is guarded for another workload; Invalid: one
        is no such file.
        """
        if not 1 <= len(files) <= _MAX_GUARDED:
            raise Invalid(f"1 to {_MAX_GUARDED} files can be guarded at once")
        try:
            fds = [file if isinstance(file, int) else file.fileno() for file in files]
            for fd in fds:
                os.fstat(fd)
        except (OSError, ValueError):
            raise Invalid("a file that is to be guarded is not open") from None
        request = _post("/v1/guard", f'{{"files":{len(fds)}}}', "Expect: 100-continue\r\n", fds)
        self._ask(request, "guarded", len(fds))

    def close(self) -> None:
        """Close the connection. The next request would make another."""
        with self._lock:
            self._drop()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        self.close()

    def _connect(self) -> Channel:
        try:
            return Channel(self._path, deadline_of(None))
        except Timeout as error:
            raise unavailable(error) from None

    def _drop(self) -> None:
        if self._channel:
            self._channel.close()
        self._channel = None

    def _get(self, target: str) -> Secret:
        head, body, length = self._run(_get(target))
        return Secret(body, length, head.number("vsecm-version"), head.time("vsecm-created"),
                      head.time("vsecm-updated"))

    def _ask(self, request: _Request, name: str, word: object) -> None:
        """Content only when the answer's member NAME is WORD."""
        try:
            _, body, length = self._run(request)
        except NotFound:
            raise Unsupported("the daemon knows no guards; it is an older one") from None
        try:
            said = json.loads(body[:length])[name]
        except (ValueError, KeyError, TypeError):
            said = None
        if said != word or type(said) is not type(word):
            raise ProtocolError(f"the answer does not say \"{name}\":{json.dumps(word)}")

    def _run(self, request: _Request) -> Tuple[Head, mmap.mmap, int]:
        with self._lock:
            kept = self._channel is not None
            try:
                return self._once(request)
            except Gone:
                # The daemon may have closed a connection that was idle, or be another one by now.
                if not kept:
                    raise
            except Timeout as error:
                raise unavailable(error) from None
            try:
                return self._once(request)
            except Timeout as error:
                raise unavailable(error) from None

    def _once(self, request: _Request) -> Tuple[Head, mmap.mmap, int]:
        if not self._channel:
            self._channel = self._connect()
        channel = self._channel
        channel.deadline = deadline_of(None)
        whole = False
        asked = True
        try:
            if request.files:
                channel.send(request.head)
                asked = channel.send_files(request.body, request.files)
            else:
                channel.send(request.head + request.body)
            head = channel.receive_head()
            if head.status != 200:
                error = channel.refusal(head)
                whole = True
                raise error
            body, length = channel.receive_body(head)
            whole = True
            return head, body, length
        finally:
            # It may still wait for the body it was promised.
            if not whole or not asked or head.text("connection").lower() == "close":
                self._drop()
