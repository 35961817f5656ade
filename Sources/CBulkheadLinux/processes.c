#define _GNU_SOURCE
#include "CBulkheadLinux.h"

#include <errno.h>
#include <malloc.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/// Moves `descriptor` above the window 0...9, so that the dup2 calls below can't overwrite it.
static int lift(int descriptor) { return descriptor < 0 ? descriptor : fcntl(descriptor, F_DUPFD_CLOEXEC, 10); }

/// What the child does between clone and exec: async-signal-safe calls only. Never returns.
static void become(const bulkhead_spawn_request *request, pid_t parent, int report) {
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    if (!request->outlives_parent && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) goto failed;
    if (getppid() != parent) _exit(127); // the master died before it could be watched
    // Without the master's terminal: nothing can be typed into that from here.
    if (setsid() < 0) setpgid(0, 0);
    if (!request->dumps_core) {
        // 0 would still have a dump piped to a program that collects them, as core(5) says; 1 has not.
        struct rlimit one = {.rlim_cur = 1, .rlim_max = 1};
        setrlimit(RLIMIT_CORE, &one);
    }
    if (request->nice_increment) setpriority(PRIO_PROCESS, 0, request->nice_increment);

    int high_report = lift(report), high_socket = lift(request->socket);
    int high_error = lift(request->standard_error), high_input = lift(request->standard_input);
    if (high_report < 0 || (request->socket >= 0 && high_socket < 0)) goto failed;
    report = high_report;
    // Lifted as well: where the master runs without a standard input, open() answers with the very 0 that is wanted.
    if (high_input < 0) high_input = lift(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (high_input < 0 || dup2(high_input, 0) < 0) goto failed;
    if (high_error >= 0 && (dup2(high_error, 1) < 0 || dup2(high_error, 2) < 0)) goto failed;
    if (high_socket >= 0 && dup2(high_socket, 3) < 0) goto failed;
    // The report pipe is close-on-exec and lies at 10 or above; all else above the socket goes now.
    if (syscall(SYS_close_range, high_socket >= 0 ? 4u : 3u, (unsigned)report - 1, 0u) < 0) goto failed;
    if (syscall(SYS_close_range, (unsigned)report + 1, ~0u, 0u) < 0) goto failed;
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(request->path, request->arguments, request->environment);
failed:;
    int error = errno;
    ssize_t ignored = write(report, &error, sizeof error);
    (void)ignored;
    _exit(127);
}

pid_t bulkhead_spawn(const bulkhead_spawn_request *request, int *pidfd) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0) return -errno;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    *pidfd = -1;
    struct clone_args arguments = {
        .flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)pidfd, .exit_signal = SIGCHLD};
    pid_t child = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (child == 0) become(request, parent, report[1]);
    int clone_error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    if (child < 0) {
        close(report[0]);
        return -clone_error;
    }
    int error = 0;
    ssize_t count;
    do count = read(report[0], &error, sizeof error);
    while (count < 0 && errno == EINTR);
    close(report[0]);
    if (count == (ssize_t)sizeof error) {
        siginfo_t info;
        waitid((idtype_t)P_PIDFD, (id_t)*pidfd, &info, WEXITED);
        close(*pidfd);
        *pidfd = -1;
        return -error;
    }
    return child;
}

/// How many process groups a guard remembers.
enum { most_guarded = 64 };

/// The guard's own life, in a process of its own: async-signal-safe calls only. Never returns.
static void guard(int orders) {
    // A group of its own, so that what ends its maker's does not end it; and nothing of its maker's stays open by it.
    setpgid(0, 0);
    prctl(PR_SET_NAME, "bulkhead-guard");
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    if (dup2(orders, 0) < 0) _exit(1);
    syscall(SYS_close_range, 1u, ~0u, 0u);
    pid_t groups[most_guarded] = {0};
    int32_t order;
    ssize_t count;
    while ((count = read(0, &order, sizeof order)) == (ssize_t)sizeof order || (count < 0 && errno == EINTR)) {
        if (count < 0) continue;
        pid_t wanted = order > 0 ? 0 : -order;
        for (int index = 0; index < most_guarded; index++) {
            if (groups[index] != wanted) continue;
            groups[index] = order > 0 ? order : 0;
            break;
        }
    }
    for (int index = 0; index < most_guarded; index++) {
        if (groups[index] > 1) kill(-groups[index], SIGKILL);
    }
    _exit(0);
}

int bulkhead_start_guard(pid_t *pid) {
    int orders[2];
    if (pipe2(orders, O_CLOEXEC) < 0) return -errno;
    pid_t child = fork();
    if (child == 0) guard(orders[0]);
    int error = errno;
    close(orders[0]);
    if (child < 0) {
        close(orders[1]);
        return -error;
    }
    *pid = child;
    return orders[1];
}

void bulkhead_end_guard(int guard, pid_t pid) {
    close(guard);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
}

int bulkhead_order_guard(int guard, int32_t order) {
    return write(guard, &order, sizeof order) == (ssize_t)sizeof order ? 0 : -errno;
}

int bulkhead_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ? -errno : 0; }

pid_t bulkhead_ended_pid(const siginfo_t *info) { return info->si_pid; }

int bulkhead_signal_group(pid_t pid, int signal_number) {
    if (pid <= 1) return -EINVAL;
    // The child makes its group itself: a signal that comes before that must still reach it.
    int group = kill(-pid, signal_number) < 0 ? -errno : 0;
    int leader = kill(pid, signal_number) < 0 ? -errno : 0;
    return group < 0 && leader < 0 ? leader : 0;
}

int bulkhead_reap(int pidfd, int *status, int *signaled) {
    siginfo_t info = {0};
    int outcome;
    do outcome = waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG);
    while (outcome < 0 && errno == EINTR);
    if (outcome < 0) return -errno;
    if (info.si_pid == 0) return 0;
    *status = info.si_status;
    *signaled = info.si_code != CLD_EXITED;
    return 1;
}

int bulkhead_die_with_parent(pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return -errno;
    return getppid() == parent ? 0 : -ESRCH;
}

int bulkhead_ignore_broken_pipes(void) { return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -errno : 0; }

int bulkhead_ignore_full_files(void) { return signal(SIGXFSZ, SIG_IGN) == SIG_ERR ? -errno : 0; }

static volatile sig_atomic_t signal_descriptor = -1;

static void tell_signal(int signal_number) {
    int error = errno;
    unsigned char byte = (unsigned char)signal_number;
    ssize_t ignored = write(signal_descriptor, &byte, 1);
    (void)ignored;
    errno = error;
}

int bulkhead_tell_signal(int signal_number, int descriptor) {
    struct sigaction action = {.sa_handler = tell_signal, .sa_flags = SA_RESTART};
    signal_descriptor = descriptor;
    return sigaction(signal_number, &action, NULL) < 0 ? -errno : 0;
}

int bulkhead_process_exists(pid_t pid) { return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM) ? 1 : 0; }

size_t bulkhead_heap_byte_count(void) {
    struct mallinfo2 information = mallinfo2();
    return information.uordblks + information.hblkhd;
}

int64_t bulkhead_preemption_count(void) {
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : 0;
}
