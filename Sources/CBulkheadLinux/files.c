// fallocate, strptime and locks of open file descriptions.
#define _GNU_SOURCE
#include "CBulkheadLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

int bulkhead_hold_for_reading(int descriptor)
{
    struct flock request = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    return fcntl(descriptor, F_OFD_SETLK, &request) == 0 ? 0 : -errno;
}

int bulkhead_hold_alone(int descriptor)
{
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno != EOPNOTSUPP) return -errno;
    struct flock request = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(descriptor, F_OFD_SETLK, &request) == 0 || errno == EOPNOTSUPP ? 0 : -errno;
}

int bulkhead_preallocate(int descriptor, int64_t start, int64_t byte_count)
{
    return fallocate(descriptor, FALLOC_FL_KEEP_SIZE, start, byte_count) == 0 ? 0 : -errno;
}

int bulkhead_is_dated(const char *name, const char *pattern)
{
    struct tm parts;
    memset(&parts, 0, sizeof parts);
    parts.tm_isdst = -1;
    const char *end = strptime(name, pattern, &parts);
    if (end == NULL || *end != 0) return 0;
    // strptime takes one digit for two, and any space for none.
    char exact[1024];
    return strftime(exact, sizeof exact, pattern, &parts) > 0 && strcmp(exact, name) == 0;
}
