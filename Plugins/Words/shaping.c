#include "shaping.h"

#include <stdbool.h>
#include <stdlib.h>

/// What a character says of its stretch; without a script it goes with its neighbours.
typedef struct item {
    uint32_t offset; ///< in bytes
    hb_script_t script;
    hb_direction_t direction; ///< HB_DIRECTION_INVALID: whatever stands around it
} item;

static bool is_real(hb_script_t script) {
    return script != HB_SCRIPT_COMMON && script != HB_SCRIPT_INHERITED && script != HB_SCRIPT_UNKNOWN;
}

/// The characters of a text; the caller frees them. NULL without memory.
static item *items_of(const char *text, size_t length, unsigned *count) {
    hb_buffer_t *buffer = hb_buffer_create();
    // Unshaped, a buffer holds characters.
    hb_buffer_add_utf8(buffer, text, (int)length, 0, (int)length);
    const hb_glyph_info_t *characters = hb_buffer_get_glyph_infos(buffer, count);
    item *items = calloc(*count + 1, sizeof *items);
    hb_unicode_funcs_t *unicode = hb_unicode_funcs_get_default();
    for (unsigned i = 0; items && i < *count; i++) {
        hb_codepoint_t character = characters[i].codepoint;
        hb_script_t script = hb_unicode_script(unicode, character);
        items[i].offset = characters[i].cluster;
        items[i].script = script;
        if (is_real(script)) items[i].direction = hb_script_get_horizontal_direction(script);
        // Numbers are written from left to right everywhere.
        if (hb_unicode_general_category(unicode, character) == HB_UNICODE_GENERAL_CATEGORY_DECIMAL_NUMBER)
            items[i].direction = HB_DIRECTION_LTR;
    }
    hb_buffer_destroy(buffer);
    if (items) items[*count].offset = (uint32_t)length;
    return items;
}

/// Gives every character a direction and a script; returns the line's direction.
static hb_direction_t settle(item *items, unsigned count) {
    hb_direction_t line = HB_DIRECTION_LTR;
    for (unsigned i = 0; i < count; i++) {
        if (!is_real(items[i].script) || !HB_DIRECTION_IS_VALID(items[i].direction)) continue;
        line = items[i].direction;
        break;
    }
    hb_direction_t before = line;
    for (unsigned i = 0; i < count; i++) {
        if (HB_DIRECTION_IS_VALID(items[i].direction)) {
            before = items[i].direction;
            continue;
        }
        unsigned next = i;
        while (next < count && !HB_DIRECTION_IS_VALID(items[next].direction)) next++;
        hb_direction_t after = next < count ? items[next].direction : line;
        // What stands between two of one direction goes with them, else with the line.
        for (; i < next; i++) items[i].direction = before == after ? before : line;
        i--;
    }
    hb_script_t script = HB_SCRIPT_LATIN;
    for (unsigned i = 0; i < count; i++) {
        if (is_real(items[i].script)) { script = items[i].script; break; }
    }
    for (unsigned i = 0; i < count; i++) {
        if (is_real(items[i].script)) script = items[i].script; else items[i].script = script;
    }
    return line;
}

static shaped_run shape_run(hb_font_t *font, const char *text, size_t length, const item *first, uint32_t end) {
    shaped_run run = { .buffer = hb_buffer_create() };
    hb_buffer_add_utf8(run.buffer, text, (int)length, first->offset, (int)(end - first->offset));
    hb_buffer_set_direction(run.buffer, first->direction);
    hb_buffer_set_script(run.buffer, first->script);
    hb_buffer_set_language(run.buffer, hb_language_get_default());
    hb_shape(font, run.buffer, NULL, 0);
    return run;
}

shaped_line shaped_line_make(hb_font_t *font, const char *text, size_t length) {
    shaped_line line = { 0 };
    unsigned count = 0;
    item *items = items_of(text, length, &count);
    line.runs = items ? calloc(count + 1, sizeof *line.runs) : NULL;
    if (!line.runs) {
        free(items);
        return line;
    }
    bool is_leftwards = settle(items, count) == HB_DIRECTION_RTL;
    for (unsigned start = 0; start < count;) {
        unsigned end = start + 1;
        while (end < count && items[end].direction == items[start].direction && items[end].script == items[start].script)
            end++;
        line.runs[line.run_count++] = shape_run(font, text, length, &items[start], items[end].offset);
        start = end;
    }
    free(items);
    for (size_t i = 0; is_leftwards && i < line.run_count / 2; i++) {
        shaped_run run = line.runs[i];
        line.runs[i] = line.runs[line.run_count - 1 - i];
        line.runs[line.run_count - 1 - i] = run;
    }
    for (size_t i = 0; i < line.run_count; i++) {
        unsigned glyph_count;
        const hb_glyph_position_t *positions = hb_buffer_get_glyph_positions(line.runs[i].buffer, &glyph_count);
        for (unsigned j = 0; j < glyph_count; j++) line.width += positions[j].x_advance;
    }
    return line;
}

void shaped_line_free(shaped_line *line) {
    for (size_t i = 0; i < line->run_count; i++) hb_buffer_destroy(line->runs[i].buffer);
    free(line->runs);
    *line = (shaped_line){ 0 };
}
