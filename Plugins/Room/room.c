// Room: shows what the broadcast's room has to say beside its comments: the title, the notice, what is pinned and what was paid for,
// with the time that is left. What is drawn depends on what Bulkhead has told and on the picture's time alone.
#include "bulkhead_plugin.h"
#include "json.h"
#include "sprite.h"
#include "text.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAMILY, LANGUAGE, POSITION, SIZE, MARGIN, WIDTH, BOX };

static const char *const positions[] = { "top-left", "top-right", "bottom-left", "bottom-right", NULL };

#define NUMBER(parameter_name, text, from, to, value) \
    { .type = BULKHEAD_PARAMETER_NUMBER, .name = parameter_name, .description = text, .default_value = value, \
      .minimum = from, .maximum = to }

static const bulkhead_parameter parameters[] = {
    [FAMILY] = { .type = BULKHEAD_PARAMETER_TEXT, .name = "family", .default_value = "sans-serif:bold",
                 .description = "The font, as fontconfig has it; other fonts add what it lacks." },
    [LANGUAGE] = { .type = BULKHEAD_PARAMETER_TEXT, .name = "language", .default_value = "zh-cn",
                   .description = "The language whose forms of Chinese signs are taken: zh-cn, zh-tw, ja, ko." },
    [POSITION] = { .type = BULKHEAD_PARAMETER_CHOICE, .name = "position", .default_value = "top-left", .choices = positions,
                   .description = "The corner where it stands." },
    [SIZE] = NUMBER("size", "The height of letters, in lines of a picture of 1080.", 12, 200, "32"),
    [MARGIN] = NUMBER("margin", "How far it stays away from the edges, in such lines.", 0, 500, "24"),
    [WIDTH] = NUMBER("width", "The share of the picture's width that it may take; longer lines are set smaller.", 0.1, 1, "0.45"),
    [BOX] = NUMBER("box", "How much the dark box behind it covers.", 0, 1, "0.45"),
};
enum { PARAMETER_COUNT = sizeof parameters / sizeof parameters[0] };

enum { MOST_STATES = 64, MOST_LINES = 16, MOST_SPRITES = 64, PICTURE_LINES = 1080 };

/// One line of the room.
typedef struct line {
    char *text;
    int64_t until; ///< in nanoseconds of the timeline; 0 for no end
    uint32_t color;
    double scale; ///< of the letters
} line;

/// What is to be seen from a time on.
typedef struct state {
    int64_t from;
    line lines[MOST_LINES];
    size_t count;
    int position;            ///< -1 where the parameters' one is meant
    double size, width, box; ///< likewise
} state;

typedef struct sprite {
    char *text;
    uint32_t color, size, most_width, edge;
    overlay overlay;
    uint64_t used; ///< the picture that it was on last
} sprite;

typedef struct room {
    const bulkhead_host *host;
    FT_Library library;
    faces *faces;
    char *family, *language;
    uint32_t picture_width, height; ///< of pictures, in pixels
    int64_t position;
    double size, margin, width, box;
    state states[MOST_STATES]; ///< the oldest first
    size_t count;
    sprite sprites[MOST_SPRITES];
    uint64_t pictures;
    overlay ground;
    double ground_box;
} room;

// MARK: lines

static void free_state(state *state) {
    for (size_t i = 0; i < state->count; i++) free(state->lines[i].text);
    *state = (struct state){ 0 };
}

static void add_line(state *state, const char *text, int64_t until, uint32_t color, double scale) {
    if (!*text || state->count == MOST_LINES) return;
    char *copy = strdup(text);
    if (copy) state->lines[state->count++] = (line){ copy, until, color, scale };
}

/// A notice may have several lines.
static void add_lines(state *state, const char *text, uint32_t color) {
    char part[512];
    for (int count = 0; *text && count < 6; count++) {
        size_t length = strcspn(text, "\n");
        snprintf(part, sizeof part, "%.*s", (int)(length < sizeof part ? length : sizeof part - 1), text);
        add_line(state, part, 0, color, 1);
        text += length + (text[length] != 0);
    }
}

// MARK: drawing

static void forget(sprite *sprite) {
    free(sprite->text);
    overlay_free(&sprite->overlay);
    *sprite = (struct sprite){ 0 };
}

/// The picture of a line, drawn once; NULL without memory.
static sprite *find(room *self, const char *text, uint32_t color, uint32_t size, uint32_t most_width, uint32_t rows) {
    sprite *oldest = &self->sprites[0];
    for (size_t i = 0; i < MOST_SPRITES; i++) {
        sprite *known = &self->sprites[i];
        if (known->text && known->color == color && known->size == size &&
            known->most_width == most_width && !strcmp(known->text, text)) {
            known->used = self->pictures;
            return known;
        }
        if (known->used < oldest->used) oldest = known;
    }
    forget(oldest);
    sprite_style style = { .size = size, .most_width = most_width, .outline = size / 16 + 1, .color = color, .opacity = 1,
                           .rows = rows };
    if (sprite_draw(self->faces, text, &style, &oldest->overlay, &oldest->edge)) return NULL;
    oldest->text = strdup(text);
    oldest->color = color, oldest->size = size, oldest->most_width = most_width;
    oldest->used = self->pictures;
    return oldest->text ? oldest : NULL;
}

/// How much time is left of a line; empty where it has no end.
static void time_left(const line *line, int64_t time, char *place, size_t size) {
    long long seconds = (line->until - time + 999999999) / 1000000000;
    if (!line->until) *place = 0;
    else if (seconds >= 3600) snprintf(place, size, "%lld:%02lld:%02lld  ", seconds / 3600, seconds / 60 % 60, seconds % 60);
    else snprintf(place, size, "%lld:%02lld  ", seconds / 60, seconds % 60);
}

/// A line's pictures: its words, and before them the time that is left, NULL where it has no end.
typedef struct drawn_line {
    sprite *time, *words;
    uint32_t width, height;
} drawn_line;

/// Draws a line as it is at `time`. Without memory there are no words.
static drawn_line draw_line(room *self, const state *state, const line *line, int64_t time) {
    double scale = self->height / (double)PICTURE_LINES;
    uint32_t size = (uint32_t)fmax(4, round(state->size * line->scale * scale));
    uint32_t most_width = (uint32_t)fmax(16, self->picture_width * state->width);
    drawn_line drawn = { 0 };
    char left[32];
    time_left(line, time, left, sizeof left);
    // Apart from the words, which need not be drawn each second.
    if (*left) drawn.time = find(self, left, line->color, size, most_width, self->height);
    uint32_t before = drawn.time ? drawn.time->overlay.width : 0;
    drawn.words = find(
        self, line->text, line->color, size, most_width > before + 16 ? most_width - before : 16, self->height);
    if (*left && !drawn.time) drawn.words = NULL;
    if (!drawn.words) return drawn;
    drawn.width = before + drawn.words->overlay.width;
    drawn.height = drawn.words->overlay.height;
    return drawn;
}

// MARK: what is told

/// The corner of that name; -1 for none.
static int position_of(const char *name) {
    for (int i = 0; positions[i]; i++) {
        if (!strcmp(positions[i], name)) return i;
    }
    return -1;
}

/// How a state looks: what it does not say is the parameters'.
static state style(const room *self, const state *told) {
    state styled = *told;
    if (styled.position < 0) styled.position = (int)self->position;
    if (styled.size < 0) styled.size = self->size;
    if (styled.width < 0) styled.width = self->width;
    if (styled.box < 0) styled.box = self->box;
    return styled;
}

static void handle_event(void *place, const bulkhead_event *event) {
    room *self = place;
    if (event->kind != BULKHEAD_EVENT_ROOM_DATA || strcmp(event->name, "room")) return;
    json_reader reader;
    json_member member;
    if (!json_begin(&reader, event->bytes, event->bytes_count)) return;
    state told = { .from = event->pts_nanoseconds, .position = -1, .size = -1, .width = -1, .box = -1 };
    int64_t until = 0;
    while (json_next(&reader, &member)) {
        double number = isfinite(member.number) ? fmin(fmax(member.number, -9e17), 9e17) : 0;
        // The end of what follows stands before it.
        if (!strcmp(member.name, "until")) until = (int64_t)number;
        else if (!strcmp(member.name, "position")) told.position = position_of(member.text);
        else if (!strcmp(member.name, "size")) told.size = fmin(fmax(number, 4), 1000);
        else if (!strcmp(member.name, "width")) told.width = fmin(fmax(number, 0.01), 1);
        else if (!strcmp(member.name, "box")) told.box = fmin(fmax(number, 0), 1);
        else if (!strcmp(member.name, "title")) add_line(&told, member.text, 0, 0xFFFFFF, 1.25);
        else if (!strcmp(member.name, "notice")) add_lines(&told, member.text, 0xE0E0E0);
        else if (!strcmp(member.name, "pinned")) add_line(&told, member.text, until, 0x9FD8FF, 1);
        else if (!strncmp(member.name, "paid", 4)) add_line(&told, member.text, until, 0xFFD24A, 1);
    }
    // Told again to one that knows it.
    for (size_t i = 0; i < self->count; i++) {
        if (self->states[i].from != told.from) continue;
        free_state(&self->states[i]);
        self->states[i] = told;
        return;
    }
    if (self->count == MOST_STATES) {
        free_state(&self->states[0]);
        memmove(&self->states[0], &self->states[1], --self->count * sizeof(state));
    }
    self->states[self->count++] = told;
    state styled = style(self, &told);
    // Now, and not when it is seen first: a standby has drawn all before it is given a picture.
    for (size_t i = 0; i < told.count; i++) draw_line(self, &styled, &told.lines[i], told.from);
}

/// The state at `time`: the latest that has begun.
static const state *state_at(const room *self, int64_t time) {
    const state *found = NULL;
    for (size_t i = 0; i < self->count; i++) {
        if (self->states[i].from <= time && (!found || self->states[i].from >= found->from)) found = &self->states[i];
    }
    return found;
}

// MARK: pictures

/// A dark box of this size, in even pixels.
static int32_t draw_ground(room *self, double box, uint32_t width, uint32_t height, uint32_t rows) {
    if (self->ground.width == width && self->ground.height == height && self->ground_box == box) return 0;
    uint8_t *pixels = calloc((size_t)width * height, 4);
    if (!pixels) return -ENOMEM;
    for (size_t i = 0; i < (size_t)width * height; i++) pixels[i * 4 + 3] = 255;
    int32_t result = overlay_make(&self->ground, pixels, width, height, box, rows);
    free(pixels);
    if (!result) self->ground_box = box;
    return result;
}

static int32_t process_video(void *place, const bulkhead_video_frame *frame) {
    room *self = place;
    int64_t time = frame->pts_nanoseconds;
    const state *told = state_at(self, time);
    if (!told) return BULKHEAD_UNCHANGED;
    const state state = style(self, told);
    double scale = frame->height / (double)PICTURE_LINES;
    drawn_line lines[MOST_LINES];
    size_t count = 0;
    uint32_t height = 0, width = 0;
    self->pictures++;
    for (size_t i = 0; i < state.count; i++) {
        const line *line = &state.lines[i];
        if (line->until && line->until <= time) continue;
        drawn_line drawn = draw_line(self, &state, line, time);
        if (!drawn.words) return -ENOMEM;
        lines[count++] = drawn;
        height += drawn.height;
        width = drawn.width > width ? drawn.width : width;
    }
    if (!count) return BULKHEAD_UNCHANGED;
    uint32_t padding = (uint32_t)(state.size * scale * 0.4) & ~1u;
    uint32_t box_width = (width + 2 * padding + 31) & ~31u, box_height = (height + 2 * padding + 1) & ~1u;
    double margin = self->margin * scale;
    int64_t left = (int64_t)(state.position % 2 ? frame->width - box_width - margin : margin);
    int64_t top = (int64_t)(state.position / 2 ? frame->height - box_height - margin : margin);
    if (state.box > 0) {
        int32_t result = draw_ground(self, state.box, box_width, box_height, frame->height);
        if (result) return result;
        overlay_blend(&self->ground, frame, left, top);
    }
    int64_t x = left + padding, y = (top & ~(int64_t)1) + padding;
    for (size_t i = 0; i < count; i++) {
        if (lines[i].time) overlay_blend(&lines[i].time->overlay, frame, x, y);
        overlay_blend(&lines[i].words->overlay, frame, x + (lines[i].time ? lines[i].time->overlay.width : 0), y);
        y += lines[i].height;
    }
    return 0;
}

// MARK: begin and end

static void destroy(void *place) {
    room *self = place;
    for (size_t i = 0; i < self->count; i++) free_state(&self->states[i]);
    for (size_t i = 0; i < MOST_SPRITES; i++) forget(&self->sprites[i]);
    overlay_free(&self->ground);
    faces_close(self->faces);
    if (self->library) FT_Done_FreeType(self->library);
    free(self->family), free(self->language);
    free(self);
}

static int32_t take(room *self, uint32_t index, const bulkhead_value *value) {
    switch (index) {
    case FAMILY: return text_replace(&self->family, value->text);
    case LANGUAGE: return text_replace(&self->language, value->text);
    case POSITION: self->position = value->integer; return 0;
    case SIZE: self->size = value->number; return 0;
    case MARGIN: self->margin = value->number; return 0;
    case WIDTH: self->width = value->number; return 0;
    case BOX: self->box = value->number; return 0;
    default: return -EINVAL;
    }
}

static int32_t open_fonts(room *self) {
    faces *opened = faces_open(self->library, self->family, self->language);
    if (!opened) {
        self->host->log(
            self->host->context, BULKHEAD_LOG_ERROR, FACES_MISSING);
        return -ENOENT;
    }
    faces_close(self->faces);
    self->faces = opened;
    return 0;
}

static int32_t set_parameter(void *place, uint32_t index, const bulkhead_value *value) {
    room *self = place;
    int32_t result = take(self, index, value);
    if (!result && (index == FAMILY || index == LANGUAGE)) result = open_fonts(self);
    for (size_t i = 0; i < MOST_SPRITES; i++) forget(&self->sprites[i]);
    overlay_free(&self->ground);
    return result;
}

static int32_t create(
    const bulkhead_plugin *plugin, const bulkhead_host *host, const bulkhead_format *format,
    const bulkhead_value *values, void **state) {
    room *self = calloc(1, sizeof *self);
    if (!self) return -ENOMEM;
    self->host = host;
    self->picture_width = format->width, self->height = format->height;
    int32_t result = FT_Init_FreeType(&self->library) ? -ENOMEM : 0;
    for (uint32_t index = 0; index < plugin->parameter_count && !result; index++) result = take(self, index, &values[index]);
    if (!result) result = open_fonts(self);
    if (result) {
        destroy(self);
        return result;
    }
    *state = self;
    return 0;
}

BULKHEAD_PLUGIN(
    .capabilities = BULKHEAD_VIDEO | BULKHEAD_VIDEO_IN_PLACE | BULKHEAD_EVENTS,
    .name = "Room",
    .version = "1.0",
    .description = "Shows the room's title and notice, and what is pinned and paid for.",
    .author = "The Bulkhead authors",
    .license = "MIT",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .create = create,
    .destroy = destroy,
    .set_parameter = set_parameter,
    .process_video = process_video,
    .handle_event = handle_event)
