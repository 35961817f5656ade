#define _GNU_SOURCE
#include "CBulkheadSandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int result(int value) { return value < 0 ? -errno : value; }

int bulkhead_refuse_new_privileges(void) { return result(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)); }

int bulkhead_set_dumpable(int enabled) { return result(prctl(PR_SET_DUMPABLE, enabled ? 1 : 0, 0, 0, 0)); }

int bulkhead_drop_capabilities(int kept) {
    // As of version 3, two words of 32 capabilities each.
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct now[2] = {{0}, {0}};
    if (syscall(SYS_capget, &header, now) < 0) return -errno;
    uint32_t mask = 0;
    if (kept & BULKHEAD_ROOT_READS_ANY_FILE) mask |= 1u << CAP_DAC_READ_SEARCH;
    if (kept & BULKHEAD_ROOT_WRITES_ANY_FILE) mask |= 1u << CAP_DAC_OVERRIDE;
    if (kept & BULKHEAD_ROOT_SEES_SCREEN) mask |= 1u << CAP_SYS_ADMIN;
    struct __user_cap_data_struct left[2] = {{0}, {0}};
    left[0].effective = now[0].effective & mask;
    left[0].permitted = now[0].permitted & mask;
    return result((int)syscall(SYS_capset, &header, left));
}

static int resource(int limit) {
    switch (limit) {
    case BULKHEAD_LIMIT_CORE: return RLIMIT_CORE;
    case BULKHEAD_LIMIT_DATA: return RLIMIT_DATA;
    case BULKHEAD_LIMIT_ADDRESS_SPACE: return RLIMIT_AS;
    case BULKHEAD_LIMIT_FILE_SIZE: return RLIMIT_FSIZE;
    case BULKHEAD_LIMIT_OPEN_FILES: return RLIMIT_NOFILE;
    case BULKHEAD_LIMIT_THREADS: return RLIMIT_NPROC;
    case BULKHEAD_LIMIT_LOCKED_MEMORY: return RLIMIT_MEMLOCK;
    case BULKHEAD_LIMIT_NICE: return RLIMIT_NICE;
    case BULKHEAD_LIMIT_REAL_TIME: return RLIMIT_RTPRIO;
    case BULKHEAD_LIMIT_QUEUED_MESSAGES: return RLIMIT_MSGQUEUE;
    case BULKHEAD_LIMIT_QUEUED_SIGNALS: return RLIMIT_SIGPENDING;
    default: return -1;
    }
}

int bulkhead_limit(int limit, uint64_t *value) {
    struct rlimit current;
    int number = resource(limit);
    if (number < 0) return -EINVAL;
    if (getrlimit(number, &current) < 0) return -errno;
    *value = current.rlim_cur == RLIM_INFINITY ? UINT64_MAX : current.rlim_cur;
    return 0;
}

int bulkhead_lower_limit(int limit, uint64_t value) {
    struct rlimit current;
    int number = resource(limit);
    if (number < 0) return -EINVAL;
    if (getrlimit(number, &current) < 0) return -errno;
    if (current.rlim_max > value) current.rlim_max = value;
    if (current.rlim_cur > value) current.rlim_cur = value;
    return result(setrlimit(number, &current));
}

int bulkhead_leave_first_cpu(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) < 0) return -errno;
    int count = CPU_COUNT(&set);
    if (count < 2) return -EOPNOTSUPP;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &set)) continue;
        CPU_CLR(cpu, &set);
        break;
    }
    if (sched_setaffinity(0, sizeof set, &set) < 0) return -errno;
    return count - 1;
}
