// drawing.h: text as an overlay, with FreeType for the letters' shapes and HarfBuzz for which letters stand where.
#ifndef BULKHEAD_TEXT_DRAWING_H
#define BULKHEAD_TEXT_DRAWING_H

#include "overlay.h"

#include <stdbool.h>
#include <stddef.h>

/// An open font.
typedef struct drawing_font drawing_font;

/// How text looks. Lengths are in pixels, colours 0xRRGGBB, opacities 0 to 1.
typedef struct drawing_style {
    uint32_t size;
    uint32_t color;
    double opacity;
    uint32_t outline;
    uint32_t outline_color;
    bool has_box;
    uint32_t box_color;
    double box_opacity;
    uint32_t padding; ///< of the box
    int alignment;    ///< of lines among one another: 0 left, 1 center, 2 right
} drawing_style;

/// Opens the font in the file `path`, or, where that is empty, the one that fontconfig finds for `family`. The caller
/// closes it. NULL, with a sentence in `reason`, when there is none.
drawing_font *drawing_font_open(const char *path, const char *family, char *reason, size_t reason_size);

/// Closes a font; nothing happens for NULL.
void drawing_font_close(drawing_font *font);

/// Draws `text`, lines separated by line feeds, into `overlay`, for pictures of `width` x `height`: what would
/// go beyond is left out. An empty text empties it. Returns 0 or -ENOMEM, with the overlay as it was.
int32_t drawing_draw(
    drawing_font *font, const char *text, const drawing_style *style, uint32_t width, uint32_t height,
    overlay *overlay);

#endif
