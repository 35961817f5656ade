// Danmaku: draws the comments of a broadcast's room over its pictures. Bulkhead decides which comment is where and when, and
// tells it by events; what is drawn depends on these and on the picture's time alone, so that whoever draws a picture again draws
// the same one.
#include "bulkhead_plugin.h"
#include "json.h"
#include "sprite.h"
#include "text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAMILY, LANGUAGE, OUTLINE };

static const bulkhead_parameter parameters[] = {
    [FAMILY] = { .type = BULKHEAD_PARAMETER_TEXT, .name = "family", .default_value = "sans-serif:bold",
                 .description = "The font where the room names none, as fontconfig has it; other fonts add what it lacks." },
    [LANGUAGE] = { .type = BULKHEAD_PARAMETER_TEXT, .name = "language", .default_value = "zh-cn",
                   .description = "The language whose forms of Chinese signs are taken: zh-cn, zh-tw, ja, ko." },
    [OUTLINE] = { .type = BULKHEAD_PARAMETER_NUMBER, .name = "outline", .default_value = "0.06", .minimum = 0, .maximum = 0.2,
                  .description = "How wide the line around letters is, as a share of their height." },
};
enum { PARAMETER_COUNT = sizeof parameters / sizeof parameters[0] };

enum { MOST_COMMENTS = 1024, MOST_FAMILIES = 4, PICTURE_LINES = 1080 };

/// How a comment looks from a time on.
typedef struct comment {
    int64_t key;           ///< several with one follow each other
    int64_t from;          ///< when it begins to look so, in nanoseconds of the timeline
    int64_t start, end;    ///< when it is seen
    double top, height, size, width, speed; ///< in lines, of which a picture has 1080
    char mode;             ///< 's'croll, 'r'everse, 't'op, 'b'ottom
    uint32_t color;
    double opacity;
    char *text, *font;
    overlay overlay;
    uint32_t edge;
    bool is_drawn;
} comment;

typedef struct family {
    char *name;
    faces *faces;
} family;

typedef struct danmaku {
    const bulkhead_host *host;
    bulkhead_format format;
    FT_Library library;
    char *default_family, *language;
    double outline;
    family families[MOST_FAMILIES];
    size_t family_count;
    comment comments[MOST_COMMENTS]; ///< in the order in which they were told
    size_t count;
} danmaku;

// MARK: comments

static void free_comment(comment *comment) {
    free(comment->text), free(comment->font);
    overlay_free(&comment->overlay);
}

static void forget(danmaku *self, size_t index) {
    free_comment(&self->comments[index]);
    memmove(&self->comments[index], &self->comments[index + 1], (--self->count - index) * sizeof(comment));
}

/// What ended seconds before is not asked for again.
static void forget_old(danmaku *self, int64_t now) {
    for (size_t i = self->count; i-- > 0; ) {
        if (self->comments[i].end < now - 5000000000) forget(self, i);
    }
}

static void add(danmaku *self, comment added) {
    // Told again to one that knows it.
    for (size_t i = 0; i < self->count; i++) {
        if (self->comments[i].key == added.key && self->comments[i].from == added.from) forget(self, i--);
    }
    if (self->count == MOST_COMMENTS) forget(self, 0);
    self->comments[self->count++] = added;
}

static void end(danmaku *self, int64_t key, int64_t time) {
    for (size_t i = 0; i < self->count; i++) {
        comment *comment = &self->comments[i];
        if (comment->key == key && comment->end > time) comment->end = time;
    }
}

static bool is_name(const json_member *member, const char *name) { return !strcmp(member->name, name); }

static void handle_event(void *state, const bulkhead_event *event) {
    danmaku *self = state;
    if (event->kind != BULKHEAD_EVENT_COMMENT) return;
    forget_old(self, event->pts_nanoseconds);
    json_reader reader;
    json_member member;
    comment told = { .from = event->pts_nanoseconds, .opacity = 1, .color = 0xFFFFFF, .mode = 's' };
    if (!json_begin(&reader, event->bytes, event->bytes_count)) return;
    while (json_next(&reader, &member)) {
        double number = isfinite(member.number) ? fmin(fmax(member.number, -9e17), 9e17) : 0;
        if (is_name(&member, "key")) told.key = (int64_t)number;
        else if (is_name(&member, "start")) told.start = (int64_t)number;
        else if (is_name(&member, "end")) told.end = (int64_t)number;
        else if (is_name(&member, "top")) told.top = number;
        else if (is_name(&member, "height")) told.height = number;
        else if (is_name(&member, "size")) told.size = number;
        else if (is_name(&member, "width")) told.width = number;
        else if (is_name(&member, "speed")) told.speed = number;
        else if (is_name(&member, "color")) told.color = (uint32_t)(int64_t)number & 0xFFFFFF;
        else if (is_name(&member, "opacity")) told.opacity = fmin(fmax(number, 0), 1);
        else if (is_name(&member, "mode")) told.mode = member.text[0];
        else if (is_name(&member, "text") && !told.text) told.text = strdup(member.text);
        else if (is_name(&member, "font") && !told.font) told.font = strdup(member.text);
    }
    if (!strcmp(event->name, "show") && told.text && told.size > 0 && told.size <= 1000) return add(self, told);
    if (!strcmp(event->name, "remove")) end(self, told.key, told.from);
    free(told.text), free(told.font);
}

// MARK: drawing

static faces *find_faces(danmaku *self, const char *name) {
    const char *wanted = name && *name ? name : self->default_family;
    for (size_t i = 0; i < self->family_count; i++) {
        if (!strcmp(self->families[i].name, wanted)) return self->families[i].faces;
    }
    // A font that is not there is another one for fontconfig; none at all leaves the default.
    if (self->family_count == MOST_FAMILIES) return self->families[0].faces;
    faces *opened = faces_open(self->library, wanted, self->language);
    char *copy = opened ? strdup(wanted) : NULL;
    if (!copy) {
        faces_close(opened);
        return self->family_count ? self->families[0].faces : NULL;
    }
    self->families[self->family_count++] = (family){ copy, opened };
    return opened;
}

static int32_t draw(danmaku *self, comment *comment, double scale, uint32_t rows) {
    sprite_style style = {
        .size = (uint32_t)fmax(4, round(comment->size * scale)),
        .most_width = (uint32_t)fmax(4, (comment->width - comment->size * 0.2) * scale),
        .outline = self->outline > 0 ? (uint32_t)fmax(1, round(comment->size * scale * self->outline)) : 0,
        .color = comment->color,
        .opacity = comment->opacity,
        .rows = rows,
    };
    comment->is_drawn = true;
    return sprite_draw(
        self->library, find_faces(self, comment->font), comment->text, &style, &comment->overlay, &comment->edge);
}

/// Whether a later one with the same key has taken its place at `time`.
static bool is_replaced(const danmaku *self, size_t index, int64_t time) {
    for (size_t i = index + 1; i < self->count; i++) {
        if (self->comments[i].key == self->comments[index].key && self->comments[i].from <= time) return true;
    }
    return false;
}

static int32_t process_video(void *state, const bulkhead_video_frame *frame) {
    danmaku *self = state;
    int64_t time = frame->pts_nanoseconds;
    double scale = frame->height / (double)PICTURE_LINES, picture_width = frame->width / scale;
    bool is_changed = false;
    for (size_t i = 0; i < self->count; i++) {
        comment *comment = &self->comments[i];
        if (time >= comment->end && comment->is_drawn) {
            overlay_free(&comment->overlay);
            comment->is_drawn = false;
        }
        if (time < comment->start || time < comment->from || time >= comment->end || is_replaced(self, i, time)) continue;
        if (!comment->is_drawn) {
            int32_t result = draw(self, comment, scale, frame->height);
            if (result) return result;
        }
        double way = (double)(time - comment->start) / 1e9 * comment->speed;
        double x = comment->mode == 's' ? picture_width - way
            : comment->mode == 'r' ? way - comment->width : (picture_width - comment->width) / 2;
        double left = (x + comment->size * 0.1) * scale - comment->edge;
        double top = (comment->top + comment->height / 2) * scale - comment->overlay.height / 2.0;
        overlay_blend(&comment->overlay, frame, (int64_t)floor(left), (int64_t)floor(top));
        is_changed = true;
    }
    return is_changed ? 0 : BULKHEAD_UNCHANGED;
}

// MARK: begin and end

static void destroy(void *state) {
    danmaku *self = state;
    for (size_t i = 0; i < self->count; i++) free_comment(&self->comments[i]);
    for (size_t i = 0; i < self->family_count; i++) {
        free(self->families[i].name);
        faces_close(self->families[i].faces);
    }
    if (self->library) FT_Done_FreeType(self->library);
    free(self->default_family), free(self->language);
    free(self);
}

static int32_t take(danmaku *self, uint32_t index, const bulkhead_value *value) {
    switch (index) {
    case FAMILY: return text_replace(&self->default_family, value->text);
    case LANGUAGE: return text_replace(&self->language, value->text);
    case OUTLINE: self->outline = value->number; return 0;
    default: return -EINVAL;
    }
}

/// All comments are drawn anew, in the fonts that are wanted now.
static int32_t set_parameter(void *state, uint32_t index, const bulkhead_value *value) {
    danmaku *self = state;
    int32_t result = take(self, index, value);
    if (result) return result;
    for (size_t i = 0; i < self->family_count; i++) {
        free(self->families[i].name);
        faces_close(self->families[i].faces);
    }
    self->family_count = 0;
    for (size_t i = 0; i < self->count; i++) self->comments[i].is_drawn = false;
    return find_faces(self, NULL) ? 0 : -ENOENT;
}

static int32_t create(
    const bulkhead_plugin *plugin, const bulkhead_host *host, const bulkhead_format *format,
    const bulkhead_value *values, void **state) {
    danmaku *self = calloc(1, sizeof *self);
    if (!self) return -ENOMEM;
    self->host = host;
    self->format = *format;
    int32_t result = FT_Init_FreeType(&self->library) ? -ENOMEM : 0;
    for (uint32_t index = 0; index < plugin->parameter_count && !result; index++) result = take(self, index, &values[index]);
    // Fonts are looked for now, and not at the first comment: that may take a while.
    if (!result && !find_faces(self, NULL)) {
        host->log(host->context, BULKHEAD_LOG_ERROR, FACES_MISSING);
        result = -ENOENT;
    }
    if (result) {
        destroy(self);
        return result;
    }
    *state = self;
    return 0;
}

BULKHEAD_PLUGIN(
    .capabilities = BULKHEAD_VIDEO | BULKHEAD_VIDEO_IN_PLACE | BULKHEAD_EVENTS,
    .name = "Danmaku",
    .version = "1.0",
    .description = "Draws the comments of the broadcast's room.",
    .author = "The Bulkhead authors",
    .license = "MIT",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .create = create,
    .destroy = destroy,
    .set_parameter = set_parameter,
    .process_video = process_video,
    .handle_event = handle_event)
