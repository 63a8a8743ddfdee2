# SPDX-License-Identifier: BSD-2-Clause
"""What a read of the page costs, with nothing new in it."""
import time

import vsecm

COUNT = 200000

with vsecm.Page() as page:
    begun = time.perf_counter()
    for _ in range(COUNT):
        page.read()
    print(f"{(time.perf_counter() - begun) / COUNT * 1e9:.0f} ns a read")
