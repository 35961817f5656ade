// Border: draws a coloured frame around the picture. The shortest useful plugin in C; it works in place.
#include "bulkhead_plugin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH, COLOR };

static const bulkhead_parameter parameters[] = {
    [WIDTH] = {
        .type = BULKHEAD_PARAMETER_INTEGER,
        .name = "width",
        .description = "How wide the border is.",
        .unit = "px",
        .default_value = "16",
        .minimum = 2,
        .maximum = 4096,
    },
    [COLOR] = {
        .type = BULKHEAD_PARAMETER_COLOR,
        .name = "color",
        .description = "The border's colour.",
        .default_value = "#E02020",
    },
};

typedef struct border {
    uint32_t width;   ///< in luma pixels, even
    uint8_t color[3]; ///< Y, Cb, Cr
    uint32_t rows;    ///< of the pictures
} border;

static int32_t set_parameter(void *state, uint32_t index, const bulkhead_value *value) {
    border *self = state;
    switch (index) {
    case WIDTH: self->width = (uint32_t)value->integer & ~1u; return 0;
    case COLOR: {
        double ycbcr[3];
        bulkhead_ycbcr(
            self->rows, (double)(value->integer >> 16 & 255) / 255, (double)(value->integer >> 8 & 255) / 255,
            (double)(value->integer & 255) / 255, ycbcr);
        for (int plane = 0; plane < 3; plane++) self->color[plane] = (uint8_t)(ycbcr[plane] + 0.5);
        return 0;
    }
    default: return -EINVAL;
    }
}

static int32_t create(
    const bulkhead_plugin *plugin, const bulkhead_host *host, const bulkhead_format *format,
    const bulkhead_value *values, void **state) {
    (void)host;
    border *self = calloc(1, sizeof *self);
    if (!self) return -ENOMEM;
    self->rows = format->height;
    for (uint32_t index = 0; index < plugin->parameter_count; index++) set_parameter(self, index, &values[index]);
    *state = self;
    return 0;
}

static void destroy(void *state) { free(state); }

static int32_t process_video(void *state, const bulkhead_video_frame *frame) {
    const border *self = state;
    for (int plane = 0; plane < 3; plane++) {
        uint32_t width = plane ? frame->width / 2 : frame->width, height = plane ? frame->height / 2 : frame->height;
        uint32_t border_width = plane ? self->width / 2 : self->width;
        if (border_width > width / 2) border_width = width / 2;
        uint32_t border_height = border_width < height / 2 ? border_width : height / 2;
        for (uint32_t y = 0; y < height; y++) {
            uint8_t *row = frame->output[plane] + (size_t)y * frame->output_stride[plane];
            if (y < border_height || y >= height - border_height) {
                memset(row, self->color[plane], width);
            } else {
                memset(row, self->color[plane], border_width);
                memset(row + width - border_width, self->color[plane], border_width);
            }
        }
    }
    return 0;
}

BULKHEAD_PLUGIN(
    .capabilities = BULKHEAD_VIDEO | BULKHEAD_VIDEO_IN_PLACE,
    .name = "Border",
    .version = "1.0",
    .description = "Draws a coloured border around the picture.",
    .author = "The Bulkhead authors",
    .license = "MIT",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof parameters[0],
    .create = create,
    .destroy = destroy,
    .set_parameter = set_parameter,
    .process_video = process_video)
