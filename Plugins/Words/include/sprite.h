// sprite.h: a line of text as a small picture to lay over others.
#ifndef BULKHEAD_WORDS_SPRITE_H
#define BULKHEAD_WORDS_SPRITE_H

#include "faces.h"
#include "overlay.h"

/// How a line looks. Lengths in pixels, colours 0xRRGGBB.
typedef struct sprite_style {
    uint32_t size;       ///< the height of letters
    uint32_t most_width; ///< what would be wider is set smaller; 0 for no bound
    uint32_t outline;
    uint32_t color;
    double opacity;
    uint32_t rows; ///< the height of the pictures that it is for
} sprite_style;

/// Draws `text` into `overlay`, and says in `*edge` how much of its sides is the outline's. Returns 0 or -ENOMEM, with the
/// overlay as it was; an empty text empties it.
int32_t sprite_draw(faces *faces, const char *text, const sprite_style *style, overlay *overlay, uint32_t *edge);

#endif
