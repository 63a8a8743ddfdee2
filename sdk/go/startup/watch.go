// SPDX-License-Identifier: BSD-2-Clause

// Package startup is for init containers: it waits until the caller's secret exists. The name is the
// original's.
package startup

import (
	"context"
	"os"
	"time"

	"vsecm.internal/vsecm"
)

// Watch waits until the caller's secret exists and is not empty, then for waitTimeBeforeExit, and ends
// the program with status 0. The daemon tells when it is so: $VSECM_INIT_CONTAINER_POLL_INTERVAL means
// nothing here.
func Watch(waitTimeBeforeExit time.Duration) {
	_ = WatchContext(context.Background(), waitTimeBeforeExit)
	os.Exit(0)
}

// WatchContext is Watch, but returns nil where that ends the program, or ctx.Err() when ctx has ended.
func WatchContext(ctx context.Context, waitTimeBeforeExit time.Duration) error {
	watch := vsecm.NewWatch("", "")
	defer watch.Close()
	for exists := false; !exists; {
		event, err := watch.Next(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// Next leaves the daemon alone for a while after each failure.
		exists = err == nil && event.Secret != nil && len(event.Secret.Data) > 0
		if err == nil {
			event.Secret.Wipe()
		}
	}
	select {
	case <-time.After(waitTimeBeforeExit):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
