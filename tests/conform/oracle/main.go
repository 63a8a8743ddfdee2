// SPDX-License-Identifier: BSD-2-Clause

// What Go says: the results that this project's templates and YAML must have.
//
//	oracle answer < CASES          an answer for each case
//	oracle generate SEED COUNT     cases, always the same ones for a seed
//
// A case is "KIND LENGTH LENGTH\n", two texts of these lengths, and a newline. An answer is
// "VERDICT LENGTH\n", a text of this length, and a newline. Kinds:
//
//	t   template and JSON: text/template executes it
//	y   nothing and JSON: yaml.Marshal of what it decodes to
//	b   nothing and bytes: yaml.Marshal of a map and a list with these bytes as key and value
//
// Verdicts: ok and the output; fail and why; skip and why nothing can be said.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"text/template"
	"time"

	"gopkg.in/yaml.v3"
)

type testCase struct {
	kind        string
	first, rest []byte
}

type answer struct {
	verdict string
	text    []byte
}

func readCase(in *bufio.Reader) (c testCase, err error) {
	var first, rest int
	if _, err = fmt.Fscanf(in, "%s %d %d\n", &c.kind, &first, &rest); err != nil {
		return c, err
	}
	both := make([]byte, first+rest+1)
	if _, err = io.ReadFull(in, both); err != nil {
		return c, err
	}
	c.first, c.rest = both[:first], both[first:first+rest]
	return c, nil
}

func writeCase(out io.Writer, c testCase) {
	fmt.Fprintf(out, "%s %d %d\n%s%s\n", c.kind, len(c.first), len(c.rest), c.first, c.rest)
}

func failed(err error) answer {
	return answer{"fail", []byte(err.Error())}
}

func execute(text, data []byte) (ret answer) {
	defer func() {
		if r := recover(); r != nil {
			ret = answer{"fail", []byte(fmt.Sprint(r))}
		}
	}()
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return failed(err)
	}
	parsed, err := template.New("secret").Parse(string(text))
	if err != nil {
		return failed(err)
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, value); err != nil {
		return failed(err)
	}
	return answer{"ok", out.Bytes()}
}

func marshal(value any) answer {
	out, err := yaml.Marshal(value)
	if err != nil {
		return failed(err)
	}
	return answer{"ok", out}
}

func marshalJSON(data []byte) answer {
	var value map[string]any
	if err := json.Unmarshal(data, &value); err != nil {
		return failed(err)
	}
	return marshal(value)
}

func marshalBytes(data []byte) answer {
	text := string(data)
	return marshal(map[string]any{"key": text, "list": []any{text, []any{text}}, text: 1.0})
}

func (c testCase) once() answer {
	switch c.kind {
	case "t":
		return execute(c.first, c.rest)
	case "y":
		return marshalJSON(c.rest)
	case "b":
		return marshalBytes(c.rest)
	}
	return answer{"skip", []byte("no such kind")}
}

// Addresses (%p) differ each time, and so does what yaml.v3 makes of keys that its order is not
// consistent about.
func (c testCase) answer() answer {
	first := c.once()
	for again := 0; again < 2; again++ {
		if next := c.once(); next.verdict != first.verdict || !bytes.Equal(next.text, first.text) {
			return answer{"skip", []byte("Go's own answers differ")}
		}
	}
	return first
}

// Go has no limits: a loop over a large number does not end. It is left to itself.
func (c testCase) answerInTime() answer {
	done := make(chan answer, 1)
	go func() { done <- c.answer() }()
	select {
	case a := <-done:
		return a
	case <-time.After(5 * time.Second):
		return answer{"skip", []byte("Go does not come to an end")}
	}
}

func answerAll(in *bufio.Reader, out *bufio.Writer) {
	for {
		c, err := readCase(in)
		if err == io.EOF {
			return
		}
		if err != nil {
			log.Fatal("a case that is none: ", err)
		}
		a := c.answerInTime()
		fmt.Fprintf(out, "%s %d\n%s\n", a.verdict, len(a.text), a.text)
		if in.Buffered() == 0 {
			out.Flush()
		}
	}
}

func main() {
	log.SetFlags(0)
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	defer out.Flush()
	if len(os.Args) == 2 && os.Args[1] == "answer" {
		answerAll(in, out)
		return
	}
	if len(os.Args) == 4 && os.Args[1] == "generate" {
		seed, err1 := strconv.ParseUint(os.Args[2], 10, 64)
		count, err2 := strconv.Atoi(os.Args[3])
		if err1 == nil && err2 == nil {
			generate(seed, count, out)
			return
		}
	}
	log.Fatal("usage: oracle answer | oracle generate SEED COUNT")
}
