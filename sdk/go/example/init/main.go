// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"time"

	"vsecm.internal/vsecm/startup"
)

func main() {
	startup.Watch(100 * time.Millisecond) // ends the program
}
