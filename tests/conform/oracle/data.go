// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"strings"
)

// A source of cases; the same seed gives the same ones.
type source struct {
	*rand.Rand
}

func generate(seed uint64, count int, out io.Writer) {
	s := source{rand.New(rand.NewSource(int64(seed)))}
	for i := 0; i < count; i++ {
		switch s.Intn(10) {
		case 0, 1:
			writeCase(out, testCase{"y", nil, []byte(s.object(3))})
		case 2:
			writeCase(out, testCase{"b", nil, []byte(s.bytes())})
		default:
			writeCase(out, testCase{"t", []byte(s.template()), []byte(s.data())})
		}
	}
}

func (s source) pick(words ...string) string {
	return words[s.Intn(len(words))]
}

func (s source) chance(percent int) bool {
	return s.Intn(100) < percent
}

// ---- texts that YAML, HTML, JavaScript, URLs and numbers are particular about

var words = strings.Split("true True TRUE tRue false null Null NULL ~ yes Yes no NO on Off y n Y N nan .nan .NaN "+
	".inf -.Inf +.INF .Inf2 0 00 07 08 0x1F 0X1f 0xg 0b101 0b102 0B1 0o17 0o8 -0b1 0b-1 0b+1 0o-7 0o+8 -0o7 1_000 _1 1_ "+
	"+1 -1 + - . .. ... .5 -.5 .5_5 ._5 .5_ 5. 1e3 1E-3 1e 1e999 -1e999 .5e999 1.5e+10 0x1p4 1__0 0x_1 0_7 "+
	"9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 18446744073709551615 "+
	"18446744073709551616 0xffffffffffffffff 0x10000000000000000 +18446744073709551615 1:2 12:30:45 1:60 1:59.5 "+
	"190:20:30 -1:1 1_0:0 :1 1: 2001-12-14 2001-2-29 2000-2-29 2001-13-01 2001-12-32 2001-1-1 0000-01-01 "+
	"2001-12-14T21:59:43Z 2001-12-14t21:59:43.10-05:00 2001-12-14T21:59:43,5Z 2001-12-14T21:59:60Z 2001-12-14T24:00:00Z "+
	"2001-12-14T1:2:3+24:60 2001-12-14T1:2:3+25:00 2001-12-14T1:2:3-0500 2001-12-14T21:59Z 20011-12-14 "+
	"<< = ! !! & * - -- --- ---a - ? ?a : :a a: # #a a#b @ ` ' \" \\ [ ] { } , > | % %a & *a !a {a} [a] a,b a] "+
	"key value user password web/nginx *root* VSecMRocks! admin {{ }} a:b a:// http://x/?q=1&r=2#f 10% $x <a> &amp; ", " ")

var strange = []string{"2001-12-14 21:59:43.10", "2001-12-14   1:2:3", "2001-12-14 21:59:43 -5", " ", "  ", "\n", "\t",
	"a b", " a", "a ", "a: b", "a :b", "a #b", "a# b", "- a", "? a", ": a", "-", "a\nb", "a\nb\n", "a\nb\n\n", "\na", "\n\na",
	" \na", " a\nb", "a \nb", "a\n b", "a\n b ", "a\n\tb", "\ta\nb", "a\tb", "a\r\nb", "a\rb", "a\u0085b", "a\u2028b",
	"a\u2029", "\u2028", "\u2028a\n", "a\nb\u2028", "a\n\u2028", "a \u2028b", "a\u2028 b", "a\u00a0b", "\u00a0", "\ufeff",
	"\ufeffa b\"", "a\ufeffb", "\ufffd", "\ufffe", "\uffff", "\x00", "a\x00b", "\x01", "\x07\x08\x0b\x0c\x1b\x7f", "\u0080",
	"😀", "a😀b", "äöü", "日本語", "a\n日本語\n", "😀\nb", "#\n", "---\n", "'", "''", "it's", "\"q\"", "'\n", "\\n", "a\\b",
	"é", "٣", "x٣", "<script>alert(1)</script>", "a&b='c'", "\u2028\n", "x: y\nz: w\n", "{\"a\":1}", "a=b&c=d e", "%41", "+",
	strings.Repeat("k", 127), strings.Repeat("k", 128), strings.Repeat("k", 129), strings.Repeat("ä", 65),
	strings.Repeat("word ", 40), strings.Repeat("long line ", 30) + "\nend", "a10", "a9", "a010", "a1b", "a1", "a", "a0", "a00",
	"a01", "b", "B", "1a", "a-1", "a_1", "a.1", "a 1", "-1", "10", "9", "1", "01", "٣a", "a٤", "ä1", "z", "ab12", "ab2"}

func (s source) text() string {
	switch s.Intn(10) {
	case 0, 1, 2, 3:
		return words[s.Intn(len(words))]
	case 4, 5, 6:
		return strange[s.Intn(len(strange))]
	case 7:
		return s.text() + s.pick("", " ", "\n", "\n\n", ":", "-", "_", ".", "\t") + s.text()
	case 8:
		return fmt.Sprintf("%s%d%s", s.pick("", "a", "b", "a0", "-", "ä"), s.Intn(120), s.pick("", "", "a", "0", ".5"))
	}
	var b strings.Builder
	for n := s.Intn(12); n > 0; n-- {
		b.WriteString(s.pick("a", "b", "Z", "0", "1", "9", "_", "-", "+", ".", ":", " ", "#", "\n", "\t", "\"", "'", "\\", "e", "x",
			"ä", "😀", "\u2028", "\r", "\u0085", "\x00", "[", "{", ",", "&", "*", "?", "|", ">", "%", "@", "`", "\u00a0", "<", "/"))
	}
	return b.String()
}

func (s source) bytes() string {
	if s.chance(20) {
		return s.text()
	}
	b := []byte(s.text() + s.text())
	for n := s.Intn(3); n >= 0; n-- {
		at := s.Intn(len(b) + 1)
		b = append(b[:at:at], append([]byte{byte(s.Intn(256))}, b[at:]...)...)
	}
	if s.chance(30) {
		b = append(b, strings.Repeat("\xff\x00\x7f", s.Intn(60))...)
	}
	return string(b)
}

// ---- JSON

func (s source) number() string {
	switch s.Intn(6) {
	case 0:
		return s.pick("0", "-0", "1", "-1", "3", "7", "42", "65", "255", "256", "1000", "999999", "1000000", "1e6", "21e20",
			"123456789", "1e21", "1e20", "1e-4", "1e-5", "0.1", "2.5", "-2.5", "3.5", "100", "1e100", "1.7976931348623157e308",
			"5e-324", "9007199254740993", "-9223372036854775808", "9223372036854775807", "18446744073709551615",
			"128512", "8232", "55296", "1114111", "1114112", "0.000001234", "123456.789", "1.5e300", "2", "4", "1.0")
	case 1:
		return fmt.Sprint(s.Intn(20))
	case 2:
		return fmt.Sprint(s.NormFloat64())
	case 3:
		return fmt.Sprintf("%de%d", s.Intn(1000), s.Intn(60)-30)
	}
	return fmt.Sprint(s.Intn(2000)-1000) + s.pick("", "", ".5", ".25")
}

func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(quoted)
}

func (s source) value(depth int) string {
	n := s.Intn(12)
	switch {
	case n < 4 || depth == 0 && n < 8:
		return quote(s.text())
	case n < 6 || depth == 0 && n < 10:
		return s.number()
	case n == 6 || depth == 0:
		return s.pick("true", "false", "null")
	case n < 9:
		var items []string
		for i := s.Intn(5); i > 0; i-- {
			items = append(items, s.value(depth-1))
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	return s.object(depth - 1)
}

func (s source) object(depth int) string {
	var members []string
	for i := s.Intn(6); i > 0; i-- {
		members = append(members, quote(s.text())+":"+s.value(depth))
	}
	return "{" + strings.Join(members, ",") + "}"
}
