// glyphs.h: letters and pictures of colour emoji as they are drawn, kept for the next text that has them.
#ifndef BULKHEAD_WORDS_GLYPHS_H
#define BULKHEAD_WORDS_GLYPHS_H

#include <ft2build.h>
#include FT_FREETYPE_H
#include <stdbool.h>
#include <stdint.h>

struct face;

/// Pixels around a place on the baseline: the upper left one lies `left` to its right and `top` above it.
typedef struct glyph_picture {
    int32_t left, top;
    uint32_t width, height;
    uint8_t *bytes; ///< one a pixel, how opaque it is; of colours four: blue, green, red, multiplied by the opacity behind them
} glyph_picture;

/// How a glyph is drawn. Two that are equal in all of this look the same.
typedef struct glyph_style {
    const struct face *face;
    uint32_t index;      ///< in its font
    uint32_t size;       ///< the height of letters, in pixels
    uint32_t outline;    ///< in pixels; 0 for none
    uint32_t right, up;  ///< in quarters of a pixel from the whole one, 0 to 3
} glyph_style;

typedef struct glyph {
    glyph_style style;
    glyph_picture fill, outline;
    bool has_colors; ///< `fill` has colours of its own, and there is no outline
    uint64_t used;
} glyph;

/// Glyphs that were drawn; 2 MiB at most, those that were not used for the longest time go first.
typedef struct glyphs glyphs;

/// NULL without memory.
glyphs *glyphs_make(FT_Library library);
void glyphs_free(glyphs *self);

/// The glyph of that style, whose font has its size; valid until the next call. Empty where the font can't draw it.
const glyph *glyphs_find(glyphs *self, glyph_style style);

#endif
