#include "drawing.h"
#include "shaping.h"

#include <errno.h>
#include <fontconfig/fontconfig.h>
#include <ft2build.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include FT_FREETYPE_H
#include FT_GLYPH_H
#include FT_STROKER_H
#include <harfbuzz/hb-ft.h>
#include <harfbuzz/hb.h>

struct drawing_font {
    FT_Library library;
    FT_Face face;
};

// MARK: fonts

/// The file of the font that fontconfig takes for `family`, in memory that the caller frees; NULL when there is none.
static char *find_font(const char *family, int *index) {
    FcPattern *pattern = FcNameParse((const FcChar8 *)family);
    if (!pattern) return NULL;
    FcConfigSubstitute(NULL, pattern, FcMatchPattern);
    FcDefaultSubstitute(pattern);
    FcResult result;
    FcPattern *match = FcFontMatch(NULL, pattern, &result);
    FcPatternDestroy(pattern);
    if (!match) return NULL;
    FcChar8 *file = NULL;
    char *path = FcPatternGetString(match, FC_FILE, 0, &file) == FcResultMatch ? strdup((const char *)file) : NULL;
    *index = 0;
    FcPatternGetInteger(match, FC_INDEX, 0, index);
    FcPatternDestroy(match);
    return path;
}

drawing_font *drawing_font_open(const char *path, const char *family, char *reason, size_t reason_size) {
    int index = 0;
    char *found = *path ? strdup(path) : find_font(family, &index);
    if (!found) {
        snprintf(reason, reason_size, "no font is found for the family \"%s\"; name a file with font=PATH", family);
        return NULL;
    }
    drawing_font *font = calloc(1, sizeof *font);
    FT_Error error = font ? FT_Init_FreeType(&font->library) : FT_Err_Out_Of_Memory;
    // The upper half of fontconfig's index picks an instance of a variable font, as FreeType's does.
    if (!error) error = FT_New_Face(font->library, found, index, &font->face);
    if (!error && !FT_IS_SCALABLE(font->face)) error = FT_Err_Unknown_File_Format;
    if (error) {
        snprintf(reason, reason_size, "the font %s can't be used: %s", found,
                 error == FT_Err_Cannot_Open_Resource ? "the file can't be read" : "it is no scalable font");
        drawing_font_close(font);
        font = NULL;
    }
    free(found);
    return font;
}

void drawing_font_close(drawing_font *font) {
    if (!font) return;
    if (font->face) FT_Done_Face(font->face);
    if (font->library) FT_Done_FreeType(font->library);
    free(font);
}

// MARK: canvases

/// How opaque letters and their outlines are at each pixel.
typedef struct canvas {
    uint32_t width, height;
    uint8_t *letters;
    uint8_t *outlines;
} canvas;

/// Adds a bitmap to a mask; the more opaque wins where letters overlap.
static void stamp(uint8_t *mask, const canvas *canvas, const FT_Bitmap *bitmap, int64_t left, int64_t top) {
    for (uint32_t y = 0; y < bitmap->rows; y++) {
        int64_t row = top + y;
        if (row < 0 || row >= canvas->height) continue;
        const uint8_t *source = bitmap->buffer + (ptrdiff_t)y * bitmap->pitch;
        for (uint32_t x = 0; x < bitmap->width; x++) {
            int64_t column = left + x;
            if (column < 0 || column >= canvas->width) continue;
            uint8_t *pixel = mask + (size_t)row * canvas->width + (size_t)column;
            if (source[x] > *pixel) *pixel = source[x];
        }
    }
}

/// Draws a glyph, or its outline where there is a stroker, at a place in 1/64 pixels.
static void draw_glyph(
    drawing_font *font, uint32_t index, FT_Stroker stroker, uint8_t *mask, const canvas *canvas, FT_Vector pen,
    int64_t baseline) {
    FT_Glyph glyph;
    if (FT_Load_Glyph(font->face, index, FT_LOAD_NO_BITMAP | FT_LOAD_NO_HINTING)) return;
    if (FT_Get_Glyph(font->face->glyph, &glyph)) return;
    FT_Error error = stroker ? FT_Glyph_StrokeBorder(&glyph, stroker, 0, 1) : 0;
    FT_Vector fraction = { pen.x & 63, pen.y & 63 };
    if (!error) error = FT_Glyph_To_Bitmap(&glyph, FT_RENDER_MODE_NORMAL, &fraction, 1);
    if (!error) {
        FT_BitmapGlyph drawn = (FT_BitmapGlyph)glyph;
        stamp(mask, canvas, &drawn->bitmap, (pen.x >> 6) + drawn->left, baseline - (pen.y >> 6) - drawn->top);
    }
    FT_Done_Glyph(glyph);
}

// MARK: lines

static void draw_line(
    drawing_font *font, const shaped_line *line, FT_Stroker stroker, const canvas *canvas, int64_t left,
    int64_t baseline) {
    int64_t x = left, y = 0;
    for (size_t run = 0; run < line->run_count; run++) {
        unsigned count;
        const hb_glyph_info_t *glyphs = hb_buffer_get_glyph_infos(line->runs[run].buffer, &count);
        const hb_glyph_position_t *positions = hb_buffer_get_glyph_positions(line->runs[run].buffer, &count);
        for (unsigned i = 0; i < count; i++) {
            // What lies beyond the canvas isn't seen; far away, numbers would no longer fit.
            if (x > -(1 << 24) && x < 1 << 24) {
                FT_Vector pen = { (FT_Pos)(x + positions[i].x_offset), (FT_Pos)(y + positions[i].y_offset) };
                if (stroker) draw_glyph(font, glyphs[i].codepoint, stroker, canvas->outlines, canvas, pen, baseline);
                draw_glyph(font, glyphs[i].codepoint, NULL, canvas->letters, canvas, pen, baseline);
            }
            x += positions[i].x_advance;
            y += positions[i].y_advance;
        }
    }
}

// MARK: colours

/// Lays a colour over a pixel; both opacities count. The pixel's colour is not multiplied by its opacity.
static void cover(double pixel[4], uint32_t color, double opacity) {
    double result = opacity + pixel[3] * (1 - opacity);
    if (result <= 0) return;
    for (int channel = 0; channel < 3; channel++) {
        double value = color >> (16 - channel * 8) & 255;
        pixel[channel] = (value * opacity + pixel[channel] * pixel[3] * (1 - opacity)) / result;
    }
    pixel[3] = result;
}

static int32_t color(const canvas *canvas, const drawing_style *style, uint32_t rows, overlay *overlay) {
    size_t count = (size_t)canvas->width * canvas->height;
    uint8_t *pixels = malloc(count * 4);
    if (!pixels) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        double pixel[4] = { 0 };
        if (style->has_box) cover(pixel, style->box_color, style->box_opacity);
        if (canvas->outlines[i]) cover(pixel, style->outline_color, canvas->outlines[i] / 255.0);
        if (canvas->letters[i]) cover(pixel, style->color, canvas->letters[i] / 255.0);
        for (int channel = 0; channel < 3; channel++) pixels[i * 4 + channel] = (uint8_t)(pixel[channel] + 0.5);
        pixels[i * 4 + 3] = (uint8_t)(pixel[3] * 255 + 0.5);
    }
    int32_t result = overlay_make(overlay, pixels, canvas->width, canvas->height, style->opacity, rows);
    free(pixels);
    return result;
}

// MARK: drawing

enum { MOST_LINES = 64 };

static uint32_t smaller(int64_t value, uint32_t limit) { return value < limit ? (uint32_t)value : limit; }

static int64_t width_of(const shaped_line *line) {
    int64_t width = 0;
    for (size_t i = 0; i < line->run_count; i++) width += shaped_run_width(&line->runs[i]);
    return width;
}

static int32_t draw_lines(
    drawing_font *font, const shaped_line *lines, size_t count, const drawing_style *style, uint32_t width, uint32_t height,
    overlay *overlay) {
    const FT_Size_Metrics *metrics = &font->face->size->metrics;
    int64_t widest = 0, line_height = (metrics->height + 63) >> 6, ascender = (metrics->ascender + 63) >> 6;
    for (size_t i = 0; i < count; i++) {
        int64_t line_width = width_of(&lines[i]);
        widest = line_width > widest ? line_width : widest;
    }
    // Slanted letters lean out of their line a little.
    int64_t edge = style->outline + (style->has_box ? style->padding : 0) + style->size / 16 + 1;
    canvas canvas = {
        .width = smaller(((widest + 63) >> 6) + 2 * edge, width),
        .height = smaller(line_height * (int64_t)count + 2 * edge, height),
    };
    size_t pixels = (size_t)canvas.width * canvas.height;
    canvas.letters = calloc(pixels * 2 + 1, 1);
    if (!canvas.letters) return -ENOMEM;
    canvas.outlines = canvas.letters + pixels;
    FT_Stroker stroker = NULL;
    if (style->outline && !FT_Stroker_New(font->library, &stroker)) {
        FT_Stroker_Set(stroker, (FT_Fixed)style->outline * 64, FT_STROKER_LINECAP_ROUND, FT_STROKER_LINEJOIN_ROUND, 0);
    }
    for (size_t i = 0; i < count; i++) {
        int64_t left = edge * 64 + (widest - width_of(&lines[i])) * style->alignment / 2;
        draw_line(font, &lines[i], stroker, &canvas, left, edge + ascender + line_height * (int64_t)i);
    }
    if (stroker) FT_Stroker_Done(stroker);
    int32_t result = color(&canvas, style, height, overlay);
    free(canvas.letters);
    return result;
}

static hb_font_t *only_font(void *context, hb_codepoint_t character, hb_codepoint_t next, hb_font_t *before) {
    (void)character, (void)next, (void)before;
    return context;
}

int32_t drawing_draw(
    drawing_font *font, const char *text, const drawing_style *style, uint32_t width, uint32_t height,
    overlay *overlay) {
    if (!*text) {
        overlay_free(overlay);
        return 0;
    }
    if (FT_Set_Pixel_Sizes(font->face, 0, style->size)) return -EINVAL;
    hb_font_t *shaper = hb_ft_font_create_referenced(font->face);
    hb_ft_font_set_load_flags(shaper, FT_LOAD_NO_BITMAP | FT_LOAD_NO_HINTING);
    const font_choice fonts = { .context = shaper, .find = only_font, .language = hb_language_get_default() };
    shaped_line lines[MOST_LINES];
    size_t count = 0;
    for (const char *start = text; start && count < MOST_LINES; ) {
        const char *end = strchr(start, '\n');
        lines[count++] = shaped_line_make(&fonts, start, end ? (size_t)(end - start) : strlen(start));
        start = end ? end + 1 : NULL;
    }
    int32_t result = draw_lines(font, lines, count, style, width, height, overlay);
    for (size_t i = 0; i < count; i++) shaped_line_free(&lines[i]);
    hb_font_destroy(shaper);
    return result;
}
