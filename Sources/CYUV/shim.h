// The part of libyuv that the mixer uses: planes that are copied, filled, scaled and laid over each other; and what libyuv lacks.
#pragma once
#include <libyuv/planar_functions.h>
#include <libyuv/scale.h>
#include <stdint.h>

/// Lays `front`, whose pixels stand as they look on black, over `back`: front + (back - black) * (255 - alpha) / 255, rounded and
/// within a byte. Where alpha is 0 and `front` is `black`, `back` stays as it is. Planes belong to the caller and may not overlap.
static inline void bulkhead_lay_on_black(
    const uint8_t *front, int front_stride, const uint8_t *alpha, int alpha_stride, uint8_t *back, int back_stride,
    int width, int height, int black) {
    for (int y = 0; y < height; y++) {
        const uint8_t *restrict colours = front + (size_t)y * (size_t)front_stride;
        const uint8_t *restrict opacity = alpha + (size_t)y * (size_t)alpha_stride;
        uint8_t *restrict row = back + (size_t)y * (size_t)back_stride;
        for (int x = 0; x < width; x++) {
            // Both products fit into 16 bits; (n + 128 + ((n + 128) >> 8)) >> 8 is n / 255, rounded.
            uint16_t rest = (uint16_t)(255 - opacity[x]);
            uint16_t behind = (uint16_t)(row[x] * rest + 128);
            uint16_t ground = (uint16_t)(black * rest + 128);
            behind = (uint16_t)(behind + (behind >> 8)) >> 8;
            ground = (uint16_t)(ground + (ground >> 8)) >> 8;
            int16_t sum = (int16_t)(colours[x] + behind - ground);
            row[x] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
        }
    }
}
