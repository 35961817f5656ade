// shaping.h: a line of text as glyphs at their places, from left to right.
#ifndef BULKHEAD_SHAPING_H
#define BULKHEAD_SHAPING_H

#include <harfbuzz/hb.h>
#include <stddef.h>
#include <stdint.h>

/// A stretch of one font, script and direction, shaped.
typedef struct shaped_run {
    hb_buffer_t *buffer;
    hb_font_t *font;
} shaped_run;

/// One line of text: its stretches as they stand from left to right.
typedef struct shaped_line {
    shaped_run *runs;
    size_t run_count;
} shaped_line;

/// Which font sets which character.
typedef struct font_choice {
    void *context;
    /// The font for `character`, which stands behind one that `before` sets, NULL at the start, and before `next`, 0 at the end.
    /// NULL leaves the character out.
    hb_font_t *(*find)(void *context, hb_codepoint_t character, hb_codepoint_t next, hb_font_t *before);
    hb_language_t language;
} font_choice;

/// Shapes the `length` bytes of UTF-8 at `text`. The line is written in the direction of its first letter; within it, stretches of
/// the other direction and numbers stand as in Unicode's bidirectional algorithm (UAX #9, with its implicit levels alone: what
/// orders explicit ones is not followed). The caller frees the line with shaped_line_free; without memory it has no runs.
shaped_line shaped_line_make(const font_choice *fonts, const char *text, size_t length);

/// How wide a run is, in 1/64 pixels of its font.
int64_t shaped_run_width(const shaped_run *run);

/// Frees what a line holds.
void shaped_line_free(shaped_line *line);

#endif
