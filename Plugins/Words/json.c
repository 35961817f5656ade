#include "json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void skip_space(json_reader *reader) {
    while (reader->at < reader->end && memchr(" \t\r\n", *reader->at, 4)) reader->at++;
}

static bool skip(json_reader *reader, char wanted) {
    skip_space(reader);
    if (reader->at == reader->end || *reader->at != wanted) return false;
    reader->at++;
    return true;
}

bool json_begin(json_reader *reader, const char *bytes, size_t length) {
    *reader = (json_reader){ bytes, bytes + length };
    return skip(reader, '{');
}

/// The four digits of an escape; -1 where there are none.
static int32_t unit(json_reader *reader) {
    if (reader->end - reader->at < 4) return -1;
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char digit = *reader->at++;
        value <<= 4;
        if (digit >= '0' && digit <= '9') value |= digit - '0';
        else if (digit >= 'a' && digit <= 'f') value |= digit - 'a' + 10;
        else if (digit >= 'A' && digit <= 'F') value |= digit - 'A' + 10;
        else return -1;
    }
    return value;
}

/// Writes a character as UTF-8; the number of bytes.
static size_t encode(int32_t scalar, char bytes[4]) {
    if (scalar < 0x80) return bytes[0] = (char)scalar, 1;
    if (scalar < 0x800) return bytes[0] = (char)(0xC0 | scalar >> 6), bytes[1] = (char)(0x80 | (scalar & 63)), 2;
    if (scalar < 0x10000) {
        bytes[0] = (char)(0xE0 | scalar >> 12), bytes[1] = (char)(0x80 | (scalar >> 6 & 63));
        bytes[2] = (char)(0x80 | (scalar & 63));
        return 3;
    }
    bytes[0] = (char)(0xF0 | scalar >> 18), bytes[1] = (char)(0x80 | (scalar >> 12 & 63));
    bytes[2] = (char)(0x80 | (scalar >> 6 & 63)), bytes[3] = (char)(0x80 | (scalar & 63));
    return 4;
}

/// The character behind a backslash; -1 where it is none.
static int32_t escaped(json_reader *reader) {
    if (reader->at == reader->end) return -1;
    switch (*reader->at++) {
    case '"': return '"';
    case '\\': return '\\';
    case '/': return '/';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'u': break;
    default: return -1;
    }
    int32_t first = unit(reader);
    if (first < 0xD800 || first > 0xDBFF) return first;
    if (reader->end - reader->at < 2 || reader->at[0] != '\\' || reader->at[1] != 'u') return -1;
    reader->at += 2;
    int32_t second = unit(reader);
    return second < 0xDC00 || second > 0xDFFF ? -1 : 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

/// Reads a text into `place` of `size` bytes, whole characters, with a zero behind.
static bool read_text(json_reader *reader, char *place, size_t size) {
    if (!skip(reader, '"')) return false;
    size_t count = 0;
    bool is_full = false;
    while (reader->at < reader->end && *reader->at != '"') {
        char bytes[4];
        size_t length = 1;
        if (*reader->at == '\\') {
            reader->at++;
            int32_t scalar = escaped(reader);
            if (scalar < 0) return false;
            length = encode(scalar, bytes);
        } else {
            bytes[0] = *reader->at++;
            while (length < 4 && reader->at < reader->end && (*reader->at & 0xC0) == 0x80) bytes[length++] = *reader->at++;
        }
        if (count + length >= size) is_full = true;
        if (is_full) continue;
        memcpy(place + count, bytes, length);
        count += length;
    }
    place[count] = 0;
    return skip(reader, '"');
}

static bool read_word(json_reader *reader, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length)) return false;
    reader->at += length;
    return true;
}

bool json_next(json_reader *reader, json_member *member) {
    skip_space(reader);
    if (reader->at < reader->end && *reader->at == ',') reader->at++;
    member->text[0] = 0, member->number = 0;
    if (!read_text(reader, member->name, sizeof member->name) || !skip(reader, ':')) return false;
    skip_space(reader);
    if (reader->at == reader->end) return false;
    if (*reader->at == '"') return read_text(reader, member->text, sizeof member->text);
    if (read_word(reader, "true")) return member->number = 1, true;
    if (read_word(reader, "false") || read_word(reader, "null")) return true;
    char digits[64];
    size_t count = 0;
    while (reader->at < reader->end && count < sizeof digits - 1 && *reader->at && strchr("+-.0123456789eE", *reader->at))
        digits[count++] = *reader->at++;
    digits[count] = 0;
    char *rest;
    member->number = strtod(digits, &rest);
    return count > 0 && !*rest;
}
