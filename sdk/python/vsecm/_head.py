# SPDX-License-Identifier: BSD-2-Clause
"""What an answer says before its body."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Dict

from ._errors import ProtocolError

_STATUS = re.compile(r"HTTP/1\.1 ([2-5]\d\d) [^\r\n]*")
_FIELD = re.compile(r"([^:\s]+):[ \t]*([^\r\n\0]*?)[ \t]*")

_MAX_RETRY_AFTER = 3600  # seconds that are believed

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


class Head:
    """Read from the bytes up to the empty line; ProtocolError when they are no head."""

    def __init__(self, data: bytes) -> None:
        first, *lines = data.decode("latin-1").split("\r\n")[:-2]
        status = _STATUS.fullmatch(first)
        if not status:
            raise ProtocolError("the answer does not begin as HTTP/1.1 does")
        self.status = int(status[1])
        self._fields: Dict[str, str] = {}
        for line in lines:
            field = _FIELD.fullmatch(line)
            if not field:
                raise ProtocolError("the answer has a malformed field")
            name = field[1].lower()
            if name == "content-length" and name in self._fields:
                raise ProtocolError("the answer says its length twice")
            self._fields[name] = field[2]
        if "transfer-encoding" in self._fields:
            raise ProtocolError("the answer has a transfer coding")

    def text(self, name: str) -> str:
        return self._fields.get(name, "")

    def number(self, name: str) -> int:
        text = self.text(name)
        if not re.fullmatch(r"[0-9]{1,18}", text):
            raise ProtocolError(f"the answer has no number {name}")
        return int(text)

    def retry_after(self) -> float:
        """Seconds for which the daemon wants to be left alone."""
        return float(min(self.number("retry-after"), _MAX_RETRY_AFTER)) if self.text("retry-after") else 0.0

    def time(self, name: str) -> datetime:
        return read_time(self.text(name))


def read_time(text: str) -> datetime:
    """RFC 3339, of which Python 3.9 reads neither the Z nor any number of digits."""
    match = _TIME.fullmatch(text)
    try:
        if match:
            fraction = (match[2] or ".").ljust(7, "0")[:7]
            return datetime.fromisoformat(match[1] + fraction + match[3].replace("Z", "+00:00"))
    except ValueError:
        pass
    raise ProtocolError("the answer has a time that is not RFC 3339")
