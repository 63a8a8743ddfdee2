# SPDX-License-Identifier: BSD-2-Clause
"""Being told of changes."""

from __future__ import annotations

import base64
import json
import re
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Dict, Iterator, Optional, Type

from . import _memory
from ._backoff import Backoff
from ._channel import MAX_BODY, MAX_HEAD, Channel, deadline_of, socket_or
from ._errors import Error, Invalid, NotFound, ProtocolError, Timeout, Unavailable, Unreachable
from ._head import read_time
from ._secret import Secret

# Why there is no secret, in an event without one.
NO_SECRET = "no-secret"  # never stored, or deleted
NOT_YET = "not-yet"  # it is not valid yet
EXPIRED = "expired"

# The daemon gives a sign of life every 15 s. Two that are missed, and the connection is dead.
_SILENCE = 35.0
_MAX_EVENT = 6 * MAX_BODY + (64 << 10)  # \u00XX makes six bytes of one, and the names around it


@dataclass(frozen=True)
class Event:
    """What the caller's secret is now."""

    id: str  # the same for the same state, also across restarts of the daemon
    secret: Optional[Secret]  # to be wiped; None when there is none
    reason: str = ""  # then: NO_SECRET, NOT_YET or EXPIRED
    message: str = ""  # and in words


def parse_event(block: bytes) -> Optional[Event]:
    """The event that BLOCK, the lines of one, says; None for a comment."""
    fields: Dict[bytes, bytes] = {}
    for line in block.split(b"\n"):
        name, _, value = line.partition(b":")
        if name == b"data" and name in fields:
            raise ProtocolError("an event has two lines of data")
        fields[name] = value[1:] if value.startswith(b" ") else value
    if b"event" not in fields and b"data" not in fields:
        return None
    if not fields.get(b"id") or b"data" not in fields:
        raise ProtocolError("an event lacks its id or its data")
    try:
        event_id = fields[b"id"].decode()
        if fields.get(b"event") == b"secret":
            return Event(event_id, _secret(event_id, fields[b"data"]))
        if fields.get(b"event") == b"absent":
            said = json.loads(fields[b"data"])
            return Event(event_id, None, str(said["reason"]), str(said["message"]))
    except (ValueError, KeyError, TypeError):
        raise ProtocolError("an event's data cannot be read") from None
    return None  # of a later version


def _secret(event_id: str, data: bytes) -> Secret:
    said = json.loads(data)
    value = said["data"].encode()
    if said.get("encoding") == "base64":
        value = base64.b64decode(value, validate=True)
    memory = _memory.locked(len(value))
    memory[:len(value)] = value
    version = re.match(r"(\d{1,18})\.", event_id)  # which the id of a value begins with
    return Secret(memory, len(value), int(version[1]) if version else 0, read_time(said["created"]),
                  read_time(said["updated"]))


class Watch:
    """A watch on the daemon at PATH (as for Client). No daemon need be there yet. For one thread.

    LAST_ID is the id of an event that is known already, so that it does not come again.
    """

    def __init__(self, path: str = "", last_id: str = "") -> None:
        if not re.fullmatch(r"[!-~]*", last_id):
            raise Invalid("an event's id has no blanks or control characters")
        self._path = socket_or(path)
        self._channel: Optional[Channel] = None
        self._heard = 0.0
        self._backoff = Backoff()
        self.last_id = last_id  # of the event that was got last
        self.error: Optional[Error] = None  # what went wrong last; None when nothing did

    @property
    def connected(self) -> bool:
        """Whether a daemon is connected: what was got last is then the newest there is."""
        return self._channel is not None

    def next(self, timeout: Optional[float] = None) -> Event:
        """The next event; Timeout when there is none in so many seconds.

        The first comes at once. A daemon that goes away is waited for and connected to again: what changed
        meanwhile is one event, and if nothing did there is none. Other failures are Forbidden, and
        ProtocolError with a daemon that knows no watch; calling again tries again.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                event = self._attempt(end)
            except Error as error:
                if isinstance(error, Timeout) and end is not None and time.monotonic() >= end:
                    raise Timeout("nothing happened in the time that was given") from None
                self.close()
                self._backoff.failures += 1
                self.error = error
                if not isinstance(error, (Timeout, Unreachable, Unavailable)):
                    raise
                continue
            if event.id != self.last_id:
                self.last_id = event.id
                return event
            if event.secret:
                event.secret.wipe()

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        return self.next()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; next() would make another."""
        if self._channel:
            self._channel.close()
        self._channel = None

    def _attempt(self, end: Optional[float]) -> Event:
        if not self._channel:
            self._pause(end)
            self._connect(end)
        assert self._channel
        return self._receive(self._channel, end)

    def _pause(self, end: Optional[float]) -> None:
        pause = self._backoff.pause_after(self.error)
        left = pause if end is None else end - time.monotonic()
        time.sleep(max(0.0, min(pause, left)))
        if left < pause:
            raise Timeout("")

    def _connect(self, end: Optional[float]) -> None:
        limit = deadline_of(None)
        channel = Channel(self._path, limit if end is None else min(end, limit))
        try:
            known = f"Last-Event-ID: {self.last_id}\r\n" if self.last_id else ""
            channel.send(f"GET /v1/watch HTTP/1.1\r\nHost: vsecm\r\n{known}\r\n")
            head = channel.receive_head()
            if head.status != 200:
                error = channel.refusal(head)
                raise ProtocolError("the daemon knows no watch") if isinstance(error, NotFound) else error
            if head.text("content-type") != "text/event-stream":
                raise ProtocolError("the answer is no stream of events")
        except BaseException:
            channel.close()
            raise
        self._channel, self._heard = channel, time.monotonic()

    def _receive(self, channel: Channel, end: Optional[float]) -> Event:
        """One event. What has arrived of one stays when the time is over."""
        start = 0
        while True:
            at = channel.buffer.find(b"\n\n", start, channel.used)
            if at < 0:
                start = max(channel.used - 1, 0)
                self._fill(channel, end)
                continue
            event = parse_event(channel.buffer[:at])
            channel.take(at + 2)
            if channel.used <= MAX_HEAD < len(channel.buffer):
                channel.resize(MAX_HEAD)
            self._backoff.failures, self.error, start = 0, None, 0
            if event:
                return event

    def _fill(self, channel: Channel, end: Optional[float]) -> None:
        if channel.used == len(channel.buffer):
            if channel.used >= _MAX_EVENT:
                raise ProtocolError("an event is larger than any that was expected")
            channel.resize(2 * channel.used)
        # Whoever came too late to look may find that the daemon was not.
        limit = max(self._heard + _SILENCE, time.monotonic() + 1)
        channel.deadline = limit if end is None else min(end, limit)
        channel.fill()
        self._heard = time.monotonic()
