// Many players of one stream, which look at nothing: the load of Benchmarks/origin.
//
//     load PORT COUNT rtmp APP NAME
//     load PORT COUNT http PATH
//     load PORT COUNT deaf PATH        requests PATH and reads a byte a second
//     load PORT COUNT silent           connects and says nothing, and again when the server has closed
//
// What comes is thrown away in the kernel (MSG_TRUNC), so that this program takes as little of the machine as it can. Each
// line on standard input is answered with one on standard output, as JSON; the end of the input ends the program.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum way { RTMP, HTTP, DEAF, SILENT };

struct player {
    int descriptor;
    /// Of an RTMP server's handshake, still to come.
    int handshake;
    uint64_t bytes;
    unsigned char answer[1537];
};

static enum way way;
static const char *app, *name, *path;
static int port;

static void complain(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int put_text(unsigned char *out, const char *text) {
    int count = (int)strlen(text);
    out[0] = 2;
    out[1] = (unsigned char)(count >> 8);
    out[2] = (unsigned char)count;
    memcpy(out + 3, text, count);
    return 3 + count;
}

static int put_number(unsigned char *out, double number) {
    uint64_t bits;
    memcpy(&bits, &number, 8);
    out[0] = 0;
    for (int i = 0; i < 8; i++) out[1 + i] = (unsigned char)(bits >> (56 - 8 * i));
    return 9;
}

/// One command on chunk stream 3, cut into chunks of 128 bytes (Adobe RTMP 1.0, 5.3.1).
static int put_command(unsigned char *out, const unsigned char *payload, int count, int stream) {
    unsigned char head[12] = {3, 0, 0, 0, 0, (unsigned char)(count >> 8), (unsigned char)count, 20, (unsigned char)stream};
    memcpy(out, head, 12);
    int length = 12;
    for (int start = 0; start < count; start += 128) {
        int piece = count - start < 128 ? count - start : 128;
        if (start) out[length++] = 0xC3;
        memcpy(out + length, payload + start, piece);
        length += piece;
    }
    return length;
}

/// connect, createStream and play, without waiting for answers: the first message stream is number 1 at every server.
static int put_requests(unsigned char *out) {
    unsigned char payload[2048];
    int count = put_text(payload, "connect");
    count += put_number(payload + count, 1);
    payload[count++] = 3;
    // A property's name has no type.
    memcpy(payload + count, "\0\3app", 5);
    count += 5;
    count += put_text(payload + count, app);
    memcpy(payload + count, "\0\0\x09", 3);
    count += 3;
    int length = put_command(out, payload, count, 0);
    count = put_text(payload, "createStream");
    count += put_number(payload + count, 2);
    payload[count++] = 5;
    length += put_command(out + length, payload, count, 0);
    count = put_text(payload, "play");
    count += put_number(payload + count, 3);
    payload[count++] = 5;
    count += put_text(payload + count, name);
    length += put_command(out + length, payload, count, 1);
    return length;
}

static void send_all(int descriptor, const void *bytes, int count) {
    // All of it fits into the socket's buffer.
    if (send(descriptor, bytes, count, MSG_NOSIGNAL) != count) complain("send");
}

static void open_player(struct player *player) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    player->descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (player->descriptor < 0) complain("socket");
    if (way == DEAF || way == SILENT) {
        // Few from each address, so that none is shut out for what the others do.
        static uint32_t number;
        struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7F010001 + number++ % 16000)};
        if (bind(player->descriptor, (struct sockaddr *)&own, sizeof own)) complain("bind");
    }
    if (way == DEAF) setsockopt(player->descriptor, SOL_SOCKET, SO_RCVBUF, &(int){4096}, sizeof(int));
    if (connect(player->descriptor, (struct sockaddr *)&address, sizeof address)) complain("connect");
    setsockopt(player->descriptor, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (way == RTMP) {
        unsigned char hello[1537] = {3};
        player->handshake = 1 + 2 * 1536;
        send_all(player->descriptor, hello, sizeof hello);
    } else if (way != SILENT) {
        char request[1024];
        send_all(
            player->descriptor, request,
            snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", path));
    }
}

/// Gives how many bytes of media came; -1 at the end.
static ssize_t take(struct player *player) {
    if (player->handshake > 1536) {
        int done = 1 + 2 * 1536 - player->handshake;
        ssize_t count = recv(player->descriptor, player->answer + done, 1537 - done, 0);
        if (count <= 0) return -1;
        player->handshake -= (int)count;
        if (player->handshake > 1536) return 0;
        unsigned char out[4096];
        memcpy(out, player->answer + 1, 1536);
        send_all(player->descriptor, out, 1536 + put_requests(out + 1536));
        return 0;
    }
    if (player->handshake > 0) {
        ssize_t count = recv(player->descriptor, NULL, player->handshake, MSG_TRUNC);
        if (count <= 0) return -1;
        player->handshake -= (int)count;
        return 0;
    }
    ssize_t count = recv(player->descriptor, NULL, 1 << 20, MSG_TRUNC | MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return 0;
    return count > 0 ? count : -1;
}

static int take_byte(struct player *player) {
    char byte;
    ssize_t count = recv(player->descriptor, &byte, 1, MSG_DONTWAIT);
    if (count > 0) player->bytes++;
    return count > 0 || (count < 0 && errno == EAGAIN) ? 0 : -1;
}

static double cpu_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    if (argc < 4) return fprintf(stderr, "usage: load PORT COUNT rtmp APP NAME | http PATH | deaf PATH | silent\n"), 64;
    port = atoi(argv[1]);
    int count = atoi(argv[2]);
    way = !strcmp(argv[3], "rtmp") ? RTMP : !strcmp(argv[3], "http") ? HTTP : !strcmp(argv[3], "deaf") ? DEAF : SILENT;
    app = path = argc > 4 ? argv[4] : "/";
    name = argc > 5 ? argv[5] : "";
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    struct player *players = calloc(count, sizeof *players);
    int poll = epoll_create1(0);
    if (!players || poll < 0) complain("start");
    epoll_ctl(poll, EPOLL_CTL_ADD, 0, &(struct epoll_event){.events = EPOLLIN, .data.ptr = NULL});
    int opened = 0, closed = 0;
    static struct epoll_event events[1024];
    while (1) {
        // Some at a time: a server's queue of connections to accept may be short.
        for (int i = 0; i < 50 && opened < count; i++) {
            struct player *player = &players[opened++];
            open_player(player);
            if (way == DEAF) continue;
            struct epoll_event event = {.events = EPOLLIN, .data.ptr = player};
            if (epoll_ctl(poll, EPOLL_CTL_ADD, player->descriptor, &event)) complain("epoll");
        }
        int ready = epoll_wait(poll, events, 1024, opened < count ? 20 : way == DEAF ? 1000 : -1);
        if (way == DEAF && !ready) {
            for (int i = 0; i < opened; i++) {
                if (players[i].descriptor >= 0 && take_byte(&players[i]) < 0) {
                    close(players[i].descriptor);
                    players[i].descriptor = -1;
                    closed++;
                }
            }
        }
        for (int i = 0; i < ready; i++) {
            struct player *player = events[i].data.ptr;
            if (!player) {
                char line[256];
                if (read(0, line, sizeof line) <= 0) return 0;
                uint64_t sum = 0, least = UINT64_MAX;
                int fed = 0;
                for (int j = 0; j < opened; j++) {
                    sum += players[j].bytes;
                    if (players[j].bytes < least) least = players[j].bytes;
                    fed += players[j].bytes > 0;
                }
                printf(
                    "{\"opened\":%d,\"closed\":%d,\"fed\":%d,\"bytes\":%llu,\"least\":%llu,\"cpu\":%.6f}\n", opened, closed,
                    fed, (unsigned long long)sum, (unsigned long long)least, cpu_seconds());
                fflush(stdout);
                continue;
            }
            ssize_t taken = take(player);
            if (taken < 0) {
                epoll_ctl(poll, EPOLL_CTL_DEL, player->descriptor, NULL);
                close(player->descriptor);
                closed++;
                if (way != SILENT) continue;
                open_player(player);
                struct epoll_event event = {.events = EPOLLIN, .data.ptr = player};
                if (epoll_ctl(poll, EPOLL_CTL_ADD, player->descriptor, &event)) complain("epoll");
            } else player->bytes += taken;
        }
    }
}
