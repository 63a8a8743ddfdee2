// SPDX-License-Identifier: BSD-2-Clause

// reader [follow]: read the own secret a thousand times a second over the socket, and from the shared
// page, and say each value or error that is another than the last; with how many reads there were, four
// times a second. With `follow`: wait for changes by a watch, and say when each came, by the clock.
package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"vsecm.internal/vsecm"
)

var say sync.Mutex

func line(words ...any) {
	say.Lock()
	defer say.Unlock()
	fmt.Println(words...)
}

func loop(how string, read func() (string, error)) {
	last, reads, told := "", 0, time.Now()
	for ; ; time.Sleep(time.Millisecond) {
		now, err := read()
		if now = "value " + now; err != nil {
			now = "error " + err.Error()
		}
		if reads++; now != last {
			last = now
			line(how, now)
		}
		if time.Since(told) > 250*time.Millisecond {
			told = time.Now()
			line(how, "count", reads)
		}
	}
}

func fatal(err error) {
	if err != nil {
		fmt.Println("fatal", err)
		os.Exit(1)
	}
}

func follow(ctx context.Context) {
	watch := vsecm.NewWatch("", "")
	for {
		event, err := watch.Next(ctx)
		fatal(err)
		now := time.Now().UnixMicro()
		if event.Secret != nil {
			line("seen", string(event.Secret.Data), now)
			event.Secret.Wipe()
		}
	}
}

func main() {
	ctx := context.Background()
	if len(os.Args) > 1 && os.Args[1] == "follow" {
		follow(ctx)
	}
	client, err := vsecm.Connect(ctx, "")
	fatal(err)
	page, err := vsecm.OpenPage(ctx, "")
	fatal(err)
	go loop("page", func() (string, error) {
		secret, err := page.Read()
		if err != nil {
			return "", err
		}
		return string(secret.Data), nil
	})
	loop("get", func() (string, error) {
		secret, err := client.Get(ctx)
		if err != nil {
			return "", err
		}
		defer secret.Wipe()
		return string(secret.Data), nil
	})
}
