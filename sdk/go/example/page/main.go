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
	page, err := vsecm.OpenPage(ctx, "")
	if err != nil {
		log.Fatal(err)
	}
	defer page.Close()
	for err = nil; err == nil; err = page.Wait(ctx) {
		secret, err := page.Read() // belongs to the page
		if err != nil {
			fmt.Println("none:", err)
			continue
		}
		fmt.Printf("version %d, %d bytes\n", secret.Version, len(secret.Data))
	}
	log.Fatal(err)
}
