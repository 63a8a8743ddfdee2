// SPDX-License-Identifier: BSD-2-Clause

// proxy LISTEN CERT KEY CA TARGET CONTROL: stands before an API server and does to its clients what
// networks and servers do on bad days.
//
// PUT /mode at CONTROL says what, as JSON; {} is a good day. With it, all connections are cut.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

type mode struct {
	DelayMs  int               // before each chunk, in both directions
	Chunk    int               // bytes that go at once; 0: as they come
	CutAfter int64             // bytes of an answer's connection, then it is cut; 0: never
	Status   int               // the answer to every request; 0: the server's own
	Headers  map[string]string // of that answer
	Gone     bool              // a watch begins with an event that says 410, a list is refused with 410
}

var (
	current atomic.Pointer[mode]
	counts  sync.Map // status that was given -> *atomic.Int64
	open    = struct {
		sync.Mutex
		conns map[*conn]bool
	}{conns: map[*conn]bool{}}
)

// ---- connections -------------------------------------------------------------------------------

type conn struct {
	net.Conn
	written atomic.Int64
}

func (c *conn) cut() {
	c.Conn.(*net.TCPConn).SetLinger(0) // the other end gets a reset
	c.Conn.Close()
}

func (c *conn) Close() error {
	open.Lock()
	delete(open.conns, c)
	open.Unlock()
	return c.Conn.Close()
}

func (c *conn) Read(bytes []byte) (int, error) {
	m := current.Load()
	if m.Chunk > 0 && len(bytes) > m.Chunk {
		bytes = bytes[:m.Chunk]
	}
	n, err := c.Conn.Read(bytes)
	time.Sleep(time.Duration(m.DelayMs) * time.Millisecond)
	return n, err
}

func (c *conn) Write(bytes []byte) (done int, err error) {
	for done < len(bytes) && err == nil {
		m, chunk := current.Load(), bytes[done:]
		if m.Chunk > 0 && len(chunk) > m.Chunk {
			chunk = chunk[:m.Chunk]
		}
		time.Sleep(time.Duration(m.DelayMs) * time.Millisecond)
		if left := m.CutAfter - c.written.Load(); m.CutAfter > 0 && left < int64(len(chunk)) {
			c.Conn.Write(chunk[:max(left, 0)])
			c.cut()
			return done, net.ErrClosed
		}
		n, failed := c.Conn.Write(chunk)
		c.written.Add(int64(n))
		done, err = done+n, failed
	}
	return done, err
}

type listener struct {
	net.Listener
	target string // host and port
}

// Where no server listens nobody is let in, as without this proxy.
func (l listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: accepted}
	if probe, err := net.Dial("tcp", l.target); err != nil {
		c.cut()
	} else {
		probe.Close()
	}
	open.Lock()
	open.conns[c] = true
	open.Unlock()
	return c, nil
}

func cutAll() {
	open.Lock()
	defer open.Unlock()
	for c := range open.conns {
		c.cut()
	}
}

// ---- requests ----------------------------------------------------------------------------------

func count(status int) {
	counter, _ := counts.LoadOrStore(status, new(atomic.Int64))
	counter.(*atomic.Int64).Add(1)
}

func refuse(w http.ResponseWriter, status int, reason string) {
	count(status)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"the proxy says so",`+
		`"reason":%q,"code":%d}`, reason, status)
}

func injected(w http.ResponseWriter, r *http.Request, m *mode) bool {
	isWatch := r.URL.Query().Get("watch") != ""
	switch {
	case m.Status != 0:
		for name, value := range m.Headers {
			w.Header().Set(name, value)
		}
		refuse(w, m.Status, "Injected")
	case m.Gone && isWatch:
		count(410)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintln(w, `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure",`+
			`"message":"too old resource version","reason":"Expired","code":410}}`)
	case m.Gone && r.Method == http.MethodGet:
		refuse(w, http.StatusGone, "Expired")
	default:
		return false
	}
	return true
}

func forward(target *url.URL, roots *x509.CertPool) http.Handler {
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.FlushInterval = -1 // events go on at once
	proxy.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	proxy.ModifyResponse = func(answer *http.Response) error {
		count(answer.StatusCode)
		return nil
	}
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) {
		panic(http.ErrAbortHandler) // no answer is one that was cut off
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !injected(w, r, current.Load()) {
			proxy.ServeHTTP(w, r)
		}
	})
}

// ---- control -----------------------------------------------------------------------------------

func setMode(w http.ResponseWriter, r *http.Request) {
	wanted := new(mode)
	if err := json.NewDecoder(r.Body).Decode(wanted); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	current.Store(wanted)
	counts.Clear()
	cutAll()
}

// How often each status was given since the mode was set.
func showCounts(w http.ResponseWriter, _ *http.Request) {
	all := map[int]int64{}
	counts.Range(func(status, counter any) bool {
		all[status.(int)] = counter.(*atomic.Int64).Load()
		return true
	})
	json.NewEncoder(w).Encode(all)
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	listen, cert, key, ca, target, control := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5], os.Args[6]
	current.Store(new(mode))
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(must(os.ReadFile(ca)))
	http.HandleFunc("/mode", setMode)
	http.HandleFunc("/counts", showCounts)
	to := must(url.Parse(target))
	server := &http.Server{
		Handler:  forward(to, roots),
		ErrorLog: log.New(log.Writer(), "", 0),
	}
	socket := must(net.Listen("tcp", listen))
	go func() { log.Fatal(http.ListenAndServe(control, nil)) }()
	log.Fatal(server.ServeTLS(listener{socket, to.Host}, cert, key))
}
