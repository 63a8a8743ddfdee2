// SPDX-License-Identifier: BSD-2-Clause

// Writes what Go's fmt, strconv, text/template and net/url make of many inputs, one a line:
//
//	OPERATION =INPUT =OUTPUT VALUE...
//
// in which bytes that are no visible ASCII are \XX, and a value is n (nil), t, f, i-1 (int), y200
// (uint8), d followed by the bits of a float64, sTEXT, [ VALUE... ] or { sNAME VALUE... }. Lines that
// begin with # mean nothing.
//
//	go run tests/conform/vectors.go formats > tests/conform/vectors/formats.txt
//
// A number behind the word asks for so many random ones instead of those that are committed.
package main

import (
	"bufio"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"text/template"
	"unicode"
)

var (
	out    = bufio.NewWriter(os.Stdout)
	random = rand.New(rand.NewPCG(20, 26))
)

func pick[T any](from []T) T { return from[random.IntN(len(from))] }

func escape(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c <= ' ' || c >= 0x7f || c == '\\' {
			fmt.Fprintf(&b, "\\%02x", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func encode(value any) string {
	switch v := value.(type) {
	case nil:
		return "n"
	case bool:
		return strconv.FormatBool(v)[:1]
	case int:
		return fmt.Sprintf("i%d", v)
	case uint8:
		return fmt.Sprintf("y%d", v)
	case float64:
		return fmt.Sprintf("d%016x", math.Float64bits(v))
	case string:
		return "s" + escape(v)
	case []any:
		return strings.Join(append(append([]string{"["}, encodeAll(v)...), "]"), " ")
	case map[string]any:
		var names []string
		for name := range v {
			names = append(names, name)
		}
		sort.Strings(names)
		words := []string{"{"}
		for _, name := range names {
			words = append(words, encode(name), encode(v[name]))
		}
		return strings.Join(append(words, "}"), " ")
	}
	panic("no such kind")
}

func encodeAll(values []any) (words []string) {
	for _, value := range values {
		words = append(words, encode(value))
	}
	return words
}

func row(operation, input, output string, values ...any) {
	words := append([]string{operation, "=" + escape(input), "=" + escape(output)}, encodeAll(values)...)
	fmt.Fprintln(out, strings.Join(words, " "))
}

// ---- values ----------------------------------------------------------------------------------------

var (
	numbers = []float64{0, math.Copysign(0, -1), 1, -1, 0.5, 1.5, 2.5, -2.5, 3, 10, 100, 1234567, 12345678,
		0.1, 0.3, 1e-4, 1e-5, 123456.789, -0.00001234, 1e20, 1e21, 1e22, 1e23, 1e100, 5e-324, 2.2250738585072014e-308,
		math.MaxFloat64, math.Inf(1), math.Inf(-1), math.NaN(), 65, 9.5, 99.95, 0.05, 1 << 53}
	integers = []int{0, 1, -1, 7, 8, 10, 65, -65, 255, 0x1f600, 0xfffd, 0xd800, 0x10ffff, 0x110000, 0x7f, 0xad,
		'\'', '\n', math.MaxInt64, math.MinInt64, 1000000, -1000001}
	texts = []string{"", "a", "hi", "hello, world", "ä€😀", "a\"b`c\\'", "tab\tnl\nnul\x00", "\xff\xc3z", "\ufeff",
		"\u00ad\u200b\u2028", "\U000e0001", "1", "<a href='x'>&amp;</a>", "\x7f\x80", "日本語", "\ufffd", "\u0378"}
	names = []string{"", "a", "b", "key", "ä", "A", "\xff", "z z"}
)

func anyFloat() float64 {
	switch random.IntN(4) {
	case 0:
		return pick(numbers)
	case 1:
		return math.Float64frombits(random.Uint64())
	case 2:
		return float64(random.IntN(2000000)-1000000) / math.Pow10(random.IntN(8))
	}
	return random.NormFloat64()
}

func anyInt() int {
	if random.IntN(2) == 0 {
		return pick(integers)
	}
	return int(random.Uint64() >> random.IntN(64))
}

func anyText() string {
	if random.IntN(3) > 0 {
		return pick(texts)
	}
	var b strings.Builder
	for n := random.IntN(6); n > 0; n-- {
		switch random.IntN(4) {
		case 0:
			b.WriteByte(byte(random.IntN(256)))
		case 1:
			b.WriteRune(rune(random.IntN(0x110000)))
		case 2:
			b.WriteRune(rune(random.IntN(0x3000)))
		default:
			b.WriteByte(byte(' ' + random.IntN(95)))
		}
	}
	return b.String()
}

func anyValue(depth int) any {
	kinds := 8
	if depth == 0 {
		kinds = 6
	}
	switch random.IntN(kinds) {
	case 0:
		return nil
	case 1:
		return random.IntN(2) == 0
	case 2:
		return anyInt()
	case 3:
		return uint8(random.IntN(256))
	case 4:
		return anyFloat()
	case 5:
		return anyText()
	case 6:
		list := []any{}
		for n := random.IntN(4); n > 0; n-- {
			list = append(list, anyValue(depth-1))
		}
		return list
	}
	fields := map[string]any{}
	for n := random.IntN(4); n > 0; n-- {
		fields[pick(names)] = anyValue(depth - 1)
	}
	return fields
}

func anyValues(most int) (values []any) {
	for n := random.IntN(most + 1); n > 0; n-- {
		values = append(values, anyValue(2))
	}
	return values
}

// ---- fmt -------------------------------------------------------------------------------------------

const verbs = "vTtbcdoOqxXUeEfFgGspwz"

// Formats can ask for more than anybody wants to read.
const longest = 600

func printf(format string, values ...any) {
	if output := fmt.Sprintf(format, values...); len(output) < longest {
		row("printf", format, output, values...)
	}
}

func directive() string {
	var b strings.Builder
	b.WriteByte('%')
	for n := random.IntN(3); n > 0; n-- {
		b.WriteByte("+-# 0"[random.IntN(5)])
	}
	index := func(often int) {
		if random.IntN(often) == 0 {
			b.WriteString(pick([]string{"[1]", "[2]", "[3]", "[1]", "[2]", "[0]", "[9]", "[", "[]", "[x]", "[-1]", "[2"}))
		}
	}
	number := func() {
		b.WriteString(pick([]string{"", "0", "1", "2", "3", "5", "8", "12", "20", "30", "*"}))
	}
	index(12)
	if random.IntN(2) == 0 {
		number()
	}
	if random.IntN(3) == 0 {
		b.WriteByte('.')
		index(16)
		number()
	}
	index(12)
	switch random.IntN(30) {
	case 0:
		b.WriteString(pick([]string{"%", "!", ".", "é", "\xff", "", "*", "99999999999d", "1000001d"}))
	case 1: // Nothing ends it.
	default:
		b.WriteByte(verbs[random.IntN(len(verbs))])
	}
	return b.String()
}

// An address is another one each time, and none of the values here has one.
func hasAddress(format string, values []any) bool {
	if !strings.Contains(format, "p") {
		return false
	}
	for _, value := range values {
		switch value.(type) {
		case []any, map[string]any:
			return true
		}
	}
	return false
}

func randomFormat() {
	var b strings.Builder
	values := anyValues(3)
	for n := random.IntN(3) + 1; n > 0; n-- {
		b.WriteString(pick([]string{"", "", "", " ", "a", "é\xff"}))
		b.WriteString(directive())
	}
	// A width that means something, now and then.
	if strings.Contains(b.String(), "*") && len(values) > 0 {
		values[0] = pick([]any{0, 3, -3, 12, uint8(7), 1000001, -1000001, "x", nil, 2.0})
	}
	if !hasAddress(b.String(), values) {
		printf(b.String(), values...)
	}
}

func everyVerb() {
	kinds := []any{nil, true, 65, -65, uint8(200), 1234.5678, -0.0625, "hä\n\"", "",
		[]any{1, "a", nil, 2.5, true, []any{}}, map[string]any{"b": 1, "a": "x", "c": nil}, []any{}, map[string]any{}}
	for _, verb := range verbs {
		for _, flags := range []string{"", "+", "#", " ", "08", "-8", "+#", ".3", "012.2", "# ", "-012", "+.0", "#.5"} {
			for _, value := range kinds {
				format := "%" + flags + string(verb)
				if !hasAddress(format, []any{value}) {
					printf(format, value)
				}
			}
		}
	}
}

func chosen() {
	for _, value := range numbers {
		for _, format := range []string{"%v", "%g|%[1]G", "%e", "%f", "%.0f", "%.3g", "%.20g", "%x", "%b", "%#g", "%#v",
			"%+08.2f", "% .1e", "%#.3x", "%#X", "%010v", "%-10v|", "%+v", "%.30f", "%#.0f", "%.0e", "%#e"} {
			printf(format, value)
		}
	}
	for _, value := range integers {
		for _, format := range []string{"%v", "%c", "%q", "%+q", "%U", "%#U", "%#.10U", "%x", "%#x", "%b", "%#o", "%O",
			"%+d", "% 05d", "%010d", "%-10d|", "%.5d", "%#v", "%010c", "%#010x", "%+.3x", "%12q", "%X", "%020b"} {
			printf(format, value)
		}
	}
	for _, value := range texts {
		for _, format := range []string{"%v", "%s", "%q", "%+q", "%#q", "%#+q", "%x", "%X", "% x", "%#x", "%# X", "%.1s",
			"%5s|", "%-5s|", "%05s", "%.2q", "%10.2q", "%.1x", "%#v", "%+v", "%d", "%20x", "%-20X|"} {
			printf(format, value)
		}
	}
	for _, format := range []string{"", "%", "%%", "%5%", "%d %d", "%[2]d %[1]d", "%[3]d", "%[1]d %d", "%*d", "%-*d|",
		"%.*d", "%[2]*[1]d", "%[3]*.[2]*[1]f", "%[1]", "%[", "%[]d", "%[x]d", "%[1]x%[1]d", "%.[2]d", "%[1].2d", "%[1]2d",
		"%!", "%-", "%.", "%.d", "%5.", "%é", "%\xff", "no verbs", "%99999999d", "%.99999999d", "%1000001d%s", "%w %w", "%.[1]*d"} {
		for _, values := range [][]any{{}, {1}, {5, 2}, {2, 3, 12.5}, {"a", nil}, {-4, 9}, {nil}} {
			printf(format, values...)
		}
	}
}

func prints(count int) {
	for ; count > 0; count-- {
		values := anyValues(4)
		row("print", "", fmt.Sprint(values...), values...)
		row("println", "", fmt.Sprintln(values...), values...)
	}
}

func formats(count int) {
	if count == 0 {
		everyVerb()
		chosen()
		count = 1500
	}
	for i := 0; i < count; i++ {
		randomFormat()
	}
	prints(count / 10)
}

// ---- numbers, quotes, escapes ----------------------------------------------------------------------

func number(value float64, verb byte, precision, bits int) {
	row("number", string(verb), strconv.FormatFloat(value, verb, precision, bits), value, precision, bits)
}

// Near a power of two, nearly zero, or with few digits.
func roundFloat() float64 {
	switch random.IntN(3) {
	case 0:
		bits := math.Float64bits(math.Ldexp(1, random.IntN(2046)-1022))
		return math.Float64frombits(bits + uint64(random.IntN(5)) - 2)
	case 1:
		return math.Float64frombits(random.Uint64() >> (12 + random.IntN(52)))
	}
	value, _ := strconv.ParseFloat(fmt.Sprintf("%de%d", random.IntN(1000000), random.IntN(600)-320), 64)
	return value
}

func numberRows(count int) {
	for i := 0; i < count; i++ {
		value := math.Float64frombits(random.Uint64())
		if random.IntN(4) == 0 {
			value = roundFloat()
		}
		bits := 64
		if random.IntN(8) == 0 {
			bits, value = 32, float64(math.Float32frombits(random.Uint32()))
		}
		number(value, "eEfgGbxX"[random.IntN(8)], random.IntN(30)-1, bits)
		number(value, 'g', -1, bits)
	}
	if count > 0 {
		return
	}
	hard := append([]float64{}, numbers...)
	// Powers of two, whose neighbours are not equally far, and what is next to them; powers of ten.
	for e := -1074; e <= 1023; e += 13 {
		power := math.Ldexp(1, e)
		hard = append(hard, power, math.Nextafter(power, 0), math.Nextafter(power, math.Inf(1)))
	}
	for e := -323; e <= 308; e += 9 {
		power, _ := strconv.ParseFloat(fmt.Sprintf("1e%d", e), 64)
		hard = append(hard, power, math.Nextafter(power, 0), power*9.5)
	}
	for m := uint64(1); m < 40; m++ {
		hard = append(hard, math.Float64frombits(m))
	}
	// Halves, which go to the even digit; seventeen digits, the most; exact beyond them.
	hard = append(hard, 0.125, 0.375, 4.5, 5.5, 1125899906842624.125, 9007199254740993, 5e-324, 2.5e-1, 1.00000000000000011102230246251565,
		123456789012345680, 2.2250738585072011e-308, 1.7976931348623157e308, 9.5367431640625e-07, 8.41e21, 2.0e-44, 6.0221e23)
	for _, value := range hard {
		number(value, 'g', -1, 64)
		number(value, "ef"[random.IntN(2)], random.IntN(22), 64)
		number(value, "gx"[random.IntN(2)], random.IntN(22), 64)
		if random.IntN(4) == 0 {
			number(value, "eEfgGbxX"[random.IntN(8)], random.IntN(400)-1, 64)
			number(value, "eEfgGbxX"[random.IntN(8)], random.IntN(12)-1, 32)
		}
	}
}

func rawness(text string) string { return strconv.FormatBool(strconv.CanBackquote(text)) }

func textRows(count int, one func(string)) {
	if count == 0 {
		for _, text := range texts {
			one(text)
		}
		for c := 0; c < 256; c += 32 {
			var bytes []byte
			for i := 0; i < 32; i++ {
				bytes = append(bytes, byte(c+i))
			}
			one(string(bytes))
		}
		for _, r := range []rune{0x7f, 0x80, 0xa0, 0xa1, 0xad, 0x378, 0x2028, 0x3000, 0xd7ff, 0xe000, 0xfeff, 0xfffd, 0xfffe,
			0x10000, 0x1f600, 0xe0001, 0xe0100, 0x10fffd, 0x10ffff} {
			one("x" + string(r))
		}
		count = 300
	}
	for i := 0; i < count; i++ {
		one(anyText())
	}
}

func quotes(text string) {
	row("quote", text, strconv.Quote(text))
	row("ascii", text, strconv.QuoteToASCII(text))
	row("raw", text, rawness(text))
	r := rune(anyInt())
	row("rune", "", strconv.QuoteRune(r), int(r))
	row("asciirune", "", strconv.QuoteRuneToASCII(r), int(r))
}

// Which runes of each thousand are printable, as a hash (FNV-1a) of one byte each.
func printables() {
	const block = 0x1000
	for start := 0; start <= unicode.MaxRune+block; start += block {
		hash := fnv.New64a()
		for r := start; r < start+block; r++ {
			if strconv.IsPrint(rune(r)) {
				hash.Write([]byte{1})
			} else {
				hash.Write([]byte{0})
			}
		}
		row("printables", "", fmt.Sprintf("%016x", hash.Sum64()), start, block)
	}
}

func escapes(text string) {
	row("html", text, template.HTMLEscaper(text))
	row("js", text, template.JSEscaper(text))
	row("urlquery", text, url.QueryEscape(text))
}

func main() {
	count := 0
	if len(os.Args) > 2 {
		count, _ = strconv.Atoi(os.Args[2])
		random = rand.New(rand.NewPCG(uint64(count), 1))
	}
	fmt.Fprintf(out, "# SPDX-License-Identifier: BSD-2-Clause\n# %s of tests/conform/vectors.go, by %s\n",
		os.Args[1], runtime.Version())
	switch os.Args[1] {
	case "formats":
		formats(count)
	case "numbers":
		numberRows(count)
	case "quotes":
		textRows(count, quotes)
		printables()
	case "escapes":
		textRows(count, escapes)
	}
	out.Flush()
}
