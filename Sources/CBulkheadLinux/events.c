#define _GNU_SOURCE
#include "CBulkheadLinux.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int result(int value) { return value < 0 ? -errno : value; }

int bulkhead_epoll_create(void) { return result(epoll_create1(EPOLL_CLOEXEC)); }

int bulkhead_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t token) {
    static const int operations[] = {EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL};
    if (operation < 0 || operation > 2) return -EINVAL;
    struct epoll_event event = {
        .events = (events & 1 ? EPOLLIN : 0) | (events & 2 ? EPOLLOUT : 0) | (events & 4 ? EPOLLET : 0),
        .data.u64 = token};
    return result(epoll_ctl(epoll, operations[operation], descriptor, &event));
}

// The timeout of epoll_wait is in milliseconds, of epoll_pwait2 (Linux 5.11) in nanoseconds. Where the kernel or a
// sandbox refuses the newer call, a wait may last up to a millisecond longer.
static int wait_for_events(int epoll, struct epoll_event *events, int capacity, int64_t timeout_nanoseconds) {
    if (timeout_nanoseconds < 0) return epoll_wait(epoll, events, capacity, -1);
#ifdef SYS_epoll_pwait2
    struct {
        int64_t seconds, nanoseconds;
    } timeout = {timeout_nanoseconds / 1000000000, timeout_nanoseconds % 1000000000};
    int count = (int)syscall(SYS_epoll_pwait2, epoll, events, capacity, &timeout, NULL, (size_t)0);
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
#endif
    int64_t milliseconds = timeout_nanoseconds / 1000000 + (timeout_nanoseconds % 1000000 > 0);
    return epoll_wait(epoll, events, capacity, milliseconds < 3600000 ? (int)milliseconds : 3600000);
}

int bulkhead_epoll_wait(int epoll, bulkhead_epoll_event *events, int capacity, int64_t timeout_nanoseconds) {
    struct epoll_event raw[64];
    if (capacity > 64) capacity = 64;
    int count = wait_for_events(epoll, raw, capacity, timeout_nanoseconds);
    if (count < 0) return -errno;
    for (int index = 0; index < count; index++) {
        uint32_t bits = raw[index].events;
        events[index].token = raw[index].data.u64;
        events[index].readable = (bits & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
        events[index].writable = (bits & EPOLLOUT) != 0;
    }
    return count;
}

int bulkhead_eventfd_create(void) { return result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

int bulkhead_eventfd_signal(int descriptor) {
    uint64_t one = 1;
    return write(descriptor, &one, sizeof one) < 0 && errno != EAGAIN ? -errno : 0;
}

int bulkhead_eventfd_clear(int descriptor) {
    uint64_t count;
    return read(descriptor, &count, sizeof count) == (ssize_t)sizeof count || errno == EAGAIN ? 0 : -errno;
}

int bulkhead_route_events_open(void) {
    int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (descriptor < 0) return -errno;
    struct sockaddr_nl address = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE};
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0) return descriptor;
    int error = errno;
    close(descriptor);
    return -error;
}
