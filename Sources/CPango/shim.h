// The part of Pango and Cairo that cards are drawn with: words laid out in a typeface, and PNG files.
#pragma once
#include <pango/pangocairo.h>

/// Lets go of a layout.
static inline void bulkhead_pango_free(PangoLayout *layout) { g_object_unref(layout); }
