# SPDX-License-Identifier: BSD-2-Clause
import vsecm

for event in vsecm.watch():
    if not event.secret:
        print("none:", event.message, flush=True)
        continue
    with event.secret as secret:
        print(f"version {secret.version}, {len(secret.data)} bytes", flush=True)
