// SPDX-License-Identifier: BSD-2-Clause

package vsecm

import (
	"encoding/base64"
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// text is a JSON string, decoded straight into locked memory.
type text []byte

// UnmarshalJSON is given a string that was found well-formed.
func (t *text) UnmarshalJSON(raw []byte) error {
	if len(raw) < 2 || raw[0] != '"' {
		return errors.New("no string")
	}
	*t = unquote(locked(len(raw))[:0], raw[1:len(raw)-1])
	return nil
}

// decode replaces base64 by what it stands for.
func (t *text) decode() error {
	decoded := locked(base64.StdEncoding.DecodedLen(len(*t)))
	length, err := base64.StdEncoding.Strict().Decode(decoded, *t)
	wipe(*t)
	*t = decoded[:length]
	return err
}

var escapes = map[byte]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// unquote appends what the inside of a well-formed JSON string means to to, which has room for it.
func unquote(to, inside []byte) []byte {
	for i := 0; i < len(inside); i++ {
		if inside[i] != '\\' {
			to = append(to, inside[i])
			continue
		}
		i++
		if inside[i] != 'u' {
			to = append(to, escapes[inside[i]])
			continue
		}
		r := hex4(inside[i+1:])
		i += 4
		if utf16.IsSurrogate(r) {
			low := rune(utf8.RuneError)
			if rest := inside[i+1:]; len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' {
				low = hex4(rest[2:])
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				i += 6
			}
		}
		to = utf8.AppendRune(to, r)
	}
	return to
}

func hex4(digits []byte) rune {
	number, _ := strconv.ParseUint(string(digits[:4]), 16, 16)
	return rune(number)
}
