// faces.h: the fonts that a text is set in: for each character the first one that has it.
#ifndef BULKHEAD_WORDS_FACES_H
#define BULKHEAD_WORDS_FACES_H

#include "glyphs.h"
#include "shaping.h"

#include <ft2build.h>
#include FT_FREETYPE_H
#include <harfbuzz/hb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One open font.
typedef struct face {
    FT_Face font;
    hb_font_t *shaper;
    bool is_bitmap; ///< colour emoji: pictures of one size
    double scale;   ///< from its own pixels to those wanted; 1 for outlines
} face;

/// A family, and all other fonts of the machine behind it.
typedef struct faces faces;

/// What a plugin says where there is none.
#define FACES_MISSING "there is no font on this machine; install one, such as fonts-dejavu"

/// The fonts for `family` and texts in `language`, such as "zh-cn": which of a Chinese sign's forms is taken depends on it. NULL
/// without any font.
faces *faces_open(FT_Library library, const char *family, const char *language);
void faces_close(faces *self);

/// Which of the fonts sets which character: the first one that has it, and colour emoji before all for what is a picture. A mark
/// that the font of its letter does not have is left out.
font_choice faces_choice(faces *self);

/// The font that this shaper belongs to.
face *faces_owner(faces *self, const hb_font_t *shaper);

/// How a glyph of `face` looks, with an outline of so many pixels; see glyph_style. Valid until the next call.
const glyph *faces_glyph(
    faces *self, const face *face, uint32_t index, uint32_t outline, uint32_t right, uint32_t up);

/// Sets the height of letters, in pixels. All fonts have it from then on.
void faces_resize(faces *self, uint32_t size);

#endif
