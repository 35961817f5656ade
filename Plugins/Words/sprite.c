#include "sprite.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 8192 };

// MARK: pictures

/// What is drawn: how opaque letters and outlines are, and pictures with colours of their own, multiplied by their opacity.
typedef struct canvas {
    int64_t width, height;
    uint8_t *letters, *outlines;
    uint8_t *colors; ///< blue, green, red and opacity of each pixel; NULL as long as there are none
} canvas;

/// The more opaque wins where letters overlap.
static void stamp(const canvas *canvas, uint8_t *mask, const glyph_picture *picture, int64_t left, int64_t top) {
    for (int64_t y = 0; y < picture->height; y++) {
        if (top + y < 0 || top + y >= canvas->height) continue;
        const uint8_t *source = picture->bytes + (size_t)y * picture->width;
        uint8_t *row = mask + (top + y) * canvas->width;
        for (int64_t x = 0; x < picture->width; x++) {
            int64_t column = left + x;
            if (column >= 0 && column < canvas->width && source[x] > row[column]) row[column] = source[x];
        }
    }
}

/// Lays a picture over what is there.
static void paste(canvas *canvas, const glyph_picture *picture, int64_t left, int64_t top) {
    if (!picture->bytes) return;
    if (!canvas->colors) canvas->colors = calloc((size_t)(canvas->width * canvas->height), 4);
    if (!canvas->colors) return;
    for (int64_t y = 0; y < picture->height; y++) {
        for (int64_t x = 0; x < picture->width; x++) {
            int64_t row = top + y, column = left + x;
            if (row < 0 || row >= canvas->height || column < 0 || column >= canvas->width) continue;
            const uint8_t *source = picture->bytes + ((size_t)y * picture->width + (size_t)x) * 4;
            uint8_t *target = canvas->colors + (row * canvas->width + column) * 4;
            for (int i = 0; i < 4; i++) target[i] = (uint8_t)(source[i] + (target[i] * (255 - source[3]) + 127) / 255);
        }
    }
}

/// Draws a line whose letters begin at `left`, in pixels.
static void draw_line(
    canvas *canvas, faces *faces, const shaped_line *line, uint32_t outline, double left, int64_t baseline) {
    double x = left;
    for (size_t run = 0; run < line->run_count; run++) {
        const face *face = faces_owner(faces, line->runs[run].font);
        if (!face) continue;
        unsigned count;
        const hb_glyph_info_t *infos = hb_buffer_get_glyph_infos(line->runs[run].buffer, &count);
        const hb_glyph_position_t *positions = hb_buffer_get_glyph_positions(line->runs[run].buffer, &count);
        for (unsigned i = 0; i < count; i++) {
            // In quarters of a pixel: finer differences are not seen, and a letter that was drawn can be taken again.
            int64_t right = (int64_t)floor((x + positions[i].x_offset / 64.0 * face->scale) * 4);
            int64_t up = (int64_t)floor(positions[i].y_offset / 16.0 * face->scale);
            if (face->is_bitmap) right &= ~(int64_t)3, up &= ~(int64_t)3;
            const glyph *glyph = faces_glyph(
                faces, face, infos[i].codepoint, outline, (uint32_t)(right & 3), (uint32_t)(up & 3));
            int64_t column = right >> 2, row = baseline - (up >> 2);
            if (glyph->has_colors) {
                paste(canvas, &glyph->fill, column + glyph->fill.left, row - glyph->fill.top);
            } else {
                stamp(canvas, canvas->outlines, &glyph->outline, column + glyph->outline.left, row - glyph->outline.top);
                stamp(canvas, canvas->letters, &glyph->fill, column + glyph->fill.left, row - glyph->fill.top);
            }
            x += positions[i].x_advance / 64.0 * face->scale;
        }
    }
}

// MARK: colours

/// Dark letters have a white outline, all others a black one.
static uint32_t outline_color(uint32_t color) {
    double light = 0.2126 * (color >> 16 & 255) + 0.7152 * (color >> 8 & 255) + 0.0722 * (color & 255);
    return light < 60 ? 0xFFFFFF : 0x000000;
}

/// Lays a colour over a pixel that is multiplied by its opacity.
static void cover(float pixel[4], uint32_t color, float opacity) {
    for (int i = 0; i < 3; i++) pixel[i] = (float)(color >> (16 - 8 * i) & 255) * opacity + pixel[i] * (1 - opacity);
    pixel[3] = opacity + pixel[3] * (1 - opacity);
}

static int32_t finish(const canvas *canvas, const sprite_style *style, overlay *overlay) {
    size_t count = (size_t)(canvas->width * canvas->height);
    uint8_t *pixels = malloc(count * 4);
    if (!pixels) return -ENOMEM;
    uint32_t outline = outline_color(style->color);
    for (size_t i = 0; i < count; i++) {
        float pixel[4] = { 0 };
        if (canvas->outlines[i]) cover(pixel, outline, canvas->outlines[i] / 255.0f);
        if (canvas->letters[i]) cover(pixel, style->color, canvas->letters[i] / 255.0f);
        if (canvas->colors && canvas->colors[i * 4 + 3] > 0) {
            const uint8_t *own = canvas->colors + i * 4;
            float rest = 1 - own[3] / 255.0f;
            for (int channel = 0; channel < 3; channel++) pixel[channel] = own[2 - channel] + pixel[channel] * rest;
            pixel[3] = own[3] / 255.0f + pixel[3] * rest;
        }
        for (int channel = 0; channel < 3; channel++) {
            float value = pixel[3] > 0 ? pixel[channel] / pixel[3] : 0;
            pixels[i * 4 + channel] = value > 255 ? 255 : (uint8_t)(value + 0.5f);
        }
        pixels[i * 4 + 3] = (uint8_t)(pixel[3] * 255 + 0.5f);
    }
    int32_t result = overlay_make(
        overlay, pixels, (uint32_t)canvas->width, (uint32_t)canvas->height, style->opacity, style->rows);
    free(pixels);
    return result;
}

// MARK: drawing

/// Sets `text` in letters of `size` pixels, and says in `*width` how many pixels it takes.
static shaped_line set(faces *faces, const char *text, uint32_t size, double *width) {
    faces_resize(faces, size);
    font_choice choice = faces_choice(faces);
    shaped_line line = shaped_line_make(&choice, text, strlen(text));
    *width = 0;
    for (size_t i = 0; i < line.run_count; i++) {
        const face *face = faces_owner(faces, line.runs[i].font);
        if (face) *width += (double)shaped_run_width(&line.runs[i]) / 64 * face->scale;
    }
    return line;
}

int32_t sprite_draw(faces *faces, const char *text, const sprite_style *style, overlay *overlay, uint32_t *edge) {
    *edge = style->outline + 1;
    uint32_t size = style->size;
    double width;
    shaped_line line = set(faces, text, size, &width);
    if (style->most_width && width > style->most_width) {
        // Wider than the room that was promised to it: smaller letters.
        size = (uint32_t)fmax(4, floor(size * style->most_width / width));
        shaped_line_free(&line);
        line = set(faces, text, size, &width);
    }
    if (!line.run_count) {
        bool is_empty = line.runs;
        shaped_line_free(&line);
        if (is_empty) overlay_free(overlay);
        return is_empty ? 0 : -ENOMEM;
    }
    canvas canvas = {
        .width = (int64_t)fmin(ceil(width) + 2 * *edge, LARGEST),
        .height = (int64_t)(style->size * 1.35) + 2,
    };
    size_t pixels = (size_t)(canvas.width * canvas.height);
    canvas.letters = calloc(pixels, 2);
    int32_t result = -ENOMEM;
    if (canvas.letters) {
        canvas.outlines = canvas.letters + pixels;
        // The same line for all fonts, whatever each says of itself.
        int64_t baseline = (int64_t)((double)canvas.height / 2 + size * 0.36);
        draw_line(&canvas, faces, &line, style->outline, *edge, baseline);
        result = finish(&canvas, style, overlay);
    }
    shaped_line_free(&line);
    free(canvas.letters), free(canvas.colors);
    return result;
}
