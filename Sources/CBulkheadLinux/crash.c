#define _GNU_SOURCE
#include "CBulkheadLinux.h"
#include <execinfo.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

// Only what signal-safety(7) allows is called in the handler; backtrace(3) does not allocate once it has been called.

static void say(const char *text) {
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
}

static void tell_and_die(int number, siginfo_t *information, void *context) {
    (void)context;
    static const struct { int number; const char *name; } names[] = {
        { SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" }, { SIGILL, "SIGILL" },
        { SIGFPE, "SIGFPE" },   { SIGABRT, "SIGABRT" }, { SIGTRAP, "SIGTRAP" },
    };
    const char *name = "a signal";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number) name = names[i].name;
    say("crashed by ");
    say(name);
    say(information->si_code <= 0 ? ", sent by a process\n" : "\n");
    void *frames[32];
    int count = backtrace(frames, 32);
    // The first two are this function and the return from the handler.
    if (count > 2) backtrace_symbols_fd(frames + 2, count - 2, STDERR_FILENO);
    // The handler is gone by SA_RESETHAND; the signal ends the process as it would have without it.
    raise(number);
}

void bulkhead_report_crashes(void) {
    static char stack[64 * 1024];
    stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
    sigaltstack(&alternate, NULL);
    void *frames[1];
    backtrace(frames, 1); // loads the unwinder
    const int numbers[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction old, action;
        // Somebody else's report, such as Swift's or a sanitizer's, is left alone.
        if (sigaction(numbers[i], NULL, &old) != 0 || old.sa_handler != SIG_DFL) continue;
        memset(&action, 0, sizeof action);
        action.sa_sigaction = tell_and_die;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER;
        sigaction(numbers[i], &action, NULL);
    }
}
