// SPDX-License-Identifier: BSD-2-Clause

// An API server as far as its clients see one: HTTP/2 over TLS, lists and watches by script, and all
// that can go wrong with them. It runs until its standard input ends.
//
// api_server DIRECTORY [http1]
//
// DIRECTORY gets ca.pem (who signed the server's certificate), other.pem (who did not), client.pem and
// client.key. Where it has a file "accept", only the token in it is good. Three ports are printed: the
// server, the same with a certificate of another name, and one that speaks no TLS later than 1.1.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

var directory string

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// ---- certificates ----------------------------------------------------------------------------------

type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func write(name, kind string, der []byte) {
	block := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(filepath.Join(directory, name), block, 0o600); err != nil {
		log.Fatal(err)
	}
}

func template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
}

func newAuthority(file string) authority {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	what := template(file)
	what.IsCA, what.BasicConstraintsValid, what.KeyUsage = true, true, x509.KeyUsageCertSign
	der := must(x509.CreateCertificate(rand.Reader, what, what, &key.PublicKey, key))
	write(file, "CERTIFICATE", der)
	return authority{must(x509.ParseCertificate(der)), key}
}

func (a authority) sign(what *x509.Certificate) ([]byte, *ecdsa.PrivateKey) {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	return must(x509.CreateCertificate(rand.Reader, what, a.certificate, &key.PublicKey, a.key)), key
}

func (a authority) server(name string) tls.Certificate {
	what := template(name)
	if ip := net.ParseIP(name); ip != nil {
		what.IPAddresses = []net.IP{ip}
	} else {
		what.DNSNames = []string{name}
	}
	der, key := a.sign(what)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (a authority) writeClient() {
	der, key := a.sign(template("client-of-the-test"))
	write("client.pem", "CERTIFICATE", der)
	write("client.key", "PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key)))
}

// ---- single answers --------------------------------------------------------------------------------

func number(r *http.Request, name string) int {
	n, _ := strconv.Atoi(r.URL.Query().Get(name))
	return n
}

func flush(w http.ResponseWriter) { http.NewResponseController(w).Flush() }

func status(w http.ResponseWriter, code int, reason, message string) {
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure",
		"code": code, "reason": reason, "message": message})
}

func echo(w http.ResponseWriter, r *http.Request) {
	body := must(io.ReadAll(r.Body))
	client := "nobody"
	if len(r.TLS.PeerCertificates) > 0 {
		client = r.TLS.PeerCertificates[0].Subject.CommonName
	}
	fmt.Fprintf(w, "%s %s %s %s\naccept=%s\ntype=%s\nauthorization=%s\nclient=%s\nfrom=%s\n%s", r.Method,
		r.RequestURI, r.Proto, tls.VersionName(r.TLS.Version), r.Header.Get("Accept"),
		r.Header.Get("Content-Type"), r.Header.Get("Authorization"), client, r.RemoteAddr, body)
}

func large(w http.ResponseWriter, r *http.Request) {
	w.Write([]byte(strings.Repeat("x", number(r, "n"))))
}

func slow(w http.ResponseWriter, r *http.Request) {
	select {
	case <-time.After(time.Duration(number(r, "ms")) * time.Millisecond):
	case <-r.Context().Done():
	}
	echo(w, r)
}

// It begins to answer, and that is all.
func silent(w http.ResponseWriter, r *http.Request) {
	flush(w)
	io.WriteString(w, "x")
	flush(w)
	<-r.Context().Done()
}

func cut(w http.ResponseWriter, r *http.Request) {
	large(w, r)
	flush(w)
	panic(http.ErrAbortHandler)
}

func refuse(w http.ResponseWriter, r *http.Request) {
	if after := r.URL.Query().Get("after"); after != "" {
		w.Header().Set("Retry-After", after)
	}
	body := must(io.ReadAll(r.Body))
	status(w, number(r, "code"), "Refused", "no, not "+r.URL.Query().Get("what")+string(body))
}

// The body is not looked at.
func deny(w http.ResponseWriter, r *http.Request) { status(w, 403, "Forbidden", "not you") }

// Every so often a piece.
func drip(w http.ResponseWriter, r *http.Request) {
	for i := 0; i < number(r, "n"); i++ {
		io.WriteString(w, "x")
		flush(w)
		time.Sleep(time.Duration(number(r, "ms")) * time.Millisecond)
	}
}

// ---- the server ------------------------------------------------------------------------------------

type listening struct {
	sync.Mutex
	address string
	config  *tls.Config
	server  *http.Server
	handler http.Handler
	http1   bool
}

func (l *listening) start() {
	listener := must(net.Listen("tcp", l.address))
	l.address = listener.Addr().String()
	l.server = &http.Server{Handler: l.handler, TLSConfig: l.config.Clone(), ErrorLog: log.New(io.Discard, "", 0)}
	if l.http1 {
		l.server.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
	}
	go l.server.ServeTLS(listener, "", "")
}

// stop closes the port and all connections, and opens it again after a while.
func (l *listening) stop(w http.ResponseWriter, r *http.Request) {
	away := time.Duration(number(r, "ms")) * time.Millisecond
	go func() {
		l.Lock()
		defer l.Unlock()
		time.Sleep(50 * time.Millisecond)
		l.server.Close()
		time.Sleep(away)
		l.start()
	}()
}

func authorized(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		accept, err := os.ReadFile(filepath.Join(directory, "accept"))
		if err == nil && r.Header.Get("Authorization") != "Bearer "+strings.TrimSpace(string(accept)) {
			status(w, 401, "Unauthorized", "Unauthorized")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func main() {
	directory = os.Args[1]
	http1 := len(os.Args) > 2 && os.Args[2] == "http1"
	ca := newAuthority("ca.pem")
	newAuthority("other.pem")
	ca.writeClient()
	pool := x509.NewCertPool()
	pool.AddCert(ca.certificate)

	mux := http.NewServeMux()
	for path, handler := range map[string]http.HandlerFunc{"/echo": echo, "/large": large, "/slow": slow,
		"/silent": silent, "/cut": cut, "/refuse": refuse, "/drip": drip, "/deny": deny, "/script/": serveScript, "/seen": seen,
		"/size":  func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, len(must(io.ReadAll(r.Body)))) },
		"/moved": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/echo", http.StatusFound) }} {
		mux.HandleFunc(path, handler)
	}
	good := &listening{address: "127.0.0.1:0", handler: authorized(mux), http1: http1,
		config: &tls.Config{Certificates: []tls.Certificate{ca.server("127.0.0.1")}, ClientCAs: pool,
			ClientAuth: tls.VerifyClientCertIfGiven}}
	mux.HandleFunc("/stop", good.stop)
	elsewhere := &listening{address: "127.0.0.1:0", handler: mux,
		config: &tls.Config{Certificates: []tls.Certificate{ca.server("elsewhere.example")}}}
	old := &listening{address: "127.0.0.1:0", handler: mux, http1: true,
		config: &tls.Config{Certificates: []tls.Certificate{ca.server("127.0.0.1")},
			MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}}
	for i, l := range []*listening{good, elsewhere, old} {
		l.start()
		_, port, _ := net.SplitHostPort(l.address)
		fmt.Print([]string{"", " ", " "}[i], port)
	}
	fmt.Println()
	io.Copy(io.Discard, os.Stdin)
}
