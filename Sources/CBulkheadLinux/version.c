#include "CBulkheadLinux.h"

#ifndef BULKHEAD_BUILD
#define BULKHEAD_BUILD "0.1.0"
#endif

// The mark makes a program's build readable in its file, and what follows it may be up to 31 bytes long.
static const char mark[48] __attribute__((used)) = "bulkhead build: " BULKHEAD_BUILD;

const char *bulkhead_build(void) {
    const char *volatile text = mark;
    return text + sizeof "bulkhead build: " - 1;
}
