#define _GNU_SOURCE
#include "CBulkheadSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// What a process that computes pictures and sound may ask of the kernel, and what is added to it for one that reads from
// devices or the network. It is a list of what is allowed: the kernel gets
// new calls with every version, and a list of what is forbidden would be out of date before it is read. What is not in it
// fails with EPERM; calls that are younger than this file, and those that libraries try first and then do without, with
// ENOSYS, as on an older kernel.

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "there is no list of system calls for this architecture"
#endif

/// The newest call that was looked at when these lists were written: set_mempolicy_home_node of Linux 5.17.
enum { newest_known_call = 450 };

/// Allowed whatever the arguments: they touch nothing but this process, or files that Landlock watches over.
static const int allowed[] = {
    // memory
    SYS_brk, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_mincore, SYS_msync, SYS_mlock, SYS_mlock2,
    SYS_munlock, SYS_mlockall, SYS_munlockall, SYS_membarrier,
    // threads and waiting
    SYS_futex, SYS_set_robust_list, SYS_get_robust_list, SYS_set_tid_address, SYS_sched_yield, SYS_sched_getaffinity,
    SYS_sched_getscheduler, SYS_sched_getparam, SYS_sched_getattr, SYS_sched_get_priority_max,
    SYS_sched_get_priority_min, SYS_sched_rr_get_interval, SYS_getcpu, SYS_getpriority, SYS_nanosleep, SYS_exit,
    SYS_exit_group, SYS_restart_syscall,
    // time
    SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep, SYS_gettimeofday, SYS_times, SYS_timer_create,
    SYS_timer_settime, SYS_timer_gettime, SYS_timer_getoverrun, SYS_timer_delete, SYS_timerfd_create,
    SYS_timerfd_settime, SYS_timerfd_gettime, SYS_setitimer, SYS_getitimer,
    // its own signals; those that it sends are below
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigpending, SYS_rt_sigtimedwait, SYS_rt_sigsuspend,
    SYS_sigaltstack,
    // who and where it is
    SYS_getpid, SYS_getppid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getresuid,
    SYS_getresgid, SYS_getgroups, SYS_getpgid, SYS_getsid, SYS_capget, SYS_uname, SYS_sysinfo, SYS_getrusage,
    SYS_setrlimit, SYS_getrlimit, SYS_getrandom, SYS_umask, SYS_getcwd, SYS_chdir, SYS_fchdir,
    // descriptors that it has
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev, SYS_preadv2,
    SYS_pwritev2, SYS_lseek, SYS_close, SYS_dup, SYS_dup3, SYS_fstat, SYS_fstatfs, SYS_fsync, SYS_fdatasync,
    SYS_sync_file_range, SYS_fadvise64, SYS_readahead, SYS_sendfile, SYS_copy_file_range, SYS_getdents64, SYS_flock,
    SYS_ppoll, SYS_pselect6, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_eventfd2, SYS_pipe2, SYS_ftruncate,
    SYS_fallocate,
    // files, without opening them
    SYS_newfstatat, SYS_statx, SYS_statfs, SYS_readlinkat, SYS_faccessat,
#ifdef SYS_faccessat2
    SYS_faccessat2,
#endif
#ifdef SYS_close_range
    SYS_close_range,
#endif
#ifdef SYS_epoll_pwait2
    SYS_epoll_pwait2,
#endif
#ifdef SYS_futex_waitv
    SYS_futex_waitv,
#endif
#ifdef SYS_rseq
    SYS_rseq,
#endif
#ifdef __x86_64__
    SYS_arch_prctl, SYS_time, SYS_alarm, SYS_pause, SYS_getpgrp, SYS_poll, SYS_select, SYS_epoll_create, SYS_epoll_wait,
    SYS_eventfd, SYS_pipe, SYS_dup2, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_getdents,
#endif
};

/// Allowed where Landlock sees that they stay in the plugins' own folder.
static const int changing_files[] = {
    SYS_mkdirat, SYS_unlinkat, SYS_renameat, SYS_renameat2, SYS_truncate,
#ifdef __x86_64__
    SYS_mkdir, SYS_unlink, SYS_rmdir, SYS_rename, SYS_creat,
#endif
};

/// Sockets, but for socket() itself, which is looked at below.
static const int sockets[] = {
    SYS_connect, SYS_bind, SYS_listen, SYS_accept4, SYS_getsockname, SYS_getpeername, SYS_setsockopt, SYS_getsockopt,
    SYS_sendto, SYS_recvfrom, SYS_sendmmsg, SYS_recvmmsg, SYS_shutdown,
#ifdef SYS_accept
    SYS_accept,
#endif
};

/// How screen and sound servers hand pictures and sound over.
static const int shared_segments[] = {
    SYS_shmget, SYS_shmat, SYS_shmdt, SYS_shmctl, SYS_semget, SYS_semop, SYS_semtimedop, SYS_semctl, SYS_memfd_create,
};

/// How more is given up: seccomp(), and Landlock's three calls.
static const int narrowing[] = {SYS_seccomp, SYS_capset, 444, 445, 446};

/// Calls that libraries try and then do without.
static const int unknown[] = {
    SYS_clone3, // its flags lie in memory, where a filter can't see them; the C library takes clone() then
};

/// The bits of open()'s flags with which a file is changed or made.
enum { opening_to_change = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY) };

enum { capacity = 768 };
struct program {
    struct sock_filter code[capacity];
    unsigned short length;
    int is_full;
};

static void emit(struct program *program, unsigned code, unsigned char yes, unsigned char no, unsigned value) {
    if (program->length == capacity) {
        program->is_full = 1;
        return;
    }
    program->code[program->length++] =
        (struct sock_filter){.code = (unsigned short)code, .jt = yes, .jf = no, .k = value};
}

static void answer(struct program *program, unsigned action) { emit(program, BPF_RET | BPF_K, 0, 0, action); }
static unsigned refusal(int error) { return SECCOMP_RET_ERRNO | ((unsigned)error & SECCOMP_RET_DATA); }

static void rule(struct program *program, int call, unsigned action) {
    emit(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (unsigned)call);
    answer(program, action);
}

/// The kernel takes only the lower half of the arguments that are looked at here; both architectures are little-endian.
static unsigned low_half(int argument) {
    return (unsigned)(offsetof(struct seccomp_data, args) + sizeof(uint64_t) * (unsigned)argument);
}

/// Allows `call` where its argument is one of `values`.
static void one_of(
    struct program *program, int call, int argument, const unsigned *values, unsigned count, unsigned otherwise) {
    emit(program, BPF_JMP | BPF_JEQ | BPF_K, 0, (unsigned char)(2 + 2 * count), (unsigned)call);
    emit(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, low_half(argument));
    for (unsigned index = 0; index < count; index++) rule(program, (int)values[index], SECCOMP_RET_ALLOW);
    answer(program, otherwise);
}

/// Refuses `call` where its argument is one of `values`.
static void none_of(struct program *program, int call, int argument, const unsigned *values, unsigned count, int error) {
    emit(program, BPF_JMP | BPF_JEQ | BPF_K, 0, (unsigned char)(2 + 2 * count), (unsigned)call);
    emit(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, low_half(argument));
    for (unsigned index = 0; index < count; index++) rule(program, (int)values[index], refusal(error));
    answer(program, SECCOMP_RET_ALLOW);
}

/// Allows `call` where its argument has none of the bits `without`, and one of the bits `with`, if there are any.
static void bits(struct program *program, int call, int argument, unsigned with, unsigned without, int error) {
    emit(program, BPF_JMP | BPF_JEQ | BPF_K, 0, with ? 5 : 4, (unsigned)call);
    emit(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, low_half(argument));
    emit(program, BPF_JMP | BPF_JSET | BPF_K, with ? 2 : 1, 0, without);
    if (with) emit(program, BPF_JMP | BPF_JSET | BPF_K, 0, 1, with);
    answer(program, SECCOMP_RET_ALLOW);
    answer(program, refusal(error));
}

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ONE_OF(program, call, argument, values, otherwise) \
    one_of(program, call, argument, values, COUNT(values), otherwise)

static void add_conditions(struct program *program, int options) {
    // Threads, and nothing else that clone() can make.
    bits(program, SYS_clone, 0, CLONE_THREAD, CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
        CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_PTRACE, EPERM);

    // No memory that is shared with nobody in particular: it counts neither as private nor as a file's. None that grows
    // by itself or lies in huge pages, which RLIMIT_DATA does not count.
    emit(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 6, SYS_mmap);
    emit(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, low_half(3));
    emit(program, BPF_JMP | BPF_JSET | BPF_K, 3, 0, MAP_GROWSDOWN | MAP_HUGETLB);
    emit(program, BPF_JMP | BPF_JSET | BPF_K, 0, 1, MAP_ANONYMOUS);
    emit(program, BPF_JMP | BPF_JSET | BPF_K, 1, 0, MAP_SHARED);
    answer(program, SECCOMP_RET_ALLOW);
    answer(program, refusal(EPERM));

    // Signals to itself, as abort() and raise() send them; it can't become another process.
    const unsigned own[] = {(unsigned)getpid()};
    ONE_OF(program, SYS_kill, 0, own, refusal(EPERM));
    ONE_OF(program, SYS_tgkill, 0, own, refusal(EPERM));
    const unsigned own_or_zero[] = {0, (unsigned)getpid()};
    ONE_OF(program, SYS_prlimit64, 0, own_or_zero, refusal(EPERM));

    // Without F_SETOWN and F_SETSIG, which have the kernel send any signal to any process of the user.
    const unsigned controls[] = {F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK,
                                 F_OFD_SETLK, F_OFD_SETLKW, F_DUPFD_CLOEXEC, F_GETPIPE_SZ, 1034 /* F_GET_SEALS */};
    ONE_OF(program, SYS_fcntl, 1, controls, refusal(EPERM));

    // The socket to the master, and others where there are any. Urgent bytes have been a hole in the kernel before.
    bits(program, SYS_sendmsg, 2, 0, MSG_OOB, EPERM);
    bits(program, SYS_recvmsg, 2, 0, MSG_OOB, EPERM);

    if (options & BULKHEAD_SECCOMP_DEVICES) {
        // TIOCSTI and TIOCLINUX type on a terminal; TIOCSCTTY takes one; FIOASYNC, FIOSETOWN and SIOCSPGRP send signals.
        const unsigned forbidden[] = {0x5412, 0x541C, 0x540E, 0x5452, 0x8901, 0x8902};
        none_of(program, SYS_ioctl, 1, forbidden, sizeof forbidden / sizeof *forbidden, EPERM);
    } else if (options & BULKHEAD_SECCOMP_NETWORK) {
        // As below, and SIOCGIFNAME, SIOCGIFFLAGS, SIOCGIFADDR, SIOCGIFINDEX.
        const unsigned requests[] = {0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451, 0x8910, 0x8913, 0x8915, 0x8933};
        ONE_OF(program, SYS_ioctl, 1, requests, refusal(ENOTTY));
    } else {
        // TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX: what the C library asks of any descriptor.
        const unsigned requests[] = {0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451};
        ONE_OF(program, SYS_ioctl, 1, requests, refusal(ENOTTY));
    }

    const unsigned settings[] = {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_SET_TIMERSLACK, PR_GET_TIMERSLACK,
                                PR_GET_NO_NEW_PRIVS, PR_SET_NO_NEW_PRIVS, PR_GET_SECCOMP, PR_CAPBSET_READ,
                                0x53564d41 /* PR_SET_VMA */};
    ONE_OF(program, SYS_prctl, 0, settings, refusal(EPERM));
}

static void add_all(struct program *program, const int *calls, size_t count) {
    for (size_t index = 0; index < count; index++) rule(program, calls[index], SECCOMP_RET_ALLOW);
}

static void add_sockets(struct program *program, int options) {
    const unsigned local[] = {AF_UNIX};
    unsigned families[4], count = 0;
    if (options & BULKHEAD_SECCOMP_LOCAL_SOCKETS) families[count++] = AF_UNIX;
    if (options & BULKHEAD_SECCOMP_NETWORK) {
        families[count++] = AF_INET;
        families[count++] = AF_INET6;
        families[count++] = AF_NETLINK;
    }
    if (!count) return;
    one_of(program, SYS_socket, 0, families, count, refusal(EAFNOSUPPORT));
    ONE_OF(program, SYS_socketpair, 0, local, refusal(EAFNOSUPPORT));
    add_all(program, sockets, COUNT(sockets));
}

static void add_files(struct program *program, int options) {
    unsigned forbidden = options & BULKHEAD_SECCOMP_READ_ONLY ? opening_to_change : 0;
    bits(program, SYS_openat, 2, 0, forbidden, EACCES);
#ifdef SYS_open
    bits(program, SYS_open, 1, 0, forbidden, EACCES);
#endif
    if (options & BULKHEAD_SECCOMP_READ_ONLY) return;
    add_all(program, changing_files, COUNT(changing_files));
}

int bulkhead_seccomp_is_there(void) {
    // SECCOMP_GET_ACTION_AVAIL, since Linux 4.14.
    uint32_t action = SECCOMP_RET_ERRNO;
    return syscall(SYS_seccomp, 2, 0, &action) == 0;
}

int bulkhead_seccomp_enter(int options) {
    struct program program = {.length = 0};
    // Calls of another architecture would go by other numbers.
    emit(&program, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch));
    emit(&program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCHITECTURE);
    answer(&program, SECCOMP_RET_KILL_PROCESS);
    emit(&program, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
    add_all(&program, allowed, COUNT(allowed));
    add_conditions(&program, options);
    add_files(&program, options);
    add_sockets(&program, options);
    if (options & BULKHEAD_SECCOMP_DEVICES) add_all(&program, shared_segments, COUNT(shared_segments));
    if (options & BULKHEAD_SECCOMP_NARROWS) {
        add_all(&program, narrowing, COUNT(narrowing));
#ifdef SYS_openat2
        rule(&program, SYS_openat2, SECCOMP_RET_ALLOW);
#endif
    }
    for (size_t index = 0; index < COUNT(unknown); index++) rule(&program, unknown[index], refusal(ENOSYS));
#ifdef SYS_openat2
    rule(&program, SYS_openat2, refusal(ENOSYS));
#endif
    // The x32 calls, which have numbers from 0x40000000, are among those that are not known.
    emit(&program, BPF_JMP | BPF_JGT | BPF_K, 0, 1, newest_known_call);
    answer(&program, refusal(ENOSYS));
    answer(&program, refusal(EPERM));
    if (program.is_full) return -E2BIG;
    struct sock_fprog filter = {.len = program.length, .filter = program.code};
    long outcome = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
    if (outcome > 0) return -ESRCH; // this thread could not be put under the filter
    return outcome < 0 ? -errno : 0;
}
