// SPDX-License-Identifier: BSD-2-Clause

package main

import "vsecm.internal/vsecm/sentry"

func main() {
	sentry.Watch() // writes $VSECM_SIDECAR_SECRETS_PATH
}
