// SPDX-License-Identifier: BSD-2-Clause

package vsecm

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Page is the caller's secret in memory that the daemon keeps current. Any goroutine may use it.
type Page struct {
	path  string
	last  atomic.Pointer[snapshot]
	given atomic.Pointer[snapshot] // by Read, last; what Wait compares with

	mutex   sync.Mutex // of whoever copies the page or asks for another
	backoff backoff
	retryAt time.Time
	closed  bool
	sleeper *sleeper
}

// sleeper waits in the kernel for a page to change, for all that call Wait.
type sleeper struct {
	from     *mapping
	sequence uint32
	done     chan struct{}
}

// OpenPage asks the daemon at path for a page; "" means DefaultSocket(). That there is no secret yet is
// no error.
func OpenPage(ctx context.Context, path string) (*Page, error) {
	p := &Page{path: socketOr(path)}
	m, err := attach(ctx, p.path)
	if err != nil {
		return nil, failure(ctx, p.path, err)
	}
	s := m.snapshot()
	if s == nil {
		m.channel.close()
		return nil, fail(ErrUnavailable, "the page is not finished")
	}
	p.last.Store(s)
	return p, nil
}

// Read returns the newest value, without a system call unless something has happened: then it is copied
// anew, once, for all that call Read. It is the page's: not to be wiped nor written to, and still there
// for whoever holds it when the page has a newer one. When the daemon has gone, the last value is given
// while its time lasts, and a new daemon is asked as soon as there is one; that may take its time. The
// errors are ErrNotFound, ErrExpired, ErrForbidden (the caller is no longer who it was), ErrUnavailable.
func (p *Page) Read() (*Secret, error) {
	s := p.last.Load()
	if !s.isCurrent() || s.isOver() {
		s = p.refresh(context.Background())
	}
	if p.given.Load() != s {
		p.given.Store(s)
	}
	runtime.KeepAlive(s)
	return s.secret, s.err
}

// Stale tells that no daemon keeps the page current: what is read may be out of date.
func (p *Page) Stale() bool {
	s := p.last.Load()
	stale := s.from == nil || s.state >= stateMoved || !s.from.isKept()
	runtime.KeepAlive(s)
	return stale
}

// The kernel wakes whoever waits for a change, and nobody when the daemon dies: that is looked for.
const wakeUp = 500 * time.Millisecond

// Wait returns nil once Read would give something else than it did last.
func (p *Page) Wait(ctx context.Context) error {
	given := p.given.Load()
	if given == nil {
		return nil
	}
	for {
		s := p.last.Load()
		if !s.isCurrent() || s.isOver() {
			s = p.refresh(ctx)
		}
		if s.from == nil {
			return ErrClosed
		}
		if !s.isSame(given) {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := p.pause(ctx, s); err != nil {
			return err
		}
	}
}

// pause returns when something may have happened to s.
func (p *Page) pause(ctx context.Context, s *snapshot) error {
	limit := wakeUp
	if s.expires != neverEnds {
		if left := time.Until(time.UnixMicro(s.expires)); left < limit {
			limit = left
		}
	}
	var changed <-chan struct{}
	if s.isCurrent() {
		changed = p.sleep(s)
	} else {
		limit = firstPause
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-changed:
	case <-timer.C:
	}
	return nil
}

// sleep returns what is closed when s has changed or a moment has passed.
func (p *Page) sleep(s *snapshot) <-chan struct{} {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.sleeper != nil && p.sleeper.from == s.from && p.sleeper.sequence == s.sequence {
		return p.sleeper.done
	}
	sleeper := &sleeper{s.from, s.sequence, make(chan struct{})}
	p.sleeper = sleeper
	go func() {
		sleeper.from.sleep(sleeper.sequence, wakeUp)
		p.mutex.Lock()
		if p.sleeper == sleeper {
			p.sleeper = nil
		}
		p.mutex.Unlock()
		close(sleeper.done)
	}()
	return sleeper.done
}

// Close lets the daemon keep the page no longer, and wipes the last value, which nobody may use then.
func (p *Page) Close() error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	old := p.last.Swap(&snapshot{err: ErrClosed, expires: neverEnds})
	p.closed = true
	if old.from != nil {
		old.from.channel.close()
	}
	old.secret.Wipe()
	return nil
}

// refresh finds out what is now. One does it; others meanwhile get what is known.
func (p *Page) refresh(ctx context.Context) *snapshot {
	if !p.mutex.TryLock() {
		if s := p.last.Load(); !s.isOver() && !s.isOutdated() {
			return s
		}
		p.mutex.Lock()
	}
	defer p.mutex.Unlock()
	s := p.last.Load()
	if p.closed {
		return s
	}
	s = p.copied(s)
	if s.state >= stateMoved || !s.from.isKept() {
		s = p.attached(ctx, s)
	}
	if s.isOver() {
		s = s.ended()
	}
	p.last.Store(s)
	return s
}

// isOutdated tells that the page says something else, and nobody need have died.
func (s *snapshot) isOutdated() bool {
	return s.from != nil && s.from.load32(atSequence) != s.sequence
}

func (p *Page) copied(s *snapshot) *snapshot {
	if !s.isOutdated() {
		return s
	}
	if fresh := s.from.snapshot(); fresh != nil {
		return fresh
	}
	return s
}

// attached is what a new page says, or else what is left of the old.
func (p *Page) attached(ctx context.Context, s *snapshot) *snapshot {
	if time.Now().Before(p.retryAt) {
		return s
	}
	m, err := attach(ctx, p.path)
	if err == nil {
		if fresh := m.snapshot(); fresh != nil {
			s.from.channel.close()
			p.backoff.failures = 0
			return fresh
		}
		m.channel.close()
	}
	p.backoff.failures++
	p.retryAt = time.Now().Add(p.backoff.pauseAfter(err))
	if err = failure(ctx, p.path, err); errors.Is(err, ErrForbidden) {
		return s.without(err)
	}
	return s
}

// without is s with an error in the place of its value.
func (s *snapshot) without(err error) *snapshot {
	return &snapshot{from: s.from, sequence: s.sequence, state: s.state, err: err, expires: neverEnds}
}

func (s *snapshot) ended() *snapshot {
	return s.without(fail(ErrExpired, "the value's time ended at %s",
		time.UnixMicro(s.expires).UTC().Format(time.RFC3339)))
}
