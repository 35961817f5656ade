#define _GNU_SOURCE
#include "hostile.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define UNUSED (void)target, (void)frame
typedef const bulkhead_video_frame *frame_pointer;

/// The bytes of a picture's slot, from its luma on: the planes lie one behind the other.
static size_t picture_size(frame_pointer frame) {
    return (size_t)(frame->output[2] - frame->output[0]) + frame->output_stride[2] * frame->height / 2;
}

// MARK: the ways to die

static int32_t fault(const char *target, frame_pointer frame) {
    UNUSED;
    *(volatile int *)8 = 0;
    return 0;
}
static int32_t aborted(const char *target, frame_pointer frame) { UNUSED; abort(); }
static int32_t exited(const char *target, frame_pointer frame) { UNUSED; exit(0); }
static int32_t exited_at_once(const char *target, frame_pointer frame) { UNUSED; _exit(0); }
static int32_t stopped(const char *target, frame_pointer frame) { UNUSED; raise(SIGSTOP); return 0; }
static int32_t killed(const char *target, frame_pointer frame) { UNUSED; kill(getpid(), SIGKILL); return 0; }

static int32_t deeper(volatile char *above) {
    volatile char here[4096];
    here[0] = *above;
    return here[0] == 1 ? 0 : deeper(here) + here[0];
}
static int32_t overflow(const char *target, frame_pointer frame) {
    UNUSED;
    char first = 0;
    return deeper(&first);
}

static int32_t corrupt_heap(const char *target, frame_pointer frame) {
    UNUSED;
    char *blocks[64];
    for (int index = 0; index < 64; index++) blocks[index] = malloc(100);
    for (int index = 0; index < 64; index++) memset(blocks[index] - 16, 0x41, 132);
    for (int index = 0; index < 64; index++) free(blocks[index]);
    free(malloc(5000));
    abort();
}

static int32_t ignored_fault(const char *target, frame_pointer frame) {
    signal(SIGSEGV, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    return fault(target, frame);
}
static void nothing(int number) { (void)number; }
static int32_t endless_fault(const char *target, frame_pointer frame) {
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGSEGV, &action, NULL);
    return fault(target, frame);
}
static int32_t alarmed(const char *target, frame_pointer frame) {
    UNUSED;
    signal(SIGALRM, SIG_DFL);
    struct itimerval soon = {.it_value = {.tv_usec = 1000}};
    setitimer(ITIMER_REAL, &soon, NULL);
    for (;;) pause();
}

// MARK: the ways to hang

static int32_t spin(const char *target, frame_pointer frame) {
    UNUSED;
    for (volatile unsigned count = 0;; count++) {}
}
static void *spin_thread(void *unused) {
    (void)unused;
    for (volatile unsigned count = 0;; count++) {}
    return NULL;
}
static int32_t blocked_spin(const char *target, frame_pointer frame) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    return spin(target, frame);
}
static int32_t sleeping(const char *target, frame_pointer frame) {
    UNUSED;
    for (;;) sleep(1000);
}
static int32_t steal_requests(const char *target, frame_pointer frame) {
    UNUSED;
    char bytes[4096];
    for (;;)
        if (read(3, bytes, sizeof bytes) <= 0) _exit(0);
}
/// Threads that compute without end, while the calls return.
static int32_t spin_beside(const char *target, frame_pointer frame) {
    (void)frame;
    static int running;
    pthread_t thread;
    while (running < (atoi(target) ?: 4) && pthread_create(&thread, NULL, spin_thread, NULL) == 0) running++;
    return BULKHEAD_UNCHANGED;
}

// MARK: the wire

static int32_t close_all(const char *target, frame_pointer frame) {
    UNUSED;
    for (int descriptor = 3; descriptor < 256; descriptor++) close(descriptor);
    return 0;
}
static int32_t replace_all(const char *target, frame_pointer frame) {
    UNUSED;
    int null = open("/dev/null", O_RDWR);
    for (int descriptor = 3; descriptor < 32; descriptor++)
        if (descriptor != null) dup2(null, descriptor);
    return 0;
}
static int32_t babble(const char *target, frame_pointer frame) {
    UNUSED;
    char bytes[256];
    memset(bytes, 0xA5, sizeof bytes);
    return write(3, bytes, sizeof bytes) < 0 ? -errno : 0;
}
/// Lines as the host sends them, without its bound: type 0x67 of docs/wire.md.
static int32_t flood_wire(const char *target, frame_pointer frame) {
    UNUSED;
    static unsigned char lines[2100];
    static const unsigned char line[] = {13, 0, 0, 0, 0x67, 0, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 'l', 'i', 'n', 'e'};
    for (size_t place = 0; place < sizeof lines; place += sizeof line) memcpy(lines + place, line, sizeof line);
    for (;;)
        for (size_t sent = 0; sent < sizeof lines;) {
            ssize_t count = write(3, lines + sent, sizeof lines - sent);
            if (count <= 0) abort();
            sent += (size_t)count;
        }
}
static int32_t shut_wire(const char *target, frame_pointer frame) {
    UNUSED;
    // Not allowed; closing it is.
    if (shutdown(3, SHUT_RDWR) == 0) return 0;
    close(3);
    return 0;
}
static int32_t flood(const char *target, frame_pointer frame) {
    UNUSED;
    static char text[1 << 16];
    memset(text, 'x', sizeof text);
    for (int index = 0; index < 1 << 14; index++) {
        ssize_t ignored = write(index % 2 ? 2 : 1, text, sizeof text);
        (void)ignored;
    }
    return BULKHEAD_UNCHANGED;
}

// MARK: memory

static int32_t next_slot(const char *target, frame_pointer frame) {
    (void)target;
    memset(frame->output[0] + picture_size(frame) + 4096, 0x55, 4096);
    return 0;
}
static int32_t slot_before(const char *target, frame_pointer frame) {
    (void)target;
    memset(frame->output[0] - 4096, 0x55, 4096);
    return 0;
}
static int32_t write_input(const char *target, frame_pointer frame) {
    (void)target;
    memset((void *)(uintptr_t)frame->input[0], 0x55, 64);
    return 0;
}
/// Makes the input writable first, which must not work; then there is nothing to write to.
static int32_t open_input(const char *target, frame_pointer frame) {
    (void)target;
    void *page = (void *)((uintptr_t)frame->input[0] & ~(uintptr_t)4095);
    if (mprotect(page, 4096, PROT_READ | PROT_WRITE) < 0) return -errno;
    memset(page, 0x55, 64);
    return 0;
}
static uint8_t *kept;
static void *write_later(void *unused) {
    (void)unused;
    for (;;) {
        usleep(1000);
        kept[0] = 0x55;
    }
    return NULL;
}
static int32_t keep_slot(const char *target, frame_pointer frame) {
    (void)target;
    if (!kept) {
        kept = frame->output[0];
        pthread_t thread;
        if (pthread_create(&thread, NULL, write_later, NULL) != 0) return -EAGAIN;
    }
    return 0;
}
/// Unmaps whatever the maps call by the name `target`.
static int32_t unmap(const char *target, frame_pointer frame) {
    (void)frame;
    FILE *file = fopen("/proc/self/maps", "re");
    if (!file) return -errno;
    char line[4096];
    unsigned long start, end;
    while (fgets(line, sizeof line, file))
        if (strstr(line, target) && sscanf(line, "%lx-%lx", &start, &end) == 2) munmap((void *)start, end - start);
    fclose(file);
    return 0;
}
/// Asks for memory until there is no more, and does not take it up; then goes without, as few libraries can.
static int32_t exhaust(const char *target, frame_pointer frame) {
    UNUSED;
    size_t count = 0;
    while (mmap(NULL, 1 << 26, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED)
        if (++count > 1 << 14) return 0; // a terabyte: there is no limit
    abort();
}
/// Takes up `target` MiB.
static int32_t grow(const char *target, frame_pointer frame) {
    (void)frame;
    static int grown;
    size_t size = (size_t)atoi(target) << 20;
    char *memory = grown++ ? NULL : malloc(size);
    if (memory) memset(memory, 1, size);
    return BULKHEAD_UNCHANGED;
}
static void *sleep_thread(void *unused) {
    (void)unused;
    for (;;) sleep(1000);
    return NULL;
}
static int32_t threads(const char *target, frame_pointer frame) {
    UNUSED;
    pthread_t thread;
    int count = 0;
    while (pthread_create(&thread, NULL, sleep_thread, NULL) == 0)
        if (++count > 1 << 14) return 0;
    abort();
}
static int wanted_threads;
static void *gather_threads(void *unused) {
    (void)unused;
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 1 << 16);
    pthread_t thread;
    for (int count = 0; count < wanted_threads;) {
        if (pthread_create(&thread, &small, sleep_thread, NULL) == 0) count++;
        else usleep(200);
    }
    return NULL;
}
/// Holds `target` threads, below any limit, and takes every one that others let go until it has them. The calls return.
static int32_t hold_threads(const char *target, frame_pointer frame) {
    (void)frame;
    pthread_t thread;
    if (wanted_threads) return BULKHEAD_UNCHANGED;
    wanted_threads = atoi(target);
    return pthread_create(&thread, NULL, gather_threads, NULL) ? -EAGAIN : BULKHEAD_UNCHANGED;
}

// MARK: the disk

static int32_t big_file(const char *target, frame_pointer frame) {
    (void)target, (void)frame;
    char path[4200];
    snprintf(path, sizeof path, "%s/big", getenv("TMPDIR") ?: "/nonexistent");
    int descriptor = open(path, O_CREAT | O_RDWR, 0600);
    if (descriptor < 0) return -errno;
    // Without a limit this is one sparse file.
    if (ftruncate(descriptor, (off_t)1 << 40) == 0) return 0;
    abort();
}

static const harm harms[] = {
    {"fault", fault}, {"abort", aborted}, {"exit", exited}, {"exit-at-once", exited_at_once}, {"stop", stopped},
    {"kill-self", killed}, {"overflow", overflow}, {"corrupt-heap", corrupt_heap}, {"ignored-fault", ignored_fault},
    {"endless-fault", endless_fault}, {"alarm", alarmed}, {"spin", spin}, {"blocked-spin", blocked_spin},
    {"sleep", sleeping}, {"steal-requests", steal_requests}, {"spin-beside", spin_beside}, {"close-all", close_all},
    {"replace-all", replace_all}, {"babble", babble}, {"flood-wire", flood_wire}, {"shut-wire", shut_wire}, {"flood", flood},
    {"next-slot", next_slot}, {"slot-before", slot_before}, {"write-input", write_input}, {"open-input", open_input},
    {"keep-slot", keep_slot}, {"unmap", unmap}, {"exhaust", exhaust}, {"grow", grow}, {"threads", threads},
    {"hold-threads", hold_threads},
    {"big-file", big_file},
};

const harm *find_harm(const char *name) {
    for (size_t index = 0; index < sizeof harms / sizeof *harms; index++)
        if (strcmp(harms[index].name, name) == 0) return &harms[index];
    return NULL;
}
