// Text: writes a text or a clock over the broadcast. An example of a plugin in C that uses libraries and draws anew only
// when something has changed. `drawing.c` knows how to draw, this file knows what and when.
#include "drawing.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TEXT, CLOCK, FONT, FAMILY, SIZE, COLOR, OPACITY, OUTLINE, OUTLINE_COLOR, BOX, BOX_COLOR, BOX_OPACITY, PADDING,
    POSITION, MARGIN
};

/// The lines of a text are separated by "\n", written as two characters or as the one.
static const char *const clocks[] = { "off", "local", "utc", "stream", NULL };
enum { CLOCK_OFF, CLOCK_LOCAL, CLOCK_UTC, CLOCK_STREAM };

static const char *const positions[] = {
    "top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right", NULL,
};

#define NUMBER(parameter_name, text, measured_in, from, to, value) \
    { .type = BULKHEAD_PARAMETER_INTEGER, .name = parameter_name, .description = text, .unit = measured_in, \
      .default_value = value, .minimum = from, .maximum = to }
#define SHARE(parameter_name, text, value) \
    { .type = BULKHEAD_PARAMETER_NUMBER, .name = parameter_name, .description = text, .default_value = value, \
      .minimum = 0, .maximum = 1 }
#define OTHER(kind, parameter_name, text, value) \
    { .type = BULKHEAD_PARAMETER_##kind, .name = parameter_name, .description = text, .default_value = value }

static const bulkhead_parameter parameters[] = {
    [TEXT] = OTHER(TEXT, "text", "What is written; \\n begins a new line. With a clock, %H:%M:%S and the other fields of "
                   "strftime are filled in.", "%H:%M:%S"),
    [CLOCK] = { .type = BULKHEAD_PARAMETER_CHOICE, .name = "clock", .default_value = "local", .choices = clocks,
                .description = "Which time is filled in: of this place, UTC, since the stream began, or none." },
    [FONT] = OTHER(FILE, "font", "A font's file (TrueType, OpenType); without one, the family is looked for.", ""),
    [FAMILY] = OTHER(TEXT, "family", "The font by its name, such as DejaVu Sans:bold, as fontconfig has it.",
                     "sans-serif:bold"),
    [SIZE] = NUMBER("size", "The font's size.", "px", 4, 1024, "48"),
    [COLOR] = OTHER(COLOR, "color", "The letters' color.", "#FFFFFF"),
    [OPACITY] = SHARE("opacity", "How much all of it covers: 0 can't be seen.", "1"),
    [OUTLINE] = NUMBER("outline", "How wide the line around the letters is.", "px", 0, 64, "2"),
    [OUTLINE_COLOR] = OTHER(COLOR, "outline-color", "The color of the line around the letters.", "#000000"),
    [BOX] = OTHER(BOOLEAN, "box", "A box lies behind the letters.", "false"),
    [BOX_COLOR] = OTHER(COLOR, "box-color", "The box's color.", "#000000"),
    [BOX_OPACITY] = SHARE("box-opacity", "How much the box covers.", "0.5"),
    [PADDING] = NUMBER("padding", "How far the box goes beyond the letters.", "px", 0, 512, "12"),
    [POSITION] = { .type = BULKHEAD_PARAMETER_CHOICE, .name = "position", .default_value = "bottom-left",
                   .choices = positions, .description = "Where it stands." },
    [MARGIN] = NUMBER("margin", "How far it stays away from the picture's edges.", "px", 0, 4096, "32"),
};
enum { PARAMETER_COUNT = sizeof parameters / sizeof parameters[0] };

typedef struct text {
    const bulkhead_host *host;
    bulkhead_format format;
    char *written, *font_path, *family;
    int64_t clock, position, margin;
    drawing_style style;
    drawing_font *font;
    overlay overlay;
    char *drawn;      ///< what the overlay shows, or NULL
    int64_t start;    ///< of the stream, in nanoseconds
    bool has_start;
    bool is_stale;    ///< something other than the text has changed
} text;

__attribute__((format(printf, 2, 3)))
static void say(const text *self, const char *format, ...) {
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    self->host->log(self->host->context, BULKHEAD_LOG_ERROR, line);
}

// MARK: parameters

static int32_t replace(char **place, const char *value) {
    char *copy = strdup(value ? value : "");
    if (!copy) return -ENOMEM;
    free(*place);
    *place = copy;
    return 0;
}

/// Opens the font that the parameters name. The old one stays where that can't be done.
static int32_t open_font(text *self, const char *path, const char *family) {
    char reason[256];
    drawing_font *font = drawing_font_open(path, family, reason, sizeof reason);
    if (!font) {
        say(self, "%s", reason);
        return -EINVAL;
    }
    drawing_font_close(self->font);
    self->font = font;
    return 0;
}

static int32_t take(text *self, uint32_t index, const bulkhead_value *value) {
    switch (index) {
    case TEXT: return replace(&self->written, value->text);
    case CLOCK: self->clock = value->integer; return 0;
    case FONT: return replace(&self->font_path, value->text);
    case FAMILY: return replace(&self->family, value->text);
    case SIZE: self->style.size = (uint32_t)value->integer; return 0;
    case COLOR: self->style.color = (uint32_t)value->integer; return 0;
    case OPACITY: self->style.opacity = value->number; return 0;
    case OUTLINE: self->style.outline = (uint32_t)value->integer; return 0;
    case OUTLINE_COLOR: self->style.outline_color = (uint32_t)value->integer; return 0;
    case BOX: self->style.has_box = value->integer != 0; return 0;
    case BOX_COLOR: self->style.box_color = (uint32_t)value->integer; return 0;
    case BOX_OPACITY: self->style.box_opacity = value->number; return 0;
    case PADDING: self->style.padding = (uint32_t)value->integer; return 0;
    case POSITION:
        self->position = value->integer;
        self->style.alignment = (int)(value->integer % 3);
        return 0;
    case MARGIN: self->margin = value->integer; return 0;
    default: return -EINVAL;
    }
}

static int32_t set_parameter(void *state, uint32_t index, const bulkhead_value *value) {
    text *self = state;
    // A font that can't be opened leaves everything as it is.
    if (index == FONT || index == FAMILY) {
        const char *given = value->text ? value->text : "";
        int32_t result = open_font(
            self, index == FONT ? given : self->font_path, index == FAMILY ? given : self->family);
        if (result) return result;
    }
    self->is_stale = true;
    return take(self, index, value);
}

// MARK: what is written

/// What is to be read at a picture, in memory that the caller frees; NULL when there is no memory.
static char *current_text(const text *self, int64_t pts) {
    size_t length = strlen(self->written);
    char *plain = malloc(length + 1);
    if (!plain) return NULL;
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        bool is_break = self->written[i] == '\\' && self->written[i + 1] == 'n';
        plain[count++] = is_break ? '\n' : self->written[i];
        i += is_break;
    }
    plain[count] = 0;
    if (self->clock == CLOCK_OFF || !*plain) return plain;
    time_t now = self->clock == CLOCK_STREAM ? (pts - self->start) / 1000000000 : time(NULL);
    struct tm parts;
    if (!(self->clock == CLOCK_LOCAL ? localtime_r(&now, &parts) : gmtime_r(&now, &parts))) return plain;
    // strftime says 0 when it needs more room; a field takes far fewer than 64 bytes.
    size_t room = count * 64 + 64;
    char *filled = malloc(room);
    if (!filled) return plain;
    if (strftime(filled, room, plain, &parts) == 0) filled[0] = 0;
    free(plain);
    return filled;
}

/// Where something of `length` stands in `room`: 0 at the start, 1 in the middle, 2 at the end.
static int64_t place(int64_t where, int64_t length, int64_t room, int64_t margin) {
    return where == 0 ? margin : where == 1 ? (room - length) / 2 : room - length - margin;
}

static int32_t process_video(void *state, const bulkhead_video_frame *frame) {
    text *self = state;
    if (!self->has_start) {
        self->start = frame->pts_nanoseconds;
        self->has_start = true;
    }
    char *wanted = current_text(self, frame->pts_nanoseconds);
    if (!wanted) return -ENOMEM;
    if (self->is_stale || !self->drawn || strcmp(wanted, self->drawn)) {
        int32_t result = drawing_draw(
            self->font, wanted, &self->style, self->format.width, self->format.height, &self->overlay);
        if (result) {
            free(wanted);
            return result;
        }
        free(self->drawn);
        self->drawn = wanted;
        self->is_stale = false;
    } else {
        free(wanted);
    }
    if (!self->overlay.rows) return BULKHEAD_UNCHANGED;
    overlay_blend(
        &self->overlay, frame, place(self->position % 3, self->overlay.width, frame->width, self->margin),
        place(self->position / 3, self->overlay.height, frame->height, self->margin));
    return 0;
}

// MARK: begin and end

static void destroy(void *state) {
    text *self = state;
    drawing_font_close(self->font);
    overlay_free(&self->overlay);
    free(self->written), free(self->font_path), free(self->family), free(self->drawn);
    free(self);
}

static int32_t create(
    const bulkhead_plugin *plugin, const bulkhead_host *host, const bulkhead_format *format,
    const bulkhead_value *values, void **state) {
    text *self = calloc(1, sizeof *self);
    if (!self) return -ENOMEM;
    self->host = host;
    self->format = *format;
    int32_t result = 0;
    for (uint32_t index = 0; index < plugin->parameter_count && !result; index++)
        result = take(self, index, &values[index]);
    // The time zone is read from a file: now, and not at the first picture.
    tzset();
    if (!result) result = open_font(self, self->font_path, self->family);
    if (result) {
        destroy(self);
        return result;
    }
    *state = self;
    return 0;
}

BULKHEAD_PLUGIN(
    .capabilities = BULKHEAD_VIDEO | BULKHEAD_VIDEO_IN_PLACE,
    .name = "Text",
    .version = "1.0",
    .description = "Writes a text or a clock over the broadcast.",
    .author = "The Bulkhead authors",
    .license = "MIT",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .create = create,
    .destroy = destroy,
    .set_parameter = set_parameter,
    .process_video = process_video)
