// Bars: colour bars and a tone instead of what is broadcast, to line a chain up with. An example of a plugin in C that
// makes pictures and sound of its own.
#include "bulkhead_plugin.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { STANDARD, TONE, LEVEL, FREQUENCY };

static const char *const standards[] = { "smpte", "ebu", NULL };

static const bulkhead_parameter parameters[] = {
    [STANDARD] = {
        .type = BULKHEAD_PARAMETER_CHOICE,
        .name = "standard",
        .description = "Which bars: those of SMPTE RP 219, or EBU's 100/0/75/0.",
        .default_value = "smpte",
        .choices = standards,
    },
    [TONE] = {
        .type = BULKHEAD_PARAMETER_BOOLEAN,
        .name = "tone",
        .description = "A tone is heard instead of the broadcast's sound.",
        .default_value = "true",
    },
    [LEVEL] = {
        .type = BULKHEAD_PARAMETER_NUMBER,
        .name = "level",
        .description = "How loud the tone is, against full scale: SMPTE lines up at -20, EBU at -18.",
        .unit = "dB",
        .default_value = "-20",
        .minimum = -80,
        .maximum = 0,
    },
    [FREQUENCY] = {
        .type = BULKHEAD_PARAMETER_INTEGER,
        .name = "frequency",
        .description = "How high the tone is.",
        .unit = "Hz",
        .default_value = "1000",
        .minimum = 20,
        .maximum = 20000,
    },
};

typedef struct bars {
    bulkhead_format format;
    int64_t standard, frequency;
    bool has_tone;
    float amplitude;
    uint8_t *planes[3]; ///< the whole picture, without padding
    float *sine;        ///< one second of 1 Hz
} bars;

// MARK: picture

/// A colour in percent of red, green and blue.
typedef struct share { double red, green, blue; } share;

static const share white100 = { 100, 100, 100 }, black = { 0, 0, 0 }, white75 = { 75, 75, 75 };

// White, yellow, cyan, green, magenta, red, blue: the binary numbers from 7 to 1 in green, red, blue.
static const share bars75[7] = {
    { 75, 75, 75 }, { 75, 75, 0 }, { 0, 75, 75 }, { 0, 75, 0 }, { 75, 0, 75 }, { 75, 0, 0 }, { 0, 0, 75 },
};

static uint8_t rounded(double value) { return (uint8_t)(value + 0.5); }

/// Fills a rectangle, given in shares of the picture's width and height; luma and chroma are rounded alike.
static void paint(bars *self, double left, double right, double top, double bottom, share color) {
    double ycbcr[3];
    bulkhead_ycbcr(self->format.height, color.red / 100, color.green / 100, color.blue / 100, ycbcr);
    uint8_t values[3] = { rounded(ycbcr[0]), rounded(ycbcr[1]), rounded(ycbcr[2]) };
    uint32_t width = self->format.width / 2, height = self->format.height / 2;
    uint32_t x0 = (uint32_t)(left * width + 0.5), x1 = (uint32_t)(right * width + 0.5);
    uint32_t y0 = (uint32_t)(top * height + 0.5), y1 = (uint32_t)(bottom * height + 0.5);
    for (int plane = 0; plane < 3; plane++) {
        uint32_t scale = plane ? 1 : 2;
        for (uint32_t y = y0 * scale; y < y1 * scale; y++)
            memset(self->planes[plane] + (size_t)y * width * scale + x0 * scale, values[plane], (x1 - x0) * scale);
    }
}

/// Luma that rises from black to white.
static void paint_ramp(bars *self, double left, double right, double top, double bottom) {
    paint(self, left, right, top, bottom, black);
    uint32_t width = self->format.width / 2, height = self->format.height / 2;
    uint32_t x0 = (uint32_t)(left * width + 0.5) * 2, x1 = (uint32_t)(right * width + 0.5) * 2;
    uint32_t y0 = (uint32_t)(top * height + 0.5) * 2, y1 = (uint32_t)(bottom * height + 0.5) * 2;
    for (uint32_t y = y0; y < y1; y++)
        for (uint32_t x = x0; x < x1; x++)
            self->planes[0][(size_t)y * width * 2 + x] = (uint8_t)(16 + 219 * (x - x0) / (x1 - x0 > 1 ? x1 - x0 - 1 : 1));
}

/// EBU bars 100/0/75/0: white and black at 100 and 0 %, colours at 75 %.
static void draw_ebu(bars *self) {
    for (int i = 0; i < 8; i++)
        paint(self, i / 8.0, (i + 1) / 8.0, 0, 1, i == 0 ? white100 : i == 7 ? black : bars75[i]);
}

/// SMPTE RP 219:2002, patterns 1 to 4 from top to bottom, without the optional I and Q signals.
static void draw_smpte(bars *self) {
    const share grey40 = { 40, 40, 40 }, grey15 = { 15, 15, 15 };
    const double d = 1.0 / 8, c = 3.0 / 28; // the side panels and each of the seven bars
    const double second = 7.0 / 12, third = 8.0 / 12, fourth = 9.0 / 12;
    paint(self, 0, d, 0, second, grey40);
    for (int i = 0; i < 7; i++) paint(self, d + i * c, d + (i + 1) * c, 0, second, bars75[i]);
    paint(self, 1 - d, 1, 0, second, grey40);

    paint(self, 0, d, second, third, (share){ 0, 100, 100 });
    paint(self, d, 1 - d, second, third, white75);
    paint(self, 1 - d, 1, second, third, (share){ 0, 0, 100 });

    paint(self, 0, d, third, fourth, (share){ 100, 100, 0 });
    paint(self, d, d + c, third, fourth, black);
    paint_ramp(self, d + c, d + 6 * c, third, fourth);
    paint(self, d + 6 * c, 1 - d, third, fourth, white100);
    paint(self, 1 - d, 1, third, fourth, (share){ 100, 0, 0 });

    // Around black, steps of 2 % show whether a screen's brightness is right.
    const struct { double width; share color; } steps[] = {
        { d, grey15 },   { 1.5 * c, black },          { 2 * c, white100 },   { 5.0 / 6 * c, black },
        { c / 3, { -2, -2, -2 } }, { c / 3, black },  { c / 3, { 2, 2, 2 } }, { c / 3, black },
        { c / 3, { 4, 4, 4 } },    { c, black },      { d, grey15 },
    };
    double x = 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        paint(self, x, x + steps[i].width, fourth, 1, steps[i].color);
        x += steps[i].width;
    }
}

static int32_t process_video(void *state, const bulkhead_video_frame *frame) {
    const bars *self = state;
    for (int plane = 0; plane < 3; plane++) {
        size_t width = plane ? frame->width / 2 : frame->width, height = plane ? frame->height / 2 : frame->height;
        for (size_t y = 0; y < height; y++)
            memcpy(frame->output[plane] + y * frame->output_stride[plane], self->planes[plane] + y * width, width);
    }
    return 0;
}

// MARK: sound

static int32_t process_audio(void *state, const bulkhead_audio_block *block) {
    const bars *self = state;
    if (!self->has_tone) return BULKHEAD_UNCHANGED;
    int64_t rate = self->format.sample_rate;
    // From the place on the timeline, so that the tone goes on without a click wherever a block begins.
    int64_t place = block->first_sample % rate * self->frequency % rate;
    if (place < 0) place += rate;
    for (uint32_t i = 0; i < block->sample_count; i++) {
        for (uint32_t channel = 0; channel < self->format.channel_count; channel++)
            block->samples[(size_t)i * self->format.channel_count + channel] = self->sine[place] * self->amplitude;
        place = (place + self->frequency) % rate;
    }
    return 0;
}

// MARK: parameters, begin and end

static int32_t set_parameter(void *state, uint32_t index, const bulkhead_value *value) {
    bars *self = state;
    switch (index) {
    case STANDARD:
        self->standard = value->integer;
        if (self->standard == 0) draw_smpte(self); else draw_ebu(self);
        return 0;
    case TONE: self->has_tone = value->integer != 0; return 0;
    case LEVEL: self->amplitude = (float)pow(10, value->number / 20); return 0;
    case FREQUENCY: self->frequency = value->integer; return 0;
    default: return -EINVAL;
    }
}

static void destroy(void *state) {
    bars *self = state;
    free(self->planes[0]);
    free(self->sine);
    free(self);
}

static int32_t create(
    const bulkhead_plugin *plugin, const bulkhead_host *host, const bulkhead_format *format,
    const bulkhead_value *values, void **state) {
    (void)host;
    bars *self = calloc(1, sizeof *self);
    if (!self) return -ENOMEM;
    self->format = *format;
    size_t count = (size_t)format->width * format->height;
    self->planes[0] = malloc(count + count / 2);
    self->sine = malloc(format->sample_rate * sizeof *self->sine);
    if (!self->planes[0] || !self->sine) {
        destroy(self);
        return -ENOMEM;
    }
    self->planes[1] = self->planes[0] + count;
    self->planes[2] = self->planes[1] + count / 4;
    for (uint32_t i = 0; i < format->sample_rate; i++)
        self->sine[i] = (float)sin(6.283185307179586 * i / format->sample_rate);
    for (uint32_t index = 0; index < plugin->parameter_count; index++) set_parameter(self, index, &values[index]);
    *state = self;
    return 0;
}

BULKHEAD_PLUGIN(
    .capabilities = BULKHEAD_VIDEO | BULKHEAD_AUDIO,
    .name = "Bars",
    .version = "1.0",
    .description = "Shows colour bars, and plays a tone, instead of what is broadcast.",
    .author = "The Bulkhead authors",
    .license = "MIT",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof parameters[0],
    .create = create,
    .destroy = destroy,
    .set_parameter = set_parameter,
    .process_video = process_video,
    .process_audio = process_audio)
