# SPDX-License-Identifier: BSD-2-Clause
import vsecm

with vsecm.Page() as page:
    while True:
        try:
            secret = page.read()  # belongs to the page
            print(f"version {secret.version}, {len(secret.data)} bytes", flush=True)
        except vsecm.Error as error:
            print("none:", error, flush=True)
        page.wait()
