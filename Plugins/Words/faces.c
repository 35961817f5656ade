#include "faces.h"

#include <fontconfig/fontconfig.h>
#include <harfbuzz/hb-ft.h>
#include <stdlib.h>

enum { MOST_FACES = 32, MOST_CANDIDATES = 512 };

struct faces {
    FT_Library library;
    FcFontSet *candidates; ///< by how well they fit
    int next_candidate;
    face open[MOST_FACES];
    size_t count;
    face *pictures; ///< the one of colour emoji; NULL where there is none
    uint32_t size;
    hb_language_t language;
    glyphs *glyphs;
};

static void resize(face *self, uint32_t size) {
    if (self->is_bitmap) {
        // Pictures come in one size, and are scaled when they are drawn.
        FT_Select_Size(self->font, 0);
        self->scale = self->font->size->metrics.height > 0
            ? size * 1.17 * 64 / (double)self->font->size->metrics.height : 1;
    } else {
        FT_Set_Pixel_Sizes(self->font, 0, size);
        self->scale = 1;
    }
    hb_ft_font_changed(self->shaper);
}

/// Opens the font of `pattern`; NULL where it can't be used, or there is no room.
static face *open_one(faces *self, FcPattern *pattern) {
    FcChar8 *path;
    int index = 0;
    if (self->count == MOST_FACES || FcPatternGetString(pattern, FC_FILE, 0, &path) != FcResultMatch) return NULL;
    FcPatternGetInteger(pattern, FC_INDEX, 0, &index);
    face *opened = &self->open[self->count];
    *opened = (face){ 0 };
    if (FT_New_Face(self->library, (const char *)path, index, &opened->font)) return NULL;
    opened->is_bitmap = !FT_IS_SCALABLE(opened->font);
    if (opened->is_bitmap && (!FT_HAS_COLOR(opened->font) || opened->font->num_fixed_sizes < 1)) {
        FT_Done_Face(opened->font);
        return NULL;
    }
    opened->shaper = hb_ft_font_create_referenced(opened->font);
    hb_ft_font_set_load_flags(opened->shaper, opened->is_bitmap ? FT_LOAD_COLOR : FT_LOAD_NO_BITMAP | FT_LOAD_NO_HINTING);
    self->count++;
    if (self->size) resize(opened, self->size);
    return opened;
}

/// Opens the font of colour emoji, where the machine has one.
static void open_pictures(faces *self) {
    FcPattern *pattern = FcNameParse((const FcChar8 *)"emoji:color=true");
    if (!pattern) return;
    FcConfigSubstitute(NULL, pattern, FcMatchPattern);
    FcDefaultSubstitute(pattern);
    FcResult result;
    FcPattern *match = FcFontMatch(NULL, pattern, &result);
    FcPatternDestroy(pattern);
    if (!match) return;
    FcBool has_color = FcFalse;
    FcPatternGetBool(match, FC_COLOR, 0, &has_color);
    if (has_color) self->pictures = open_one(self, match);
    // Colours in outlines are drawn in the letters' one.
    if (self->pictures && !self->pictures->is_bitmap) self->pictures = NULL;
    FcPatternDestroy(match);
}

/// Opens the next font that can be; NULL where none is left.
static face *open_next(faces *self) {
    while (self->count < MOST_FACES && self->next_candidate < self->candidates->nfont &&
           self->next_candidate < MOST_CANDIDATES) {
        face *opened = open_one(self, self->candidates->fonts[self->next_candidate++]);
        if (opened) return opened;
    }
    return NULL;
}

faces *faces_open(FT_Library library, const char *family, const char *language) {
    FcPattern *pattern = FcNameParse((const FcChar8 *)family);
    if (!pattern) return NULL;
    if (*language) FcPatternAddString(pattern, FC_LANG, (const FcChar8 *)language);
    FcConfigSubstitute(NULL, pattern, FcMatchPattern);
    FcDefaultSubstitute(pattern);
    FcResult result;
    faces *self = calloc(1, sizeof *self);
    // Trimmed: a font that adds no character to those before it is of no use.
    if (self) self->candidates = FcFontSort(NULL, pattern, FcTrue, NULL, &result);
    FcPatternDestroy(pattern);
    if (!self) return NULL;
    self->library = library;
    self->language = *language ? hb_language_from_string(language, -1) : hb_language_get_default();
    self->glyphs = glyphs_make(library);
    if (!self->glyphs || !self->candidates || !open_next(self)) {
        faces_close(self);
        return NULL;
    }
    open_pictures(self);
    // Now, and not at the first comment that needs them: a picture waits for no font.
    while (open_next(self)) {}
    return self;
}

void faces_close(faces *self) {
    if (!self) return;
    glyphs_free(self->glyphs);
    for (size_t i = 0; i < self->count; i++) {
        hb_font_destroy(self->open[i].shaper);
        FT_Done_Face(self->open[i].font);
    }
    if (self->candidates) FcFontSetDestroy(self->candidates);
    free(self);
}

static bool has(const face *face, hb_codepoint_t character) { return FT_Get_Char_Index(face->font, character) != 0; }

/// What has no sign of its own goes with what stands before it: joiners, selectors, skin tones, the letters of flags' tags.
static bool goes_along(hb_codepoint_t character) {
    return character == 0x200C || character == 0x200D || (character >= 0xFE00 && character <= 0xFE0F) ||
        (character >= 0xE0020 && character <= 0xE007F) || (character >= 0x1F3FB && character <= 0x1F3FF);
}

static bool is_mark(hb_codepoint_t character) {
    hb_unicode_general_category_t category = hb_unicode_general_category(hb_unicode_funcs_get_default(), character);
    return category == HB_UNICODE_GENERAL_CATEGORY_NON_SPACING_MARK ||
        category == HB_UNICODE_GENERAL_CATEGORY_ENCLOSING_MARK;
}

/// What is a picture where a font has one, and a sign of ink else.
static bool is_picture(hb_codepoint_t character, hb_codepoint_t next) {
    return next == 0xFE0F || (character >= 0x1F000 && character <= 0x1FAFF);
}

static face *find(faces *self, hb_codepoint_t character, hb_codepoint_t next, face *before) {
    if (before && goes_along(character)) return before;
    if (before && is_mark(character)) return has(before, character) ? before : NULL;
    if (is_picture(character, next) && self->pictures && has(self->pictures, character)) return self->pictures;
    // A space within words of one font is no border between two stretches, and before other words it is theirs.
    if (character == ' ') {
        if (!next || next == ' ') return before && !before->is_bitmap ? before : &self->open[0];
        face *behind = find(self, next, 0, before);
        return behind && !behind->is_bitmap && behind == before ? before : &self->open[0];
    }
    for (size_t i = 0; i < self->count; i++) {
        if (!self->open[i].is_bitmap && has(&self->open[i], character)) return &self->open[i];
    }
    for (face *opened; (opened = open_next(self)); ) {
        if (!opened->is_bitmap && has(opened, character)) return opened;
    }
    if (self->pictures && has(self->pictures, character)) return self->pictures;
    return before && !before->is_bitmap ? before : &self->open[0];
}

face *faces_owner(faces *self, const hb_font_t *shaper) {
    for (size_t i = 0; i < self->count; i++) {
        if (self->open[i].shaper == shaper) return &self->open[i];
    }
    return NULL;
}

static hb_font_t *choose(void *context, hb_codepoint_t character, hb_codepoint_t next, hb_font_t *before) {
    face *found = find(context, character, next, before ? faces_owner(context, before) : NULL);
    return found ? found->shaper : NULL;
}

font_choice faces_choice(faces *self) { return (font_choice){ self, choose, self->language }; }

const glyph *faces_glyph(
    faces *self, const face *face, uint32_t index, uint32_t outline, uint32_t right, uint32_t up) {
    return glyphs_find(self->glyphs, (glyph_style){ face, index, self->size, face->is_bitmap ? 0 : outline, right, up });
}

void faces_resize(faces *self, uint32_t size) {
    if (size == self->size) return;
    self->size = size;
    for (size_t i = 0; i < self->count; i++) resize(&self->open[i], size);
}
