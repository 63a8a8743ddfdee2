// SPDX-License-Identifier: BSD-2-Clause

package vsecm

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Why there is no secret, in an event without one.
const (
	NoSecret = "no-secret" // never stored, or deleted
	NotYet   = "not-yet"   // it is not valid yet
	Expired  = "expired"
)

// Event is what the caller's secret is now.
type Event struct {
	ID      string  // the same for the same state, also across restarts of the daemon
	Secret  *Secret // to be wiped; nil when there is none
	Reason  string  // then: NoSecret, NotYet or Expired
	Message string  // and in words
}

// parseEvent reads the lines of one event; a block without one (a comment) gives nil.
func parseEvent(block []byte) (*Event, error) {
	var id, kind string
	var data []byte
	for _, line := range bytes.Split(block, []byte("\n")) {
		name, value := line, []byte(nil)
		if colon := bytes.IndexByte(line, ':'); colon >= 0 {
			name, value = line[:colon], bytes.TrimPrefix(line[colon+1:], []byte(" "))
		}
		switch string(name) {
		case "id":
			id = string(value)
		case "event":
			kind = string(value)
		case "data":
			if data != nil {
				return nil, fail(ErrProtocol, "an event has two lines of data")
			}
			data = value
		}
	}
	switch {
	case kind == "" && data == nil:
		return nil, nil
	case id == "" || data == nil:
		return nil, fail(ErrProtocol, "an event lacks its id or its data")
	case kind == "secret":
		return secretEvent(id, data)
	case kind == "absent":
		return absentEvent(id, data)
	}
	return nil, nil // of a later version
}

func secretEvent(id string, data []byte) (*Event, error) {
	var body struct {
		Data             text
		Encoding         string
		Created, Updated time.Time
	}
	err := json.Unmarshal(data, &body)
	if err == nil && body.Encoding == "base64" {
		err = body.Data.decode()
	}
	if err != nil || body.Data == nil || body.Updated.IsZero() {
		wipe(body.Data)
		return nil, fail(ErrProtocol, "an event's secret cannot be read")
	}
	return &Event{ID: id, Secret: &Secret{
		Data: body.Data, Version: versionOf(id), Created: body.Created, Updated: body.Updated,
	}}, nil
}

// versionOf reads the version that an id of a value begins with.
func versionOf(id string) uint64 {
	version, _, _ := strings.Cut(id, ".")
	number, _ := strconv.ParseUint(version, 10, 63)
	return number
}

func absentEvent(id string, data []byte) (*Event, error) {
	var body struct{ Reason, Message string }
	if json.Unmarshal(data, &body) != nil || body.Reason == "" {
		return nil, fail(ErrProtocol, "an event's reason cannot be read")
	}
	return &Event{ID: id, Reason: body.Reason, Message: body.Message}, nil
}
