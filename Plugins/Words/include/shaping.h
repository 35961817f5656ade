// shaping.h: a line of text as glyphs at their places, from left to right.
#ifndef BULKHEAD_SHAPING_H
#define BULKHEAD_SHAPING_H

#include <harfbuzz/hb.h>
#include <stddef.h>
#include <stdint.h>

/// A stretch of one script, shaped.
typedef struct shaped_run {
    hb_buffer_t *buffer;
} shaped_run;

/// One line of text: its stretches as they stand from left to right.
typedef struct shaped_line {
    shaped_run *runs;
    size_t run_count;
    int64_t width; ///< in 1/64 pixels
} shaped_line;

/// Shapes the `length` bytes of UTF-8 at `text`. Stretches of scripts that are written from right to left stand in such
/// an order when the line begins with one. (Embeddings and overrides of Unicode's bidirectional algorithm are not
/// followed.) The caller frees the line with shaped_line_free; without memory it has no runs.
shaped_line shaped_line_make(hb_font_t *font, const char *text, size_t length);

/// Frees what a line holds.
void shaped_line_free(shaped_line *line);

#endif
