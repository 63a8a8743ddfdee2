// SPDX-License-Identifier: BSD-2-Clause

package vsecm

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// writer is the daemon's side of a page: what include/page_abi.h says of it, in a memfd of the test's own.
type writer struct{ memory []byte }

func newPage(t testing.TB, size int) (*writer, *mapping) {
	name := []byte("page\x00")
	fd, _, errno := syscall.Syscall(sysMemfdCreate, uintptr(unsafe.Pointer(&name[0])), 2, 0)
	if errno != 0 {
		t.Fatal(errno)
	}
	defer syscall.Close(int(fd))
	if err := syscall.Ftruncate(int(fd), int64(size)); err != nil {
		t.Fatal(err)
	}
	memory, err := syscall.Mmap(int(fd), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{memory}
	w.store64(atMagic, pageMagic)
	w.store32(atCapacity, uint32(size-pageValueAt))
	w.store32(atKeeper, uint32(os.Getpid()))
	if _, err := mapPage(int(fd)); err == nil {
		t.Fatal("a page that can shrink is taken")
	}
	syscall.Syscall(syscall.SYS_FCNTL, fd, 1033, sealShrink)
	m, err := mapPage(int(fd))
	if err != nil {
		t.Fatal(err)
	}
	return w, m
}

func (w *writer) store32(at int, value uint32) {
	atomic.StoreUint32((*uint32)(unsafe.Pointer(&w.memory[at])), value)
}

func (w *writer) store64(at int, value uint64) {
	atomic.StoreUint64((*uint64)(unsafe.Pointer(&w.memory[at])), value)
}

// write stores a value of length bytes, all of them fill.
func (w *writer) write(sequence uint32, fill byte, length int, expires int64) {
	w.store32(atSequence, sequence-1)
	w.store32(atState, stateValue)
	w.store32(atLength, uint32(length))
	w.store64(atVersion, uint64(sequence))
	w.store64(atExpires, uint64(expires))
	for at := 0; at < length; at += 8 {
		w.store64(pageValueAt+at, uint64(fill)*0x0101010101010101)
	}
	w.store32(atSequence, sequence)
}

func pageOf(m *mapping) *Page {
	p := &Page{path: "/nowhere"}
	p.last.Store(m.snapshot())
	return p
}

func TestReadIsNeverTorn(t *testing.T) {
	w, m := newPage(t, 4*os.Getpagesize())
	w.write(2, 1, 1000, neverEnds)
	p := pageOf(m)
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		for i := uint32(2); i < 20000; i++ {
			w.write(2*i, byte(i), 1000+int(i%1000), neverEnds)
			if i%64 == 0 {
				time.Sleep(time.Microsecond)
			}
		}
	}()
	seen := map[uint64]bool{}
	for running := true; running; {
		select {
		case <-stop:
			running = false
		default:
		}
		secret, err := p.Read()
		if err != nil {
			t.Fatal(err)
		}
		i := uint32(secret.Version) / 2
		if secret.Version > 2 && len(secret.Data) != 1000+int(i%1000) {
			t.Fatalf("version %d has %d bytes", secret.Version, len(secret.Data))
		}
		if !bytes.Equal(secret.Data, bytes.Repeat(secret.Data[:1], len(secret.Data))) {
			t.Fatalf("version %d is torn", secret.Version)
		}
		seen[secret.Version] = true
	}
	if !seen[2*19999] || len(seen) < 3 {
		t.Fatalf("%d versions were seen, the last %v", len(seen), seen[2*19999])
	}
}

func TestExpiryNeedsNoDaemon(t *testing.T) {
	w, m := newPage(t, os.Getpagesize())
	w.write(2, 'x', 5, time.Now().Add(50*time.Millisecond).UnixMicro())
	p := pageOf(m)
	if _, err := p.Read(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(60 * time.Millisecond)
	if _, err := p.Read(); !errors.Is(err, ErrExpired) {
		t.Fatal(err)
	}
}

func TestKeeperDied(t *testing.T) {
	w, m := newPage(t, os.Getpagesize())
	w.write(2, 'x', 5, neverEnds)
	m.channel = &channel{}
	p := pageOf(m)
	if p.Stale() {
		t.Fatal("stale with a keeper")
	}
	w.store32(atKeeper, keeperDied)
	// Dead in the middle of a write: what was whole stays.
	w.store32(atSequence, 3)
	if secret, err := p.Read(); err != nil || string(secret.Data) != "xxxxx" || !p.Stale() {
		t.Fatal(secret, err)
	}
}

// Who it belongs to now takes the daemon its time; that it is no longer ours is known at once.
func TestWaitTellsOfWhatIsRevoked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	silent, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	w, m := newPage(t, os.Getpagesize())
	w.write(2, 1, 8, neverEnds)
	m.channel = &channel{}
	p := pageOf(m)
	p.path = path
	if _, err := p.Read(); err != nil {
		t.Fatal(err)
	}
	wait := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		return p.Wait(ctx)
	}
	if err := wait(); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal("nothing has changed:", err)
	}
	w.store32(atSequence, 3)
	w.store32(atState, stateRevoked)
	w.store32(atLength, 0)
	w.store32(atSequence, 4)
	if err := wait(); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkPageRead(b *testing.B) {
	w, m := newPage(b, os.Getpagesize())
	w.write(2, 'x', 64, neverEnds)
	p := pageOf(m)
	for i := 0; i < b.N; i++ {
		if _, err := p.Read(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPageReadWithExpiry(b *testing.B) {
	w, m := newPage(b, os.Getpagesize())
	w.write(2, 'x', 64, time.Now().Add(time.Hour).UnixMicro())
	p := pageOf(m)
	for i := 0; i < b.N; i++ {
		if _, err := p.Read(); err != nil {
			b.Fatal(err)
		}
	}
}
