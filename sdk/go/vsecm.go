// SPDX-License-Identifier: BSD-2-Clause

// Package vsecm is a workload's way to its secret.
//
//	client, err := vsecm.Connect(ctx, "")
//	...
//	secret, err := client.Get(ctx)
//	...
//	defer secret.Wipe()
//
// There is nothing to log in with: the kernel tells the daemon which pod is calling. Watch is told of
// every change, Page reads the newest value from shared memory without a system call. Package sentry has
// the names of the original's SDK.
//
// Values lie in memory that is locked against swap as far as the limit allows (RLIMIT_MEMLOCK), is left
// out of core dumps, and is wiped by Wipe, or when the collector finds it unused. What a program makes of
// them, string(secret.Data) or append(), is ordinary memory, which Go neither locks nor wipes. The
// collector moves no heap memory, but a value in a small array on a stack may be copied with the stack.
package vsecm

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// The classes of failure, for errors.Is. An ended context is told as its own error.
var (
	ErrNotFound    = errors.New("no such secret")
	ErrForbidden   = errors.New("the daemon knows no workload that this caller is")
	ErrUnavailable = errors.New("the daemon cannot serve now")
	ErrUnreachable = errors.New("no daemon answers at the socket")
	ErrProtocol    = errors.New("the daemon's answer makes no sense")
	ErrInvalid     = errors.New("invalid argument")
	ErrExpired     = errors.New("the value's time is over")
	ErrClosed      = errors.New("closed")
	ErrUnsupported = errors.New("the daemon has no such protection on this node")
	ErrConflict    = errors.New("it is another workload's already")

	// ErrTooMany is an ErrUnavailable too. Error.RetryAfter says how long the same would go on.
	ErrTooMany = fmt.Errorf("too many requests of this pod: %w", ErrUnavailable)
)

// Error is a failure of class Class, one of those above, and what exactly went wrong. It never tells
// anything of a value.
type Error struct {
	Class      error
	Message    string
	RetryAfter time.Duration // with ErrTooMany: not before this has passed
}

func (e *Error) Error() string { return e.Class.Error() + ": " + e.Message }

// Unwrap makes errors.Is(err, ErrNotFound) and the like work.
func (e *Error) Unwrap() error { return e.Class }

func fail(class error, format string, args ...interface{}) error {
	return &Error{Class: class, Message: fmt.Sprintf(format, args...)}
}

// Secret is one value, or one member of it. Formatting it shows everything but the value.
type Secret struct {
	Data    []byte
	Version uint64    // 1 for the first value stored, larger for each later one
	Created time.Time // when the first version was stored
	Updated time.Time // when this version was stored
}

// Wipe overwrites the value. Nobody may use it then, or its Data. A nil secret is fine.
func (s *Secret) Wipe() {
	if s == nil {
		return
	}
	wipe(s.Data)
	s.Data = nil
}

// Format keeps the value out of logs.
func (s Secret) Format(f fmt.State, verb rune) {
	fmt.Fprintf(f, "secret of %d bytes, version %d", len(s.Data), s.Version)
}

// Identity is who the daemon says is calling. Strings are empty where they do not apply.
type Identity struct {
	Tier           string `json:"tier"` // how the caller was established: "lsm" or "cgroup"
	Kind           string `json:"kind"`
	Namespace      string `json:"namespace"`
	Workload       string `json:"workload"`
	Pod            string `json:"pod"`
	PodUID         string `json:"podUid"`
	Container      string `json:"container"`
	ServiceAccount string `json:"serviceAccount"`
	Reason         string `json:"reason"` // why the caller is no workload; "" when it is one
}

const (
	shortSocket = "/run/vsecm.sock"
	longSocket  = "/run/vsecm/vsecm.sock"
)

// DefaultSocket is where the daemon is looked for: $VSECM_SOCKET, else /run/vsecm.sock, else
// /run/vsecm/vsecm.sock.
func DefaultSocket() string {
	if path := os.Getenv("VSECM_SOCKET"); path != "" {
		return path
	}
	if _, err := os.Stat(shortSocket); err == nil {
		return shortSocket
	}
	return longSocket
}

func socketOr(path string) string {
	if path == "" {
		return DefaultSocket()
	}
	return path
}
