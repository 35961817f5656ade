#define _GNU_SOURCE
#include "CBulkheadLinux.h"
#include <sys/auxv.h>

static int argument_count;
static char **argument_values;

// glibc hands the program's arguments to constructors. Swift's CommandLine reads them in /proc, which may be hidden.
__attribute__((constructor)) static void keep_arguments(int count, char **values) {
    argument_count = count;
    argument_values = values;
}

int bulkhead_argument_count(void) { return argument_count; }

const char *bulkhead_argument(int index) {
    return index >= 0 && index < argument_count ? argument_values[index] : "";
}

const char *bulkhead_executable(void) {
    const char *path = (const char *)getauxval(AT_EXECFN);
    return path ? path : "";
}
