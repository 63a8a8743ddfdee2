// SPDX-License-Identifier: BSD-2-Clause

// render-go KIND TIMES VALUE TEMPLATE: what Go's text/template takes to render VALUE, a JSON object.
//
// Prints the nanoseconds of TIMES renderings, a newline, and the text that came out. KIND whole:
// VALUE and TEMPLATE are parsed each time; execute: both were parsed before.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"text/template"
	"time"
)

const warmup = 10 // of TIMES, one in so many goes before

type parsed struct {
	value    map[string]any
	template *template.Template
}

func parse(value, text string) (p parsed) {
	if err := json.Unmarshal([]byte(value), &p.value); err != nil {
		log.Fatal(err)
	}
	var err error
	if p.template, err = template.New("secret").Parse(text); err != nil {
		log.Fatal(err)
	}
	return p
}

func (p parsed) execute() []byte {
	var out bytes.Buffer
	if err := p.template.Execute(&out, p.value); err != nil {
		log.Fatal(err)
	}
	return out.Bytes()
}

func main() {
	if len(os.Args) != 5 {
		log.Fatal("usage: render-go KIND TIMES VALUE TEMPLATE")
	}
	value, text := os.Args[3], os.Args[4]
	times, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	once := parse(value, text)
	render := map[string]func() []byte{
		"whole":   func() []byte { return parse(value, text).execute() },
		"execute": once.execute,
	}[os.Args[1]]
	if render == nil {
		log.Fatal("KIND is whole or execute")
	}
	for i := 0; i < times/warmup; i++ {
		render()
	}
	var out []byte
	began := time.Now()
	for i := 0; i < times; i++ {
		out = render()
	}
	fmt.Printf("%d\n%s", time.Since(began).Nanoseconds(), out)
}
