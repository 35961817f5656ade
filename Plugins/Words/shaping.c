#include "shaping.h"

#include <stdbool.h>
#include <stdlib.h>

/// What a character is to the order of a line.
enum kind { LEFTWARDS, RIGHTWARDS, NUMBER, SEPARATOR, SIGN, MARK, NEUTRAL };

typedef struct item {
    hb_font_t *font;
    hb_script_t script;
    enum kind kind;
    int level; ///< odd where it is written from right to left
} item;

/// A text, character for character.
typedef struct characters {
    uint32_t *codes;
    item *items;
    size_t count;
} characters;

// MARK: characters

static bool is_real(hb_script_t script) {
    return script != HB_SCRIPT_COMMON && script != HB_SCRIPT_INHERITED && script != HB_SCRIPT_UNKNOWN;
}

static enum kind kind_of(hb_codepoint_t character, hb_script_t script, hb_unicode_general_category_t category) {
    switch (category) {
    case HB_UNICODE_GENERAL_CATEGORY_DECIMAL_NUMBER: return NUMBER;
    case HB_UNICODE_GENERAL_CATEGORY_NON_SPACING_MARK:
    case HB_UNICODE_GENERAL_CATEGORY_ENCLOSING_MARK:
    case HB_UNICODE_GENERAL_CATEGORY_FORMAT: return MARK;
    case HB_UNICODE_GENERAL_CATEGORY_CURRENCY_SYMBOL: return SIGN;
    default: break;
    }
    switch (character) {
    case '.': case ',': case ':': case '/': case '+': case '-': case 0xA0: return SEPARATOR;
    case '%': case '#': case 0xB0: return SIGN;
    default: break;
    }
    if (!is_real(script)) return NEUTRAL;
    return hb_script_get_horizontal_direction(script) == HB_DIRECTION_RTL ? LEFTWARDS : RIGHTWARDS;
}

static void free_characters(characters *self) { free(self->codes), free(self->items); }

/// Without memory there are none.
static characters characters_of(const font_choice *fonts, const char *text, size_t length) {
    characters self = { 0 };
    unsigned count;
    hb_buffer_t *buffer = hb_buffer_create();
    // Unshaped, a buffer holds characters.
    hb_buffer_add_utf8(buffer, text, (int)length, 0, (int)length);
    const hb_glyph_info_t *read = hb_buffer_get_glyph_infos(buffer, &count);
    self.codes = calloc(count + 1, sizeof *self.codes);
    self.items = calloc(count + 1, sizeof *self.items);
    hb_unicode_funcs_t *unicode = hb_unicode_funcs_get_default();
    hb_font_t *before = NULL;
    for (unsigned i = 0; self.codes && self.items && i < count; i++) {
        hb_codepoint_t character = read[i].codepoint;
        hb_font_t *font = fonts->find(fonts->context, character, i + 1 < count ? read[i + 1].codepoint : 0, before);
        if (!font) continue;
        before = font;
        hb_script_t script = hb_unicode_script(unicode, character);
        enum kind kind = kind_of(character, script, hb_unicode_general_category(unicode, character));
        self.codes[self.count] = character;
        self.items[self.count++] = (item){ .font = font, .script = script, .kind = kind };
    }
    hb_buffer_destroy(buffer);
    return self;
}

// MARK: order

/// Settles what is part of a number, and what of a letter.
static void settle_kinds(characters *self) {
    item *items = self->items;
    for (size_t i = 0; i < self->count; i++) {
        if (items[i].kind == MARK) items[i].kind = i ? items[i - 1].kind : NEUTRAL;
        // One separator between two digits: 1,000 and 12:30.
        bool is_between = i && i + 1 < self->count && items[i - 1].kind == NUMBER && items[i + 1].kind == NUMBER;
        if (items[i].kind == SEPARATOR) items[i].kind = is_between ? NUMBER : NEUTRAL;
    }
    for (size_t i = 0; i < self->count; i++) {
        if (items[i].kind != SIGN) continue;
        size_t end = i;
        while (end < self->count && items[end].kind == SIGN) end++;
        bool is_number = (i && items[i - 1].kind == NUMBER) || (end < self->count && items[end].kind == NUMBER);
        for (; i < end; i++) items[i].kind = is_number ? NUMBER : NEUTRAL;
        i--;
    }
}

/// Gives every character its level. (UAX #9, rules P2, W7, N1, N2, I1 and I2.)
static void settle_levels(characters *self) {
    item *items = self->items;
    settle_kinds(self);
    enum kind line = RIGHTWARDS;
    for (size_t i = 0; i < self->count; i++) {
        if (items[i].kind != LEFTWARDS && items[i].kind != RIGHTWARDS) continue;
        line = items[i].kind;
        break;
    }
    int base = line == LEFTWARDS;
    enum kind letters = line;
    for (size_t i = 0; i < self->count; i++) {
        if (items[i].kind == LEFTWARDS || items[i].kind == RIGHTWARDS) letters = items[i].kind;
        // A number behind letters that are written as it is is one of them.
        else if (items[i].kind == NUMBER && letters == RIGHTWARDS) items[i].kind = RIGHTWARDS;
    }
    enum kind before = line;
    for (size_t i = 0; i < self->count; i++) {
        if (items[i].kind != NEUTRAL) {
            // To what stands beside it, a number among leftward letters is leftward.
            before = items[i].kind == NUMBER ? LEFTWARDS : items[i].kind;
            items[i].level = items[i].kind == NUMBER ? 2 : items[i].kind == LEFTWARDS ? 1 : base * 2;
            continue;
        }
        size_t end = i;
        while (end < self->count && items[end].kind == NEUTRAL) end++;
        enum kind after = end == self->count ? line : items[end].kind == NUMBER ? LEFTWARDS : items[end].kind;
        enum kind between = before == after ? before : line;
        for (; i < end; i++) items[i].level = between == LEFTWARDS ? 1 : base * 2;
        i--;
    }
}

static void settle_scripts(characters *self) {
    hb_script_t script = HB_SCRIPT_LATIN;
    for (size_t i = 0; i < self->count; i++) {
        if (is_real(self->items[i].script)) { script = self->items[i].script; break; }
    }
    for (size_t i = 0; i < self->count; i++) {
        if (is_real(self->items[i].script)) script = self->items[i].script; else self->items[i].script = script;
    }
}

// MARK: lines

static shaped_run shape_run(const font_choice *fonts, const characters *text, size_t start, size_t end) {
    const item *first = &text->items[start];
    shaped_run run = { .buffer = hb_buffer_create(), .font = first->font };
    hb_buffer_add_utf32(run.buffer, text->codes, (int)text->count, (unsigned)start, (int)(end - start));
    hb_buffer_set_direction(run.buffer, first->level % 2 ? HB_DIRECTION_RTL : HB_DIRECTION_LTR);
    hb_buffer_set_script(run.buffer, first->script);
    hb_buffer_set_language(run.buffer, fonts->language);
    hb_shape(run.font, run.buffer, NULL, 0);
    return run;
}

/// Puts runs of these levels in the order in which they stand. (UAX #9, rule L2.)
static void reorder(shaped_run *runs, const int *levels, size_t count) {
    size_t order[count + 1];
    for (size_t i = 0; i < count; i++) order[i] = i;
    for (int level = 2; level > 0; level--) {
        for (size_t start = 0; start < count; start++) {
            if (levels[order[start]] < level) continue;
            size_t end = start;
            while (end < count && levels[order[end]] >= level) end++;
            for (size_t i = start, j = end; i < --j; i++) {
                size_t one = order[i];
                order[i] = order[j], order[j] = one;
            }
            start = end - 1;
        }
    }
    shaped_run ordered[count + 1];
    for (size_t i = 0; i < count; i++) ordered[i] = runs[order[i]];
    for (size_t i = 0; i < count; i++) runs[i] = ordered[i];
}

/// More stretches than any text has that can be read: the rest of the line is left out.
enum { MOST_RUNS = 256 };

shaped_line shaped_line_make(const font_choice *fonts, const char *text, size_t length) {
    shaped_line line = { 0 };
    characters read = characters_of(fonts, text, length);
    line.runs = calloc(MOST_RUNS, sizeof *line.runs);
    int levels[MOST_RUNS];
    if (line.runs) {
        settle_levels(&read);
        settle_scripts(&read);
        const item *items = read.items;
        for (size_t start = 0; start < read.count && line.run_count < MOST_RUNS;) {
            size_t end = start + 1;
            while (end < read.count && items[end].font == items[start].font && items[end].level == items[start].level &&
                   items[end].script == items[start].script) end++;
            levels[line.run_count] = items[start].level;
            line.runs[line.run_count++] = shape_run(fonts, &read, start, end);
            start = end;
        }
        reorder(line.runs, levels, line.run_count);
    }
    free_characters(&read);
    return line;
}

int64_t shaped_run_width(const shaped_run *run) {
    unsigned count;
    const hb_glyph_position_t *positions = hb_buffer_get_glyph_positions(run->buffer, &count);
    int64_t width = 0;
    for (unsigned i = 0; i < count; i++) width += positions[i].x_advance;
    return width;
}

void shaped_line_free(shaped_line *line) {
    for (size_t i = 0; i < line->run_count; i++) hb_buffer_destroy(line->runs[i].buffer);
    free(line->runs);
    *line = (shaped_line){ 0 };
}
