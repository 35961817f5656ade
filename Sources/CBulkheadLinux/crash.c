#define _GNU_SOURCE
#include "CBulkheadLinux.h"
#include <execinfo.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

// Only what signal-safety(7) allows is called in the handler; backtrace(3) does not allocate once it has been called.

static void say(const char *text) {
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
}

// MARK: watched memory

static struct { uintptr_t start, end; char phrase[96]; } watched[128];

void bulkhead_watch_memory(const void *start, size_t byte_count, const char *phrase) {
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
        if (watched[i].end) continue;
        strncpy(watched[i].phrase, phrase, sizeof watched[i].phrase - 1);
        watched[i].start = (uintptr_t)start;
        watched[i].end = (uintptr_t)start + byte_count;
        return;
    }
}

void bulkhead_forget_memory(const void *start, size_t byte_count) {
    uintptr_t from = (uintptr_t)start;
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
        if (watched[i].end && watched[i].start >= from && watched[i].start < from + byte_count)
            memset(&watched[i], 0, sizeof watched[i]);
}

static void say_watched(const siginfo_t *information, const void *context) {
    uintptr_t address = (uintptr_t)information->si_addr;
    const char *verb = "touched memory ";
#if defined(__x86_64__)
    // Bit 1 of the page fault's error code: it was a write.
    verb = ((const ucontext_t *)context)->uc_mcontext.gregs[REG_ERR] & 2 ? "wrote " : "read ";
#else
    (void)context;
#endif
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
        if (address < watched[i].start || address >= watched[i].end) continue;
        say("it ");
        say(verb);
        say(watched[i].phrase);
        say("\n");
    }
}

static void tell_and_die(int number, siginfo_t *information, void *context) {
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
    if ((number == SIGSEGV || number == SIGBUS) && information->si_code > 0) say_watched(information, context);
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
