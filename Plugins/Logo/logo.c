// Logo: lays a picture (PNG with transparency) over the broadcast. An example of a plugin in C that works in place,
// reads a file and takes changes on air.
#include "bulkhead_plugin.h"
#include "overlay.h"

#include <errno.h>
#include <png.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_NAME, WIDTH, CORNER, MARGIN, OPACITY };

static const char *const corners[] = { "top-left", "top-right", "bottom-left", "bottom-right", "center", NULL };

static const bulkhead_parameter parameters[] = {
    [FILE_NAME] = {
        .type = BULKHEAD_PARAMETER_FILE,
        .name = "file",
        .description = "The logo: a PNG file, with or without transparency.",
        .default_value = "",
    },
    [WIDTH] = {
        .type = BULKHEAD_PARAMETER_INTEGER,
        .name = "width",
        .description = "How wide the logo is, at most as the picture; 0 leaves it as it is in the file.",
        .unit = "px",
        .default_value = "0",
        .minimum = 0,
        .maximum = 8192,
    },
    [CORNER] = {
        .type = BULKHEAD_PARAMETER_CHOICE,
        .name = "corner",
        .description = "Where the logo stands.",
        .default_value = "top-right",
        .choices = corners,
    },
    [MARGIN] = {
        .type = BULKHEAD_PARAMETER_INTEGER,
        .name = "margin",
        .description = "How far the logo stays away from the picture's edges.",
        .unit = "px",
        .default_value = "32",
        .minimum = 0,
        .maximum = 4096,
    },
    [OPACITY] = {
        .type = BULKHEAD_PARAMETER_NUMBER,
        .name = "opacity",
        .description = "How much the logo covers: 0 can't be seen, 1 is as in the file.",
        .default_value = "1",
        .minimum = 0,
        .maximum = 1,
    },
};

/// The largest side of a logo's file, in pixels.
#define LARGEST_SIDE 4096u

typedef struct logo {
    const bulkhead_host *host;
    bulkhead_format format;
    uint8_t *pixels; ///< as in the file: red, green, blue, opacity
    uint32_t pixel_width, pixel_height;
    int64_t width, corner, margin;
    double opacity;
    overlay overlay; ///< the logo as it is shown
} logo;

__attribute__((format(printf, 2, 3)))
static void say(const logo *self, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    self->host->log(self->host->context, BULKHEAD_LOG_ERROR, text);
}

/// Reads a PNG file. What was read before stays when it can't be.
static int32_t read_file(logo *self, const char *path) {
    png_image image = { .version = PNG_IMAGE_VERSION };
    if (!path || !*path) {
        free(self->pixels);
        self->pixels = NULL;
        return 0;
    }
    if (!png_image_begin_read_from_file(&image, path)) {
        say(self, "the logo %s can't be read: %s", path, image.message);
        return -EINVAL;
    }
    if (image.width > LARGEST_SIDE || image.height > LARGEST_SIDE) {
        say(self, "the logo %s has %u x %u pixels; at most %u x %u can be used", path, image.width, image.height,
            LARGEST_SIDE, LARGEST_SIDE);
        png_image_free(&image);
        return -EINVAL;
    }
    image.format = PNG_FORMAT_RGBA;
    uint8_t *pixels = malloc(PNG_IMAGE_SIZE(image));
    if (!pixels) {
        png_image_free(&image);
        return -ENOMEM;
    }
    if (!png_image_finish_read(&image, NULL, pixels, 0, NULL)) {
        say(self, "the logo %s can't be read: %s", path, image.message);
        free(pixels);
        return -EINVAL;
    }
    free(self->pixels);
    self->pixels = pixels;
    self->pixel_width = image.width;
    self->pixel_height = image.height;
    return 0;
}

// MARK: scaling

/// Makes `to` pixels out of `from` along one direction, for `lines` lines: each is the mean of those around it, the
/// nearer the heavier, over as many as fall onto it. Pixels are four floats; steps are counted in pixels.
static void scale_lines(
    const float *source, uint32_t from, size_t step, size_t line_step, float *target, uint32_t to, size_t target_step,
    size_t target_line_step, uint32_t lines) {
    double ratio = (double)from / to, radius = ratio > 1 ? ratio : 1;
    for (uint32_t i = 0; i < to; i++) {
        double center = (i + 0.5) * ratio - 0.5;
        int64_t first = (int64_t)(center - radius), last = (int64_t)(center + radius) + 1;
        for (uint32_t line = 0; line < lines; line++) {
            float sum[4] = { 0 }, weights = 0;
            for (int64_t j = first; j <= last; j++) {
                double distance = center > (double)j ? center - (double)j : (double)j - center;
                if (distance >= radius) continue;
                float weight = (float)(1 - distance / radius);
                // Beyond the edge, the edge goes on.
                size_t k = j < 0 ? 0 : j >= from ? from - 1 : (size_t)j;
                const float *pixel = source + (k * step + line * line_step) * 4;
                for (int channel = 0; channel < 4; channel++) sum[channel] += pixel[channel] * weight;
                weights += weight;
            }
            float *pixel = target + (i * target_step + line * target_line_step) * 4;
            for (int channel = 0; channel < 4; channel++) pixel[channel] = sum[channel] / weights;
        }
    }
}

/// The logo at `width` x `height`; NULL when there is no memory for it.
static uint8_t *scaled(const logo *self, uint32_t width, uint32_t height) {
    size_t count = (size_t)self->pixel_width * self->pixel_height;
    float *all = malloc(count * 4 * sizeof *all);
    float *narrow = malloc((size_t)width * self->pixel_height * 4 * sizeof *narrow);
    float *small = malloc((size_t)width * height * 4 * sizeof *small);
    uint8_t *pixels = malloc((size_t)width * height * 4);
    if (all && narrow && small && pixels) {
        // Means are right only of colours that are multiplied by their opacity.
        for (size_t i = 0; i < count; i++) {
            const uint8_t *pixel = self->pixels + i * 4;
            for (int channel = 0; channel < 3; channel++) all[i * 4 + channel] = pixel[channel] * (pixel[3] / 255.0f);
            all[i * 4 + 3] = pixel[3];
        }
        scale_lines(all, self->pixel_width, 1, self->pixel_width, narrow, width, 1, width, self->pixel_height);
        scale_lines(narrow, self->pixel_height, width, 1, small, height, width, 1, width);
        for (size_t i = 0; i < (size_t)width * height; i++) {
            float opacity = small[i * 4 + 3];
            for (int channel = 0; channel < 3; channel++) {
                float value = opacity > 0 ? small[i * 4 + channel] * 255 / opacity + 0.5f : 0;
                pixels[i * 4 + channel] = value > 255 ? 255 : (uint8_t)value;
            }
            pixels[i * 4 + 3] = (uint8_t)(opacity + 0.5f);
        }
    } else {
        free(pixels);
        pixels = NULL;
    }
    free(all), free(narrow), free(small);
    return pixels;
}

/// Makes the overlay anew, after something that it depends on has changed.
static int32_t draw(logo *self) {
    if (!self->pixels) {
        overlay_free(&self->overlay);
        return 0;
    }
    // As wide as is asked for, but never beyond the picture: what can't be seen would only cost memory.
    uint64_t width = self->width ? (uint64_t)self->width : self->pixel_width;
    if (width > self->format.width) width = self->format.width;
    uint64_t height = (self->pixel_height * width + self->pixel_width / 2) / self->pixel_width;
    if (height > self->format.height) {
        height = self->format.height;
        width = (self->pixel_width * height + self->pixel_height / 2) / self->pixel_height;
    }
    if (width == 0) width = 1;
    if (height == 0) height = 1;
    if (width == self->pixel_width && height == self->pixel_height) {
        return overlay_make(
            &self->overlay, self->pixels, self->pixel_width, self->pixel_height, self->opacity, self->format.height);
    }
    uint8_t *pixels = scaled(self, (uint32_t)width, (uint32_t)height);
    if (!pixels) return -ENOMEM;
    int32_t result = overlay_make(
        &self->overlay, pixels, (uint32_t)width, (uint32_t)height, self->opacity, self->format.height);
    free(pixels);
    return result;
}

// MARK: what the host calls

static int32_t take(logo *self, uint32_t index, const bulkhead_value *value) {
    switch (index) {
    case FILE_NAME: return read_file(self, value->text);
    case WIDTH: self->width = value->integer; return 0;
    case CORNER: self->corner = value->integer; return 0;
    case MARGIN: self->margin = value->integer; return 0;
    case OPACITY: self->opacity = value->number; return 0;
    default: return -EINVAL;
    }
}

static int32_t set_parameter(void *state, uint32_t index, const bulkhead_value *value) {
    logo *self = state;
    int64_t width = self->width;
    int32_t result = take(self, index, value);
    // Where the logo stands is looked at for every picture.
    if (result || index == CORNER || index == MARGIN) return result;
    result = draw(self);
    if (result && index == WIDTH) self->width = width;
    return result;
}

static void destroy(void *state) {
    logo *self = state;
    overlay_free(&self->overlay);
    free(self->pixels);
    free(self);
}

static int32_t create(
    const bulkhead_plugin *plugin, const bulkhead_host *host, const bulkhead_format *format,
    const bulkhead_value *values, void **state) {
    logo *self = calloc(1, sizeof *self);
    if (!self) return -ENOMEM;
    self->host = host;
    self->format = *format;
    int32_t result = 0;
    for (uint32_t index = 0; index < plugin->parameter_count && !result; index++)
        result = take(self, index, &values[index]);
    if (!result && !self->pixels) {
        say(self, "it isn't said which picture the logo is: add file=PATH, a PNG file");
        result = -EINVAL;
    }
    if (!result) result = draw(self);
    if (result) {
        destroy(self);
        return result;
    }
    *state = self;
    return 0;
}

static int32_t process_video(void *state, const bulkhead_video_frame *frame) {
    const logo *self = state;
    if (!self->overlay.rows || self->opacity <= 0) return BULKHEAD_UNCHANGED;
    int64_t right = (int64_t)frame->width - self->overlay.width - self->margin;
    int64_t bottom = (int64_t)frame->height - self->overlay.height - self->margin;
    int64_t x = self->corner % 2 ? right : self->margin, y = self->corner / 2 ? bottom : self->margin;
    if (self->corner == 4) {
        x = ((int64_t)frame->width - self->overlay.width) / 2;
        y = ((int64_t)frame->height - self->overlay.height) / 2;
    }
    overlay_blend(&self->overlay, frame, x, y);
    return 0;
}

BULKHEAD_PLUGIN(
    .capabilities = BULKHEAD_VIDEO | BULKHEAD_VIDEO_IN_PLACE,
    .name = "Logo",
    .version = "1.0",
    .description = "Lays a picture with transparency over the broadcast.",
    .author = "The Bulkhead authors",
    .license = "MIT",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof parameters[0],
    .create = create,
    .destroy = destroy,
    .set_parameter = set_parameter,
    .process_video = process_video)
