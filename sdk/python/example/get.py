# SPDX-License-Identifier: BSD-2-Clause
import vsecm

with vsecm.get() as secret:
    print(f"version {secret.version}, {len(secret.data)} bytes")
