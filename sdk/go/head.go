// SPDX-License-Identifier: BSD-2-Clause

package vsecm

import (
	"strconv"
	"strings"
	"time"
)

// Seconds of a Retry-After that are believed.
const maxRetryAfter = 3600

// head is what an answer says before its body.
type head struct {
	status  int
	length  int // -1: it does not say
	version uint64
	created time.Time
	updated time.Time
	kind    string // Content-Type
	close   bool   // the connection ends behind this answer

	retryAfter time.Duration // for which the daemon wants to be left alone
}

// parseHead reads TEXT up to the empty line. wrong says what is wrong with it; "" means nothing.
func parseHead(text string) (h head, wrong string) {
	h.length = -1
	lines := strings.Split(strings.TrimSuffix(text, "\r\n\r\n"), "\r\n")
	for _, line := range lines {
		if strings.ContainsAny(line, "\r\n\x00") {
			return h, "has a malformed line"
		}
	}
	if h.status, wrong = parseStatus(lines[0]); wrong != "" {
		return h, wrong
	}
	for _, line := range lines[1:] {
		colon := strings.IndexByte(line, ':')
		if colon <= 0 || strings.ContainsAny(line[:colon], " \t") {
			return h, "has a field without a name"
		}
		if wrong = h.take(strings.ToLower(line[:colon]), strings.Trim(line[colon+1:], " \t")); wrong != "" {
			return h, wrong
		}
	}
	return h, ""
}

func parseStatus(line string) (int, string) {
	const version = "HTTP/1.1 "
	if len(line) < len(version)+4 || !strings.HasPrefix(line, version) || line[len(version)+3] != ' ' {
		return 0, "does not begin as HTTP/1.1 does"
	}
	status, err := strconv.ParseUint(line[len(version):len(version)+3], 10, 16)
	if err != nil || status < 200 || status > 599 {
		return 0, "has a status that means nothing"
	}
	return int(status), ""
}

func (h *head) take(name, value string) (wrong string) {
	var err error
	switch name {
	case "content-length":
		if h.length >= 0 {
			return "says its length twice"
		}
		var length uint64
		length, err = strconv.ParseUint(value, 10, 31)
		h.length = int(length)
	case "vsecm-version":
		h.version, err = strconv.ParseUint(value, 10, 63)
	case "vsecm-created":
		h.created, err = time.Parse(time.RFC3339, value)
	case "vsecm-updated":
		h.updated, err = time.Parse(time.RFC3339, value)
	case "content-type":
		h.kind = value
	case "connection":
		h.close = strings.EqualFold(value, "close")
	case "retry-after":
		var seconds uint64
		seconds, err = strconv.ParseUint(value, 10, 31)
		if seconds > maxRetryAfter {
			seconds = maxRetryAfter
		}
		h.retryAfter = time.Duration(seconds) * time.Second
	case "transfer-encoding":
		return "has a transfer coding"
	}
	if err != nil {
		return "has a field " + name + " that cannot be read"
	}
	return ""
}
