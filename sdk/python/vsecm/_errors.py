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
    400: Invalid, 403: Forbidden, 404: NotFound, 408: Unavailable, 429: Unavailable, 500: Unavailable,
    503: Unavailable, 507: Unavailable,
}


def of_status(status: int, message: str) -> Error:
    """The failure that an answer tells."""
    if status in _BY_STATUS:
        return _BY_STATUS[status](message)
    return ProtocolError(f"the answer has status {status}")
