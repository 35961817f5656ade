#define _GNU_SOURCE
#include "CBulkheadSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// The headers of the system may be older than its kernel: what is used here is written down, as landlock(7) has it. The
// system calls have these numbers on every architecture.
enum {
    open_by_how = 437, create_ruleset = 444, add_rule = 445, restrict_self = 446, only_version = 1, path_beneath = 1
};

#define RIGHT(bit) (UINT64_C(1) << (bit))
enum {
    execute = 0, write_file, read_file, read_folder, remove_folder, remove_file, make_character_device, make_folder,
    make_file, make_socket, make_fifo, make_block_device, make_link, refer, truncate_file, control_device
};

struct ruleset {
    uint64_t files;   ///< version 1
    uint64_t network; ///< version 4: binding to and connecting to TCP ports
    uint64_t scopes;  ///< version 6: abstract sockets and signals, which do not leave the sandbox
};

struct path_rule {
    uint64_t allowed;
    int32_t folder;
} __attribute__((packed));

static int result(long value) { return value < 0 ? -errno : (int)value; }

int bulkhead_landlock_version(void) { return result(syscall(create_ruleset, NULL, (size_t)0, only_version)); }

/// All rights to files that `version` knows.
static uint64_t known(int version) {
    uint64_t rights = RIGHT(make_link + 1) - 1;
    if (version >= 2) rights |= RIGHT(refer);
    if (version >= 3) rights |= RIGHT(truncate_file);
    if (version >= 5) rights |= RIGHT(control_device);
    return rights;
}

int bulkhead_landlock_create(int version, int options) {
    struct ruleset rules = {
        .files = known(version),
        .network = options & BULKHEAD_LANDLOCK_NETWORK ? 0 : 3,
        // An abstract socket is how programs reach an X server; signals never leave.
        .scopes = options & BULKHEAD_LANDLOCK_LOCAL_SOCKETS ? 2 : 3};
    size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
    return result(syscall(create_ruleset, &rules, size, 0));
}

/// Whether a file's type is one of `kinds`; else why not.
static int check_kind(mode_t mode, int kinds) {
    if (S_ISDIR(mode)) return kinds & BULKHEAD_KIND_FOLDER ? 0 : -EISDIR;
    if (S_ISREG(mode)) return kinds & BULKHEAD_KIND_FILE ? 0 : -ENOTDIR;
    return kinds & BULKHEAD_KIND_OTHER ? 0 : -EINVAL;
}

int bulkhead_open_meant(const char *folder, const char *path, int kinds) {
    int descriptor;
    if (!folder) {
        descriptor = open(path, O_PATH | O_CLOEXEC);
        if (descriptor < 0) return -errno;
    } else {
        int base = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (base < 0) return -errno;
        struct open_how how = {
            .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH};
        descriptor = (int)syscall(open_by_how, base, path, &how, sizeof how);
        int error = errno;
        close(base);
        if (descriptor < 0) return -error;
    }
    struct stat information;
    int error = fstat(descriptor, &information) < 0 ? -errno : check_kind(information.st_mode, kinds);
    if (error < 0) {
        close(descriptor);
        return error;
    }
    return descriptor;
}

int bulkhead_landlock_allow(int ruleset, int version, int descriptor, int access) {
    struct stat information;
    if (fstat(descriptor, &information) < 0) return -errno;
    uint64_t rights = 0;
    if (access & BULKHEAD_LANDLOCK_READ) rights |= RIGHT(read_file);
    if (access & BULKHEAD_LANDLOCK_WRITE) rights |= RIGHT(write_file) | RIGHT(truncate_file);
    if (access & BULKHEAD_LANDLOCK_CONTROL) rights |= RIGHT(control_device);
    if (S_ISDIR(information.st_mode)) {
        if (access & BULKHEAD_LANDLOCK_READ) rights |= RIGHT(read_folder);
        if (access & BULKHEAD_LANDLOCK_MAKE)
            rights |= RIGHT(make_file) | RIGHT(make_folder) | RIGHT(remove_file) | RIGHT(remove_folder) | RIGHT(refer);
    }
    struct path_rule rule = {.allowed = rights & known(version), .folder = descriptor};
    return result(syscall(add_rule, ruleset, path_beneath, &rule, 0));
}

int bulkhead_landlock_enter(int ruleset) { return result(syscall(restrict_self, ruleset, 0)); }
