// SPDX-License-Identifier: BSD-2-Clause

// runner SOCKET: does by the Go SDK what it is asked to, line by line (run.py has the language).
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"vsecm.internal/vsecm"
)

var classes = []struct {
	err  error
	name string
}{
	{vsecm.ErrNotFound, "not-found"}, {vsecm.ErrForbidden, "forbidden"},
	{vsecm.ErrUnavailable, "unavailable"}, {vsecm.ErrUnreachable, "unreachable"},
	{vsecm.ErrProtocol, "protocol"}, {vsecm.ErrInvalid, "invalid"}, {vsecm.ErrExpired, "expired"},
	{context.DeadlineExceeded, "timeout"},
}

type runner struct {
	path   string
	client *vsecm.Client
	watch  *vsecm.Watch
	page   *vsecm.Page
}

var asks = map[string]func(r *runner, argument string) (string, error){
	"get":    (*runner).get,
	"member": (*runner).member,
	"empty":  (*runner).empty,
	"whoami": (*runner).whoami,
	"watch":  (*runner).startWatch,
	"next":   (*runner).next,
	"page":   (*runner).openPage,
	"read":   (*runner).read,
	"wait":   (*runner).wait,
	"stale":  (*runner).stale,
	"close":  (*runner).close,
}

func (r *runner) connect() (err error) {
	if r.client == nil {
		r.client, err = vsecm.Connect(context.Background(), r.path)
	}
	return err
}

func (r *runner) get(string) (string, error) {
	if err := r.connect(); err != nil {
		return "", err
	}
	return answer(r.client.Get(context.Background()))
}

func (r *runner) member(name string) (string, error) {
	if err := r.connect(); err != nil {
		return "", err
	}
	text, err := hex.DecodeString(name)
	if err != nil {
		return "", err
	}
	return answer(r.client.GetMember(context.Background(), string(text)))
}

func (r *runner) empty(string) (string, error) { return r.member("") }

func (r *runner) whoami(string) (string, error) {
	if err := r.connect(); err != nil {
		return "", err
	}
	who, err := r.client.Whoami(context.Background())
	if err != nil {
		return "", err
	}
	words := []string{"who", who.Namespace, who.Workload, who.Pod, who.ServiceAccount, who.Reason}
	if who.Reason != "" {
		words[5] = "stranger"
	}
	for i := range words {
		if words[i] == "" {
			words[i] = "-"
		}
	}
	return strings.Join(words, " "), nil
}

func (r *runner) startWatch(id string) (string, error) {
	r.watch = vsecm.NewWatch(r.path, id)
	return "done", nil
}

func limit(milliseconds string) (context.Context, context.CancelFunc) {
	number, _ := strconv.Atoi(milliseconds)
	return context.WithTimeout(context.Background(), time.Duration(number)*time.Millisecond)
}

func (r *runner) next(milliseconds string) (string, error) {
	ctx, cancel := limit(milliseconds)
	defer cancel()
	event, err := r.watch.Next(ctx)
	if err != nil {
		return "", err
	}
	if event.Secret == nil {
		return "absent " + event.ID + " " + event.Reason, nil
	}
	said, err := answer(event.Secret, nil)
	return "secret " + event.ID + " " + said, err
}

func (r *runner) openPage(string) (said string, err error) {
	r.page, err = vsecm.OpenPage(context.Background(), r.path)
	return "done", err
}

// The page's own secret is not to be wiped.
func (r *runner) read(string) (string, error) {
	secret, err := r.page.Read()
	if err != nil {
		return "", err
	}
	return show(secret), nil
}

func (r *runner) wait(milliseconds string) (string, error) {
	ctx, cancel := limit(milliseconds)
	defer cancel()
	return "changed", r.page.Wait(ctx)
}

func (r *runner) stale(string) (string, error) {
	if r.page.Stale() {
		return "stale", nil
	}
	return "kept", nil
}

func (r *runner) close(string) (string, error) {
	if r.client != nil {
		r.client.Close()
	}
	if r.watch != nil {
		r.watch.Close()
	}
	if r.page != nil {
		r.page.Close()
	}
	*r = runner{path: r.path}
	return "done", nil
}

func answer(secret *vsecm.Secret, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer secret.Wipe()
	return show(secret), nil
}

func show(secret *vsecm.Secret) string {
	return fmt.Sprintf("value %d %s %s %s", secret.Version, secret.Created.Format(time.RFC3339),
		secret.Updated.Format(time.RFC3339), hex.EncodeToString(secret.Data))
}

func classOf(err error) string {
	for _, class := range classes {
		if errors.Is(err, class.err) {
			return class.name
		}
	}
	return "unclassed"
}

func main() {
	r := &runner{path: os.Args[1]}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		ask, argument, _ := strings.Cut(lines.Text(), " ")
		said, err := asks[ask](r, argument)
		if err != nil {
			said = "error " + classOf(err)
		}
		fmt.Println(said)
	}
}
