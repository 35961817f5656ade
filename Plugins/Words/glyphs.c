#include "glyphs.h"
#include "faces.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include FT_GLYPH_H
#include FT_STROKER_H

enum { SETS = 256, WAYS = 4, MOST_BYTES = 2 << 20 };

struct glyphs {
    FT_Library library;
    FT_Stroker stroker; ///< made when it is needed first
    glyph kept[SETS][WAYS];
    uint64_t asked;
    size_t byte_count;
};

// MARK: drawing

static bool copy(glyph_picture *self, const FT_Bitmap *bitmap, int32_t left, int32_t top) {
    if (!bitmap->rows || !bitmap->width || bitmap->pixel_mode != FT_PIXEL_MODE_GRAY) return true;
    uint8_t *bytes = malloc((size_t)bitmap->rows * bitmap->width);
    if (!bytes) return false;
    for (uint32_t y = 0; y < bitmap->rows; y++)
        memcpy(bytes + (size_t)y * bitmap->width, bitmap->buffer + (ptrdiff_t)y * bitmap->pitch, bitmap->width);
    *self = (glyph_picture){ left, top, bitmap->width, bitmap->rows, bytes };
    return true;
}

/// Draws a letter, or the line around it.
static void draw_outlines(const glyph_style *style, FT_Stroker stroker, glyph_picture *picture) {
    FT_Glyph glyph;
    if (FT_Load_Glyph(style->face->font, style->index, FT_LOAD_NO_BITMAP | FT_LOAD_NO_HINTING)) return;
    if (FT_Get_Glyph(style->face->font->glyph, &glyph)) return;
    FT_Error error = stroker ? FT_Glyph_StrokeBorder(&glyph, stroker, 0, 1) : 0;
    FT_Vector fraction = { style->right * 16, style->up * 16 };
    if (!error) error = FT_Glyph_To_Bitmap(&glyph, FT_RENDER_MODE_NORMAL, &fraction, 1);
    if (!error) {
        FT_BitmapGlyph drawn = (FT_BitmapGlyph)glyph;
        copy(picture, &drawn->bitmap, drawn->left, drawn->top);
    }
    FT_Done_Glyph(glyph);
}

/// Scales a picture of colour emoji, each pixel the mean of those that fall on it.
static void draw_picture(const glyph_style *style, glyph_picture *picture) {
    double scale = style->face->scale;
    if (FT_Load_Glyph(style->face->font, style->index, FT_LOAD_COLOR)) return;
    FT_GlyphSlot slot = style->face->font->glyph;
    const FT_Bitmap *bitmap = &slot->bitmap;
    if (bitmap->pixel_mode != FT_PIXEL_MODE_BGRA || !bitmap->rows || !bitmap->width) return;
    uint32_t width = (uint32_t)ceil(bitmap->width * scale), height = (uint32_t)ceil(bitmap->rows * scale);
    uint8_t *bytes = calloc((size_t)width * height, 4);
    if (!bytes) return;
    for (uint32_t y = 0; y < height; y++) {
        uint32_t top = (uint32_t)(y / scale), bottom = (uint32_t)((y + 1) / scale);
        for (uint32_t x = 0; x < width; x++) {
            uint32_t left = (uint32_t)(x / scale), right = (uint32_t)((x + 1) / scale);
            uint32_t sum[4] = { 0 }, count = 0;
            for (uint32_t v = top; v < (bottom > top ? bottom : top + 1) && v < bitmap->rows; v++) {
                for (uint32_t u = left; u < (right > left ? right : left + 1) && u < bitmap->width; u++, count++) {
                    const uint8_t *pixel = bitmap->buffer + (ptrdiff_t)v * bitmap->pitch + (size_t)u * 4;
                    for (int i = 0; i < 4; i++) sum[i] += pixel[i];
                }
            }
            for (int i = 0; i < 4 && count; i++)
                bytes[((size_t)y * width + x) * 4 + i] = (uint8_t)((sum[i] + count / 2) / count);
        }
    }
    *picture = (glyph_picture){
        (int32_t)floor(slot->bitmap_left * scale), (int32_t)ceil(slot->bitmap_top * scale), width, height, bytes };
}

static void draw(glyphs *self, glyph *drawn) {
    const glyph_style *style = &drawn->style;
    drawn->has_colors = style->face->is_bitmap;
    if (drawn->has_colors) return draw_picture(style, &drawn->fill);
    draw_outlines(style, NULL, &drawn->fill);
    if (!style->outline || (!self->stroker && FT_Stroker_New(self->library, &self->stroker))) return;
    FT_Stroker_Set(
        self->stroker, (FT_Fixed)style->outline * 64, FT_STROKER_LINECAP_ROUND, FT_STROKER_LINEJOIN_ROUND, 0);
    draw_outlines(style, self->stroker, &drawn->outline);
}

// MARK: what is kept

static size_t byte_count(const glyph *glyph) {
    return (size_t)glyph->fill.width * glyph->fill.height * (glyph->has_colors ? 4 : 1) +
        (size_t)glyph->outline.width * glyph->outline.height;
}

static void forget(glyphs *self, glyph *glyph) {
    self->byte_count -= byte_count(glyph);
    free(glyph->fill.bytes), free(glyph->outline.bytes);
    *glyph = (struct glyph){ 0 };
}

static void forget_oldest(glyphs *self, const glyph *except) {
    glyph *oldest = NULL;
    for (size_t i = 0; i < SETS * WAYS; i++) {
        glyph *glyph = &self->kept[i / WAYS][i % WAYS];
        if (glyph != except && glyph->used && (!oldest || glyph->used < oldest->used)) oldest = glyph;
    }
    if (oldest) forget(self, oldest);
}

static bool is_same(const glyph_style *one, const glyph_style *other) {
    return one->face == other->face && one->index == other->index && one->size == other->size &&
        one->outline == other->outline && one->right == other->right && one->up == other->up;
}

static size_t set_of(const glyph_style *style) {
    uint64_t hash = (uintptr_t)style->face / 16;
    const uint32_t parts[] = { style->index, style->size, style->outline, style->right, style->up };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) hash = (hash ^ parts[i]) * 0x9E3779B97F4A7C15;
    return hash >> 32 & (SETS - 1);
}

glyphs *glyphs_make(FT_Library library) {
    glyphs *self = calloc(1, sizeof *self);
    if (self) self->library = library;
    return self;
}

void glyphs_free(glyphs *self) {
    if (!self) return;
    for (size_t i = 0; i < SETS * WAYS; i++) forget(self, &self->kept[i / WAYS][i % WAYS]);
    if (self->stroker) FT_Stroker_Done(self->stroker);
    free(self);
}

const glyph *glyphs_find(glyphs *self, glyph_style style) {
    glyph *set = self->kept[set_of(&style)], *place = &set[0];
    self->asked++;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].used && is_same(&set[i].style, &style)) {
            set[i].used = self->asked;
            return &set[i];
        }
        if (set[i].used < place->used) place = &set[i];
    }
    forget(self, place);
    place->style = style;
    place->used = self->asked;
    draw(self, place);
    self->byte_count += byte_count(place);
    // A glyph that is larger than all that may be kept is the only one.
    while (self->byte_count > MOST_BYTES && self->byte_count > byte_count(place)) forget_oldest(self, place);
    return place;
}
