// SPDX-License-Identifier: BSD-2-Clause

package vsecm

import (
	"context"
	"fmt"
	"math"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// The shared page, as the daemon lays it out (include/page_abi.h).
const (
	pageMagic   = 0x3147504d43455356
	keeperDied  = 0x40000000
	neverEnds   = math.MaxInt64
	pageValueAt = 128

	atMagic    = 0
	atCapacity = 8
	atKeeper   = 12
	atSequence = 16
	atState    = 20
	atReason   = 24
	atLength   = 28
	atVersion  = 32
	atCreated  = 40
	atUpdated  = 48
	atExpires  = 56
)

const (
	stateValue = iota + 1
	stateAbsent
	stateMoved
	stateRevoked
)

const (
	reasonNoSecret = iota + 1
	reasonNotYet
	reasonExpired
	reasonWithheld
)

// mapping is one page of the daemon's, mapped for reading. It is unmapped when nobody uses it any more,
// which the collector knows: a reader that is late still finds it there.
type mapping struct {
	memory  []byte
	channel *channel // while it is open, the daemon keeps the page
}

const (
	fcntlGetSeals = 1034
	sealShrink    = 0x0002
	maxPage       = maxBody + 1<<20
)

// mapPage maps the page that fd is.
func mapPage(fd int) (*mapping, error) {
	var stat syscall.Stat_t
	if err := syscall.Fstat(fd, &stat); err != nil {
		return nil, err
	}
	if stat.Size < int64(os.Getpagesize()) || stat.Size > maxPage {
		return nil, fail(ErrProtocol, "the page has %d bytes", stat.Size)
	}
	// One that could shrink would kill its reader.
	seals, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), fcntlGetSeals, 0)
	if errno != 0 || seals&sealShrink == 0 {
		return nil, fail(ErrProtocol, "the page is not sealed")
	}
	memory, err := syscall.Mmap(fd, 0, int(stat.Size), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	m := &mapping{memory: memory}
	runtime.SetFinalizer(m, func(m *mapping) { _ = syscall.Munmap(m.memory) })
	if m.load64(atMagic) != pageMagic || int(m.load32(atCapacity)) > len(memory)-pageValueAt {
		return nil, fail(ErrProtocol, "the page is none, or of a later version")
	}
	_ = syscall.Mlock(memory)
	_ = syscall.Madvise(memory, madvDontDump)
	return m, nil
}

func (m *mapping) word(at int) *uint32 { return (*uint32)(unsafe.Pointer(&m.memory[at])) }

func (m *mapping) load32(at int) uint32 { return atomic.LoadUint32(m.word(at)) }

func (m *mapping) load64(at int) uint64 {
	return atomic.LoadUint64((*uint64)(unsafe.Pointer(&m.memory[at])))
}

// isKept tells whether a daemon keeps the page current.
func (m *mapping) isKept() bool {
	keeper := m.load32(atKeeper)
	return keeper != 0 && keeper&keeperDied == 0
}

// snapshot is what a page said at one moment. It is never changed.
type snapshot struct {
	from     *mapping // nil: closed
	sequence uint32
	state    uint32
	secret   *Secret // nil with err
	err      error
	expires  int64 // microseconds since 1970
}

// isCurrent tells whether the page still says this, and will go on to say what is new.
func (s *snapshot) isCurrent() bool {
	return s.from != nil && s.state < stateMoved && s.from.load32(atSequence) == s.sequence && s.from.isKept()
}

func (s *snapshot) isOver() bool {
	return s.expires != neverEnds && time.Now().UnixMicro() >= s.expires
}

// isSame tells whether both would give a reader the same.
func (s *snapshot) isSame(other *snapshot) bool {
	if s.secret == nil || other.secret == nil {
		return s.secret == other.secret && classOf(s.err) == classOf(other.err)
	}
	return s.secret.Version == other.secret.Version && s.secret.Updated.Equal(other.secret.Updated)
}

func classOf(err error) error {
	if ours, is := err.(*Error); is {
		return ours.Class
	}
	return err
}

// How long a write may take that a reader waits for: the daemon may have been put aside meanwhile.
const patience = time.Second

// snapshot copies what the page says; nil when the daemon has been writing for too long, or died over it.
func (m *mapping) snapshot() *snapshot {
	begun := time.Now()
	for try := 0; time.Since(begun) < patience; try++ {
		if s := m.tryCopy(); s != nil {
			return s
		}
		if m.load32(atSequence)&1 != 0 && !m.isKept() {
			return nil
		}
		if try > 100 {
			time.Sleep(50 * time.Microsecond)
		}
		runtime.Gosched()
	}
	return nil
}

// tryCopy is the seqlock. Go's atomic operations are sequentially consistent: none passes another.
func (m *mapping) tryCopy() *snapshot {
	s := &snapshot{from: m, sequence: m.load32(atSequence)}
	if s.sequence&1 != 0 {
		return nil
	}
	length := m.load32(atLength)
	if length > m.load32(atCapacity) {
		return nil
	}
	s.state = m.load32(atState)
	s.expires = int64(m.load64(atExpires))
	reason := m.load32(atReason)
	secret := &Secret{
		Version: m.load64(atVersion),
		Created: time.UnixMicro(int64(m.load64(atCreated))).UTC(),
		Updated: time.UnixMicro(int64(m.load64(atUpdated))).UTC(),
	}
	if s.state == stateValue {
		secret.Data = m.copyValue(int(length))
	}
	if m.load32(atSequence) != s.sequence {
		secret.Wipe()
		return nil
	}
	if s.err = pageError(s.state, reason); s.err == nil {
		s.secret = secret
	}
	return s
}

// copyValue copies whole words, of which each is old or new.
func (m *mapping) copyValue(length int) []byte {
	data := locked((length + 7) &^ 7)
	for at := 0; at < length; at += 8 {
		*(*uint64)(unsafe.Pointer(&data[at])) = m.load64(pageValueAt + at)
	}
	return data[:length:length]
}

// pageError says why there is no value; nil: there is one.
func pageError(state, reason uint32) error {
	switch state {
	case stateValue:
		return nil
	case stateMoved:
		return fail(ErrUnavailable, "the value has outgrown its page")
	case stateRevoked:
		return fail(ErrForbidden, "the page was revoked")
	case stateAbsent:
	default:
		return fail(ErrProtocol, "the page has state %d", state)
	}
	switch reason {
	case reasonNoSecret:
		return fail(ErrNotFound, "there is no secret")
	case reasonNotYet:
		return fail(ErrNotFound, "the secret is not valid yet")
	case reasonExpired:
		return fail(ErrExpired, "the secret has expired")
	}
	return fail(ErrUnavailable, "the secret is withheld")
}

// attach asks the daemon at path for a page.
func attach(ctx context.Context, path string) (*mapping, error) {
	channel, err := dial(ctx, path)
	if err != nil {
		return nil, err
	}
	release := channel.guard(ctx, answerTimeout)
	m, err := channel.receivePage()
	release()
	if err != nil {
		channel.close()
		return nil, err
	}
	m.channel = channel
	return m, nil
}

func (c *channel) receivePage() (*mapping, error) {
	if err := c.send("GET /v1/page HTTP/1.1\r\nHost: vsecm\r\n\r\n"); err != nil && !isGone(err) {
		return nil, err
	}
	h, err := c.receiveHead(true)
	if err != nil {
		return nil, err
	}
	body, err := c.receiveBody(h.length)
	if err != nil {
		return nil, err
	}
	if h.status == 404 {
		return nil, fail(ErrProtocol, "the daemon knows no page")
	}
	if h.status != 200 {
		return nil, statusError(h, body)
	}
	if c.fd < 0 {
		return nil, fail(ErrProtocol, "the answer comes without a page")
	}
	m, err := mapPage(c.fd)
	syscall.Close(c.fd)
	c.fd = -1
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	return m, nil
}

// sleep waits until the word at sequence is not value any more, or is woken; or for limit.
func (m *mapping) sleep(value uint32, limit time.Duration) {
	timeout := syscall.NsecToTimespec(int64(limit))
	const futexWait = 0
	_, _, _ = syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(m.word(atSequence))), futexWait,
		uintptr(value), uintptr(unsafe.Pointer(&timeout)), 0, 0)
	runtime.KeepAlive(m)
}
