# SPDX-License-Identifier: BSD-2-Clause
"""How long to leave the daemon alone after failures in a row."""

from __future__ import annotations

import random
from typing import Optional

from ._errors import TooMany

_FIRST = 0.05
_LONGEST = 5.0


class Backoff:
    def __init__(self) -> None:
        self.failures = 0

    def pause_after(self, error: Optional[Exception]) -> float:
        """pause(), with what the daemon asked for on top."""
        return self.pause() + (error.retry_after if isinstance(error, TooMany) else 0.0)

    def pause(self) -> float:
        """Seconds: doubled with each failure, and between half and all of that, so that the pods of a
        node do not come all at once."""
        if not self.failures:
            return 0.0
        most = min(_FIRST * 2.0 ** min(self.failures - 1, 10), _LONGEST)
        return most / 2 + random.uniform(0, most / 2)
