# SPDX-License-Identifier: BSD-2-Clause
"""One secret."""

from __future__ import annotations

import mmap
from datetime import datetime
from types import TracebackType
from typing import Optional, Type

from . import _memory


class Secret:
    """One value, or one member of it, in locked memory. Showing it shows everything but the value."""

    def __init__(self, memory: mmap.mmap, length: int, version: int, created: datetime,
                 updated: datetime) -> None:
        self._memory = memory
        self._length = length
        self.version = version  # 1 for the first value stored, larger for each later one
        self.created = created  # when the first version was stored
        self.updated = updated  # when this version was stored

    @property
    def data(self) -> memoryview:
        """The bytes, for reading: a view that is not to outlive the secret."""
        return memoryview(self._memory)[:self._length].toreadonly()

    def __bytes__(self) -> bytes:
        """A copy in ordinary memory."""
        return self._memory[:self._length]

    def text(self) -> str:
        """A copy in ordinary memory, as text; UnicodeDecodeError when it is none."""
        return bytes(self).decode()

    def wipe(self) -> None:
        """Overwrite the value, of which nothing is left then."""
        _memory.wipe(self._memory, 0, self._length)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __repr__(self) -> str:
        return f"<secret of {self._length} bytes, version {self.version}>"

    def __enter__(self) -> Secret:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        self.wipe()
