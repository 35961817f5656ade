// json.h: reads the members of one flat object of JSON, one after the other. Bulkhead writes what is read here.
#ifndef BULKHEAD_WORDS_JSON_H
#define BULKHEAD_WORDS_JSON_H

#include <stdbool.h>
#include <stddef.h>

/// Where reading has come to.
typedef struct json_reader {
    const char *at, *end;
} json_reader;

/// A member: a number, or a text in UTF-8, whose other half is 0 or empty then. What is longer than its place is cut.
typedef struct json_member {
    char name[32];
    char text[2048];
    double number;
} json_member;

/// Begins to read the `length` bytes at `bytes`. False where no object begins there.
bool json_begin(json_reader *reader, const char *bytes, size_t length);

/// Reads the next member; true and false count as 1 and 0, null as 0. False at the object's end, at an object or a list as
/// value, and where it is no JSON.
bool json_next(json_reader *reader, json_member *member);

#endif
