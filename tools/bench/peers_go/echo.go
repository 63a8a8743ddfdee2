// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"fmt"
	"io"
	"net"
	"strings"
)

// The yardstick: what a socket alone costs, with this language on our end. value is the request.
type echo struct {
	connection net.Conn
	request    []byte
	reply      []byte
}

func dial(target string) (net.Conn, error) {
	if path, ok := strings.CutPrefix(target, "unix:"); ok {
		return net.Dial("unix", path)
	}
	return net.Dial("tcp", target)
}

func openEcho(t *task) (session, error) {
	if t.reply < 1 || t.value == "" {
		return nil, fmt.Errorf("needs a value to send and the bytes of its reply")
	}
	connection, err := dial(t.target)
	if err != nil {
		return nil, err
	}
	return &echo{connection, []byte(t.value), make([]byte, t.reply)}, nil
}

func (e *echo) ask() error {
	if _, err := e.connection.Write(e.request); err != nil {
		return err
	}
	_, err := io.ReadFull(e.connection, e.reply)
	return err
}

func (e *echo) close() { e.connection.Close() }
