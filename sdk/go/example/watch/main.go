// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"context"
	"fmt"
	"log"

	"vsecm.internal/vsecm"
)

func main() {
	watch := vsecm.NewWatch("", "")
	defer watch.Close()
	for event := range watch.Events(context.Background()) {
		if event.Secret == nil {
			fmt.Println("none:", event.Message)
			continue
		}
		fmt.Printf("version %d, %d bytes\n", event.Secret.Version, len(event.Secret.Data))
		event.Secret.Wipe()
	}
	log.Fatal(watch.Err())
}
