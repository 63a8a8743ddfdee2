// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"context"
	"fmt"
	"log"

	"vsecm.internal/vsecm"
)

func main() {
	ctx := context.Background()
	client, err := vsecm.Connect(ctx, "")
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	secret, err := client.Get(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer secret.Wipe()
	fmt.Printf("version %d, %d bytes\n", secret.Version, len(secret.Data))
}
