# SPDX-License-Identifier: BSD-2-Clause
"""A workload's way to its secret.

    with vsecm.get() as secret:
        log_in(secret.text())

There is nothing to log in with: the kernel tells the daemon which pod is calling. Client keeps its
connection, watch() is told of every change, Page reads the newest value from shared memory.

A value lies in memory that is locked against swap as far as the limit allows (RLIMIT_MEMLOCK), is left
out of core dumps, and is wiped at the end of `with`, or by wipe(). What a program makes of it, by text()
or bytes(), is an ordinary object, which Python can neither lock nor wipe; and so is what its JSON parser
makes of an event on the way to that memory.
"""

from ._client import Client, Identity
from ._errors import (
    Conflict,
    Error,
    Expired,
    Forbidden,
    Invalid,
    NotFound,
    ProtocolError,
    Timeout,
    TooMany,
    Unavailable,
    Unreachable,
    Unsupported,
)
from ._page import Page
from ._secret import Secret
from ._watch import EXPIRED, NO_SECRET, NOT_YET, Event, Watch

__version__ = "0.1.0"
__all__ = [
    "Client", "Identity", "Secret", "Watch", "Event", "Page",
    "get", "get_member", "whoami", "watch",
    "NO_SECRET", "NOT_YET", "EXPIRED",
    "Error", "NotFound", "Forbidden", "Unavailable", "Unreachable", "ProtocolError", "Invalid", "Timeout",
    "Expired", "TooMany", "Unsupported", "Conflict",
]


def get() -> Secret:
    """The caller's secret, on a connection made for it."""
    with Client() as client:
        return client.get()


def get_member(member: str) -> Secret:
    """One member of the caller's secret, on a connection made for it."""
    with Client() as client:
        return client.get_member(member)


def whoami() -> Identity:
    """Who the caller is to the daemon."""
    with Client() as client:
        return client.whoami()


def watch(last_id: str = "") -> Watch:
    """What the caller's secret is, now and whenever it changes: `for event in vsecm.watch():`."""
    return Watch(last_id=last_id)
