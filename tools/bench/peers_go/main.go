// SPDX-License-Identifier: BSD-2-Clause

// peers-go: what the benchmark's peers are asked with, in the language of their own clients.
//
//	peers-go keep KIND -target T ...        have the peer keep a value; print one whole reply
//	peers-go ask KIND -target T ...         ask for it again and again
//	peers-go version                        that of Go
//
// ask prints "ready" and takes a line with a number of requests, again and again; the first of them
// warm it up. When no line comes any more it prints the nanoseconds of all the others together, those
// of each, a line each, and "end". A reply that is not what it must be ends it with a status that is
// not 0.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// A connection to a peer.
type session interface {
	ask() error // one request, and its reply, which is checked
	close()
}

// What can be asked for.
type task struct {
	target      string // "unix:PATH" or HOST:PORT
	value       string // what a reply must hold
	dir         string // where the peer's other files are
	reply       int    // of echo: bytes of a reply
	fresh       bool   // a new connection for each request
	connections int
}

type kind struct {
	open func(t *task) (session, error)
	keep func(t *task) ([]byte, error) // nil: nothing is kept
}

var kinds = map[string]kind{
	"echo":    {open: openEcho},
	"etcd":    {open: openEtcd, keep: keepEtcd},
	"spire":   {open: openSpire, keep: keepSpire},
	"openbao": {open: openOpenbao, keep: keepOpenbao},
}

// One of the connections, which asks every so often.
type asker struct {
	task *task
	kind kind
	kept session // nil: a new one each time
}

func (a *asker) once() error {
	if a.kept != nil {
		return a.kept.ask()
	}
	s, err := a.kind.open(a.task)
	if err != nil {
		return err
	}
	defer s.close()
	return s.ask()
}

func (a *asker) times(latencies []int64) error {
	for i := range latencies {
		began := time.Now()
		if err := a.once(); err != nil {
			return err
		}
		latencies[i] = time.Since(began).Nanoseconds()
	}
	return nil
}

// All askers at once; the requests are dealt out evenly.
func ask(askers []*asker, latencies []int64) error {
	if len(askers) == 1 {
		return askers[0].times(latencies)
	}
	errs := make([]error, len(askers))
	var group sync.WaitGroup
	for i, a := range askers {
		mine := latencies[i*len(latencies)/len(askers) : (i+1)*len(latencies)/len(askers)]
		group.Go(func() { errs[i] = a.times(mine) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func openAll(t *task, k kind) ([]*asker, error) {
	askers := make([]*asker, t.connections)
	for i := range askers {
		askers[i] = &asker{task: t, kind: k}
		if t.fresh {
			continue
		}
		var err error
		if askers[i].kept, err = k.open(t); err != nil {
			return nil, err
		}
	}
	return askers, nil
}

func report(elapsed time.Duration, latencies []int64) error {
	out := bufio.NewWriter(os.Stdout)
	fmt.Fprintln(out, elapsed.Nanoseconds())
	for _, ns := range latencies {
		fmt.Fprintln(out, ns)
	}
	fmt.Fprintln(out, "end")
	return out.Flush()
}

// A peer that never answers must not hang a whole run; a limit for each request would be timed too.
const patience = 5 * time.Minute

func run(t *task, k kind) error {
	time.AfterFunc(patience, func() { log.Fatalf("not done after %v", patience) })
	askers, err := openAll(t, k)
	if err != nil {
		return err
	}
	var elapsed time.Duration
	var latencies []int64
	lines := bufio.NewScanner(os.Stdin)
	fmt.Println("ready")
	for first := true; lines.Scan(); first = false {
		count, err := strconv.ParseUint(lines.Text(), 10, 32)
		if err != nil {
			return fmt.Errorf("how many requests: %w", err)
		}
		these := make([]int64, count)
		began := time.Now()
		if err := ask(askers, these); err != nil {
			return err
		}
		if !first {
			elapsed += time.Since(began)
			latencies = append(latencies, these...)
		}
		fmt.Println("ready")
	}
	return report(elapsed, latencies)
}

func keep(t *task, k kind) error {
	if k.keep == nil {
		return fmt.Errorf("it keeps nothing")
	}
	reply, err := k.keep(t)
	if err == nil {
		_, err = os.Stdout.Write(reply)
	}
	return err
}

func parse(arguments []string) *task {
	t := &task{}
	flags := flag.NewFlagSet("peers-go", flag.ExitOnError)
	flags.StringVar(&t.target, "target", "", "unix:PATH or HOST:PORT")
	flags.StringVar(&t.value, "value", "", "what a reply must hold")
	flags.StringVar(&t.dir, "dir", "", "where the peer's other files are")
	flags.IntVar(&t.reply, "reply", 0, "of echo: the bytes of a reply")
	flags.BoolVar(&t.fresh, "fresh", false, "a new connection for each request")
	flags.IntVar(&t.connections, "connections", 1, "so many at once")
	flags.Parse(arguments)
	if flags.NArg() > 0 || t.connections < 1 {
		log.Fatalf("%q: not understood; see -help", arguments)
	}
	return t
}

func main() {
	log.SetFlags(0)
	if len(os.Args) == 2 && os.Args[1] == "version" {
		fmt.Println(runtime.Version())
		return
	}
	if len(os.Args) < 3 {
		log.Fatal("usage: peers-go keep|ask KIND [-FLAG VALUE]...")
	}
	k, known := kinds[os.Args[2]]
	do := map[string]func(*task, kind) error{"ask": run, "keep": keep}[os.Args[1]]
	if !known || do == nil {
		log.Fatalf("%s %s: not known; keep or ask, and etcd, spire, openbao or, to ask, echo", os.Args[1], os.Args[2])
	}
	if err := do(parse(os.Args[3:]), k); err != nil {
		log.Fatalf("%s: %v", os.Args[2], err)
	}
}
