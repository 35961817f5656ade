// The Linux calls that Swift's Glibc module does not show. Each returns a result or a negative errno value, keeps no
// state and takes no ownership of a pointer or descriptor unless its comment says so.
#pragma once
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "CBulkheadSandbox.h"

// MARK: version

/// The program's build, such as "0.1.0": a string that lives as long as the process.
const char *bulkhead_build(void);

// MARK: arguments

/// How many words the program was started with, its name among them.
int bulkhead_argument_count(void);

/// The word at `index`, which lives as long as the process; empty where there is none.
const char *bulkhead_argument(int index);

/// The path by which the kernel was asked to start this program: a string that lives as long as the process.
const char *bulkhead_executable(void);

// MARK: descriptors

/// Closes `descriptor`, which the caller gives up even when this fails.
int bulkhead_close(int descriptor);

/// Holds the file of `descriptor` for reading, by a lock that is the open file's own, until that is closed. It is in the
/// way of nobody but bulkhead_hold_alone().
int bulkhead_hold_for_reading(int descriptor);

/// Holds the file of `descriptor`, which is open for writing too, as the only one, until that is closed. -EWOULDBLOCK or
/// -EAGAIN where a recorder has it by flock(2), or a reader by bulkhead_hold_for_reading().
int bulkhead_hold_alone(int descriptor);

/// Takes blocks for `byte_count` bytes of the file from `start` on, without making it longer. Where that fails, some may
/// have been taken.
int bulkhead_preallocate(int descriptor, int64_t start, int64_t byte_count);

/// Whether `name` is what strftime(3) makes of `pattern` at some time: 1 or 0. Names have 1023 bytes at most.
int bulkhead_is_dated(const char *name, const char *pattern);

/// Creates a memfd of exactly `byte_count` bytes, close-on-exec, sealed against growing and shrinking.
/// Returns a descriptor that the caller closes, or a negative errno value. Linux 3.17 and later.
int bulkhead_memfd_create_sealed(const char *name, size_t byte_count);

/// Seals a memfd against further writable mappings and writes; mappings that exist stay writable. Linux 5.1 and later.
int bulkhead_memfd_seal_future_writes(int descriptor);

/// Opens what `descriptor` refers to once more, for reading only. Returns a descriptor that the caller closes.
int bulkhead_reopen_read_only(int descriptor);

/// Duplicates `descriptor`, close-on-exec. Returns a descriptor that the caller closes.
int bulkhead_duplicate(int descriptor);

/// Creates a connected pair of stream sockets, close-on-exec, both of which the caller closes.
int bulkhead_socketpair(int pair[2]);

/// Creates a pipe, close-on-exec; `pair[0]` is read from. The caller closes both.
int bulkhead_pipe(int pair[2]);

int bulkhead_set_nonblocking(int descriptor, int enabled);

/// Sends up to `byte_count` bytes and, where `passed` is not negative, that descriptor with the first of them; the
/// caller keeps both. Never raises SIGPIPE. Returns the number of bytes taken.
ssize_t bulkhead_send(int socket, const void *bytes, size_t byte_count, int passed);

/// Receives up to `byte_count` bytes. A descriptor that came along is stored in `*passed`, close-on-exec, and is the
/// caller's; else -1 is. More than one is a breach of the protocol: the others are closed, and all are where `passed` is
/// NULL. With `waits` 0 the result is -EAGAIN where nothing has come, whatever the socket. Returns 0 at the end.
ssize_t bulkhead_receive(int socket, void *bytes, size_t byte_count, int waits, int *passed);

/// Waits until `descriptor` can be read or is at its end. Returns 1, 0 after `timeout_milliseconds` (-1: no limit).
int bulkhead_wait_readable(int descriptor, int timeout_milliseconds);

// MARK: local sockets

/// Binds and listens at `path`, close-on-exec, non-blocking, with mode 0600; with 0660 where `group` is none of -1, whose members
/// may connect then. `path` must not exist.
int bulkhead_listen_local(const char *path, gid_t group, int backlog);

/// Connects to `path`, close-on-exec, blocking; -EAGAIN where nobody has accepted for two seconds.
int bulkhead_connect_local(const char *path);

/// Accepts one connection, close-on-exec, non-blocking.
int bulkhead_accept(int listener);

/// Tells who is at the other end of a local socket.
int bulkhead_peer_credentials(int socket, pid_t *pid, uid_t *uid);

// MARK: events

int bulkhead_epoll_create(void);
/// `events`: 1 readable, 2 writable, 4 each time that it becomes so and not as long as it is; sums of these. Ends and
/// errors are always reported. `operation`: 0 add, 1 change, 2 remove.
int bulkhead_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t token);

typedef struct bulkhead_epoll_event {
    uint64_t token;
    uint32_t readable; ///< 1 when there is something to read, an end or an error
    uint32_t writable;
} bulkhead_epoll_event;

/// Waits for events, at most `timeout_nanoseconds` (-1: no limit), and stores up to `capacity` (at most 64). Returns their
/// number: 0 after the timeout, when there were none at its end either.
int bulkhead_epoll_wait(int epoll, bulkhead_epoll_event *events, int capacity, int64_t timeout_nanoseconds);

/// Creates a non-blocking eventfd, which `bulkhead_eventfd_signal` makes readable.
int bulkhead_eventfd_create(void);
int bulkhead_eventfd_signal(int descriptor);
/// Makes it unreadable again.
int bulkhead_eventfd_clear(int descriptor);

/// Opens a non-blocking rtnetlink socket, close-on-exec, that becomes readable when a route, an address or an interface of
/// this machine changes. Returns a descriptor that the caller closes, or a negative errno value.
int bulkhead_route_events_open(void);

// MARK: processes

typedef struct bulkhead_spawn_request {
    const char *path;
    char *const *arguments;   ///< ends with NULL
    char *const *environment; ///< ends with NULL
    int standard_input;       ///< a descriptor, or -1 for /dev/null
    int standard_error;       ///< a descriptor for standard output and error, or -1 to inherit them
    int socket;               ///< becomes descriptor 3, or -1 for none
    int nice_increment;
    int dumps_core; ///< 0: it leaves no core dump behind
    int outlives_parent; ///< 0: it gets SIGKILL when the calling thread ends
} bulkhead_spawn_request;

/// Starts a program in a session and a process group of its own, with descriptors 0 to 3 only, default signal handling, and SIGKILL
/// as the signal it gets when the calling THREAD ends, unless the request says otherwise: call this on a thread that outlives
/// the child.
/// Returns the process id and stores a pidfd that the caller closes; a failed exec is returned as its errno value.
pid_t bulkhead_spawn(const bulkhead_spawn_request *request, int *pidfd);

/// Stands for a standard descriptor that the program has from its caller.
#define BULKHEAD_INHERITED (-2)

typedef struct bulkhead_program {
    const char *path;
    char *const *arguments;   ///< ends with NULL
    char *const *environment; ///< ends with NULL
    const char *folder;       ///< where it is run, or NULL for the caller's
    int input;                ///< a descriptor, -1 for /dev/null, or BULKHEAD_INHERITED; so are the other two
    int output;
    int errors;
    int leads_group; ///< 0: it is in the caller's process group, and gets what a terminal sends to that
} bulkhead_program;

/// Starts a program with descriptors 0 to 2 only and default signal handling. Unlike a child of bulkhead_spawn(), it outlives
/// the calling thread, and may be started on any.
/// Returns the process id and stores a pidfd that the caller closes; a failed exec is returned as its errno value.
pid_t bulkhead_start_program(const bulkhead_program *program, int *pidfd);

/// Starts a process that outlives this one by a moment and then ends, with SIGKILL, the process groups that it was told of and
/// that were not taken back: what this process has started does not stay behind it, however it ends. Call it while there is one
/// thread. Returns a descriptor for `bulkhead_order_guard`, whose end is the signal, and stores the process id.
int bulkhead_start_guard(pid_t *pid);

/// Tells a guard of the group `order`, or takes the group `-order` back. At most 64 groups are guarded at a time.
int bulkhead_order_guard(int guard, int32_t order);

/// Orphans below this process become its children from now on, and it has to reap them. Returns 0 or a negative errno value.
int bulkhead_adopt_orphans(void);

/// Which child `waitid` has told of in `info`; 0 for none. The field is a macro of a union, which Swift doesn't see.
pid_t bulkhead_ended_pid(const siginfo_t *info);

/// Has the guard end what is in its care, and itself; closes `guard`.
void bulkhead_end_guard(int guard, pid_t pid);

/// Sends `signal_number` to the process group that `pid` leads, and to `pid` itself.
int bulkhead_signal_group(pid_t pid, int signal_number);

/// Reaps the ended child behind `pidfd`. Stores its exit code, or the signal's number and 1 in `*signaled`.
/// Returns 1, or 0 while it still runs.
int bulkhead_reap(int pidfd, int *status, int *signaled);

/// Asks for SIGKILL when the parent's thread ends; fails with ESRCH when the parent is no longer `parent`.
int bulkhead_die_with_parent(pid_t parent);

/// Makes the process ignore SIGPIPE: writing to a closed socket or pipe returns EPIPE.
int bulkhead_ignore_broken_pipes(void);

/// Makes the process ignore SIGXFSZ: writing beyond the largest file that it may have returns EFBIG. A process whose limit
/// is there to end it does without.
int bulkhead_ignore_full_files(void);

/// Writes the signal and a backtrace to standard error when this process crashes, and lets it die of that signal at once,
/// also when the signal comes from outside. Signals that have a handler already keep it.
void bulkhead_report_crashes(void);

/// Has that report say `phrase`, which is copied, when the address of a fault lies among the `byte_count` bytes from
/// `start` on. At most 128 stretches are known at a time.
void bulkhead_watch_memory(const void *start, size_t byte_count, const char *phrase);

/// How often the kernel has taken the processor from the calling thread for another one's sake.
int64_t bulkhead_preemption_count(void);

/// How many bytes malloc has given out that were not given back, in all threads.
size_t bulkhead_heap_byte_count(void);

/// Forgets the watched stretches that begin among the `byte_count` bytes from `start` on.
void bulkhead_forget_memory(const void *start, size_t byte_count);
/// From now on writes one byte, the signal's number, to `descriptor` for each `signal_number` that comes. The descriptor
/// must not block and stays open; there is one for all signals, the last that was given. No signal is lost meanwhile.
int bulkhead_tell_signal(int signal_number, int descriptor);

/// Whether a process with this id exists, and may be signalled by this user.
int bulkhead_process_exists(pid_t pid);
