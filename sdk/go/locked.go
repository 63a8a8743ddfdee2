// SPDX-License-Identifier: BSD-2-Clause

package vsecm

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"
)

// From linux/mman.h.
const (
	madvDontDump = 16
	madvDoDump   = 17
)

// locked returns length zero bytes on memory pages of their own, locked and left out of core dumps as far
// as the process may. The collector, which moves nothing on the heap, wipes them before they are used for
// something else.
func locked(length int) []byte {
	page := os.Getpagesize()
	size := (length/page + 1) * page
	block := make([]byte, size+page)
	start := page - int(uintptr(unsafe.Pointer(&block[0]))%uintptr(page))
	pages := block[start : start+size]
	// A workload without its secret helps nobody: where the limit refuses, the memory works all the same.
	_ = syscall.Mlock(pages)
	_ = syscall.Madvise(pages, madvDontDump)
	runtime.SetFinalizer(&block[0], func(first *byte) {
		pages := unsafe.Slice(first, start+size)[start:]
		wipe(pages)
		_ = syscall.Madvise(pages, madvDoDump)
		_ = syscall.Munlock(pages)
	})
	return pages[:length:length]
}

// wipe is not inlined, so that no compiler finds out that nobody reads what it writes.
//
//go:noinline
func wipe(data []byte) {
	for i := range data {
		data[i] = 0
	}
	runtime.KeepAlive(data)
}
