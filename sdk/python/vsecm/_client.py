# SPDX-License-Identifier: BSD-2-Clause
"""Requests, one after the other."""

from __future__ import annotations

import json
import mmap
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Optional, Tuple, Type
from urllib.parse import quote

from ._channel import Channel, Gone, deadline_of, socket_or, unavailable
from ._errors import Invalid, ProtocolError, Timeout
from ._head import Head
from ._secret import Secret

_MAX_TARGET = 1024


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
        _, body, length = self._run("/v1/whoami")
        try:
            said = json.loads(body[:length])
            return Identity(*(str(said[name]) for name in _MEMBERS))
        except (ValueError, KeyError, TypeError):
            raise ProtocolError("the answer is no identity") from None

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
        head, body, length = self._run(target)
        return Secret(body, length, head.number("vsecm-version"), head.time("vsecm-created"),
                      head.time("vsecm-updated"))

    def _run(self, target: str) -> Tuple[Head, mmap.mmap, int]:
        with self._lock:
            kept = self._channel is not None
            try:
                return self._once(target)
            except Gone:
                # The daemon may have closed a connection that was idle, or be another one by now.
                if not kept:
                    raise
            except Timeout as error:
                raise unavailable(error) from None
            try:
                return self._once(target)
            except Timeout as error:
                raise unavailable(error) from None

    def _once(self, target: str) -> Tuple[Head, mmap.mmap, int]:
        if not self._channel:
            self._channel = self._connect()
        channel = self._channel
        channel.deadline = deadline_of(None)
        whole = False
        try:
            channel.send(f"GET {target} HTTP/1.1\r\nHost: vsecm\r\n\r\n")
            head = channel.receive_head()
            if head.status != 200:
                error = channel.refusal(head)
                whole = True
                raise error
            body, length = channel.receive_body(head)
            whole = True
            return head, body, length
        finally:
            if not whole or head.text("connection").lower() == "close":
                self._drop()
