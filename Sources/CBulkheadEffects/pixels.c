#include "bulkhead_effects.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
// The same loops for processors that have wider registers; the loader chooses.
// The choice is made by code that runs before the thread sanitizer does, and would call it.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WIDE
#endif
#endif
#ifndef WIDE
#define WIDE __attribute__((target_clones("avx2", "default")))
#endif
#else
#define WIDE
#endif

void bulkhead_flush_denormals(void) {
#if defined(__x86_64__)
    // MXCSR, bits 15 (flush to zero) and 6 (denormals are zero): Intel SDM 1, 10.2.3.
    _mm_setcsr(_mm_getcsr() | 0x8040);
#elif defined(__aarch64__)
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    // FPCR, bit 24 (FZ).
    __asm__ volatile("msr fpcr, %0" : : "r"(control | (1u << 24)));
#endif
}

/// A matrix in sixteenth bits: ITU-R BT.709-6, 3 and BT.601-7, 2.5, for limited range.
typedef struct matrix {
    int luma, red_cr, green_cb, green_cr, blue_cb;                       // to RGB, times 65536
    int y_r, y_g, y_b, cb_r, cb_g, cb_b, cr_r, cr_g, cr_b;               // from RGB, times 65536
} matrix;

// luma: 255 / 219. red_cr: 2 (1 - Kr) 255 / 224. blue_cb: 2 (1 - Kb) 255 / 224; green's are those times Kr / Kg, Kb / Kg.
static const matrix bt709 = {76309, 117489, -13975, -34925, 138438,
                             11966, 40254, 4064, -6596, -22189, 28784, 28784, -26145, -2639};
static const matrix bt601 = {76309, 104597, -25675, -53279, 132201,
                             16829, 33039, 6416, -9714, -19071, 28784, 28784, -24103, -4681};

static inline int clamped(int value) { return value < 0 ? 0 : value > 255 ? 255 : value; }

/// One row of pixels. Each pair shares its chroma.
WIDE static void row_to_packed(
    const uint8_t *restrict luma, const uint8_t *restrict cb, const uint8_t *restrict cr, uint32_t *restrict to,
    int width, const matrix *m, int red_shift, int blue_shift) {
    const int ml = m->luma, mr = m->red_cr, mgb = m->green_cb, mgr = m->green_cr, mb = m->blue_cb;
    for (int x = 0; x < width; x++) {
        int y = (luma[x] - 16) * ml + 32768, u = cb[x >> 1] - 128, v = cr[x >> 1] - 128;
        int red = clamped((y + v * mr) >> 16);
        int green = clamped((y + u * mgb + v * mgr) >> 16);
        int blue = clamped((y + u * mb) >> 16);
        to[x] = 0xFF000000u | (uint32_t)red << red_shift | (uint32_t)green << 8 | (uint32_t)blue << blue_shift;
    }
}

void bulkhead_i420_to_packed(
    const bulkhead_planes *from, uint32_t *to, int width, int height, int padded_width, int padded_height,
    int is_bt709, int bgra) {
    const matrix *m = is_bt709 ? &bt709 : &bt601;
    for (int y = 0; y < height; y++) {
        uint32_t *row = to + (size_t)y * (size_t)padded_width;
        size_t chroma = (size_t)(y >> 1) * from->chroma_stride;
        row_to_packed(
            from->luma + (size_t)y * from->luma_stride, from->cb + chroma, from->cr + chroma, row, width, m,
            bgra ? 16 : 0, bgra ? 0 : 16);
        for (int x = width; x < padded_width; x++) row[x] = row[width - 1];
    }
    for (int y = height; y < padded_height; y++) {
        uint32_t *row = to + (size_t)y * (size_t)padded_width;
        const uint32_t *last = to + (size_t)(height - 1) * (size_t)padded_width;
        for (int x = 0; x < padded_width; x++) row[x] = last[x];
    }
}

WIDE static void row_to_luma(
    const uint32_t *restrict from, uint8_t *restrict luma, int width, const matrix *m, int red_shift, int blue_shift) {
    const int r = m->y_r, g = m->y_g, b = m->y_b;
    for (int x = 0; x < width; x++) {
        uint32_t pixel = from[x];
        int red = pixel >> red_shift & 255, green = pixel >> 8 & 255, blue = pixel >> blue_shift & 255;
        luma[x] = (uint8_t)((red * r + green * g + blue * b + (16 << 16) + 32768) >> 16);
    }
}

/// Two rows of pixels to one of chroma: the mean of four.
WIDE static void rows_to_chroma(
    const uint32_t *restrict upper, const uint32_t *restrict lower, uint8_t *restrict cb, uint8_t *restrict cr,
    int width, const matrix *m, int red_shift, int blue_shift) {
    const int ur = m->cb_r, ug = m->cb_g, ub = m->cb_b, vr = m->cr_r, vg = m->cr_g, vb = m->cr_b;
    for (int x = 0; x < width; x++) {
        uint32_t a = upper[2 * x], b = upper[2 * x + 1], c = lower[2 * x], d = lower[2 * x + 1];
        int red = (int)((a >> red_shift & 255) + (b >> red_shift & 255) + (c >> red_shift & 255) + (d >> red_shift & 255));
        int green = (int)((a >> 8 & 255) + (b >> 8 & 255) + (c >> 8 & 255) + (d >> 8 & 255));
        int blue = (int)((a >> blue_shift & 255) + (b >> blue_shift & 255) + (c >> blue_shift & 255) + (d >> blue_shift & 255));
        cb[x] = (uint8_t)((red * ur + green * ug + blue * ub + (128 << 18) + 131072) >> 18);
        cr[x] = (uint8_t)((red * vr + green * vg + blue * vb + (128 << 18) + 131072) >> 18);
    }
}

static inline int blended(int under, int over, int alpha) { return (under * (255 - alpha) + over * alpha + 127) / 255; }

/// Two rows, each laid over what the planes hold.
static void rows_over(
    const uint32_t *upper, const uint32_t *lower, uint8_t *luma, uint8_t *next, uint8_t *cb, uint8_t *cr, int width,
    const matrix *m, int red_shift, int blue_shift) {
    for (int x = 0; x < width; x += 2) {
        const uint32_t pixels[4] = {upper[x], upper[x + 1], lower[x], lower[x + 1]};
        uint8_t *const lumas[4] = {luma + x, luma + x + 1, next + x, next + x + 1};
        int red_sum = 0, green_sum = 0, blue_sum = 0, alpha_sum = 0;
        for (int i = 0; i < 4; i++) {
            int alpha = (int)(pixels[i] >> 24);
            if (alpha == 0) continue;
            int red = pixels[i] >> red_shift & 255, green = pixels[i] >> 8 & 255, blue = pixels[i] >> blue_shift & 255;
            int y = (red * m->y_r + green * m->y_g + blue * m->y_b + (16 << 16) + 32768) >> 16;
            *lumas[i] = (uint8_t)blended(*lumas[i], y, alpha);
            red_sum += red * alpha, green_sum += green * alpha, blue_sum += blue * alpha, alpha_sum += alpha;
        }
        if (alpha_sum == 0) continue;
        int red = red_sum / alpha_sum, green = green_sum / alpha_sum, blue = blue_sum / alpha_sum;
        int u = (red * m->cb_r + green * m->cb_g + blue * m->cb_b + (128 << 16) + 32768) >> 16;
        int v = (red * m->cr_r + green * m->cr_g + blue * m->cr_b + (128 << 16) + 32768) >> 16;
        cb[x >> 1] = (uint8_t)blended(cb[x >> 1], u, (alpha_sum + 2) / 4);
        cr[x >> 1] = (uint8_t)blended(cr[x >> 1], v, (alpha_sum + 2) / 4);
    }
}

void bulkhead_packed_to_i420(
    const uint32_t *from, const bulkhead_planes *to, int width, int height, int padded_width, int is_bt709, int bgra,
    int alpha) {
    const matrix *m = is_bt709 ? &bt709 : &bt601;
    const int red_shift = bgra ? 16 : 0, blue_shift = bgra ? 0 : 16;
    for (int y = 0; y < height; y += 2) {
        const uint32_t *upper = from + (size_t)y * (size_t)padded_width, *lower = upper + padded_width;
        uint8_t *luma = to->luma + (size_t)y * to->luma_stride, *next = luma + to->luma_stride;
        uint8_t *cb = to->cb + (size_t)(y >> 1) * to->chroma_stride, *cr = to->cr + (size_t)(y >> 1) * to->chroma_stride;
        if (alpha) {
            rows_over(upper, lower, luma, next, cb, cr, width, m, red_shift, blue_shift);
        } else {
            row_to_luma(upper, luma, width, m, red_shift, blue_shift);
            row_to_luma(lower, next, width, m, red_shift, blue_shift);
            rows_to_chroma(upper, lower, cb, cr, width / 2, m, red_shift, blue_shift);
        }
    }
}
