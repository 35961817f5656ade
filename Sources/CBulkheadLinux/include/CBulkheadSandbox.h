// How a process gives up what it does not need. Nothing here can be taken back. Each call returns a result or a negative
// errno value; what the kernel does not have is ENOSYS or EOPNOTSUPP.
#pragma once
#include <stddef.h>
#include <stdint.h>

// MARK: rights and limits

/// No program that this process starts gets more rights than it has: what seccomp and Landlock ask for.
int bulkhead_refuse_new_privileges(void);

/// Gives up all capabilities that root has and others do not.
int bulkhead_drop_capabilities(void);

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
    BULKHEAD_LIMIT_QUEUED_MESSAGES
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

/// Begins a set of rules under which all is forbidden that `version` knows. Returns a descriptor that the caller closes.
int bulkhead_landlock_create(int version);

enum bulkhead_landlock_access {
    BULKHEAD_LANDLOCK_READ = 1,  ///< read files and list folders
    BULKHEAD_LANDLOCK_WRITE = 2, ///< write to files that exist
    BULKHEAD_LANDLOCK_MAKE = 4   ///< make, rename and remove files and folders
};

/// Allows `access` to the file `path`, or to all below the folder `path`.
int bulkhead_landlock_allow(int ruleset, int version, const char *path, int access);

/// Puts the calling thread, and the threads that it makes from now on, under the rules, for good.
int bulkhead_landlock_enter(int ruleset);

// MARK: system calls, by seccomp

enum bulkhead_seccomp_options {
    /// Files may not be opened for writing, made, renamed or removed: for kernels without Landlock.
    BULKHEAD_SECCOMP_READ_ONLY = 1
};

/// From now on all threads of this process may only call what computing takes; see seccomp.c. Call
/// bulkhead_refuse_new_privileges() first.
int bulkhead_seccomp_enter(int options);
