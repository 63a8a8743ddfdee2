// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// A script answers the n-th request for a list, or a watch, of one path, from 1 on.
type script struct {
	list, watch func(n int, a *answer)
}

type answer struct {
	http.ResponseWriter
	request *http.Request
}

func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// ---- what the API server says ----------------------------------------------------------------------

func object(name, version string, size int) string {
	return fmt.Sprintf(`{"metadata":{"name":%q,"namespace":"web","resourceVersion":%q,"annotations":{"x":%q}}}`,
		name, version, strings.Repeat("x", size))
}

func (a *answer) items(version, next string, items ...string) {
	fmt.Fprintf(a, `{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":%q,"continue":%q},"items":[%s]}`,
		version, next, strings.Join(items, ","))
}

func (a *answer) names(version, next string, names ...string) {
	var items []string
	for _, name := range names {
		items = append(items, object(name, "1", 10))
	}
	a.items(version, next, items...)
}

func (a *answer) event(kind, name, version string) {
	fmt.Fprintf(a, `{"type":%q,"object":%s}`+"\n", kind, object(name, version, 10))
	flush(a)
}

func (a *answer) failed(code int, reason, message string) {
	fmt.Fprintf(a, `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","code":%d,"reason":%q,"message":%q}}`+"\n",
		code, reason, message)
}

// hang is a watch in which nothing happens.
func (a *answer) hang() {
	flush(a)
	<-a.request.Context().Done()
}

func hangs(n int, a *answer) { a.hang() }

func lists(version string, names ...string) func(int, *answer) {
	return func(n int, a *answer) { a.names(version, "", names...) }
}

// first answers the first request in one way, later ones in another.
func first(one, others func(int, *answer)) func(int, *answer) {
	return func(n int, a *answer) {
		if n == 1 {
			one(n, a)
			return
		}
		others(n, a)
	}
}

func fails(code int, reason, message string) func(int, *answer) {
	return func(n int, a *answer) { status(a, code, reason, message) }
}

// ---- the scripts -----------------------------------------------------------------------------------

const many, manySize = 5000, 5000 - 90

func page(n int, a *answer) {
	at := 0
	fmt.Sscanf(a.request.FormValue("continue"), "at %d", &at)
	var items []string
	for i := 0; i < 250 && at < many; i, at = i+1, at+1 {
		items = append(items, object(fmt.Sprintf("o%d", at), "1", manySize))
	}
	next := ""
	if at < many {
		next = fmt.Sprintf("at %d", at)
	}
	a.items("9", next, items...)
}

func eventful(n int, a *answer) {
	a.event("ADDED", "d", "11")
	a.event("MODIFIED", "a", "12")
	a.event("DELETED", "b", "13")
	a.event("BOOKMARK", "", "20")
}

var scripts = map[string]script{
	"pages": {func(n int, a *answer) {
		if a.request.FormValue("continue") == "c/+ =&" {
			a.names("10", "", "c")
		} else {
			a.names("10", "c/+ =&", "a", "b")
		}
	}, first(func(n int, a *answer) {
		eventful(n, a)
		time.Sleep(1100 * time.Millisecond)
	}, hangs)},
	"again": {lists("10", "a", "b"), func(n int, a *answer) {
		eventful(n, a)
		a.hang()
	}},
	"quick": {lists("10", "a"), first(eventful, hangs)},
	"empty": {lists("10", "a"), func(n int, a *answer) {}},
	"gone": {first(lists("10", "a", "b"), lists("30", "b", "c")), first(func(n int, a *answer) {
		a.failed(410, "Expired", "too old resource version: 10 (29)")
	}, hangs)},
	"gone-often": {lists("10", "a"), func(n int, a *answer) {
		if n > 3 {
			a.hang()
		}
		a.failed(410, "Expired", "too old resource version: 10 (29)")
	}},
	"gone-page": {func(n int, a *answer) {
		switch n {
		case 1:
			a.names("10", "next", "a")
		case 2:
			status(a, 410, "Expired", "The provided continue parameter is too old")
		default:
			a.names("11", "", "a", "b")
		}
	}, hangs},
	"gone-watch": {first(lists("10", "a"), lists("30", "b")), first(fails(410, "Expired", "too old"), hangs)},
	"busy": {first(func(n int, a *answer) {
		a.Header().Set("Retry-After", "1")
		status(a, 429, "TooManyRequests", "slow down")
	}, lists("10", "a")), hangs},
	"broken": {func(n int, a *answer) {
		if n < 3 {
			status(a, 500, "InternalError", "the disk\nis \u00e9tcd")
			return
		}
		a.names("10", "", "a")
	}, hangs},
	"missing":   {first(fails(404, "NotFound", "the server could not find the requested resource"), lists("10", "a")), hangs},
	"forbidden": {fails(403, "Forbidden", "pods is forbidden: User \"x\" cannot list resource \"pods\""), hangs},
	"cut": {first(func(n int, a *answer) {
		io.WriteString(a, `{"kind":"List","items":[`+object("a", "1", 10)+`,{"metadata":{"na`)
		flush(a)
		panic(http.ErrAbortHandler)
	}, lists("10", "a", "b")), first(func(n int, a *answer) {
		a.event("ADDED", "c", "11")
		io.WriteString(a, `{"type":"DELETED","object":{"metadata":{"name":"c"`)
		flush(a)
		panic(http.ErrAbortHandler)
	}, hangs)},
	"half": {first(func(n int, a *answer) {
		io.WriteString(a, `{"kind":"List","metadata":{"resourceVersion":"10"},"items":[`+object("a", "1", 10))
	}, lists("10", "a", "b")), hangs},
	"garbage": {first(func(n int, a *answer) { io.WriteString(a, "<html>") }, lists("10", "a")), hangs},
	"drip": {func(n int, a *answer) {
		for _, c := range `{"metadata":{"resourceVersion":"10"},"items":[` + object("a", "1", 10) + "]}" {
			io.WriteString(a, string(c))
			flush(a)
			time.Sleep(5 * time.Millisecond)
		}
	}, hangs},
	"large": {func(n int, a *answer) {
		a.items("10", "", object("a", "1", 10), object("b", "1", 100000), object("c", "1", 10))
	}, first(func(n int, a *answer) {
		fmt.Fprintf(a, `{"type":"MODIFIED","object":%s}`+"\n", object("a", "11", 100000))
		a.hang()
	}, func(n int, a *answer) {
		a.event("ADDED", "d", "12")
		a.hang()
	})},
	"error": {lists("10", "a"), first(func(n int, a *answer) {
		a.event("ADDED", "b", "11")
		a.failed(500, "InternalError", "etcd is away")
	}, hangs)},
	"unversioned": {lists("10", "a"), first(func(n int, a *answer) {
		io.WriteString(a, `{"type":"ADDED","object":{"metadata":{"name":"b"}}}`+"\n")
	}, hangs)},
	"many": {page, hangs},
}

// ---- who asked for what ----------------------------------------------------------------------------

var asked = struct {
	sync.Mutex
	count map[string]int
	lines map[string][]string
}{count: map[string]int{}, lines: map[string][]string{}}

func note(r *http.Request) int {
	asked.Lock()
	defer asked.Unlock()
	kind := "list"
	if r.FormValue("watch") != "" {
		kind = "watch"
	}
	line := kind
	for _, name := range []string{"fieldSelector", "limit", "continue", "resourceVersion", "allowWatchBookmarks"} {
		if r.Form.Has(name) {
			line += " " + name + "=" + r.FormValue(name)
		}
	}
	if as := r.Header.Get("Accept"); as != "application/json" {
		line += " " + as
	}
	asked.lines[r.URL.Path] = append(asked.lines[r.URL.Path], line)
	asked.count[r.URL.Path+kind]++
	return asked.count[r.URL.Path+kind]
}

func serveScript(w http.ResponseWriter, r *http.Request) {
	what := scripts[strings.TrimPrefix(r.URL.Path, "/script/")]
	n := note(r)
	if r.FormValue("watch") != "" {
		what.watch(n, &answer{w, r})
	} else {
		what.list(n, &answer{w, r})
	}
}

func seen(w http.ResponseWriter, r *http.Request) {
	asked.Lock()
	defer asked.Unlock()
	fmt.Fprintln(w, strings.Join(asked.lines["/script/"+r.FormValue("of")], "\n"))
	delete(asked.lines, "/script/"+r.FormValue("of"))
}
