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
    double top, left, height, size, width, speed; ///< in lines, of which a picture has 1080
    char mode;             ///< 's'croll, 'r'everse, 't'op, 'b'ottom, 'p'ositioned
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
    uint64_t used;
} family;

typedef struct danmaku {
    const bulkhead_host *host;
    bulkhead_format format;
    FT_Library library;
    char *default_family, *language;
    double outline;
    family families[MOST_FAMILIES];
    size_t family_count;
    uint64_t asked;
    comment comments[MOST_COMMENTS]; ///< by key, and those with one key by when they begin
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

/// Whether a later one with the same key has taken its place at `time`.
static bool is_replaced(const danmaku *self, size_t index, int64_t time) {
    return index + 1 < self->count && self->comments[index + 1].key == self->comments[index].key &&
        self->comments[index + 1].from <= time;
}

/// Frees the pictures of what was seen no more a moment ago, and forgets what was not seconds ago: a frame of before may be asked
/// for again.
static void let_go(danmaku *self, int64_t now) {
    for (size_t i = self->count; i-- > 0; ) {
        comment *comment = &self->comments[i];
        int64_t moment = now - 200000000, seconds = now - 4000000000;
        if (comment->end < seconds || is_replaced(self, i, seconds)) {
            forget(self, i);
        } else if (comment->is_drawn && (comment->end < moment || is_replaced(self, i, moment))) {
            overlay_free(&comment->overlay);
            comment->is_drawn = false;
        }
    }
}

/// Takes in what is new; NULL where it is known already, as all is told again to whoever goes on air. The order does not depend on
/// when it was told: what lies over what is the same for all.
static comment *add(danmaku *self, comment added) {
    size_t place = self->count;
    while (place > 0 && (self->comments[place - 1].key > added.key ||
                         (self->comments[place - 1].key == added.key && self->comments[place - 1].from >= added.from))) place--;
    comment *next = &self->comments[place];
    if (place < self->count && next->key == added.key && next->from == added.from) return NULL;
    if (self->count == MOST_COMMENTS) {
        if (!place) return NULL;
        forget(self, 0);
        next--, place--;
    }
    memmove(next + 1, next, (self->count++ - place) * sizeof(comment));
    *next = added;
    return next;
}

static void end(danmaku *self, int64_t key, int64_t time) {
    for (size_t i = 0; i < self->count; i++) {
        comment *comment = &self->comments[i];
        if (comment->key == key && comment->end > time) comment->end = time;
    }
}

// MARK: drawing

static void close_family(family *family) {
    free(family->name);
    faces_close(family->faces);
    *family = (struct family){ 0 };
}

/// The fonts of a family; NULL without any. What has been drawn needs them no more: those that were not used for the longest time
/// make room.
static faces *find_faces(danmaku *self, const char *name) {
    const char *wanted = name && *name ? name : self->default_family;
    family *oldest = &self->families[0];
    for (size_t i = 0; i < self->family_count; i++) {
        family *known = &self->families[i];
        if (!strcmp(known->name, wanted)) {
            known->used = ++self->asked;
            return known->faces;
        }
        if (known->used < oldest->used) oldest = known;
    }
    faces *opened = faces_open(self->library, wanted, self->language);
    char *copy = opened ? strdup(wanted) : NULL;
    if (!copy) {
        faces_close(opened);
        return self->family_count ? self->families[0].faces : NULL;
    }
    // A font that is not there is another one for fontconfig.
    family *place = self->family_count < MOST_FAMILIES ? &self->families[self->family_count++] : oldest;
    close_family(place);
    *place = (family){ copy, opened, ++self->asked };
    return opened;
}

static int32_t draw(danmaku *self, comment *comment) {
    uint32_t rows = self->format.height;
    double scale = rows / (double)PICTURE_LINES;
    sprite_style style = {
        .size = (uint32_t)fmax(4, round(comment->size * scale)),
        .most_width = (uint32_t)fmax(4, (comment->width - comment->size * 0.2) * scale),
        .outline = self->outline > 0 ? (uint32_t)fmax(1, round(comment->size * scale * self->outline)) : 0,
        .color = comment->color,
        .opacity = comment->opacity,
        .rows = rows,
    };
    int32_t result =
        sprite_draw(find_faces(self, comment->font), comment->text, &style, &comment->overlay, &comment->edge);
    comment->is_drawn = !result;
    return result;
}

// MARK: what is told

static bool is_name(const json_member *member, const char *name) { return !strcmp(member->name, name); }

static void handle_event(void *state, const bulkhead_event *event) {
    danmaku *self = state;
    if (event->kind != BULKHEAD_EVENT_COMMENT) return;
    let_go(self, event->pts_nanoseconds);
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
        else if (is_name(&member, "left")) told.left = number;
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
    bool is_shown = !strcmp(event->name, "show") && told.text && told.size > 0 && told.size <= 1000;
    comment *added = is_shown ? add(self, told) : NULL;
    if (!strcmp(event->name, "remove")) end(self, told.key, told.from);
    if (!added) free_comment(&told);
    // Now, and not when it is seen first: a standby has drawn all before it is given a picture.
    else draw(self, added);
}

// MARK: pictures

static int32_t process_video(void *state, const bulkhead_video_frame *frame) {
    danmaku *self = state;
    int64_t time = frame->pts_nanoseconds;
    double scale = frame->height / (double)PICTURE_LINES, picture_width = frame->width / scale;
    bool is_changed = false;
    for (size_t i = 0; i < self->count; i++) {
        comment *comment = &self->comments[i];
        if (time < comment->start || time < comment->from || time >= comment->end || is_replaced(self, i, time)) continue;
        if (!comment->is_drawn) {
            int32_t result = draw(self, comment);
            if (result) return result;
        }
        double way = (double)(time - comment->start) / 1e9 * comment->speed;
        double x = comment->mode == 's' ? picture_width - way
            : comment->mode == 'r' ? way - comment->width
            // Pictures may have become narrower since.
            : comment->mode == 'p' ? fmin(comment->left, fmax(0, picture_width - comment->width))
            : (picture_width - comment->width) / 2;
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
    for (size_t i = 0; i < self->family_count; i++) close_family(&self->families[i]);
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
    for (size_t i = 0; i < self->family_count; i++) close_family(&self->families[i]);
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
