// overlay.h: a small picture with opacity that is laid over the broadcast's pictures. What Logo and Text have in common.
#ifndef BULKHEAD_OVERLAY_H
#define BULKHEAD_OVERLAY_H

#include "bulkhead_plugin.h"

/// A picture to lay over others: I420, limited range, with an opacity for each pixel of luma and of chroma. What can't be seen of
/// it is not kept: each row is a list of runs.
typedef struct overlay {
    uint32_t width;  ///< in pixels, even
    uint32_t height; ///< even
    uint32_t *rows;  ///< where each row's runs begin, those of luma and then those of chroma, and where the last ones end; NULL while empty
    uint8_t *runs;
} overlay;

/// Makes an overlay from `width * height` pixels of red, green, blue and opacity, 8 bits each, whose colours are not
/// multiplied by their opacity. Odd sizes are filled up with nothing. Whatever `*self` held is freed when it works out,
/// and left as it is when it does not; it must be zero the first time. `opacity` is 0 to 1; `rows` is
/// the height of the pictures that it is for. Returns 0 or -ENOMEM.
int32_t overlay_make(
    overlay *self, const uint8_t *pixels, uint32_t width, uint32_t height, double opacity, uint32_t rows);

/// Lays the overlay over a picture that is changed in place, its top left corner at (x, y), which may lie outside; both
/// are rounded down to even numbers. What does not fit is cut off.
void overlay_blend(const overlay *self, const bulkhead_video_frame *frame, int64_t x, int64_t y);

/// Frees what the overlay holds and makes it zero.
void overlay_free(overlay *self);

#endif
