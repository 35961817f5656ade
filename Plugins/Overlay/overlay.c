#include "overlay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint8_t rounded(double value) { return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)(value + 0.5); }

// Chroma is the mean of four pixels, each as heavy as it is opaque.
static void fill(
    overlay *self, const uint8_t *pixels, uint32_t width, uint32_t height, double opacity, uint32_t rows) {
    for (uint32_t y = 0; y < self->height; y += 2) {
        for (uint32_t x = 0; x < self->width; x += 2) {
            double cb = 0, cr = 0, weight = 0;
            for (uint32_t i = 0; i < 4; i++) {
                uint32_t column = x + i % 2, row = y + i / 2;
                if (column >= width || row >= height) continue;
                const uint8_t *pixel = pixels + ((size_t)row * width + column) * 4;
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

int32_t overlay_make(
    overlay *self, const uint8_t *pixels, uint32_t width, uint32_t height, double opacity, uint32_t rows) {
    overlay made = { .width = (width + 1) & ~1u, .height = (height + 1) & ~1u };
    size_t count = (size_t)made.width * made.height;
    // One piece of memory for all planes; zero is nothing to see.
    made.luma = calloc(count * 2 + count / 4 * 3 + 1, 1);
    if (!made.luma) return -ENOMEM;
    made.opacity = made.luma + count;
    made.chroma[0] = made.opacity + count;
    made.chroma[1] = made.chroma[0] + count / 4;
    made.chroma_opacity = made.chroma[1] + count / 4;
    fill(&made, pixels, width, height, opacity, rows);
    overlay_free(self);
    *self = made;
    return 0;
}

void overlay_free(overlay *self) {
    free(self->luma);
    memset(self, 0, sizeof *self);
}

// Simple enough for the compiler to do sixteen pixels at once. The division by 255 is exact.
static void blend_row(uint8_t *restrict row, const uint8_t *restrict over, const uint8_t *restrict opacity, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t sum = (uint32_t)row[i] * (255u - opacity[i]) + (uint32_t)over[i] * opacity[i] + 128;
        row[i] = (uint8_t)((sum + (sum >> 8)) >> 8);
    }
}

// The part of `count` pixels from `start` on that lies in 0..<limit: how many to skip, and how many are left.
static size_t cut(int64_t start, uint32_t count, uint32_t limit, uint32_t *skipped) {
    int64_t from = start < 0 ? 0 : start, to = start + count < limit ? start + count : limit;
    *skipped = (uint32_t)(from - start < count ? from - start : count);
    return to > from ? (size_t)(to - from) : 0;
}

void overlay_blend(const overlay *self, const bulkhead_video_frame *frame, int64_t x, int64_t y) {
    if (!self->luma) return;
    x &= ~(int64_t)1, y &= ~(int64_t)1;
    for (int plane = 0; plane < 3; plane++) {
        int shift = plane ? 1 : 0;
        uint32_t width = self->width >> shift, left, top;
        size_t columns = cut(x >> shift, width, frame->width >> shift, &left);
        size_t rows = cut(y >> shift, self->height >> shift, frame->height >> shift, &top);
        if (!columns || !rows) continue;
        const uint8_t *over = plane ? self->chroma[plane - 1] : self->luma;
        const uint8_t *opacity = plane ? self->chroma_opacity : self->opacity;
        for (size_t i = 0; i < rows; i++) {
            size_t from = (top + i) * width + left;
            uint8_t *row = frame->output[plane] + (size_t)((y >> shift) + (int64_t)top + (int64_t)i) *
                frame->output_stride[plane];
            blend_row(row + (x >> shift) + left, over + from, opacity + from, columns);
        }
    }
}
