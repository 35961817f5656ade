#include "sprite.h"
#include "shaping.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include FT_GLYPH_H
#include FT_STROKER_H

enum { MOST_STRETCHES = 64, LARGEST = 8192 };

/// A part of the text that one font sets.
typedef struct stretch {
    face *face;
    shaped_line line;
} stretch;

// MARK: which font sets what

/// What a text is split into.
typedef struct splitting {
    char *text; ///< without the marks that no font has
    stretch stretches[MOST_STRETCHES];
    size_t count;
    double width; ///< in pixels
} splitting;

static void cut(splitting *self, face *face, size_t start, size_t end) {
    if (!face || start == end || self->count == MOST_STRETCHES) return;
    shaped_line line = shaped_line_make(face->shaper, self->text + start, end - start);
    self->stretches[self->count++] = (stretch){ face, line };
    self->width += (double)line.width / 64 * face->scale;
}

/// False without memory.
static bool split(splitting *self, faces *faces, const char *text) {
    size_t length = strlen(text), written = 0, start = 0;
    self->count = 0, self->width = 0;
    self->text = malloc(length + 1);
    if (!self->text) return false;
    hb_buffer_t *buffer = hb_buffer_create();
    // Unshaped, a buffer holds characters.
    hb_buffer_add_utf8(buffer, text, (int)length, 0, (int)length);
    unsigned count;
    const hb_glyph_info_t *characters = hb_buffer_get_glyph_infos(buffer, &count);
    face *current = NULL;
    for (unsigned i = 0; i < count; i++) {
        face *next = faces_find(faces, characters[i].codepoint, i + 1 < count ? characters[i + 1].codepoint : 0, current);
        if (!next) continue;
        if (next != current) {
            cut(self, current, start, written);
            start = written, current = next;
        }
        size_t end = i + 1 < count ? characters[i + 1].cluster : length;
        memcpy(self->text + written, text + characters[i].cluster, end - characters[i].cluster);
        written += end - characters[i].cluster;
    }
    cut(self, current, start, written);
    hb_buffer_destroy(buffer);
    return true;
}

static void free_splitting(splitting *self) {
    for (size_t i = 0; i < self->count; i++) shaped_line_free(&self->stretches[i].line);
    free(self->text);
}

// MARK: pictures

/// What is drawn: how opaque letters and outlines are, and pictures with colours of their own, multiplied by their opacity.
typedef struct canvas {
    int64_t width, height;
    uint8_t *letters, *outlines;
    float *colors; ///< four for each pixel; NULL as long as there are none
} canvas;

static void stamp(const canvas *canvas, uint8_t *mask, const FT_Bitmap *bitmap, int64_t left, int64_t top) {
    for (int64_t y = 0; y < bitmap->rows; y++) {
        if (top + y < 0 || top + y >= canvas->height) continue;
        const uint8_t *source = bitmap->buffer + (ptrdiff_t)y * bitmap->pitch;
        uint8_t *row = mask + (top + y) * canvas->width;
        for (int64_t x = 0; x < bitmap->width; x++) {
            int64_t column = left + x;
            if (column >= 0 && column < canvas->width && source[x] > row[column]) row[column] = source[x];
        }
    }
}

static void draw_outlines(const canvas *canvas, face *face, FT_Stroker stroker, uint32_t index, FT_Vector pen, int64_t baseline) {
    FT_Glyph glyph;
    if (FT_Load_Glyph(face->font, index, FT_LOAD_NO_BITMAP | FT_LOAD_NO_HINTING)) return;
    if (FT_Get_Glyph(face->font->glyph, &glyph)) return;
    FT_Error error = stroker ? FT_Glyph_StrokeBorder(&glyph, stroker, 0, 1) : 0;
    FT_Vector fraction = { pen.x & 63, pen.y & 63 };
    if (!error) error = FT_Glyph_To_Bitmap(&glyph, FT_RENDER_MODE_NORMAL, &fraction, 1);
    if (!error) {
        FT_BitmapGlyph drawn = (FT_BitmapGlyph)glyph;
        stamp(canvas, stroker ? canvas->outlines : canvas->letters, &drawn->bitmap, (pen.x >> 6) + drawn->left,
              baseline - (pen.y >> 6) - drawn->top);
    }
    FT_Done_Glyph(glyph);
}

/// Draws a picture of colour emoji, each pixel the mean of those that fall on it.
static void draw_picture(canvas *canvas, face *face, uint32_t index, double left, double baseline) {
    if (FT_Load_Glyph(face->font, index, FT_LOAD_COLOR)) return;
    FT_GlyphSlot slot = face->font->glyph;
    const FT_Bitmap *bitmap = &slot->bitmap;
    if (bitmap->pixel_mode != FT_PIXEL_MODE_BGRA || !bitmap->rows || !bitmap->width) return;
    if (!canvas->colors) canvas->colors = calloc((size_t)(canvas->width * canvas->height), 4 * sizeof(float));
    if (!canvas->colors) return;
    double x0 = left + slot->bitmap_left * face->scale, y0 = baseline - slot->bitmap_top * face->scale;
    int64_t width = (int64_t)ceil(bitmap->width * face->scale), height = (int64_t)ceil(bitmap->rows * face->scale);
    for (int64_t y = 0; y < height; y++) {
        int64_t row = (int64_t)floor(y0) + y;
        int64_t top = (int64_t)(y / face->scale), bottom = (int64_t)((y + 1) / face->scale);
        if (row < 0 || row >= canvas->height || top >= bitmap->rows) continue;
        for (int64_t x = 0; x < width; x++) {
            int64_t column = (int64_t)floor(x0) + x;
            int64_t from = (int64_t)(x / face->scale), to = (int64_t)((x + 1) / face->scale);
            if (column < 0 || column >= canvas->width || from >= bitmap->width) continue;
            float sum[4] = { 0 };
            int64_t count = 0;
            for (int64_t v = top; v < (bottom > top ? bottom : top + 1) && v < bitmap->rows; v++) {
                for (int64_t u = from; u < (to > from ? to : from + 1) && u < bitmap->width; u++, count++) {
                    const uint8_t *pixel = bitmap->buffer + v * bitmap->pitch + u * 4;
                    for (int i = 0; i < 4; i++) sum[i] += pixel[i];
                }
            }
            if (!count) continue;
            float *target = canvas->colors + (row * canvas->width + column) * 4;
            for (int i = 0; i < 4; i++) sum[i] /= (float)count;
            for (int i = 0; i < 4; i++) target[i] = sum[i] + target[i] * (1 - sum[3] / 255);
        }
    }
}

static void draw_stretch(canvas *canvas, const stretch *stretch, FT_Stroker stroker, double left, int64_t baseline) {
    double x = left;
    for (size_t run = 0; run < stretch->line.run_count; run++) {
        unsigned count;
        const hb_glyph_info_t *glyphs = hb_buffer_get_glyph_infos(stretch->line.runs[run].buffer, &count);
        const hb_glyph_position_t *positions = hb_buffer_get_glyph_positions(stretch->line.runs[run].buffer, &count);
        for (unsigned i = 0; i < count; i++) {
            double scale = stretch->face->scale;
            double at = x + positions[i].x_offset / 64.0 * scale;
            if (stretch->face->is_bitmap) {
                draw_picture(canvas, stretch->face, glyphs[i].codepoint, at, (double)baseline);
            } else {
                FT_Vector pen = { (FT_Pos)floor(at * 64), positions[i].y_offset };
                if (stroker) draw_outlines(canvas, stretch->face, stroker, glyphs[i].codepoint, pen, baseline);
                draw_outlines(canvas, stretch->face, NULL, glyphs[i].codepoint, pen, baseline);
            }
            x += positions[i].x_advance / 64.0 * scale;
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
            const float *own = canvas->colors + i * 4; // blue, green, red, opacity
            float rest = 1 - own[3] / 255;
            for (int channel = 0; channel < 3; channel++) pixel[channel] = own[2 - channel] + pixel[channel] * rest;
            pixel[3] = own[3] / 255 + pixel[3] * rest;
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

int32_t sprite_draw(
    FT_Library library, faces *faces, const char *text, const sprite_style *style, overlay *overlay, uint32_t *edge) {
    *edge = style->outline + 1;
    splitting parts;
    uint32_t size = style->size;
    faces_resize(faces, size);
    if (!split(&parts, faces, text)) return -ENOMEM;
    if (style->most_width && parts.width > style->most_width) {
        // Wider than the room that was promised to it: smaller letters.
        size = (uint32_t)fmax(4, floor(size * style->most_width / parts.width));
        free_splitting(&parts);
        faces_resize(faces, size);
        if (!split(&parts, faces, text)) return -ENOMEM;
    }
    if (!parts.count) {
        free_splitting(&parts);
        overlay_free(overlay);
        return 0;
    }
    canvas canvas = {
        .width = (int64_t)fmin(ceil(parts.width) + 2 * *edge, LARGEST),
        .height = (int64_t)(style->size * 1.35) + 2,
    };
    size_t pixels = (size_t)(canvas.width * canvas.height);
    canvas.letters = calloc(pixels, 2);
    if (!canvas.letters) {
        free_splitting(&parts);
        return -ENOMEM;
    }
    canvas.outlines = canvas.letters + pixels;
    FT_Stroker stroker = NULL;
    if (style->outline && !FT_Stroker_New(library, &stroker))
        FT_Stroker_Set(stroker, (FT_Fixed)style->outline * 64, FT_STROKER_LINECAP_ROUND, FT_STROKER_LINEJOIN_ROUND, 0);
    // The same line for all fonts, whatever each says of itself.
    int64_t baseline = (int64_t)((double)canvas.height / 2 + size * 0.36);
    double x = *edge;
    for (size_t i = 0; i < parts.count; i++) {
        draw_stretch(&canvas, &parts.stretches[i], stroker, x, baseline);
        x += (double)parts.stretches[i].line.width / 64 * parts.stretches[i].face->scale;
    }
    if (stroker) FT_Stroker_Done(stroker);
    free_splitting(&parts);
    int32_t result = finish(&canvas, style, overlay);
    free(canvas.letters), free(canvas.colors);
    return result;
}
