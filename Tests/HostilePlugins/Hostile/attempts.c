#define _GNU_SOURCE
#include "hostile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

extern char **environ;

/// The errno value of a call that has answered `value`; what it opened is closed again.
static int opened(int value) {
    if (value < 0) return errno;
    close(value);
    return 0;
}
static int done(long value) { return value < 0 ? errno : 0; }

/// A child that was made after all ends at once.
static int born(long pid) {
    if (pid < 0) return errno;
    if (pid == 0) _exit(0);
    waitpid((pid_t)pid, NULL, 0);
    return 0;
}

static int read_of_parent(const char *name, int flags) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", getppid(), name);
    return opened(open(path, flags));
}

// MARK: secrets

static int environment(const char *target) {
    for (char **entry = environ; *entry; entry++)
        if (strstr(*entry, target)) return 0;
    return ENOENT;
}
static int own_environ(const char *target) {
    FILE *file = fopen("/proc/self/environ", "re");
    if (!file) return errno;
    int outcome = ENOENT;
    for (int byte, place = 0, length = (int)strlen(target); (byte = getc(file)) != EOF && outcome;) {
        place = byte == target[place] ? place + 1 : byte == target[0];
        if (place == length) outcome = 0;
    }
    fclose(file);
    return outcome;
}
static int parent_environ(const char *target) { (void)target; return read_of_parent("environ", O_RDONLY); }
static int parent_cmdline(const char *target) { (void)target; return read_of_parent("cmdline", O_RDONLY); }
static int parent_maps(const char *target) { (void)target; return read_of_parent("maps", O_RDONLY); }
static int parent_memory(const char *target) { (void)target; return read_of_parent("mem", O_RDONLY); }
static int parent_memory_write(const char *target) { (void)target; return read_of_parent("mem", O_RDWR); }
static int parent_descriptors(const char *target) { (void)target; return read_of_parent("fd", O_RDONLY | O_DIRECTORY); }
static int processes(const char *target) { (void)target; return opened(open("/proc", O_RDONLY | O_DIRECTORY)); }
static int read_file(const char *target) { return opened(open(target, O_RDONLY)); }
static int by_own_root(const char *target) {
    char path[4200];
    snprintf(path, sizeof path, "/proc/self/root%s", target);
    return opened(open(path, O_RDONLY));
}
static int around_self(const char *target) {
    (void)target;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/../%d/cmdline", getppid());
    return opened(open(path, O_RDONLY));
}
static int passwords(const char *target) { (void)target; return opened(open("/etc/passwd", O_RDONLY)); }

// MARK: files

static int write_file(const char *target) { return opened(open(target, O_WRONLY | O_APPEND)); }
static int empty_file(const char *target) { return done(truncate(target, 0)); }
static int remove_file(const char *target) { return done(unlink(target)); }
static int rename_file(const char *target) {
    char path[4200];
    snprintf(path, sizeof path, "%s.moved", target);
    return done(rename(target, path));
}
static int change_mode(const char *target) { return done(chmod(target, 0600)); }
static int change_owner(const char *target) { return done(chown(target, getuid(), getgid())); }
static int change_times(const char *target) { return done(utimensat(AT_FDCWD, target, NULL, 0)); }
static int change_attribute(const char *target) { return done(setxattr(target, "user.a", "b", 1, 0)); }
static int made_in(const char *target, const char *name, int value) {
    (void)target;
    if (value < 0) return errno;
    close(value);
    unlink(name);
    return 0;
}
static int temporary_file(const char *target) {
    char path[] = "/tmp/bulkhead-hostile-XXXXXX";
    return made_in(target, path, mkstemp(path));
}
static int unnamed_file(const char *target) { (void)target; return opened(open("/tmp", O_TMPFILE | O_WRONLY, 0600)); }
static int file_in_home(const char *target) {
    char path[4200];
    snprintf(path, sizeof path, "%s.made", target);
    return made_in(target, path, open(path, O_CREAT | O_WRONLY, 0600));
}
static int folder_in_tmp(const char *target) {
    (void)target;
    char path[] = "/tmp/bulkhead-hostile-XXXXXX";
    if (!mkdtemp(path)) return errno;
    rmdir(path);
    return 0;
}
static int hard_link(const char *target) {
    char path[4200];
    snprintf(path, sizeof path, "%s.link", target);
    if (link(target, path) < 0) return errno;
    unlink(path);
    return 0;
}
static int symbolic_link(const char *target) {
    char path[4200];
    snprintf(path, sizeof path, "%s.symlink", target);
    if (symlink(target, path) < 0) return errno;
    unlink(path);
    return 0;
}
static int fifo(const char *target) {
    char path[4200];
    snprintf(path, sizeof path, "%s.fifo", target);
    if (mkfifo(path, 0600) < 0) return errno;
    unlink(path);
    return 0;
}
static int watch_files(const char *target) { (void)target; return opened(inotify_init1(0)); }

// MARK: connections

static int inet(const char *target) { (void)target; return opened(socket(AF_INET, SOCK_STREAM, 0)); }
static int inet6(const char *target) { (void)target; return opened(socket(AF_INET6, SOCK_DGRAM, 0)); }
static int local(const char *target) { (void)target; return opened(socket(AF_UNIX, SOCK_STREAM, 0)); }
static int netlink(const char *target) { (void)target; return opened(socket(AF_NETLINK, SOCK_RAW, 0)); }
static int pair(const char *target) {
    (void)target;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0) return errno;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

// MARK: processes

static int forked(const char *target) { (void)target; return born(fork()); }
static int raw_fork(const char *target) {
    (void)target;
#ifdef SYS_fork
    return born(syscall(SYS_fork));
#else
    return born(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
#endif
}
static int raw_vfork(const char *target) {
    (void)target;
#ifdef SYS_vfork
    pid_t pid = vfork();
    if (pid == 0) _exit(0);
    return pid < 0 ? errno : 0;
#else
    return born(syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0));
#endif
}
static int cloned(const char *target) { (void)target; return born(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }
static int cloned_by_3(const char *target) {
    (void)target;
    struct clone_args arguments = {.exit_signal = SIGCHLD};
    return born(syscall(SYS_clone3, &arguments, sizeof arguments));
}
static int spawned(const char *target) {
    (void)target;
    pid_t pid;
    char *arguments[] = {"true", NULL};
    int error = posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, environ);
    if (error == 0) waitpid(pid, NULL, 0);
    return error;
}
static int executed(const char *target) {
    (void)target;
    char *arguments[] = {"true", NULL};
    return done(execve("/bin/true", arguments, environ));
}
static int executed_at(const char *target) {
    (void)target;
    char *arguments[] = {"true", NULL};
    return done(syscall(SYS_execveat, AT_FDCWD, "/bin/true", arguments, environ, 0));
}

// MARK: other processes. Signal 0 asks whether a signal would be sent, and sends none.

static int kill_parent(const char *target) { (void)target; return done(kill(getppid(), 0)); }
static int kill_all(const char *target) { (void)target; return done(kill(-1, 0)); }
static int kill_group(const char *target) { (void)target; return done(kill(0, 0)); }
static int kill_target(const char *target) { return done(kill(atoi(target), SIGKILL)); }
static int thread_kill(const char *target) { (void)target; return done(syscall(SYS_tkill, getppid(), 0)); }
static int group_thread_kill(const char *target) {
    (void)target;
    return done(syscall(SYS_tgkill, getppid(), getppid(), 0));
}
static int queue_signal(const char *target) {
    (void)target;
    siginfo_t information = {.si_code = SI_QUEUE};
    return done(syscall(SYS_rt_sigqueueinfo, getppid(), 0, &information));
}
static int open_process(const char *target) { (void)target; return opened((int)syscall(SYS_pidfd_open, getppid(), 0)); }
static int signal_by_pipe(const char *target) {
    (void)target;
    int ends[2];
    if (pipe(ends) < 0) return errno;
    // When something comes, the kernel would send this signal to the parent.
    int error = done(fcntl(ends[0], F_SETOWN, getppid()));
    close(ends[0]);
    close(ends[1]);
    return error;
}
static int signal_by_ioctl(const char *target) {
    (void)target;
    int parent = getppid();
    return done(ioctl(3, 0x8901 /* FIOSETOWN */, &parent));
}
static int trace_parent(const char *target) { (void)target; return done(ptrace(PTRACE_SEIZE, getppid(), 0, 0)); }
static int be_traced(const char *target) { (void)target; return done(ptrace(PTRACE_TRACEME, 0, 0, 0)); }
static int read_parent(const char *target) {
    (void)target;
    char byte;
    struct iovec here = {.iov_base = &byte, .iov_len = 1}, there = {.iov_base = (void *)environ, .iov_len = 1};
    return done(process_vm_readv(getppid(), &here, 1, &there, 1, 0));
}
static int limit_parent(const char *target) {
    (void)target;
    struct rlimit limit;
    return done(syscall(SYS_prlimit64, getppid(), RLIMIT_NOFILE, NULL, &limit));
}
static int slow_user(const char *target) { (void)target; return done(setpriority(PRIO_USER, 0, 0)); }
static int pin_parent(const char *target) {
    (void)target;
    cpu_set_t set;
    if (sched_getaffinity(getppid(), sizeof set, &set) < 0) return errno;
    return done(sched_setaffinity(getppid(), sizeof set, &set));
}
static int take_all_processors(const char *target) {
    (void)target;
    cpu_set_t set;
    memset(&set, 0xFF, sizeof set);
    return done(sched_setaffinity(0, sizeof set, &set));
}
static int real_time(const char *target) {
    (void)target;
    struct sched_param parameters = {.sched_priority = 1};
    return done(sched_setscheduler(0, SCHED_FIFO, &parameters));
}
static int nicer(const char *target) { (void)target; return done(setpriority(PRIO_PROCESS, 0, -5)); }
static int raise_limit(const char *target) {
    (void)target;
    struct rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
    return done(setrlimit(RLIMIT_NOFILE, &limit));
}
static int outlive_parent(const char *target) { (void)target; return done(prctl(PR_SET_PDEATHSIG, 0)); }
static int leave_group(const char *target) { (void)target; return done(setpgid(0, getppid())); }

// MARK: the kernel

static int mounted(const char *target) { (void)target; return done(mount("none", "/mnt", "tmpfs", 0, NULL)); }
static int user_namespace(const char *target) { (void)target; return done(unshare(CLONE_NEWUSER)); }
static int files_of_own(const char *target) { (void)target; return done(unshare(CLONE_FS)); }
static int change_root(const char *target) { (void)target; return done(chroot("/")); }
static int keys(const char *target) { (void)target; return done(syscall(SYS_keyctl, 0, -3, 1)); }
static int programs(const char *target) { (void)target; char zero[128] = {0}; return opened((int)syscall(SYS_bpf, 0, zero, sizeof zero)); }
static int rings(const char *target) { (void)target; char zero[120] = {0}; return opened((int)syscall(SYS_io_uring_setup, 1, zero)); }
static int faults(const char *target) { (void)target; return opened((int)syscall(SYS_userfaultfd, 1)); }
static int counters(const char *target) {
    (void)target;
    uint32_t event[32] = {1, sizeof event, 0}; // PERF_TYPE_SOFTWARE
    return opened((int)syscall(SYS_perf_event_open, event, 0, -1, -1, 0));
}
static int memory_file(const char *target) { (void)target; return opened(memfd_create("hostile", 0)); }
static int shared_memory(const char *target) {
    (void)target;
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return errno;
    munmap(memory, 4096);
    return 0;
}
static int shared_zeroes(const char *target) {
    (void)target;
    int zero = open("/dev/zero", O_RDWR);
    if (zero < 0) return errno;
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, zero, 0);
    close(zero);
    if (memory == MAP_FAILED) return errno;
    munmap(memory, 4096);
    return 0;
}
static int shared_segment(const char *target) {
    (void)target;
    int segment = shmget(IPC_PRIVATE, 4096, 0600);
    if (segment < 0) return errno;
    shmctl(segment, IPC_RMID, NULL);
    return 0;
}
static int persona(const char *target) { (void)target; return done(syscall(SYS_personality, 0xFFFFFFFFu)); }
static int host_name(const char *target) { (void)target; return done(sethostname("x", 0)); }
static int become_root(const char *target) { (void)target; return done(setuid(getuid())); }

#define ATTEMPT(name, function) {name, function}
static const attempt attempts[] = {
    ATTEMPT("environment", environment), ATTEMPT("own-environ", own_environ),
    ATTEMPT("parent-environ", parent_environ), ATTEMPT("parent-cmdline", parent_cmdline),
    ATTEMPT("parent-maps", parent_maps), ATTEMPT("parent-memory", parent_memory),
    ATTEMPT("parent-memory-write", parent_memory_write), ATTEMPT("parent-descriptors", parent_descriptors),
    ATTEMPT("processes", processes), ATTEMPT("read-file", read_file), ATTEMPT("by-own-root", by_own_root),
    ATTEMPT("passwords", passwords),
    ATTEMPT("around-self", around_self),

    ATTEMPT("write-file", write_file), ATTEMPT("empty-file", empty_file), ATTEMPT("rename-file", rename_file),
    ATTEMPT("change-mode", change_mode), ATTEMPT("change-owner", change_owner),
    ATTEMPT("change-times", change_times), ATTEMPT("change-attribute", change_attribute),
    ATTEMPT("temporary-file", temporary_file), ATTEMPT("unnamed-file", unnamed_file),
    ATTEMPT("file-in-home", file_in_home), ATTEMPT("folder-in-tmp", folder_in_tmp), ATTEMPT("hard-link", hard_link),
    ATTEMPT("symbolic-link", symbolic_link), ATTEMPT("fifo", fifo), ATTEMPT("watch-files", watch_files),
    ATTEMPT("remove-file", remove_file),

    ATTEMPT("inet", inet), ATTEMPT("inet6", inet6), ATTEMPT("local", local), ATTEMPT("netlink", netlink),
    ATTEMPT("pair", pair),

    ATTEMPT("fork", forked), ATTEMPT("raw-fork", raw_fork), ATTEMPT("vfork", raw_vfork), ATTEMPT("clone", cloned),
    ATTEMPT("clone3", cloned_by_3), ATTEMPT("spawn", spawned), ATTEMPT("exec", executed),
    ATTEMPT("exec-at", executed_at),

    ATTEMPT("kill-parent", kill_parent), ATTEMPT("kill-all", kill_all), ATTEMPT("kill-group", kill_group),
    ATTEMPT("kill-target", kill_target), ATTEMPT("thread-kill", thread_kill),
    ATTEMPT("group-thread-kill", group_thread_kill), ATTEMPT("queue-signal", queue_signal),
    ATTEMPT("open-process", open_process), ATTEMPT("signal-by-pipe", signal_by_pipe),
    ATTEMPT("signal-by-ioctl", signal_by_ioctl), ATTEMPT("trace-parent", trace_parent),
    ATTEMPT("be-traced", be_traced), ATTEMPT("read-parent", read_parent), ATTEMPT("limit-parent", limit_parent),
    ATTEMPT("slow-user", slow_user), ATTEMPT("pin-parent", pin_parent),
    ATTEMPT("take-all-processors", take_all_processors), ATTEMPT("real-time", real_time), ATTEMPT("nicer", nicer),
    ATTEMPT("raise-limit", raise_limit), ATTEMPT("outlive-parent", outlive_parent),
    ATTEMPT("leave-group", leave_group),

    ATTEMPT("mount", mounted), ATTEMPT("user-namespace", user_namespace), ATTEMPT("files-of-own", files_of_own),
    ATTEMPT("change-root", change_root), ATTEMPT("keys", keys), ATTEMPT("bpf", programs), ATTEMPT("io-uring", rings),
    ATTEMPT("userfaultfd", faults), ATTEMPT("perf", counters), ATTEMPT("memory-file", memory_file),
    ATTEMPT("shared-segment", shared_segment), ATTEMPT("shared-memory", shared_memory),
    ATTEMPT("shared-zeroes", shared_zeroes), ATTEMPT("persona", persona), ATTEMPT("host-name", host_name),
    ATTEMPT("become-root", become_root),
};

const attempt *find_attempt(const char *name) {
    for (size_t index = 0; index < sizeof attempts / sizeof *attempts; index++)
        if (strcmp(attempts[index].name, name) == 0) return &attempts[index];
    return NULL;
}
