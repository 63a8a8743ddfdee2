// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"fmt"
	"regexp"
	"strings"
)

// ---- data that templates find something in

func (s source) list(item func() string) string {
	var items []string
	for n := s.Intn(5); n > 0; n-- {
		items = append(items, item())
	}
	return "[" + strings.Join(items, ",") + "]"
}

func (s source) data() string {
	if s.chance(4) {
		return s.value(2)
	}
	member := func() string { return s.value(1) }
	text := func() string { return quote(s.text()) }
	members := []string{
		`"s":` + text(), `"t":` + text(), `"n":` + s.number(), `"i":` + fmt.Sprint(s.Intn(4)),
		`"b":` + s.pick("true", "false"), `"z":null`, `"l":` + s.list(member), `"ls":` + s.list(text),
		`"ln":` + s.list(s.number), `"e":""`, `"o":{}`,
		`"m":{"s":` + text() + `,"n":` + s.number() + `,"m":{"s":` + text() + `,"l":` + s.list(text) + `}}`,
		`"mm":` + s.object(1), `"lm":` + s.list(func() string { return `{"s":` + text() + `,"n":` + s.number() + `}` }),
	}
	for i := s.Intn(4); i > 0; i-- {
		at := s.Intn(len(members))
		members = append(members[:at:at], members[at+1:]...)
	}
	return "{" + strings.Join(members, ",") + "}"
}

// ---- templates

var field = regexp.MustCompile(`(^|[ (])(\.[a-z])`)

// What is known where a template is being written.
type scope struct {
	source
	variables []string
	templates []string // that are defined somewhere
	inRange   bool
	moved     bool // the dot is no longer the data
	inner     bool // and neither is $: a template that others call
	blocks    int
}

func (s source) template() string {
	t := scope{source: s}
	if s.chance(40) {
		return t.literalText() + t.action(t.pipeline(2)) + t.literalText()
	}
	var b strings.Builder
	for n := s.Intn(3); n > 0 && s.chance(50); n-- {
		name := s.pick("T1", "T2", "a b", "ä")
		if strings.Contains(b.String(), fmt.Sprintf("%q", name)) && s.chance(95) {
			continue
		}
		t.templates = append(t.templates, name)
		b.WriteString(t.open() + "define " + fmt.Sprintf("%q", name) + t.close())
		b.WriteString((&scope{source: s, moved: true, inner: true}).nodes(1))
		b.WriteString(t.end())
	}
	b.WriteString(t.nodes(1 + s.Intn(3)))
	text := b.String()
	if s.chance(7) {
		text = s.damage(text)
	}
	return text
}

// Something in TEXT left out, doubled or put in.
func (s source) damage(text string) string {
	for n := s.Intn(2); n >= 0 && text != ""; n-- {
		from := s.Intn(len(text))
		to := from + s.Intn(len(text)-from)
		if to > from+6 {
			to = from + 6
		}
		switch s.Intn(3) {
		case 0:
			text = text[:from] + text[to:]
		case 1:
			text = text[:to] + text[from:to] + text[to:]
		default:
			text = text[:from] + s.pick("{{", "}}", "{{-", "-}}", "(", ")", "|", "\"", "`", "'", ".", "$", ":=", "=", ",", " ",
				"\n", "\\", "end", "else", "nil", "0", "_", "é", "\x00", "\xff", "/*", "*/", "{{end}}", "{{else}}", "-", "#", "1") + text[from:]
		}
	}
	return text
}

func (t *scope) open() string {
	return t.pick("{{", "{{", "{{", "{{", "{{ ", "{{- ", "{{-\n")
}

func (t *scope) close() string {
	return t.pick("}}", "}}", "}}", "}}", " }}", " -}}", "\n-}}")
}

func (t *scope) end() string {
	return t.open() + "end" + t.close()
}

func (t *scope) action(parts ...string) string {
	return t.open() + strings.Join(parts, t.pick(" ", " ", " ", "  ", "\n", "\t")) + t.close()
}

func (t *scope) literalText() string {
	return t.pick("", " ", "\n", "x", " text ", "\t\n ", "{\"A\":\"", "\", \"B\":", "}", "{ ", "ä😀", "a,b", "{ { ", "} }", "-", "\r\n",
		"\"", "<b>", "\x00", ": ", "%d", "\\n", "/* no comment */", "$x", ".a")
}

func (t *scope) nodes(depth int) string {
	var b strings.Builder
	known := len(t.variables)
	for n := t.Intn(3); n >= 0; n-- {
		b.WriteString(t.literalText())
		b.WriteString(t.node(depth))
	}
	t.variables = t.variables[:known]
	return b.String()
}

func (t *scope) node(depth int) string {
	n := t.Intn(24)
	if depth == 0 && n >= 12 {
		n = t.Intn(12)
	}
	switch {
	case n < 8:
		return t.action(t.pipeline(2))
	case n == 8:
		return t.pick("{{", "{{- ", "{{-\n") + "/*" + t.pick(" why ", "", " }} ", "\n") + "*/" + t.pick("}}", " -}}")
	case n == 9:
		return t.declaration()
	case n == 10 && t.inRange:
		return t.action("if", t.condition()) + t.action(t.pick("break", "continue")) + t.end()
	case n == 10:
		return t.action(t.rooted(t.pick(".s", ".s", ".n", ".m", ".l", "$", ".b", ".")))
	case n == 11:
		return t.assignment()
	case n < 15:
		return t.branch("if", depth)
	case n < 18:
		return t.branch("with", depth)
	case n < 22:
		return t.loop(depth)
	case n == 22:
		t.blocks++
		return t.action("block", fmt.Sprintf("\"B%d%d\"", depth, t.blocks), t.pipeline(1)) +
			(&scope{source: t.source, moved: true, inner: true}).nodes(0) + t.end()
	}
	name := "none"
	if len(t.templates) > 0 {
		name = t.pick(t.templates...)
	} else if t.chance(90) {
		return ""
	}
	if t.chance(20) {
		return t.action("template", fmt.Sprintf("%q", name))
	}
	return t.action("template", t.pick(fmt.Sprintf("%q", name), "`"+name+"`"), t.pipeline(1))
}

func (t *scope) newVariable() string {
	name := "$" + t.pick("x", "y", "z", "i", "v", "ä", "_a1")
	t.variables = append(t.variables, name)
	return name
}

func (t *scope) declaration() string {
	value := t.pipeline(2)
	return t.action(t.newVariable(), t.pick(":=", ":="), value)
}

func (t *scope) assignment() string {
	if len(t.variables) == 0 {
		return ""
	}
	return t.action(t.pick(t.variables...), "=", t.pipeline(2))
}

func (t *scope) condition() string {
	if t.chance(50) {
		return t.pick("eq", "ne", "lt", "le", "gt", "ge") + " " + t.operand(1) + " " + t.operand(1)
	}
	return t.pipeline(1)
}

func (t *scope) branch(word string, depth int) string {
	known := len(t.variables)
	condition := t.condition()
	if t.chance(20) {
		condition = t.newVariable() + " := " + condition
	}
	moved := t.moved
	t.moved = moved || word == "with"
	text := t.action(word, condition) + t.nodes(depth-1)
	t.moved = moved
	if t.chance(25) {
		text += t.action("else "+word, t.condition()) + t.nodes(depth-1)
	}
	if t.chance(40) {
		text += t.action("else") + t.nodes(depth-1)
	}
	t.variables = t.variables[:known]
	return text + t.end()
}

func (t *scope) loop(depth int) string {
	known, before, moved := len(t.variables), t.inRange, t.moved
	over := t.pick(".l", ".ls", ".ln", ".m", ".mm", ".lm", ".o", ".z", "$", ".", "3", "0", "$.l", "$.lm", "$.m", "$.ls", "(len .s)", "(slice .l 0)", "(index .lm 0)", ".mm")
	if t.chance(4) {
		over = t.pick(".n", ".s", "nil", "1.5", "(slice .l 1)", "true")
	}
	// No constants: some would keep Go busy for years.
	if t.inner {
		over = t.pick("3", "0", "nil", "`abc`", "(slice `abc` 1)")
	} else {
		over = t.rooted(over)
		if over == "." && t.moved {
			over = "$"
		}
	}
	switch t.Intn(4) {
	case 0:
		over = t.newVariable() + " := " + over
	case 1:
		if over == "3" || over == "0" || over == "(len .s)" {
			break
		}
		first := t.newVariable()
		over = first + t.pick(",", ", ") + t.newVariable() + " := " + over
	}
	t.inRange, t.moved = true, true
	text := t.action("range", over) + t.nodes(depth-1)
	t.inRange, t.moved = before, moved
	if t.chance(30) {
		text += t.action("else") + t.nodes(depth-1)
	}
	t.variables = t.variables[:known]
	return text + t.end()
}

// ---- pipelines

func (t *scope) pipeline(depth int) string {
	text := t.command(depth)
	for t.chance(25) {
		text += t.pick(" | ", "|", " |\n") + t.pick("len", "print", "println", "html", "js", "urlquery", "not", "printf \"%v\"", "printf "+t.format(),
			"printf "+t.format(), "eq "+t.operand(0), "index "+t.operand(0), "and "+t.operand(0), "or "+t.operand(0), "print 1", "len | print")
	}
	return text
}

func (t *scope) command(depth int) string {
	if depth == 0 || t.chance(35) {
		return t.operand(depth)
	}
	var arguments []string
	add := func(count int) {
		for ; count > 0; count-- {
			arguments = append(arguments, t.operand(depth-1))
		}
	}
	name := t.pick("and", "or", "not", "len", "index", "slice", "print", "println", "printf", "printf", "printf", "html", "js", "urlquery",
		"eq", "ne", "lt", "le", "gt", "ge", "eq", "index", "call")
	switch name {
	case "not", "len":
		add(1)
	case "html", "js", "urlquery", "print", "println", "and", "or":
		add(t.Intn(4))
		if arguments == nil && t.chance(90) {
			add(1)
		}
	case "ne", "lt", "le", "gt", "ge":
		return name + " " + t.similar()
	case "eq":
		return name + " " + t.similar() + t.pick("", "", " "+t.operand(depth-1))
	case "index":
		return name + " " + t.rooted(t.pick(".l", ".ls", ".m", ".lm", ".s", ".mm", ".ln", t.operand(depth-1))) + " " +
			t.pick("0", "1", "2", "\"s\"", "\"m\"", "\"none\"", "-1", "10", "'\\x01'", "nil", "1.0", "0 \"s\"", "\"m\" \"s\"", "\"m\" \"l\" 0", "", ".i", t.operand(depth-1))
	case "slice":
		return name + " " + t.rooted(t.pick(".l", ".ls", ".s", ".t", ".s", "\"abcdef\"", "\"äö\"", t.operand(depth-1))) + " " +
			t.pick("", "0", "1", "2", "0 1", "1 2", "1 3", "2 1", "0 1 2", "0 0 0", "-1", "9", "nil", "1.0", ".i")
	case "printf":
		return name + " " + t.format() + t.arguments(depth-1)
	case "call":
		if t.chance(80) {
			return t.operand(depth)
		}
		add(t.Intn(2))
	}
	if t.chance(1) && t.chance(50) {
		name = t.pick("nope", "Len", "printF", "true", "nil", "\"s\"", "1", "html.x")
	}
	return strings.TrimSpace(name + " " + strings.Join(arguments, " "))
}

// TEXT, an operand or some, with the fields in it those of the data where the dot is something else.
func (t *scope) rooted(text string) string {
	if !t.moved || t.chance(3) {
		return text
	}
	if t.inner {
		return t.constant()
	}
	return field.ReplaceAllString(text, "$1$$$2")
}

// Two operands that may be compared.
func (t *scope) similar() string {
	kinds := [][]string{
		{".s", ".t", ".e", "\"x\"", "\"\"", "`a b`", "\"true\"", ".m.s", "(print .n)", "\"10\""},
		{".n", "1.0", "1.5", "0.0", ".m.n", "1e3", "(index .ln 0)"},
		{"1", "0", "(len .s)", "(len .l)", "'a'", "-1", "0x10", "2", "(index \"abc\" 1)"},
		{".b", "true", "false", "(not .b)", "(eq 1 1)"},
		{".z", "nil", ".none", ".m", ".l", ".s", ".n", ".b", "1", "\"\""},
	}
	kind := kinds[t.Intn(len(kinds))]
	return t.rooted(t.pick(kind...)) + " " + t.rooted(t.pick(kind...))
}

// No constants.
func (t *scope) wrongConstant() string {
	return t.pick("9223372036854775808", "1e400", "1__0", "08", "0b2", "1x", "0x", "''", "'ab'", "0xp1", "\"\\q\"", "\"\\'\"", "1e", "'\\400'", "'\\ud800'",
		"100000000000000000000", "\"\\400\"", "1_", "_1", "0_", "\"a\nb\"", "\"a", "'a", "`a", "01.", "1i", "0x1.8", "1.5.2")
}

func (t *scope) constant() string {
	if t.chance(1) {
		return t.wrongConstant()
	}
	switch t.Intn(6) {
	case 0, 1:
		return t.pick("0", "1", "2", "-1", "+1", "42", "0x1F", "0X1f", "0b101", "0o17", "017", "1_000", "0x_1", "9223372036854775807",
			"-9223372036854775808", "1e3", "1e19", "1E-3", "1.5", ".5", "5.", "-.5", "0x1p4",
			"'a'", "'ä'", "'😀'", "'\\n'", "'\\''", "'\\x41'", "'\\101'", "'\\u00e9'", "'\\U0001F600'", "1.0", "2.50")
	case 2, 3:
		return t.pick("\"\"", "\"a\"", "\"s\"", "\"ä\\n\\t\\\"\"", "\"\\x41\\u00e9\\U0001F600\\101\"", "\"\\xff\"", "`raw \"x\"`", "`a\\nb`", "`two\nlines`", "\"<a href='x'>\"",
			"\"a b&c=d\"", "\"%d\"", "\"</script>\"", "\"\\u2028\"", "\"\\x00\"")
	case 4:
		return t.pick("true", "false")
	}
	return t.pick("nil", "true", "false", "\"x\"", "1")
}

func (t *scope) operand(depth int) string {
	n := t.Intn(12)
	switch {
	case n < 5:
		if t.chance(1) {
			return t.pick(".s.x", ".m.none.x", ".z.x", ".n.x", ".l.x", "break", ".m.m.l.x", "$nope", ".s.")
		}
		prefix := t.pick("$", "", "")
		if t.inner && t.chance(95) {
			return t.pick(".", "$", ".", t.constant())
		} else if t.moved && t.chance(95) {
			prefix = "$"
		}
		return prefix + t.pick(".s", ".t", ".n", ".i", ".b", ".z", ".l", ".ls", ".ln", ".m", ".m.s", ".m.n", ".m.m", ".m.m.l", ".mm", ".lm", ".e",
			".o", ".none", ".m.none")
	case n < 7:
		return t.pick("$", ".", ".", t.constant())
	case n < 9 && len(t.variables) > 0:
		return t.pick(t.variables...) + t.pick("", "", "", "", "", "", "", "", "", "", ".s")
	case n < 10 && depth > 0:
		return "(" + t.pipeline(depth-1) + ")" + t.pick("", "", "", "", "", "", "", "", ".s")
	}
	return t.constant()
}

// ---- printf

const verbs = "vvvdsqxXeEfFgGbcoOUtTp%w"

func (t *scope) directive() string {
	var b strings.Builder
	b.WriteByte('%')
	for t.chance(35) {
		b.WriteString(t.pick("+", "-", "#", " ", "0"))
	}
	index := func() {
		if t.chance(7) {
			b.WriteString(t.pick("[1]", "[2]", "[3]", "[0]", "[9]", "[x]", "[", "[]", "[-1]"))
		}
	}
	index()
	if t.chance(30) {
		b.WriteString(t.pick("1", "3", "8", "12", "20", "*", "0", "-5", "010", "1000"))
	}
	if t.chance(25) {
		b.WriteString("." + t.pick("", "0", "1", "2", "3", "5", "10", "*", "-1", "25"))
	}
	index()
	if t.chance(97) {
		b.WriteByte(verbs[t.Intn(len(verbs))])
	} else {
		b.WriteString(t.pick("y", "!", "z", "ä", "", " ", "D", "i", "u", "\\n", "]", "*"))
	}
	return b.String()
}

func (t *scope) format() string {
	if t.chance(3) {
		return t.operand(0)
	}
	var b strings.Builder
	for n := t.Intn(3); n >= 0; n-- {
		b.WriteString(t.pick("", "", "a", " ", ": ", "ä"))
		b.WriteString(t.directive())
	}
	return "\"" + b.String() + t.pick("", "", "|") + "\""
}

func (t *scope) arguments(depth int) string {
	var b strings.Builder
	for n := t.Intn(4); n > 0; n-- {
		b.WriteString(" " + t.operand(depth))
	}
	return b.String()
}
