#define _GNU_SOURCE
#include "CBulkheadLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/// Has the program begin with descriptor `target` as the request says. The caller closes `*lifted`, where it is not -1.
static int place(posix_spawn_file_actions_t *actions, int wanted, int target, int *lifted) {
    if (wanted == BULKHEAD_INHERITED) return 0;
    if (wanted < 0) return posix_spawn_file_actions_addopen(actions, target, "/dev/null", target ? O_WRONLY : O_RDONLY, 0);
    // Another of the three would be overwritten before it is duplicated.
    if (wanted <= STDERR_FILENO) {
        wanted = *lifted = fcntl(wanted, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        if (wanted < 0) return errno;
    }
    return posix_spawn_file_actions_adddup2(actions, wanted, target);
}

static int describe(const bulkhead_program *program, posix_spawn_file_actions_t *actions, int lifted[3]) {
    int wanted[3] = {program->input, program->output, program->errors};
    int error = program->folder ? posix_spawn_file_actions_addchdir_np(actions, program->folder) : 0;
    for (int target = 0; target < 3 && !error; target++) error = place(actions, wanted[target], target, &lifted[target]);
    return error ? error : posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
}

/// Default signal handling, nothing blocked, whatever the calling thread blocks.
static int describe_signals(const bulkhead_program *program, posix_spawnattr_t *attributes) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setpgroup(attributes, 0);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    return posix_spawnattr_setflags(attributes, (short)(program->leads_group ? flags | POSIX_SPAWN_SETPGROUP : flags));
}

pid_t bulkhead_start_program(const bulkhead_program *program, int *pidfd) {
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) return -error;
    posix_spawnattr_t attributes;
    error = posix_spawnattr_init(&attributes);
    if (error) {
        posix_spawn_file_actions_destroy(&actions);
        return -error;
    }
    int lifted[3] = {-1, -1, -1};
    pid_t pid = -1;
    error = describe(program, &actions, lifted);
    if (!error) error = describe_signals(program, &attributes);
    if (!error) error = posix_spawn(&pid, program->path, &actions, &attributes, program->arguments, program->environment);
    for (int index = 0; index < 3; index++) {
        if (lifted[index] >= 0) close(lifted[index]);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error) return -error;
    // Nobody else reaps it: until then its number is its own, also where it has ended.
    *pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (*pidfd >= 0) return pid;
    error = errno;
    bulkhead_signal_group(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
    return -error;
}
