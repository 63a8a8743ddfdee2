// SPDX-License-Identifier: BSD-2-Clause

package vsecm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// MaxGuarded is how many files Guard takes at once.
const MaxGuarded = 16

// Shield shields this process, before it has the secret: until it ends no other process, root's neither,
// may trace it or read its memory, its environment or its descriptors. With children the same holds for
// what it starts from then on. No core file of it is written: its limit of these becomes 1, for good. Not for process 1 of a container: what enters the container, such as
// `kubectl exec`, goes by way of it. ErrUnsupported on a node without guards: nothing is shielded then.
func (c *Client) Shield(ctx context.Context, children bool) error {
	body := ""
	if children {
		body = `{"children":true}`
	}
	if err := c.ask(ctx, post("/v1/shield", "", body), "shielded", "true"); err != nil {
		return err
	}
	makeNoCore()
	return nil
}

// makeNoCore keeps the kernel from writing a core file of this process, and from piping one to a program,
// for which a limit of 0 is none (fs/coredump.c). Where it was 0 for good it stays that.
func makeNoCore() {
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{Cur: 1, Max: 1})
}

// Guard lets nobody but the caller's pod open, map or be given these files: files on a tmpfs or of
// memfd_create(), open for writing, and best still empty. They are guarded as long as they exist.
// ErrUnsupported as for Shield; ErrConflict: one is guarded for another workload; ErrInvalid: one is no
// such file, or they are none or more than MaxGuarded.
func (c *Client) Guard(ctx context.Context, files ...*os.File) error {
	if len(files) == 0 || len(files) > MaxGuarded {
		return fail(ErrInvalid, "1 to %d files can be guarded at once", MaxGuarded)
	}
	r := post("/v1/guard", "Expect: 100-continue\r\n", fmt.Sprintf(`{"files":%d}`, len(files)))
	// A duplicate stays open and what it is, whatever becomes of the file meanwhile.
	defer func() {
		for _, fd := range r.files {
			syscall.Close(fd)
		}
	}()
	for _, file := range files {
		fd, err := duplicate(file)
		if err != nil {
			return fail(ErrInvalid, "a file that is to be guarded is not open")
		}
		r.files = append(r.files, fd)
	}
	return c.ask(ctx, r, "guarded", strconv.Itoa(len(files)))
}

func duplicate(file *os.File) (fd int, err error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return -1, err
	}
	var errno syscall.Errno
	err = raw.Control(func(from uintptr) {
		var made uintptr
		made, _, errno = syscall.Syscall(syscall.SYS_FCNTL, from, syscall.F_DUPFD_CLOEXEC, 0)
		fd = int(made)
	})
	if err == nil && errno != 0 {
		err = errno
	}
	return fd, err
}

func post(target, fields, body string) request {
	return request{
		head: fmt.Sprintf("POST %s HTTP/1.1\r\nHost: vsecm\r\n%sContent-Length: %d\r\n\r\n", target, fields, len(body)),
		body: body,
	}
}

// ask sends r, and is content only when the answer's member name is word.
func (c *Client) ask(ctx context.Context, r request, name, word string) error {
	_, body, err := c.run(ctx, r)
	if errors.Is(err, ErrNotFound) {
		return fail(ErrUnsupported, "the daemon knows no guards; it is an older one")
	}
	if err != nil {
		return err
	}
	var said map[string]json.RawMessage
	if json.Unmarshal(body, &said) != nil || string(said[name]) != word {
		return fail(ErrProtocol, "the answer does not say %q:%s", name, word)
	}
	return nil
}

// sendFiles sends what the daemon has asked for. asked is false when it has answered without asking: then
// the answer waits.
func (c *channel) sendFiles(r request) (asked bool, err error) {
	const asks = "HTTP/1.1 100 "
	for {
		end := bytes.Index(c.buffer[:c.used], []byte("\r\n\r\n"))
		if end >= 0 && !bytes.HasPrefix(c.buffer[:c.used], []byte(asks)) {
			return false, nil
		}
		if end >= 0 {
			c.take(end + 4)
			_, _, err = c.conn.WriteMsgUnix([]byte(r.body), syscall.UnixRights(r.files...), nil)
			return true, err
		}
		if c.used == len(c.buffer) {
			return false, fail(ErrProtocol, "the answer has too long a header")
		}
		if err = c.fill(false); err != nil {
			return false, err
		}
	}
}
