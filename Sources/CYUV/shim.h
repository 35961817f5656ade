// The part of libyuv that the mixer uses: planes that are copied, filled, scaled and laid over each other; and what libyuv lacks.
#pragma once
#include <libyuv/planar_functions.h>
#include <libyuv/scale.h>
#include <stdint.h>
#include <string.h>

/// Lays `count` pixels over others, as ``bulkhead_lay_on_black`` does.
static inline void bulkhead_lay_row_on_black(
    const uint8_t *restrict front, const uint8_t *restrict alpha, uint8_t *restrict back, int count, int black) {
    for (int x = 0; x < count; x++) {
        // Both products fit into 16 bits; (n + 128 + ((n + 128) >> 8)) >> 8 is n / 255, rounded.
        uint16_t rest = (uint16_t)(255 - alpha[x]);
        uint16_t behind = (uint16_t)(back[x] * rest + 128);
        uint16_t ground = (uint16_t)(black * rest + 128);
        behind = (uint16_t)(behind + (behind >> 8)) >> 8;
        ground = (uint16_t)(ground + (ground >> 8)) >> 8;
        int16_t sum = (int16_t)(front[x] + behind - ground);
        back[x] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
    }
}

/// Lays `front`, whose pixels stand as they look on black, over `back`: front + (back - black) * (255 - alpha) / 255, rounded and
/// within a byte. Most of a title is transparent, and most of the rest opaque: such pieces of a row are passed over and copied.
/// Planes belong to the caller and may not overlap.
static inline void bulkhead_lay_on_black(
    const uint8_t *front, int front_stride, const uint8_t *alpha, int alpha_stride, uint8_t *back, int back_stride,
    int width, int height, int black) {
    enum { piece = 64 };
    for (int y = 0; y < height; y++) {
        const uint8_t *colours = front + (size_t)y * (size_t)front_stride;
        const uint8_t *opacity = alpha + (size_t)y * (size_t)alpha_stride;
        uint8_t *row = back + (size_t)y * (size_t)back_stride;
        for (int x = 0; x < width; x += piece) {
            int count = width - x < piece ? width - x : piece;
            uint8_t some = 0, all = 255;
            for (int i = 0; i < count; i++) {
                some |= opacity[x + i];
                all &= opacity[x + i];
            }
            if (some == 0) continue;
            if (all == 255) {
                memcpy(row + x, colours + x, (size_t)count);
            } else {
                bulkhead_lay_row_on_black(colours + x, opacity + x, row + x, count, black);
            }
        }
    }
}
