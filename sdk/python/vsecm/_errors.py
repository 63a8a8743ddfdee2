# SPDX-License-Identifier: BSD-2-Clause
"""The classes of failure. What they say is never anything of a value."""

from __future__ import annotations

from typing import Dict, Type


class Error(Exception):
    """Any of those below."""


class NotFound(Error):
    """This workload has no secret, or not that member."""


class Forbidden(Error):
    """The daemon knows no workload that this caller is."""


class Unavailable(Error):
    """The daemon runs but cannot serve now; try again."""


class TooMany(Unavailable):
    """Too many requests of this pod: not before `retry_after` seconds have passed."""

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unsupported(Error):
    """The daemon has no such protection on this node."""


class Conflict(Error):
    """It is another workload's already."""


class Unreachable(Error):
    """No daemon behind the socket, or it went away twice."""


class ProtocolError(Error):
    """An answer that makes no sense; nothing of it was used."""


class Invalid(Error, ValueError):
    """An argument is wrong."""


class Timeout(Error, TimeoutError):
    """Nothing happened in the time that was given."""


class Expired(Error):
    """The value's time is over."""


_BY_STATUS: Dict[int, Type[Error]] = {
    400: Invalid, 403: Forbidden, 404: NotFound, 408: Unavailable, 409: Conflict, 500: Unavailable,
    501: Unsupported, 503: Unavailable, 507: Unavailable,
}


def of_status(status: int, message: str, retry_after: float) -> Error:
    """The failure that an answer tells."""
    if status == 429:
        return TooMany(message, retry_after)
    if status in _BY_STATUS:
        return _BY_STATUS[status](message)
    return ProtocolError(f"the answer has status {status}")
