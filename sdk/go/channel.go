// SPDX-License-Identifier: BSD-2-Clause

package vsecm

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

const (
	// For one answer: three times what the daemon may wait for a pod that it does not know yet, so that its
	// own answer comes first.
	answerTimeout = 15 * time.Second
	maxHead       = 8 << 10
	maxBody       = 1 << 20 // the largest value
)

var errGone = errors.New("the connection ended before an answer")

// channel is a connection to the daemon. What has arrived and was not taken lies in locked memory.
type channel struct {
	conn   *net.UnixConn
	path   string
	buffer []byte // locked
	used   int
	fd     int // a descriptor that came along; -1: none
}

func dial(ctx context.Context, path string) (*channel, error) {
	var dialer net.Dialer
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	conn, err := dialer.DialContext(ctx, "unix", path)
	// A full queue, which a blocking connect() would wait for.
	for errors.Is(err, syscall.EAGAIN) && sleep(ctx, 5*time.Millisecond) {
		conn, err = dialer.DialContext(ctx, "unix", path)
	}
	if err != nil {
		return nil, err
	}
	return &channel{conn: conn.(*net.UnixConn), path: path, buffer: locked(maxHead), fd: -1}, nil
}

// sleep returns whether the time went by before ctx ended.
func sleep(ctx context.Context, duration time.Duration) bool {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// guard ends the channel's waiting when ctx ends, or after limit; until release is called.
func (c *channel) guard(ctx context.Context, limit time.Duration) (release func()) {
	_ = c.conn.SetDeadline(time.Now().Add(limit))
	if ctx.Done() == nil {
		return func() {}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		select {
		case <-ctx.Done():
			_ = c.conn.SetDeadline(time.Unix(1, 0))
		case <-stop:
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}

func (c *channel) send(request string) error {
	_, err := c.conn.Write([]byte(request))
	return err
}

// fill receives more behind what is there already, and a descriptor when withFD and one comes along.
func (c *channel) fill(withFD bool) (err error) {
	var got int
	if withFD && c.fd < 0 {
		var oob [64]byte
		var oobn int
		got, oobn, _, _, err = c.conn.ReadMsgUnix(c.buffer[c.used:], oob[:])
		c.fd = descriptor(oob[:oobn])
	} else {
		got, err = c.conn.Read(c.buffer[c.used:])
	}
	c.used += got
	if got == 0 && err == nil {
		err = io.EOF
	}
	return err
}

// descriptor takes the first descriptor out of a control message and closes others; -1: there is none.
func descriptor(oob []byte) int {
	first := -1
	messages, _ := syscall.ParseSocketControlMessage(oob)
	for i := range messages {
		fds, _ := syscall.ParseUnixRights(&messages[i])
		for _, fd := range fds {
			if first < 0 {
				first = fd
			} else {
				syscall.Close(fd)
			}
		}
	}
	return first
}

// take removes the first length bytes of what has arrived, and wipes where they were.
func (c *channel) take(length int) {
	left := copy(c.buffer, c.buffer[length:c.used])
	wipe(c.buffer[left:c.used])
	c.used = left
}

// receiveHead waits for a whole head and takes it off the buffer.
func (c *channel) receiveHead(withFD bool) (head, error) {
	for {
		if end := bytes.Index(c.buffer[:c.used], []byte("\r\n\r\n")); end >= 0 {
			h, wrong := parseHead(string(c.buffer[:end+4]))
			c.take(end + 4)
			if wrong != "" {
				return h, fail(ErrProtocol, "the answer %s", wrong)
			}
			return h, nil
		}
		if c.used == len(c.buffer) {
			return head{}, fail(ErrProtocol, "the answer has too long a header")
		}
		before := c.used
		if err := c.fill(withFD); err != nil {
			if before == 0 && isGone(err) {
				return head{}, errGone
			}
			return head{}, err
		}
	}
}

// receiveBody returns exactly length bytes, in locked memory of their own.
func (c *channel) receiveBody(length int) ([]byte, error) {
	if length < 0 {
		return nil, fail(ErrProtocol, "the answer does not say its length")
	}
	if length > maxBody {
		return nil, fail(ErrProtocol, "the answer is larger than any that was expected")
	}
	if c.used > length {
		return nil, fail(ErrProtocol, "the answer is longer than it says")
	}
	body := locked(length)
	filled := copy(body, c.buffer[:c.used])
	c.take(c.used)
	if _, err := io.ReadFull(c.conn, body[filled:]); err != nil {
		wipe(body)
		if isGone(err) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fail(ErrProtocol, "the answer ends before its length")
		}
		return nil, err
	}
	return body, nil
}

func (c *channel) close() {
	if c == nil {
		return
	}
	c.conn.Close()
	wipe(c.buffer)
	if c.fd >= 0 {
		syscall.Close(c.fd)
		c.fd = -1
	}
}

func isGone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, errGone)
}

// failure gives ERR, which the socket at PATH had, its class.
func failure(ctx context.Context, path string, err error) error {
	var ours *Error
	switch {
	case err == nil || errors.As(err, &ours):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded):
		return fail(ErrUnavailable, "%s: no answer in %v", path, answerTimeout)
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = call.Err // without the path, which is told already
	}
	return fail(ErrUnreachable, "%s: %v", path, err)
}
