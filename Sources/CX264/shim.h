// x264.h as Swift can import it: `x264_encoder_open` is a macro that carries the ABI number in the symbol.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <x264.h>

static inline x264_t *bulkhead_x264_open(x264_param_t *param) { return x264_encoder_open(param); }
