/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/escape.h"

#include <stdint.h>

#include "template/number.h"
#include "template/printable.h"
#include "template/text.h"
#include "template/utf8.h"

/* For each ASCII byte that is replaced: by what. */
typedef const char *const replacements[128];

static const replacements html_words = {
    ['"'] = "&#34;", ['\''] = "&#39;", ['&'] = "&amp;",
    ['<'] = "&lt;",  ['>'] = "&gt;",   ['\0'] = "\xef\xbf\xbd",
};

static const replacements js_words = {
    ['\\'] = "\\\\",   ['\''] = "\\'",    ['"'] = "\\\"",    ['<'] = "\\u003C",
    ['>'] = "\\u003E", ['&'] = "\\u0026", ['='] = "\\u003D",
};

static const char *word_for(const replacements words, unsigned char byte)
{
    return byte < 0x80 ? words[byte] : NULL;
}

void escape_html(struct text *out, struct span in)
{
    for (size_t i = 0; i < in.length && !out->error; i++) {
        const char *word = word_for(html_words, (unsigned char)in.data[i]);
        if (word)
            text_add(out, word);
        else
            text_byte(out, in.data[i]);
    }
}

void escape_js(struct text *out, struct span in)
{
    while (in.length && !out->error) {
        const char *word = word_for(js_words, (unsigned char)in.data[0]);
        uint32_t rune;
        size_t length = utf8_decode(in, &rune);
        if (word) {
            text_add(out, word);
        } else if (printable_rune(rune) || rune == 0x7f) {
            text_bytes(out, in.data, length);
        } else {
            text_add(out, "\\u");
            number_unsigned(out, rune, 16, NUMBER_UPPER, 4);
        }
        in = (struct span){in.data + length, in.length - length};
    }
}

static int is_unreserved(char c)
{
    char letter = (char)(c | 0x20);
    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void escape_urlquery(struct text *out, struct span in)
{
    for (size_t i = 0; i < in.length && !out->error; i++) {
        char c = in.data[i];
        if (is_unreserved(c)) {
            text_byte(out, c);
        } else if (c == ' ') {
            text_byte(out, '+');
        } else {
            text_byte(out, '%');
            number_unsigned(out, (unsigned char)c, 16, NUMBER_UPPER, 2);
        }
    }
}
