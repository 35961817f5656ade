// The hostile library in place of a media library's functions, by LD_PRELOAD: what a parser or an encoder does that its
// input has taken over. In the program HOSTILE_PROGRAM, at the call after HOSTILE_AFTER others, it does one of three things:
//
//   HOSTILE_ATTEMPTS  names with commas between them: it makes these attempts on HOSTILE_TARGET, writes what came of each
//                     to standard error, and ends the process with code 9
//   HOSTILE_THREADS   it starts so many threads that do nothing, once, and goes on
//   HOSTILE_FLOOD     bytes in hexadecimal digits: it writes these to the master without end
//
// Everywhere else the functions are what they are. With HOSTILE_LACKS, the kernel lacks what is named there in all programs:
// "landlock", "seccomp".
#define _GNU_SOURCE
#include "hostile.h"

#include <dlfcn.h>
#include <sys/syscall.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void attempt_all(const char *names, const char *target) {
    char list[4096], aim[4096];
    snprintf(list, sizeof list, "%s", names);
    snprintf(aim, sizeof aim, "%s", target ? target : "");
    // It is looked for in the environment.
    unsetenv("HOSTILE_TARGET");
    for (char *rest = list, *name; (name = strsep(&rest, ","));) {
        const attempt *attempt = find_attempt(name);
        int error = attempt ? attempt->run(aim) : EINVAL;
        dprintf(2, "%s:%s\n", name, error ? "refused" : "GRANTED");
    }
    _exit(9);
}

static void flood(const char *digits) {
    enum { capacity = 1 << 16 };
    static unsigned char block[capacity];
    size_t length = strlen(digits) / 2, filled = 0;
    for (size_t index = 0; index < length && index < capacity; index++) {
        unsigned value = 0;
        sscanf(digits + 2 * index, "%2x", &value);
        block[filled++] = (unsigned char)value;
    }
    while (filled + length <= capacity) {
        memcpy(block + filled, block, length);
        filled += length;
    }
    while (write(3, block, filled) > 0) {}
    _exit(9);
}

static void *wait_on(void *unused) {
    (void)unused;
    for (;;) pause();
}

static void start_threads(int count) {
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 1 << 16);
    pthread_t thread;
    while (count-- > 0 && pthread_create(&thread, &small, wait_on, NULL) == 0) {}
}

static void take_over(const char *function) {
    static int calls;
    const char *program = getenv("HOSTILE_PROGRAM"), *wanted = getenv("HOSTILE_FUNCTION"), *after = getenv("HOSTILE_AFTER");
    if (!program || strcmp(program, program_invocation_short_name) != 0) return;
    if (wanted && strcmp(wanted, function) != 0) return;
    if (calls++ < (after ? atoi(after) : 0)) return;
    const char *threads = getenv("HOSTILE_THREADS");
    if (threads) {
        start_threads(atoi(threads));
        unsetenv("HOSTILE_THREADS");
        return;
    }
    if (getenv("HOSTILE_ATTEMPTS")) attempt_all(getenv("HOSTILE_ATTEMPTS"), getenv("HOSTILE_TARGET"));
    if (getenv("HOSTILE_FLOOD")) flood(getenv("HOSTILE_FLOOD"));
}

int avformat_find_stream_info(void *context, void **options) {
    take_over("avformat_find_stream_info");
    int (*real)(void *, void **) = dlsym(RTLD_NEXT, "avformat_find_stream_info");
    return real(context, options);
}

int x264_encoder_headers(void *encoder, void **units, int *count) {
    take_over("x264_encoder_headers");
    int (*real)(void *, void **, int *) = dlsym(RTLD_NEXT, "x264_encoder_headers");
    return real(encoder, units, count);
}

int x264_encoder_encode(void *encoder, void **units, int *count, void *in, void *out) {
    take_over("x264_encoder_encode");
    int (*real)(void *, void **, int *, void *, void *) = dlsym(RTLD_NEXT, "x264_encoder_encode");
    return real(encoder, units, count, in, out);
}

int avcodec_send_packet(void *context, const void *packet) {
    take_over("avcodec_send_packet");
    int (*real)(void *, const void *) = dlsym(RTLD_NEXT, "avcodec_send_packet");
    return real(context, packet);
}

long syscall(long number, ...) {
    static long (*real)(long, ...);
    if (!real) real = dlsym(RTLD_NEXT, "syscall");
    const char *lacks = getenv("HOSTILE_LACKS");
    int is_landlock = number >= 444 && number <= 446;
    if (lacks && ((is_landlock && strstr(lacks, "landlock")) || (number == SYS_seccomp && strstr(lacks, "seccomp")))) {
        errno = ENOSYS;
        return -1;
    }
    va_list list;
    va_start(list, number);
    long values[6];
    for (int index = 0; index < 6; index++) values[index] = va_arg(list, long);
    va_end(list);
    return real(number, values[0], values[1], values[2], values[3], values[4], values[5]);
}
