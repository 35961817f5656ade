// A plugin that does what its parameter says, at one frame. Attempts are answered with a line: "NAME: refused: …" or
// "NAME: granted". Harm is done, and the host does not survive it.
#include "hostile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACT, TARGET, FRAME, PLACE };
static const char *const places[] = {"picture", "create", "destroy", NULL};

static const bulkhead_parameter parameters[] = {
    [ACT] = {.type = BULKHEAD_PARAMETER_TEXT, .name = "act", .description = "What to do.", .default_value = ""},
    [TARGET] = {.type = BULKHEAD_PARAMETER_TEXT, .name = "target", .description = "To what.", .default_value = ""},
    [FRAME] = {
        .type = BULKHEAD_PARAMETER_INTEGER, .name = "frame", .description = "From which call on, counted from 0.",
        .default_value = "0"},
    [PLACE] = {
        .type = BULKHEAD_PARAMETER_CHOICE, .name = "place", .description = "In which call.",
        .default_value = "picture", .choices = places},
};

typedef struct hostile {
    const bulkhead_host *host;
    char act[64];
    char target[4096];
    int64_t frame, place, calls;
} hostile;

static int32_t act(hostile *self, const bulkhead_video_frame *frame) {
    const attempt *attempt = find_attempt(self->act);
    if (attempt) {
        char line[256];
        int error = attempt->run(self->target);
        if (error) snprintf(line, sizeof line, "%s: refused: %s", self->act, strerror(error));
        else snprintf(line, sizeof line, "%s: granted", self->act);
        self->host->log(self->host->context, BULKHEAD_LOG_NOTICE, line);
        return BULKHEAD_UNCHANGED;
    }
    const harm *harm = find_harm(self->act);
    return harm ? harm->run(self->target, frame) : BULKHEAD_UNCHANGED;
}

static int32_t create(
    const bulkhead_plugin *plugin, const bulkhead_host *host, const bulkhead_format *format,
    const bulkhead_value *values, void **state) {
    (void)plugin, (void)format;
    if (!find_attempt(values[ACT].text) && !find_harm(values[ACT].text) && *values[ACT].text) return -EINVAL;
    hostile *self = calloc(1, sizeof *self);
    if (!self) return -ENOMEM;
    self->host = host;
    snprintf(self->act, sizeof self->act, "%s", values[ACT].text);
    snprintf(self->target, sizeof self->target, "%s", values[TARGET].text);
    self->frame = values[FRAME].integer;
    self->place = values[PLACE].integer;
    if (self->place == 1) act(self, NULL);
    *state = self;
    return 0;
}

static void destroy(void *state) {
    hostile *self = state;
    if (self->place == 2) act(self, NULL);
    free(self);
}

static int32_t process_video(void *state, const bulkhead_video_frame *frame) {
    hostile *self = state;
    if (self->place != 0 || self->calls++ < self->frame) return BULKHEAD_UNCHANGED;
    return act(self, frame);
}

BULKHEAD_PLUGIN_EXPORT const bulkhead_plugin *bulkhead_plugin_entry(uint32_t host_abi_version) {
    (void)host_abi_version;
    static const bulkhead_plugin plugin = {
        .abi_version = BULKHEAD_PLUGIN_ABI_VERSION,
        .byte_count = sizeof(bulkhead_plugin),
        .parameter_byte_count = sizeof(bulkhead_parameter),
        .capabilities = BULKHEAD_VIDEO,
        .name = "Hostile",
        .version = "1",
        .parameters = parameters,
        .parameter_count = sizeof parameters / sizeof *parameters,
        .create = create,
        .destroy = destroy,
        .process_video = process_video,
    };
    return &plugin;
}
