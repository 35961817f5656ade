#define _GNU_SOURCE
#include "CBulkheadLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static int result(int value) { return value < 0 ? -errno : value; }

int bulkhead_close(int descriptor) { return result(close(descriptor)); }

int bulkhead_memfd_create_sealed(const char *name, size_t byte_count) {
    int descriptor = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (descriptor < 0) return -errno;
    // Reading only for whoever opens it anew through /proc, where Landlock does not look at memory files.
    if (ftruncate(descriptor, (off_t)byte_count) < 0 || fchmod(descriptor, 0400) < 0 ||
        fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0) {
        int error = -errno;
        close(descriptor);
        return error;
    }
    return descriptor;
}

int bulkhead_memfd_seal_future_writes(int descriptor) {
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif
    return result(fcntl(descriptor, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SEAL));
}

int bulkhead_reopen_read_only(int descriptor) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    return result(open(path, O_RDONLY | O_CLOEXEC));
}

int bulkhead_duplicate(int descriptor) { return result(fcntl(descriptor, F_DUPFD_CLOEXEC, 3)); }

int bulkhead_socketpair(int pair[2]) { return result(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)); }

int bulkhead_pipe(int pair[2]) { return result(pipe2(pair, O_CLOEXEC)); }

int bulkhead_set_nonblocking(int descriptor, int enabled) {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0) return -errno;
    return result(fcntl(descriptor, F_SETFL, enabled ? flags | O_NONBLOCK : flags & ~O_NONBLOCK));
}

ssize_t bulkhead_send(int socket, const void *bytes, size_t byte_count, int passed) {
    struct iovec vector = {.iov_base = (void *)bytes, .iov_len = byte_count};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    if (passed >= 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.space;
        message.msg_controllen = sizeof control.space;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &passed, sizeof passed);
    }
    ssize_t taken;
    do taken = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (taken < 0 && errno == EINTR);
    return taken < 0 ? -errno : taken;
}

ssize_t bulkhead_receive(int socket, void *bytes, size_t byte_count, int waits, int *passed) {
    enum { most = 16 };
    int flags = waits ? 0 : MSG_DONTWAIT;
    struct iovec vector = {.iov_base = bytes, .iov_len = byte_count};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(most * sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
    ssize_t taken;
    // Without room for them the kernel closes the descriptors that come along.
    do taken = passed ? recvmsg(socket, &message, MSG_CMSG_CLOEXEC | flags) : recv(socket, bytes, byte_count, flags);
    while (taken < 0 && errno == EINTR);
    if (taken < 0) return -errno;
    if (!passed) return taken;
    *passed = -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t index = 0; index < count; index++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + index * sizeof descriptor, sizeof descriptor);
            if (*passed < 0) *passed = descriptor;
            else close(descriptor);
        }
    }
    return taken;
}

int bulkhead_wait_readable(int descriptor, int timeout_milliseconds) {
    struct pollfd entry = {.fd = descriptor, .events = POLLIN};
    int count;
    do count = poll(&entry, 1, timeout_milliseconds);
    while (count < 0 && errno == EINTR);
    return result(count);
}

static int local_address(const char *path, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path) return -ENAMETOOLONG;
    strcpy(address->sun_path, path);
    return 0;
}

/// Lets members of `group` connect to the socket at `path`, which this process has bound and does not listen at yet.
static int open_to_group(const char *path, gid_t group) {
    // By a descriptor: what lies at the path may be something else a moment later.
    int file = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0) return -errno;
    struct stat information;
    char name[sizeof "/proc/self/fd/" + 3 * sizeof file];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    int error = 0;
    if (fstat(file, &information) < 0) {
        error = -errno;
    } else if (!S_ISSOCK(information.st_mode) || information.st_uid != geteuid()) {
        error = -EEXIST;
    } else if (fchownat(file, "", (uid_t)-1, group, AT_EMPTY_PATH) < 0 ||
               chmod(name, S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP) < 0) {
        error = -errno;
    }
    close(file);
    return error;
}

int bulkhead_listen_local(const char *path, gid_t group, int backlog) {
    struct sockaddr_un address;
    int error = local_address(path, &address);
    if (error < 0) return error;
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0) return -errno;
    // The socket's file gets the mode that the descriptor has, as unix(7) has it: a mode that is set by the name later could
    // be that of something else.
    if (fchmod(listener, S_IRUSR | S_IWUSR) < 0 ||
        bind(listener, (struct sockaddr *)&address, sizeof address) < 0) {
        error = -errno;
        close(listener);
        return error;
    }
    // What bind makes loses what the umask takes: a group is let in afterwards.
    if (group != (gid_t)-1) error = open_to_group(path, group);
    if (error == 0 && listen(listener, backlog) < 0) error = -errno;
    if (error < 0) {
        // -EEXIST: another one has put something in the socket's place.
        if (error != -EEXIST) unlink(path);
        close(listener);
        return error;
    }
    return listener;
}

int bulkhead_connect_local(const char *path) {
    struct sockaddr_un address;
    int error = local_address(path, &address);
    if (error < 0) return error;
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0) return -errno;
    // Where nobody accepts any more, connecting would wait without end.
    struct timeval patience = {.tv_sec = 2}, none = {0};
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) < 0) {
        error = -errno;
        close(connection);
        return error;
    }
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
    return connection;
}

int bulkhead_accept(int listener) { return result(accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)); }

int bulkhead_peer_credentials(int socket, pid_t *pid, uid_t *uid) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0) return -errno;
    *pid = credentials.pid;
    *uid = credentials.uid;
    return 0;
}
