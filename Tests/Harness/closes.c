// Finds descriptors that are closed twice: Tests/run lays this library under the test process. The second close() of a
// number may hit a descriptor that another thread has just been given, and then some other test fails, for no reason
// that could be found.
//
// What is written to the file that BULKHEAD_TEST_CLOSES names: for each close() of a number that is not open, a line
// "closed NUMBER", and the stack as backtrace_symbols_fd(3) writes it. The library leaves the environment at once, so
// that no program which the tests start has it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { most_frames = 24 };

static int report = -1;
static pid_t watched;

__attribute__((constructor)) static void begin(void) {
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    const char *ending = ".xctest", *file = getenv("BULKHEAD_TEST_CLOSES");
    if (length < (ssize_t)strlen(ending) || !file) return;
    path[length] = 0;
    if (strcmp(path + length - strlen(ending), ending) != 0) return;
    void *frames[1];
    backtrace(frames, 1); // loads what it needs now, and not within a close()
    int opened = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    // Beyond the numbers that tests count.
    report = fcntl(opened, F_DUPFD_CLOEXEC, 900);
    syscall(SYS_close, opened);
    watched = getpid();
    unsetenv("LD_PRELOAD");
    unsetenv("BULKHEAD_TEST_CLOSES");
}

int close(int descriptor) {
    // The report is not for those who close all there is.
    long result = descriptor >= 0 && descriptor == report ? 0 : syscall(SYS_close, descriptor);
    if (result == 0 || errno != EBADF || descriptor < 0 || report < 0 || getpid() != watched) return (int)result;
    char head[32];
    int length = snprintf(head, sizeof head, "closed %d\n", descriptor);
    if (write(report, head, (size_t)length) == length) {
        void *frames[most_frames];
        backtrace_symbols_fd(frames, backtrace(frames, most_frames), report);
    }
    errno = EBADF;
    return -1;
}
