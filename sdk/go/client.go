// SPDX-License-Identifier: BSD-2-Clause

package vsecm

import (
	"context"
	"encoding/json"
	"net/url"
)

// Client asks the daemon, one request after the other on a connection that is kept. Any goroutine may
// use it.
type Client struct {
	path    string
	turn    chan struct{} // held by whoever uses channel
	channel *channel      // nil: none; the next request makes one
	closed  bool
}

// Connect makes a client of the daemon at path; "" means DefaultSocket().
func Connect(ctx context.Context, path string) (*Client, error) {
	path = socketOr(path)
	channel, err := dial(ctx, path)
	if err != nil {
		return nil, failure(ctx, path, err)
	}
	return &Client{path: path, turn: make(chan struct{}, 1), channel: channel}, nil
}

// Get returns the caller's secret, which is the caller's to wipe.
func (c *Client) Get(ctx context.Context) (*Secret, error) {
	return c.get(ctx, "/v1/value")
}

// GetMember returns one member of the caller's secret, which must be a JSON object: a string's text, any
// other value as JSON.
func (c *Client) GetMember(ctx context.Context, member string) (*Secret, error) {
	if member == "" {
		return nil, fail(ErrInvalid, "the member's name is empty")
	}
	target := "/v1/value/" + url.PathEscape(member)
	if len(target) > maxTarget {
		return nil, fail(ErrInvalid, "the member's name is too long")
	}
	return c.get(ctx, target)
}

// Whoami returns who the caller is to the daemon. A stranger is an answer too, with Reason set.
func (c *Client) Whoami(ctx context.Context) (*Identity, error) {
	_, body, err := c.run(ctx, get("/v1/whoami"))
	if err != nil {
		return nil, err
	}
	identity := new(Identity)
	if json.Unmarshal(body, identity) != nil || identity.Tier == "" {
		return nil, fail(ErrProtocol, "the answer is no identity")
	}
	return identity, nil
}

// Close closes the connection, once a request that is under way has ended.
func (c *Client) Close() error {
	c.turn <- struct{}{}
	c.channel.close()
	c.channel, c.closed = nil, true
	<-c.turn
	return nil
}

const maxTarget = 1024

func (c *Client) get(ctx context.Context, target string) (*Secret, error) {
	h, body, err := c.run(ctx, get(target))
	if err != nil {
		return nil, err
	}
	if h.version == 0 || h.created.IsZero() || h.updated.IsZero() {
		wipe(body)
		return nil, fail(ErrProtocol, "the answer has no version or no times")
	}
	return &Secret{Data: body, Version: h.version, Created: h.created, Updated: h.updated}, nil
}

// request is what is sent: files go with the body, once the daemon asks for it. All that are made here may
// be sent twice.
type request struct {
	head, body string
	files      []int
}

func get(target string) request {
	return request{head: "GET " + target + " HTTP/1.1\r\nHost: vsecm\r\n\r\n"}
}

// run sends r and returns an answer with status 200.
func (c *Client) run(ctx context.Context, r request) (h head, body []byte, err error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return h, nil, ctx.Err()
	}
	if c.closed {
		return h, nil, ErrClosed
	}
	kept := c.channel != nil
	h, body, err = c.once(ctx, r)
	// The daemon may have closed a connection that was idle, or be another one by now.
	if kept && isGone(err) {
		h, body, err = c.once(ctx, r)
	}
	if err == nil && h.status != 200 {
		err = statusError(h, body)
	}
	return h, body, failure(ctx, c.path, err)
}

func (c *Client) once(ctx context.Context, r request) (h head, body []byte, err error) {
	if c.channel == nil {
		if c.channel, err = dial(ctx, c.path); err != nil {
			return h, nil, err
		}
	}
	release := c.channel.guard(ctx, answerTimeout)
	h, body, err = c.channel.exchange(r)
	release()
	if err != nil || h.close {
		c.channel.close()
		c.channel = nil
	}
	return h, body, err
}

func (c *channel) exchange(r request) (h head, body []byte, err error) {
	asked := true
	if len(r.files) == 0 {
		err = c.send(r.head + r.body)
	} else if err = c.send(r.head); err == nil {
		asked, err = c.sendFiles(r)
	}
	// A daemon that closes may have said why.
	if err != nil && !isGone(err) {
		return h, nil, err
	}
	if h, err = c.receiveHead(false); err != nil {
		return h, nil, err
	}
	h.close = h.close || !asked // it may still wait for the body it was promised
	body, err = c.receiveBody(h.length)
	return h, body, err
}

// statusError is the failure that an answer tells.
func statusError(h head, body []byte) error {
	var said struct{ Message string }
	_ = json.Unmarshal(body, &said)
	class := ErrProtocol
	switch h.status {
	case 400:
		class = ErrInvalid
	case 403:
		class = ErrForbidden
	case 404:
		class = ErrNotFound
	case 409:
		class = ErrConflict
	case 429:
		return &Error{ErrTooMany, said.Message, h.retryAfter}
	case 501:
		class = ErrUnsupported
	case 408, 500, 503, 507:
		class = ErrUnavailable
	default:
		return fail(class, "the answer has status %d", h.status)
	}
	return fail(class, "%s", said.Message)
}
