// SPDX-License-Identifier: BSD-2-Clause

// A program of the original's SDK, with another import.
package main

import (
	"errors"
	"fmt"
	"log"

	"vsecm.internal/vsecm/sentry"
)

func main() {
	secret, err := sentry.Fetch()
	if errors.Is(err, sentry.ErrSecretNotFound) {
		fmt.Println("none:", err)
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("of %s, %d bytes\n", secret.Updated[:4], len(secret.Data))
}
