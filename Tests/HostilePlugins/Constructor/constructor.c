// A library that never gets as far as its entry: its constructor does what its file is called.
#define _GNU_SOURCE
#include "bulkhead_plugin.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void begin(void) {
    Dl_info information;
    if (!dladdr((void *)begin, &information) || !information.dli_fname) return;
    const char *name = strrchr(information.dli_fname, '/');
    name = name ? name + 1 : information.dli_fname;
    if (strncmp(name, "crash", 5) == 0) *(volatile int *)8 = 0;
    if (strncmp(name, "exit", 4) == 0) exit(0);
    if (strncmp(name, "hang", 4) == 0)
        for (;;) pause();
}

BULKHEAD_PLUGIN_EXPORT const bulkhead_plugin *bulkhead_plugin_entry(uint32_t host_abi_version) {
    (void)host_abi_version;
    return NULL;
}
