// SPDX-License-Identifier: BSD-2-Clause

package vsecm

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"time"
)

const (
	firstPause   = 50 * time.Millisecond
	longestPause = 5 * time.Second
)

// backoff counts failures in a row, and says how long to leave the daemon alone after them.
type backoff struct {
	failures int
	cause    error // of the last failure, for wait
}

// pause returns the time until the next attempt: doubled with each failure, and between half and all of
// that, so that the pods of a node do not come all at once.
func (b *backoff) pause() time.Duration {
	if b.failures == 0 {
		return 0
	}
	most := longestPause
	if b.failures <= 7 {
		most = firstPause << (b.failures - 1)
	}
	if most > longestPause {
		most = longestPause
	}
	var random [8]byte
	_, _ = rand.Read(random[:]) // without it, the pause is half
	return most/2 + time.Duration(binary.LittleEndian.Uint64(random[:])%uint64(most/2))
}

// pauseAfter is pause, with what the daemon asked for in err on top.
func (b *backoff) pauseAfter(err error) time.Duration {
	var refused *Error
	if errors.As(err, &refused) {
		return refused.RetryAfter + b.pause()
	}
	return b.pause()
}

// wait returns whether the pause went by before ctx ended.
func (b *backoff) wait(ctx context.Context) bool {
	return b.failures == 0 || sleep(ctx, b.pauseAfter(b.cause))
}
