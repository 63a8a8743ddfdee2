// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const openbaoSecret = "/v1/secret/data/bench/w0"

// Over a Unix socket plain HTTP, else TLS.
type openbao struct {
	client *http.Client
	base   string
	token  string
	value  string
}

func dialOpenbao(t *task) (*openbao, error) {
	transport := &http.Transport{}
	o := &openbao{&http.Client{Transport: transport}, "https://" + t.target, "", t.value}
	if path, ok := strings.CutPrefix(t.target, "unix:"); ok {
		o.base = "http://openbao"
		transport.DialContext = func(within context.Context, _, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(within, "unix", path)
		}
		return o, nil
	}
	ours, err := certificatePool(t.dir)
	transport.TLSClientConfig = &tls.Config{RootCAs: ours}
	return o, err
}

var pools = map[string]*x509.CertPool{} // parsed once, as a client that reconnects has it

func certificatePool(dir string) (*x509.CertPool, error) {
	if pool := pools[dir]; pool != nil {
		return pool, nil
	}
	pem, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca.pem: no certificate")
	}
	pools[dir] = pool
	return pool, nil
}

func openOpenbao(t *task) (session, error) {
	o, err := dialOpenbao(t)
	if err != nil {
		return nil, err
	}
	o.token, err = readToken(t.dir)
	return o, err
}

var tokens = map[string]string{}

func readToken(dir string) (string, error) {
	if token := tokens[dir]; token != "" {
		return token, nil
	}
	token, err := os.ReadFile(filepath.Join(dir, "token"))
	if err == nil {
		tokens[dir] = string(token)
	}
	return string(token), err
}

// The reply, which must be a success; its body is the caller's to read and close.
func (o *openbao) send(method, path string, body any) (*http.Response, error) {
	var text io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		text = bytes.NewReader(encoded)
	}
	request, err := http.NewRequest(method, o.base+path, text)
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-Vault-Token", o.token)
	reply, err := o.client.Do(request)
	if err != nil {
		return nil, err
	}
	if reply.StatusCode/100 != 2 {
		said, _ := io.ReadAll(reply.Body)
		reply.Body.Close()
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, reply.Status, said)
	}
	return reply, nil
}

func (o *openbao) check(reply *http.Response) error {
	var secret struct {
		Data struct{ Data struct{ Value string } }
	}
	body, err := io.ReadAll(reply.Body)
	if err == nil {
		err = json.Unmarshal(body, &secret)
	}
	if err == nil && secret.Data.Data.Value != o.value {
		err = fmt.Errorf("another value came back")
	}
	return err
}

func (o *openbao) ask() error {
	reply, err := o.send("GET", openbaoSecret, nil)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	return o.check(reply)
}

func (o *openbao) close() { o.client.CloseIdleConnections() }

// One request whose reply goes to ret, unless that is nil.
func (o *openbao) set(method, path string, body, ret any) error {
	reply, err := o.send(method, path, body)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	if ret == nil {
		_, err = io.Copy(io.Discard, reply.Body)
		return err
	}
	return json.NewDecoder(reply.Body).Decode(ret)
}

func (o *openbao) unseal() error {
	var first struct {
		Keys      []string
		RootToken string `json:"root_token"`
	}
	shares := map[string]int{"secret_shares": 1, "secret_threshold": 1}
	if err := o.set("PUT", "/v1/sys/init", shares, &first); err != nil {
		return err
	}
	if len(first.Keys) != 1 {
		return fmt.Errorf("%d keys instead of one", len(first.Keys))
	}
	o.token = first.RootToken
	return o.set("PUT", "/v1/sys/unseal", map[string]string{"key": first.Keys[0]}, nil)
}

// Try again while it is not yet what it will be.
func soon(what func() error) (err error) {
	for range 100 {
		if err = what(); err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

// The value is put there, and a token that may read it and nothing else.
func (o *openbao) fill() (string, error) {
	mount := map[string]any{"type": "kv", "options": map[string]string{"version": "2"}}
	if err := soon(func() error { return o.set("POST", "/v1/sys/mounts/secret", mount, nil) }); err != nil {
		return "", err
	}
	secret := map[string]any{"data": map[string]string{"value": o.value}}
	if err := soon(func() error { return o.set("POST", openbaoSecret, secret, nil) }); err != nil {
		return "", err
	}
	policy := map[string]string{"policy": `path "secret/data/bench/*" { capabilities = ["read"] }`}
	if err := o.set("PUT", "/v1/sys/policies/acl/bench", policy, nil); err != nil {
		return "", err
	}
	var token struct {
		Auth struct {
			ClientToken string `json:"client_token"`
		}
	}
	wanted := map[string]any{"policies": []string{"bench"}}
	err := o.set("POST", "/v1/auth/token/create", wanted, &token)
	return token.Auth.ClientToken, err
}

func (o *openbao) prepare(dir string) error {
	if token, err := readToken(dir); err == nil {
		o.token = token
		return nil // it was there before
	}
	if err := o.unseal(); err != nil {
		return err
	}
	token, err := o.fill()
	if err != nil {
		return err
	}
	o.token = token
	return os.WriteFile(filepath.Join(dir, "token"), []byte(token), 0o600)
}

func keepOpenbao(t *task) ([]byte, error) {
	o, err := dialOpenbao(t)
	if err != nil {
		return nil, err
	}
	if err := o.prepare(t.dir); err != nil {
		return nil, err
	}
	reply, err := o.send("GET", openbaoSecret, nil)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	whole, err := httputil.DumpResponse(reply, true)
	if err != nil {
		return nil, err
	}
	return whole, o.check(reply)
}
