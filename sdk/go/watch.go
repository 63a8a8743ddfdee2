// SPDX-License-Identifier: BSD-2-Clause

package vsecm

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"
)

const (
	// The daemon gives a sign of life every 15 s. Two that are missed, and the connection is dead.
	silence  = 35 * time.Second
	maxEvent = 6*maxBody + 64<<10 // \u00XX makes six bytes of one, and the names around it
)

// Watch is told of every change of the caller's secret. It is for one goroutine at a time.
type Watch struct {
	path    string
	id      string   // of the event that is known
	channel *channel // nil: not connected
	heard   time.Time
	backoff backoff
	err     error
}

// NewWatch makes a watch on the daemon at path; "" means DefaultSocket(). No daemon need be there yet.
// lastID is the id of an event that is known already, so that it does not come again; "" means none.
func NewWatch(path, lastID string) *Watch {
	return &Watch{path: socketOr(path), id: lastID}
}

// Next waits for the next event. The first comes at once. A daemon that goes away is waited for and
// connected to again: what changed meanwhile is one event, and if nothing did there is none. The errors
// are those of ctx, ErrForbidden, and ErrProtocol with a daemon that knows no watch; calling again tries
// again.
func (w *Watch) Next(ctx context.Context) (*Event, error) {
	for {
		event, err := w.attempt(ctx)
		switch {
		case err == nil && event.ID != w.id:
			w.id = event.ID
			return event, nil
		case err == nil:
			event.Secret.Wipe() // known
			continue
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
		w.disconnect()
		w.backoff.failures++
		w.backoff.cause = err
		w.err = err
		if !errors.Is(err, ErrUnreachable) && !errors.Is(err, ErrUnavailable) {
			return nil, err
		}
	}
}

// Events gives the events of Next until ctx ends or Next fails; Err() then says why.
func (w *Watch) Events(ctx context.Context) <-chan *Event {
	events := make(chan *Event)
	go func() {
		defer close(events)
		for {
			event, err := w.Next(ctx)
			if err != nil {
				w.err = err
				return
			}
			select {
			case events <- event:
			case <-ctx.Done():
				event.Secret.Wipe()
				w.err = ctx.Err()
				return
			}
		}
	}()
	return events
}

// Err returns what went wrong last; nil when nothing did.
func (w *Watch) Err() error { return w.err }

// Connected tells whether a daemon is connected: what was got last is then the newest there is.
func (w *Watch) Connected() bool { return w.channel != nil }

// LastID returns the id of the event that was got last.
func (w *Watch) LastID() string { return w.id }

// Close ends the connection. Nobody may be in Next.
func (w *Watch) Close() error {
	w.disconnect()
	return nil
}

func (w *Watch) disconnect() {
	w.channel.close()
	w.channel = nil
}

// attempt connects if need be and waits for one event, known or not.
func (w *Watch) attempt(ctx context.Context) (*Event, error) {
	if w.channel == nil {
		if !w.backoff.wait(ctx) {
			return nil, ctx.Err()
		}
		if err := w.connect(ctx); err != nil {
			return nil, failure(ctx, w.path, err)
		}
	}
	event, err := w.receive(ctx)
	if isGone(err) {
		return nil, fail(ErrUnreachable, "%s: the daemon ended the watch", w.path)
	}
	return event, failure(ctx, w.path, err)
}

func (w *Watch) connect(ctx context.Context) error {
	channel, err := dial(ctx, w.path)
	if err != nil {
		return err
	}
	release := channel.guard(ctx, answerTimeout)
	err = channel.startWatch(w.id)
	release()
	if err != nil {
		channel.close()
		return err
	}
	w.channel, w.heard = channel, time.Now()
	return nil
}

func (c *channel) startWatch(id string) error {
	request := "GET /v1/watch HTTP/1.1\r\nHost: vsecm\r\n"
	if id != "" {
		if strings.ContainsAny(id, "\r\n\x00") {
			return fail(ErrInvalid, "an event's id is one line")
		}
		request += "Last-Event-ID: " + id + "\r\n"
	}
	if err := c.send(request + "\r\n"); err != nil && !isGone(err) {
		return err
	}
	h, err := c.receiveHead(false)
	if err != nil {
		return err
	}
	if h.status == 200 {
		if h.kind != "text/event-stream" {
			return fail(ErrProtocol, "the answer is no stream of events")
		}
		return nil
	}
	body, err := c.receiveBody(h.length)
	if err != nil {
		return err
	}
	if err = statusError(h, body); errors.Is(err, ErrNotFound) {
		err = fail(ErrProtocol, "the daemon knows no watch")
	}
	return err
}

// receive waits for one event. What has arrived of one stays when ctx ends.
func (w *Watch) receive(ctx context.Context) (*Event, error) {
	for from := 0; ; {
		if end := bytes.Index(w.channel.buffer[from:w.channel.used], []byte("\n\n")); end >= 0 {
			event, err := parseEvent(w.channel.buffer[:from+end])
			w.channel.take(from + end + 2)
			w.channel.shrink()
			w.backoff.failures, w.err, from = 0, nil, 0
			if event != nil || err != nil {
				return event, err
			}
			continue
		}
		if from = w.channel.used - 1; from < 0 {
			from = 0
		}
		if err := w.fill(ctx); err != nil {
			return nil, err
		}
	}
}

func (w *Watch) fill(ctx context.Context) error {
	if err := w.channel.makeRoom(maxEvent); err != nil {
		return err
	}
	left := silence - time.Since(w.heard)
	if left < time.Second { // somebody else was too slow, not the daemon
		left = time.Second
	}
	release := w.channel.guard(ctx, left)
	err := w.channel.fill(false)
	release()
	if err == nil {
		w.heard = time.Now()
	}
	return err
}

// makeRoom doubles a full buffer, up to a little more than most.
func (c *channel) makeRoom(most int) error {
	if c.used < len(c.buffer) {
		return nil
	}
	if len(c.buffer) >= most {
		return fail(ErrProtocol, "an event is larger than any that was expected")
	}
	c.replace(2 * len(c.buffer))
	return nil
}

func (c *channel) shrink() {
	if len(c.buffer) > maxHead && c.used <= maxHead {
		c.replace(maxHead)
	}
}

func (c *channel) replace(size int) {
	buffer := locked(size)
	copy(buffer, c.buffer[:c.used])
	wipe(c.buffer)
	c.buffer = buffer
}
