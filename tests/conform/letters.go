// SPDX-License-Identifier: BSD-2-Clause

//go:build ignore

// go run tests/conform/letters.go > userspace/template/letter_table.h; clang-format -i it
package main

import (
	"fmt"
	"runtime"
	"unicode"
)

// Each rune whose class is not that of the one before it.
func turns(name, what string, is func(rune) bool) {
	fmt.Printf("\n/* %s */\nstatic const uint32_t %s[] = {", what, name)
	was := false
	for r := rune(0); r <= unicode.MaxRune+1; r++ {
		if is(r) != was {
			was = !was
			fmt.Printf("0x%x, ", r)
		}
	}
	fmt.Println("};")
}

func main() {
	fmt.Printf("/* SPDX-License-Identifier: BSD-2-Clause */\n"+
		"/* Made by tests/conform/letters.go of Unicode %s, as %s has it. */\n",
		unicode.Version, runtime.Version())
	fmt.Print("#ifndef VSECM_TEMPLATE_LETTER_TABLE_H\n#define VSECM_TEMPLATE_LETTER_TABLE_H\n\n" +
		"#include <stdint.h>\n")
	turns("letter_turns", "The first rune that is a letter, the first above it that is none, and so on.",
		unicode.IsLetter)
	turns("letter_digit_turns", "The same of decimal digits.", unicode.IsDigit)
	fmt.Print("\n#endif\n")
}
