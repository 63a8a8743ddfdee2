// SPDX-License-Identifier: BSD-2-Clause

package vsecm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	shielded = `200 OK|{"shielded":true}`
	busy     = "429 Too\r\nRetry-After: 1|" + `{"message":"too fast"}`
)

// served gives the path of a server that says one of says on each connection, "LINE|BODY", and a channel
// with what it received. A request that expects so is asked for its body first.
func served(t *testing.T, says ...string) (path string, got chan string) {
	path, got = filepath.Join(t.TempDir(), "socket"), make(chan string, 8)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for _, say := range says {
			conn, err := listener.AcceptUnix()
			if err != nil {
				return
			}
			serve(conn, say, got)
			conn.Close()
		}
	}()
	return path, got
}

func serve(conn *net.UnixConn, say string, got chan string) {
	buffer, oob := make([]byte, 4096), make([]byte, 256)
	n, _ := conn.Read(buffer)
	request := string(buffer[:n])
	if strings.Contains(request, "\r\nExpect: 100-continue\r\n") && strings.HasPrefix(say, "200") {
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if n, _ = conn.Read(buffer); n > 0 {
			request += "(too early)"
		}
		_ = conn.SetReadDeadline(time.Time{})
		fmt.Fprint(conn, "HTTP/1.1 100 Continue\r\n\r\n")
		n, oobn, _, _, _ := conn.ReadMsgUnix(buffer, oob)
		request += string(buffer[:n])
		messages, _ := syscall.ParseSocketControlMessage(oob[:oobn])
		for i := range messages {
			fds, _ := syscall.ParseUnixRights(&messages[i])
			for _, fd := range fds {
				name, _ := os.Readlink(fmt.Sprint("/proc/self/fd/", fd))
				request += " " + filepath.Base(name)
				syscall.Close(fd)
			}
		}
	}
	line, body, _ := strings.Cut(say, "|")
	got <- request
	fmt.Fprintf(conn, "HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s", line, len(body), body)
}

func clientOf(t *testing.T, path string) *Client {
	client, err := Connect(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func TestShield(t *testing.T) {
	path, got := served(t, shielded, shielded)
	client := clientOf(t, path)
	for children, want := range map[bool]string{false: "Content-Length: 0\r\n\r\n", true: "\r\n\r\n{\"children\":true}"} {
		// The second finds its connection closed.
		if err := client.Shield(context.Background(), children); err != nil {
			t.Fatal(err)
		}
		if request := <-got; !strings.HasPrefix(request, "POST /v1/shield HTTP/1.1\r\n") || !strings.HasSuffix(request, want) {
			t.Errorf("asked with %q", request)
		}
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit); err != nil || limit.Max > 1 || limit.Cur != limit.Max {
		t.Errorf("core files of %v are written", limit)
	}
}

func TestGuard(t *testing.T) {
	path, got := served(t, `200 OK|{"guarded":2}`)
	var files []*os.File
	for _, name := range []string{"one", "two"} {
		file, err := os.Create(filepath.Join(t.TempDir(), name))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		files = append(files, file)
	}
	if err := clientOf(t, path).Guard(context.Background(), files...); err != nil {
		t.Fatal(err)
	}
	if request := <-got; !strings.HasSuffix(request, "\r\n\r\n{\"files\":2} one two") {
		t.Errorf("asked with %q", request)
	}
}

func TestGuardInvalid(t *testing.T) {
	path, _ := served(t)
	closed, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for _, files := range [][]*os.File{nil, make([]*os.File, MaxGuarded+1), {closed}, {nil}} {
		if err := clientOf(t, path).Guard(context.Background(), files...); !errors.Is(err, ErrInvalid) {
			t.Errorf("%d files: %v", len(files), err)
		}
	}
}

func TestGuardRefused(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for say, want := range map[string]error{
		`501 No|{"message":"tier cgroup"}`: ErrUnsupported,
		`404 No|{}`:                        ErrUnsupported,
		`409 No|{}`:                        ErrConflict,
		`400 No|{}`:                        ErrInvalid,
		`200 OK|{"guarded":2}`:             ErrProtocol,
		`200 OK|{}`:                        ErrProtocol,
		busy:                               ErrTooMany,
	} {
		path, _ := served(t, say)
		if err := clientOf(t, path).Guard(context.Background(), file); !errors.Is(err, want) {
			t.Errorf("%q: %v", say, err)
		}
	}
}

func TestTooMany(t *testing.T) {
	path, _ := served(t, busy)
	_, err := clientOf(t, path).Get(context.Background())
	var refused *Error
	if !errors.Is(err, ErrTooMany) || !errors.Is(err, ErrUnavailable) || !errors.As(err, &refused) ||
		refused.RetryAfter != time.Second || refused.Message != "too fast" {
		t.Errorf("%#v", err)
	}
}

func TestTooManyWatch(t *testing.T) {
	path, got := served(t, busy, `403 No|{"message":"over"}`)
	begun := time.Now()
	_, err := NewWatch(path, "").Next(context.Background())
	if !errors.Is(err, ErrForbidden) || len(got) != 2 || time.Since(begun) < time.Second {
		t.Errorf("%v after %v, %d requests", err, time.Since(begun), len(got))
	}
}
