// SPDX-License-Identifier: BSD-2-Clause

// Writes userspace/template/printable_table.h: where, rune by rune, Go's answer to "is it printable"
// changes.
//
//	go run tests/conform/printable.go | clang-format > userspace/template/printable_table.h
package main

import (
	"fmt"
	"log"
	"runtime"
	"strconv"
	"unicode"
)

func main() {
	fmt.Printf(`/* SPDX-License-Identifier: BSD-2-Clause */
/* Made by tests/conform/printable.go of Unicode %s, as %s has it. */
#ifndef VSECM_TEMPLATE_PRINTABLE_TABLE_H
#define VSECM_TEMPLATE_PRINTABLE_TABLE_H

#include <stdint.h>

/* The first rune that is printable, the first above it that is not, and so on. */
static const uint32_t printable_turns[] = {
`, unicode.Version, runtime.Version())
	before := false
	for r := rune(0); r <= unicode.MaxRune+1; r++ {
		now := unicode.IsPrint(r)
		if now != strconv.IsPrint(r) {
			log.Fatalf("unicode and strconv disagree on %U", r)
		}
		if now != before {
			fmt.Printf("%#x,", r)
			before = now
		}
	}
	fmt.Print("\n};\n\n#endif\n")
}
