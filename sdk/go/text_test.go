// SPDX-License-Identifier: BSD-2-Clause

package vsecm

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// What encoding/json makes of a string, so must unquote.
func TestUnquote(t *testing.T) {
	for _, quoted := range []string{
		`""`, `"plain"`, `"\"\\\/\b\f\n\r\t"`, `"\u0041\u00e9\u20ac"`, `"\ud834\udd1e"`, `"\ud834"`, `"\udd1e\ud834"`,
		`"\ud834x"`, `"\ud834\n"`, `"\ud834\u0041"`, `"é❤𝄞"`, `"\u0000"`,
	} {
		var want string
		if err := json.Unmarshal([]byte(quoted), &want); err != nil {
			t.Fatal(err)
		}
		var got text
		if err := json.Unmarshal([]byte(quoted), &got); err != nil || string(got) != want {
			t.Errorf("%s: %q, not %q (%v)", quoted, got, want, err)
		}
	}
}

func TestParseEvent(t *testing.T) {
	const times = `"created":"2026-01-02T03:04:05Z","updated":"2026-01-02T03:04:06Z"`
	event, err := parseEvent([]byte("id: 7.00ab\nevent: secret\ndata: {\"data\":\"AP8=\",\"encoding\":\"base64\"," + times + "}"))
	if err != nil || event.ID != "7.00ab" || string(event.Secret.Data) != "\x00\xff" || event.Secret.Version != 7 {
		t.Fatal(event, err)
	}
	event, err = parseEvent([]byte("id: 0\nevent: absent\ndata: {\"reason\":\"no-secret\",\"message\":\"m\"}"))
	if err != nil || event.Secret != nil || event.Reason != NoSecret || event.Message != "m" {
		t.Fatal(event, err)
	}
	for _, nothing := range []string{"", ": still here", ": a\n: b", "id: 1\nevent: later\ndata: {}"} {
		if event, err := parseEvent([]byte(nothing)); event != nil || err != nil {
			t.Errorf("%q: %v, %v", nothing, event, err)
		}
	}
	for _, bad := range []string{
		"event: secret\ndata: {}", "id: 1\nevent: secret", "id: 1\nevent: secret\ndata: {}",
		"id: 1\nevent: secret\ndata: {\"data\":5," + times + "}", "id: 1\nevent: absent\ndata: x",
		"id: 1\nevent: secret\ndata: {\"data\":\"A\",\"encoding\":\"base64\"," + times + "}",
		"id: 1\nevent: absent\ndata: {}\ndata: {}",
	} {
		if event, err := parseEvent([]byte(bad)); !errors.Is(err, ErrProtocol) {
			t.Errorf("%q: %v, %v", bad, event, err)
		}
	}
}

func TestParseHead(t *testing.T) {
	h, wrong := parseHead("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nVSECM-Version:  3 \r\nConnection: close\r\n\r\n")
	if wrong != "" || h.status != 200 || h.length != 5 || h.version != 3 || !h.close {
		t.Fatal(h, wrong)
	}
	for _, bad := range []string{
		"HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", "HTTP/1.1 200 OK\r\nx y: 1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\na: b\nc: d\r\n\r\n",
		"HTTP/1.1 200 OK\r\n: b\r\n\r\n", "HTTP/1.1 200 OK\r\nVSecM-Created: today\r\n\r\n", "\r\n\r\n",
	} {
		if h, wrong := parseHead(bad); wrong == "" {
			t.Errorf("%q: %v", bad, h)
		}
	}
}

func TestSecretIsNotShown(t *testing.T) {
	secret := &Secret{Data: []byte("hunter2"), Version: 4}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, shown := range []string{fmt.Sprintf(format, secret), fmt.Sprintf(format, *secret)} {
			if strings.Contains(shown, "hunter") || strings.Contains(shown, "68756e") {
				t.Errorf("%s shows %s", format, shown)
			}
		}
	}
	data := secret.Data
	secret.Wipe()
	if string(data) != strings.Repeat("\x00", 7) || secret.Data != nil {
		t.Error("it is still there")
	}
}

// Locked memory goes back to the collector, whatever part of it was held.
func TestLocked(t *testing.T) {
	for round := 0; round < 50; round++ {
		part := locked(100000)[50000:50010]
		copy(part, "0123456789")
		runtime.GC()
		if string(part) != "0123456789" {
			t.Fatal("it was taken away")
		}
	}
}

func TestBackoff(t *testing.T) {
	var b backoff
	if b.pause() != 0 {
		t.Error("a pause without a failure")
	}
	for b.failures = 1; b.failures < 100; b.failures++ {
		if pause := b.pause(); pause < firstPause/2 || pause > longestPause {
			t.Errorf("%v after %d failures", pause, b.failures)
		}
	}
	if b.pause() < longestPause/2 {
		t.Error("it does not grow")
	}
}
