/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions of text/template. Every output is what Go 1.26 gives. */
#include "tests/unit/templates.h"

#define D TEMPLATES_DATA

static const struct templates_row logic[] = {
    {"{{and 1 0 2}} {{and 1 2}} {{and \"\" 1}} {{and nil 1}} {{and 1 nil}} {{and .nope 1}}", D,
     "0 2  <no value> <no value> <no value>"},
    {"{{or 0 2 3}} {{or 0 \"\"}} {{or nil 0}} {{or .n .nope}} {{or 1 2}}", D, "2  0 <no value> 1"},
    {"{{and}}", D, NULL},
    {"{{or}}", D, NULL},
    {"{{and 0 (index .c 99)}} {{or 1 (index .c 99)}}", D, "0 1"},
    {"{{and 1 (index .c 99)}}", D, NULL},
    {"{{1 | and 2}} {{1 | and 0}} {{1 | or 0}} {{1 | or 2}} {{1 | and}} {{.n | or 0}}", D,
     "1 0 1 2 1 <no value>"},
    {"{{and .c .d}}", D, "map[x:1 y:2.5 z:map[q:true]]"},
    {"{{not 0}}{{not 1}}{{not nil}}{{not .nope}}{{not \"\"}}{{not .l}}{{1 | not}}", D,
     "truefalsetruetruetruetruefalse"},
    {"{{not}}", D, NULL},
    {"{{not 1 2}}", D, NULL},
};

TEST(logic_as_in_go)
{
    TEMPLATES_CHECK_ALL(logic);
}

static const struct templates_row lengths[] = {
    {"{{len \"h\303\244h\"}} {{len .c}} {{len .d}} {{len .l}} {{len \"\"}} {{len .b}}", D,
     "4 6 3 0 0 8"},
    {"{{len}}", D, NULL},
    {"{{len 1}}", D, NULL},
    {"{{len .a}}", D, NULL},
    {"{{len nil}}", D, NULL},
    {"{{len .n}}", D, NULL},
    {"{{len .nope}}", D, NULL},
    {"{{len true}}", D, NULL},
    {"{{len .c .d}}", D, NULL},
    {"{{.c | len}}", D, "6"},
};

TEST(lengths_as_in_go)
{
    TEMPLATES_CHECK_ALL(lengths);
}

static const struct templates_row indexes[] = {
    {"{{index .c 0}} {{index .c 1}} {{index .c 3 \"k\"}} {{index .c 5 1}} {{index .d \"x\"}} "
     "{{index .d \"nope\"}} {{index .c 2}}",
     D, "1 two v 4 1 <no value> <no value>"},
    {"{{index .c 6}}", D, NULL},
    {"{{index .c -1}}", D, NULL},
    {"{{index .c 1.0}}", D, NULL},
    {"{{index .c .a}}", D, NULL},
    {"{{index .c \"0\"}}", D, NULL},
    {"{{index .c nil}}", D, NULL},
    {"{{index .c true}}", D, NULL},
    {"{{index .c 2 0}}", D, NULL},
    {"{{index .l 0}}", D, NULL},
    {"{{index .d 1}}", D, NULL},
    {"{{index .d nil}}", D, NULL},
    {"{{index .d .nope}}", D, NULL},
    {"{{index .d \"nope\" \"x\"}}", D, NULL},
    {"{{index .d \"z\" \"q\"}}", D, "true"},
    {"{{index .a 0}}", D, NULL},
    {"{{index .a}} {{index \"x\"}} {{index .c}}", D, "1 x [1 two <nil> map[k:v n:<nil>] [] [3 4]]"},
    {"{{index nil}}", D, NULL},
    {"{{index .n}}", D, NULL},
    {"{{index .nope 0}}", D, NULL},
    {"{{index}}", D, NULL},
    {"{{index \"abc\" 1}} {{index \"\303\251\" 0}} {{printf \"%T\" (index \"abc\" 1)}}", D,
     "98 195 uint8"},
    {"{{index \"abc\" 3}}", D, NULL},
    {"{{index \"\" 0}}", D, NULL},
    {"{{index \"abc\" 1 0}}", D, NULL},
    {"{{index .c (index \"\\x01\" 0)}}", D, "two"},
    {"{{1 | index .c}} {{\"x\" | index .d}}", D, "two 1"},
    {"{{index true 0}}", D, NULL},
};

TEST(indexes_as_in_go)
{
    TEMPLATES_CHECK_ALL(indexes);
}

static const struct templates_row slices[] = {
    {"{{slice \"abcdef\" 1 3}} {{slice \"abc\"}} {{slice \"abc\" 1}} {{slice \"abc\" 3}}| {{slice "
     "\"abc\" 0 0}}|",
     D, "bc abc bc | |"},
    {"{{slice \"abc\" 4}}", D, NULL},
    {"{{slice \"abc\" 0 4}}", D, NULL},
    {"{{slice \"abc\" 2 1}}", D, NULL},
    {"{{slice \"abc\" -1}}", D, NULL},
    {"{{slice \"abc\" 0 1 2}}", D, NULL},
    {"{{slice \"abc\" 1.0}}", D, NULL},
    {"{{slice \"abc\" nil}}", D, NULL},
    {"{{slice .c 1 3}} {{slice .c}} {{slice .c 6}} {{slice .c 4 5}}", D,
     "[two <nil>] [1 two <nil> map[k:v n:<nil>] [] [3 4]] [] [[]]"},
    {"{{slice .c 0 7}} {{slice .c 5 8}}", D,
     "[1 two <nil> map[k:v n:<nil>] [] [3 4] <nil>] [[3 4] <nil> <nil>]"},
    {"{{slice .c 0 9}}", D, NULL},
    {"{{slice .c 7}}", D, NULL},
    {"{{slice .c 1 2 3}} {{len (slice .c 1 2 8)}}", D, "[two] 1"},
    {"{{slice .c 1 3 2}}", D, NULL},
    {"{{slice .c 1 2 9}}", D, NULL},
    {"{{slice .c 1 2 3 4}}", D, NULL},
    {"{{slice (slice .c 1 2) 0 3}} {{slice (slice .c 1 2 3) 0 2}}", D,
     "[two <nil> map[k:v n:<nil>]] [two <nil>]"},
    {"{{slice (slice .c 1 2 3) 0 3}}", D, NULL},
    {"{{slice (slice .c 2 8) 0 6}}", D, "[<nil> map[k:v n:<nil>] [] [3 4] <nil> <nil>]"},
    {"{{slice .l 0 0}}{{slice .l}}", D, "[][]"},
    {"{{slice .l 0 1}}", D, NULL},
    {"{{slice . 0 4}}", "[1,2,3]", "[1 2 3 <nil>]"},
    {"{{slice . 0 5}}", "[1,2,3]", NULL},
    {"{{slice . 0 3}}", "[1,2,3]", "[1 2 3]"},
    {"{{slice . 0 71 | len}}",
     "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33]",
     "71"},
    {"{{slice . 0 72 | len}}",
     "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33]",
     NULL},
    {"{{slice .d}}", D, NULL},
    {"{{slice .a}}", D, NULL},
    {"{{slice nil}}", D, NULL},
    {"{{slice .n}}", D, NULL},
    {"{{slice .nope 1}}", D, NULL},
    {"{{slice}}", D, NULL},
    {"{{2 | slice \"abc\" 1}}", D, "b"},
};

TEST(slices_as_in_go)
{
    TEMPLATES_CHECK_ALL(slices);
}

static const struct templates_row printing[] = {
    {"{{print 1 2 \"a\" 3 nil .nope}}|{{print}}|{{print \"a\" \"b\"}}|{{print .c}}", D,
     "1 2a3 <nil> <nil>||ab|[1 two <nil> map[k:v n:<nil>] [] [3 4]]"},
    {"{{println 1 \"a\" nil}}|{{println}}", D, "1 a <nil>\n|\n"},
    {"{{printf \"%d %s %v %q %5.2f|%x\" 1 \"a\" .c \"q\" 1.5 \"hex\"}}", D,
     "1 a [1 two <nil> map[k:v n:<nil>] [] [3 4]] \"q\"  1.50|686578"},
    {"{{printf \"%d\" \"a\"}} {{printf \"%d\"}} {{printf \"x\" 1}} {{printf \"%!\"}} {{printf "
     "\"%v\" nil}} {{printf \"%v\" .nope}}",
     D, "%!d(string=a) %!d(MISSING) x%!(EXTRA int=1) %!!(MISSING) <nil> <nil>"},
    {"{{printf}}", D, NULL},
    {"{{printf 1}}", D, NULL},
    {"{{printf nil}}", D, NULL},
    {"{{printf .nope}}", D, NULL},
    {"{{printf .a}}", D, NULL},
    {"{{printf true}}", D, NULL},
    {"{{printf .b}}", D, "x<y>&'\"z"},
    {"{{printf (print \"%d\") 5}}", D, "5"},
    {"{{printf (index .c 1)}}", D, "two"},
    {"{{printf \"%T %T %T %T %T %T\" 1 1.5 \"s\" .c .d true}}", D,
     "int float64 string []interface {} map[string]interface {} bool"},
    {"{{html \"<a href='x'>&\\\"\" 1}} {{html .nope}} {{html .n .nope}} {{html .c}} {{html}}|{{.b "
     "| html}}",
     D,
     "&lt;a href=&#39;x&#39;&gt;&amp;&#34;1 &lt;no value&gt; &lt;no value&gt;&lt;no value&gt; [1 "
     "two &lt;nil&gt; map[k:v n:&lt;nil&gt;] [] [3 4]] |x&lt;y&gt;&amp;&#39;&#34;z"},
    {"{{html \"a\\x00b\"}}", D, "a\357\277\275b"},
    {"{{js \"it's <\\\"x\\\">\\\\ = &\" }} {{js .nope}} {{js \"\\n\\x01\303\251 \"}} {{js 1 2}} "
     "{{js}}|",
     D,
     "it\\'s \\u003C\\\"x\\\"\\u003E\\\\ \\u003D \\u0026 \\u003Cno value\\u003E "
     "\\u000A\\u0001\303\251  1 2 |"},
    {"{{urlquery \"a b&c=d/\303\251\" 1}} {{urlquery .nope}} {{urlquery}}| {{urlquery \"a\" "
     "\"b\"}}",
     D, "a+b%26c%3Dd%2F%C3%A91 %3Cno+value%3E | ab"},
};

TEST(printing_as_in_go)
{
    TEMPLATES_CHECK_ALL(printing);
}

static const struct templates_row calls[] = {
    {"{{call}}", D, NULL},
    {"{{call nil}}", D, NULL},
    {"{{call .a}}", D, NULL},
    {"{{call .nope 1}}", D, NULL},
    {"{{call \"x\" 1 2}}", D, NULL},
    {"{{1 | call}}", D, NULL},
    {"{{if .f}}{{call .a}}{{end}}ok", D, "ok"},
    {"{{call print}}", D, NULL},
};

TEST(calls_as_in_go)
{
    TEMPLATES_CHECK_ALL(calls);
}

static const struct templates_row equality[] = {
    {"{{eq 1 1}}{{eq 1 2}}{{eq \"a\" \"a\"}}{{eq 1.5 1.5}}{{eq true true}}{{eq .a 1.0}}{{eq .t "
     "true}}",
     D, "truefalsetruetruetruetruetrue"},
    {"{{eq .a 1}}", D, NULL},
    {"{{eq 1 1.0}}", D, NULL},
    {"{{eq \"1\" 1}}", D, NULL},
    {"{{eq true 1}}", D, NULL},
    {"{{eq nil nil}}{{eq .n nil}}{{eq .nope nil}}{{eq .n .nope}}{{eq 1 nil}}{{eq nil \"x\"}}{{eq "
     ".c nil}}{{eq nil .d}}",
     D, "truetruetruetruefalsefalsefalsefalse"},
    {"{{eq 1 2 3 1}}{{eq 1 2 3}}{{eq 1 1 \"x\"}}", D, "truefalsetrue"},
    {"{{eq 1 2 \"x\"}}", D, NULL},
    {"{{eq 1 nil 1}}", D, "true"},
    {"{{eq 1}}", D, NULL},
    {"{{eq}}", D, NULL},
    {"{{eq .c .c}}", D, NULL},
    {"{{eq .d .d}}", D, NULL},
    {"{{eq .c .d}}", D, NULL},
    {"{{eq .c 1}}", D, NULL},
    {"{{eq (index \"a\" 0) 97}}{{eq 'a' (index \"a\" 0)}}{{eq (index \"a\" 0) (index \"a\" "
     "0)}}{{eq -1 (index \"a\" 0)}}",
     D, "truetruetruefalse"},
    {"{{eq (index \"a\" 0) 97.0}}", D, NULL},
    {"{{1 | eq 1}}", D, "true"},
    {"{{ne 1 2}}{{ne 1 1}}{{ne \"a\" nil}}{{ne nil nil}}", D, "truefalsetruefalse"},
    {"{{ne 1 \"a\"}}", D, NULL},
    {"{{ne 1}}", D, NULL},
    {"{{ne 1 2 3}}", D, NULL},
    {"{{ne .c .c}}", D, NULL},
};

TEST(equality_as_in_go)
{
    TEMPLATES_CHECK_ALL(equality);
}

static const struct templates_row order[] = {
    {"{{lt 1 2}}{{lt 2 1}}{{lt 1 1}}{{lt \"a\" \"b\"}}{{lt 1.5 2.5}}{{lt \"a\" \"aa\"}}{{lt "
     "\"\303\251\" \"z\"}}",
     D, "truefalsefalsetruetruetruefalse"},
    {"{{le 1 1}}{{le 1 2}}{{le 2 1}}{{le \"a\" \"a\"}}{{le 1.0 1.0}}", D, "truetruefalsetruetrue"},
    {"{{gt 1 2}}{{gt 2 1}}{{gt 1 1}}{{gt \"b\" \"a\"}}", D, "falsetruefalsetrue"},
    {"{{ge 1 1}}{{ge 1 2}}{{ge 2 1}}{{ge .a 1.0}}", D, "truefalsetruetrue"},
    {"{{lt 1 1.0}}", D, NULL},
    {"{{lt 1 \"a\"}}", D, NULL},
    {"{{lt true false}}", D, NULL},
    {"{{lt nil nil}}", D, NULL},
    {"{{lt 1 nil}}", D, NULL},
    {"{{lt .nope 1}}", D, NULL},
    {"{{lt .c .c}}", D, NULL},
    {"{{lt .d 1}}", D, NULL},
    {"{{lt 1}}", D, NULL},
    {"{{lt 1 2 3}}", D, NULL},
    {"{{le 1 \"a\"}}", D, NULL},
    {"{{gt 1 \"a\"}}", D, NULL},
    {"{{ge 1 nil}}", D, NULL},
    {"{{ge true true}}", D, NULL},
    {"{{lt (index \"a\" 0) 98}}{{lt 96 (index \"a\" 0)}}{{lt (index \"a\" 0) -1}}{{le 97 (index "
     "\"a\" 0)}}{{ge (index \"a\" 0) 98}}",
     D, "truetruefalsetruefalse"},
    {"{{2 | lt 1}}{{1 | lt 2}}", D, "truefalse"},
};

TEST(order_as_in_go)
{
    TEMPLATES_CHECK_ALL(order);
}

static const struct templates_row mixtures[] = {
    {"{{eq .b \"x<y>&'\\\"z\"}}", D, "true"},
    {"{{and (eq .a 1.0) (gt (len .c) 5)}}", D, "true"},
    {"{{not (eq .a 2.0)}}", D, "true"},
    {"{{.a | printf \"%.2f\" | html | len}}", D, "4"},
    {"{{range $i, $c := \"x\" | printf \"%s\"}}{{end}}", D, NULL},
    {"{{index (slice .c 3) 0 \"k\"}}", D, "v"},
    {"{{slice (index .c 1) 1}}", D, "wo"},
    {"{{len (print .d)}}", D, "28"},
};

TEST(mixtures_as_in_go)
{
    TEMPLATES_CHECK_ALL(mixtures);
}

CHECK_MAIN
