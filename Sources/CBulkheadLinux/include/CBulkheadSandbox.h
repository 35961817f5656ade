// How a process gives up what it does not need. Nothing here can be taken back. Each call returns a result or a negative
// errno value; what the kernel does not have is ENOSYS or EOPNOTSUPP.
#pragma once
#include <stddef.h>
#include <stdint.h>

// MARK: rights and limits

/// No program that this process starts gets more rights than it has: what seccomp and Landlock ask for.
int bulkhead_refuse_new_privileges(void);

enum bulkhead_root_right {
    BULKHEAD_ROOT_READS_ANY_FILE = 1, ///< CAP_DAC_READ_SEARCH: root reads the files of others
    BULKHEAD_ROOT_SEES_SCREEN = 2,    ///< CAP_SYS_ADMIN, without which the kernel shows no frame buffer of a card
    BULKHEAD_ROOT_WRITES_ANY_FILE = 4 ///< CAP_DAC_OVERRIDE: root writes where others may
};

/// Gives up all capabilities that root has and others do not, except those of enum bulkhead_root_right in `kept`.
int bulkhead_drop_capabilities(int kept);

enum bulkhead_limit {
    BULKHEAD_LIMIT_CORE,          ///< bytes of a core dump
    BULKHEAD_LIMIT_DATA,          ///< bytes of private writable memory
    BULKHEAD_LIMIT_ADDRESS_SPACE, ///< bytes of all mappings
    BULKHEAD_LIMIT_FILE_SIZE,     ///< bytes of a file that is written
    BULKHEAD_LIMIT_OPEN_FILES,
    BULKHEAD_LIMIT_THREADS,      ///< of the user, all processes together
    BULKHEAD_LIMIT_LOCKED_MEMORY,
    BULKHEAD_LIMIT_NICE,         ///< how far priority may be raised
    BULKHEAD_LIMIT_REAL_TIME,    ///< the highest real-time priority
    BULKHEAD_LIMIT_QUEUED_MESSAGES,
    BULKHEAD_LIMIT_QUEUED_SIGNALS ///< of the user, all processes together; a timer takes one
};

/// Lowers both limits to `value`; never raises one. `limit` is one of enum bulkhead_limit.
int bulkhead_lower_limit(int limit, uint64_t value);

/// Stores the limit in force; UINT64_MAX when there is none.
int bulkhead_limit(int limit, uint64_t *value);

/// Lets this process, and the threads that it makes, run on all CPUs that it may use but the first, where there are at
/// least two. Returns how many are left to it.
int bulkhead_leave_first_cpu(void);

/// Whether this process may be traced, and its memory be read through /proc, by others of the same user.
int bulkhead_set_dumpable(int enabled);

// MARK: files, by Landlock

/// The version of Landlock that the kernel offers, from 1.
int bulkhead_landlock_version(void);

enum bulkhead_landlock_options {
    BULKHEAD_LANDLOCK_NETWORK = 1,      ///< TCP ports may be bound and connected to
    BULKHEAD_LANDLOCK_LOCAL_SOCKETS = 2 ///< abstract sockets of other programs may be connected to
};

/// Begins a set of rules under which all is forbidden that `version` knows, except `options`, of enum
/// bulkhead_landlock_options. Returns a descriptor that the caller closes.
int bulkhead_landlock_create(int version, int options);

enum bulkhead_kind {
    BULKHEAD_KIND_FILE = 1,
    BULKHEAD_KIND_FOLDER = 2,
    BULKHEAD_KIND_OTHER = 4 ///< devices, FIFOs and sockets
};

/// Opens what is meant, for bulkhead_landlock_allow() alone (O_PATH). With a `folder`, `path` lies in or below it, and
/// nothing on the way from there is a link: what comes with a library is not the library's word. Without one, `path` is
/// what a person or this program has named, and links are followed. Returns a descriptor that the caller closes; ELOOP or
/// EXDEV for a way that leads elsewhere, EISDIR, ENOTDIR or EINVAL for what is none of `kinds`, of enum bulkhead_kind.
/// - SeeAlso: openat2(2).
int bulkhead_open_meant(const char *folder, const char *path, int kinds);

enum bulkhead_landlock_access {
    BULKHEAD_LANDLOCK_READ = 1,   ///< read files and list folders
    BULKHEAD_LANDLOCK_WRITE = 2,  ///< write to files that exist
    BULKHEAD_LANDLOCK_MAKE = 4,   ///< make, rename and remove files and folders
    BULKHEAD_LANDLOCK_CONTROL = 8 ///< ioctl() of devices
};

/// Allows `access` to what `descriptor` stands for: a file, or a folder with all that is below it.
int bulkhead_landlock_allow(int ruleset, int version, int descriptor, int access);

/// Puts the calling thread, and the threads that it makes from now on, under the rules, for good.
int bulkhead_landlock_enter(int ruleset);

// MARK: system calls, by seccomp

enum bulkhead_seccomp_options {
    /// Files may not be opened for writing, made, renamed or removed: for kernels without Landlock.
    BULKHEAD_SECCOMP_READ_ONLY = 1,
    /// Sockets of this machine's programs may be made and connected (AF_UNIX).
    BULKHEAD_SECCOMP_LOCAL_SOCKETS = 2,
    /// So may sockets of the network (AF_INET, AF_INET6, and AF_NETLINK to look at interfaces).
    BULKHEAD_SECCOMP_NETWORK = 4,
    /// What drivers and sound and screen servers ask for: ioctl() of devices, shared segments, files in memory.
    BULKHEAD_SECCOMP_DEVICES = 8,
    /// More may be given up later, by Landlock and by a second list.
    BULKHEAD_SECCOMP_NARROWS = 16
};

/// From now on all threads of this process may only call what computing takes, and what `options` add, of enum
/// bulkhead_seccomp_options; see seccomp.c. Call bulkhead_refuse_new_privileges() first.
int bulkhead_seccomp_enter(int options);

/// 1 where the kernel filters system calls, else 0.
int bulkhead_seccomp_is_there(void);
