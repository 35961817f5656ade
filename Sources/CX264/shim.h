// x264.h as Swift can import it: `x264_encoder_open` is a macro that carries the ABI number in the symbol, and a
// va_list can't be handled in Swift.
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <x264.h>

/// Returns an encoder that the caller closes with x264_encoder_close, or NULL. `param` is copied.
static inline x264_t *bulkhead_x264_open(x264_param_t *param) { return x264_encoder_open(param); }

/// Writes one message of x264 to standard error as one short line.
static inline void bulkhead_x264_log(void *context, int level, const char *format, va_list arguments) {
    (void)context;
    char text[256];
    if (vsnprintf(text, sizeof text, format, arguments) <= 0) return;
    size_t end = 0;
    while (text[end] && text[end] != '\n') end++;
    text[end] = 0;
    fprintf(stderr, "bulkhead-encoder: x264 %s: %s\n", level == X264_LOG_ERROR ? "error" : "warning", text);
}

/// Has x264 report warnings and errors only, one line each on standard error.
static inline void bulkhead_x264_log_briefly(x264_param_t *param) {
    param->pf_log = bulkhead_x264_log;
    param->p_log_private = NULL;
    param->i_log_level = X264_LOG_WARNING;
}

/// The names that x264 knows, by index; NULL from the first index on that has none. The texts are static.
static inline const char *bulkhead_x264_preset_name(int index) {
    int count = (int)(sizeof x264_preset_names / sizeof x264_preset_names[0]);
    return index >= 0 && index < count ? x264_preset_names[index] : NULL;
}

static inline const char *bulkhead_x264_tune_name(int index) {
    int count = (int)(sizeof x264_tune_names / sizeof x264_tune_names[0]);
    return index >= 0 && index < count ? x264_tune_names[index] : NULL;
}
