#include "overlay.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// MARK: planes

/// All pixels of an overlay, seen and unseen: what its runs are taken from.
typedef struct planes {
    uint32_t width, height;
    uint8_t *luma, *opacity, *chroma[2], *chroma_opacity;
} planes;

static uint8_t rounded(double value) { return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)(value + 0.5); }

// Chroma is the mean of four pixels, each as heavy as it is opaque.
static void fill(planes *self, const uint8_t *pixels, uint32_t width, uint32_t height, double opacity, uint32_t rows) {
    for (uint32_t y = 0; y < self->height; y += 2) {
        for (uint32_t x = 0; x < self->width; x += 2) {
            double cb = 0, cr = 0, weight = 0;
            for (uint32_t i = 0; i < 4; i++) {
                uint32_t column = x + i % 2, row = y + i / 2;
                if (column >= width || row >= height) continue;
                const uint8_t *pixel = pixels + ((size_t)row * width + column) * 4;
                if (!pixel[3]) continue;
                double alpha = pixel[3] * opacity, ycbcr[3];
                bulkhead_ycbcr(rows, pixel[0] / 255.0, pixel[1] / 255.0, pixel[2] / 255.0, ycbcr);
                size_t place = (size_t)row * self->width + column;
                self->luma[place] = rounded(ycbcr[0]);
                self->opacity[place] = rounded(alpha);
                cb += alpha * ycbcr[1];
                cr += alpha * ycbcr[2];
                weight += alpha;
            }
            size_t place = (size_t)(y / 2) * (self->width / 2) + x / 2;
            self->chroma[0][place] = weight > 0 ? rounded(cb / weight) : 128;
            self->chroma[1][place] = weight > 0 ? rounded(cr / weight) : 128;
            self->chroma_opacity[place] = rounded(weight / 4);
        }
    }
}

// MARK: runs

/// What stands before a run's bytes: those of its luma and then those of their opacity, or of Cb, Cr and their opacity.
typedef struct run {
    uint32_t start, count;
} run;

/// Pixels that are blended at once: runs are as long as several of them, and a gap that is no longer does not end one.
enum { STEP = 16 };

/// Finds the next run of `row` from `*from` on, and moves `*from` behind it. False where nothing more is seen.
static bool next_run(const uint8_t *opacity, uint32_t width, uint32_t *from, run *found) {
    uint32_t start = *from;
    while (start < width && !opacity[start]) start++;
    if (start == width) return false;
    uint32_t end = start + 1;
    for (uint32_t x = end; x < width && x - end < STEP; x++) {
        if (opacity[x]) end = x + 1;
    }
    // Invisible pixels change nothing.
    uint32_t count = (end - start + STEP - 1) / STEP * STEP;
    *found = (run){ start, count < width - start ? count : width - start };
    *from = found->start + found->count;
    return true;
}

static size_t put(uint8_t *place, const void *bytes, size_t count) {
    if (place) memcpy(place, bytes, count);
    return count;
}

/// Writes a row's runs to `place`, or nothing at NULL; returns how many bytes they are.
static size_t put_row(uint8_t *place, const uint8_t *const values[], size_t count, size_t from, uint32_t width) {
    size_t length = 0;
    uint32_t x = 0;
    run found;
    while (next_run(values[count - 1] + from, width, &x, &found)) {
        length += put(place ? place + length : NULL, &found, sizeof found);
        for (size_t i = 0; i < count; i++)
            length += put(place ? place + length : NULL, values[i] + from + found.start, found.count);
    }
    return length;
}

/// Writes all rows to `runs`, and where each begins to `rows`, or nothing at NULL; returns how many bytes they are.
static size_t put_rows(const planes *planes, uint32_t *rows, uint8_t *runs) {
    const uint8_t *luma[] = { planes->luma, planes->opacity };
    const uint8_t *chroma[] = { planes->chroma[0], planes->chroma[1], planes->chroma_opacity };
    size_t length = 0;
    for (uint32_t y = 0; y < planes->height / 2 * 3; y++) {
        if (rows) rows[y] = (uint32_t)length;
        uint8_t *place = runs ? runs + length : NULL;
        length += y < planes->height
            ? put_row(place, luma, 2, (size_t)y * planes->width, planes->width)
            : put_row(place, chroma, 3, (size_t)(y - planes->height) * (planes->width / 2), planes->width / 2);
    }
    if (rows) rows[planes->height / 2 * 3] = (uint32_t)length;
    return length;
}

int32_t overlay_make(
    overlay *self, const uint8_t *pixels, uint32_t width, uint32_t height, double opacity, uint32_t rows) {
    planes planes = { .width = (width + 1) & ~1u, .height = (height + 1) & ~1u };
    size_t count = (size_t)planes.width * planes.height;
    // One piece of memory for all planes; zero is nothing to see.
    planes.luma = calloc(count * 2 + count / 4 * 3 + 1, 1);
    if (!planes.luma) return -ENOMEM;
    planes.opacity = planes.luma + count;
    planes.chroma[0] = planes.opacity + count;
    planes.chroma[1] = planes.chroma[0] + count / 4;
    planes.chroma_opacity = planes.chroma[1] + count / 4;
    fill(&planes, pixels, width, height, opacity, rows);
    size_t length = put_rows(&planes, NULL, NULL), row_bytes = (planes.height / 2 * 3 + 1) * sizeof(uint32_t);
    overlay made = { .width = planes.width, .height = planes.height };
    if (length <= UINT32_MAX) made.rows = malloc(row_bytes + length);
    if (made.rows) {
        made.runs = (uint8_t *)made.rows + row_bytes;
        put_rows(&planes, made.rows, made.runs);
        overlay_free(self);
        *self = made;
    }
    free(planes.luma);
    return made.rows ? 0 : -ENOMEM;
}

void overlay_free(overlay *self) {
    free(self->rows);
    memset(self, 0, sizeof *self);
}

// MARK: blending

enum { LANES = 8 };
typedef uint8_t bytes __attribute__((vector_size(LANES)));
typedef uint16_t words __attribute__((vector_size(2 * LANES)));

static words load(const uint8_t *place) {
    bytes loaded;
    memcpy(&loaded, place, sizeof loaded);
    return __builtin_convertvector(loaded, words);
}

// The division by 255 is exact, and all sums fit into 16 bits: compilers do not see that by themselves, and take 32.
static void blend(uint8_t *row, const uint8_t *over, const uint8_t *opacity, size_t count) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        words opaque = load(opacity + i);
        words sum = load(row + i) * (255 - opaque) + load(over + i) * opaque + 128;
        bytes blended = __builtin_convertvector((sum + (sum >> 8)) >> 8, bytes);
        memcpy(row + i, &blended, sizeof blended);
    }
    for (; i < count; i++) {
        uint32_t sum = row[i] * (255u - opacity[i]) + over[i] * (uint32_t)opacity[i] + 128;
        row[i] = (uint8_t)((sum + (sum >> 8)) >> 8);
    }
}

/// Lays the runs from `at` to `end`, with `values` planes before that of opacity, over one row of each of as many planes, of
/// `width` pixels. The first run's places count from `x`.
static void blend_row(
    uint8_t *const row[], size_t values, const uint8_t *at, const uint8_t *end, int64_t x, uint32_t width) {
    while (at < end) {
        run run;
        memcpy(&run, at, sizeof run);
        const uint8_t *bytes = at + sizeof run;
        at = bytes + (values + 1) * run.count;
        int64_t start = x + run.start;
        int64_t from = start < 0 ? 0 : start, to = start + run.count < width ? start + run.count : width;
        if (from >= to) continue;
        const uint8_t *opacity = bytes + values * run.count + (from - start);
        for (size_t i = 0; i < values; i++)
            blend(row[i] + from, bytes + i * run.count + (from - start), opacity, (size_t)(to - from));
    }
}

void overlay_blend(const overlay *self, const bulkhead_video_frame *frame, int64_t x, int64_t y) {
    if (!self->rows) return;
    x &= ~(int64_t)1, y &= ~(int64_t)1;
    for (uint32_t i = 0; i < self->height / 2 * 3; i++) {
        bool is_chroma = i >= self->height;
        int shift = is_chroma ? 1 : 0;
        int64_t line = (y >> shift) + (is_chroma ? i - self->height : i);
        if (line < 0 || line >= frame->height >> shift) continue;
        uint8_t *row[2];
        size_t first = is_chroma ? 1 : 0, count = is_chroma ? 2 : 1;
        for (size_t j = 0; j < count; j++)
            row[j] = frame->output[first + j] + (size_t)line * frame->output_stride[first + j];
        blend_row(row, count, self->runs + self->rows[i], self->runs + self->rows[i + 1], x >> shift, frame->width >> shift);
    }
}
