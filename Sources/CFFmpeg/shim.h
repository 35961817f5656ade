// What Debian's FFmpeg 5.1 and later offer, with the macros that Swift cannot import as constants and functions.
// Which libraries a program links stands in Package.swift.
#pragma once
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/display.h>
#include <libavutil/error.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

static const int64_t bulkhead_av_nopts_value = AV_NOPTS_VALUE;
static const int bulkhead_averror_eof = AVERROR_EOF;
static const int bulkhead_averror_exit = AVERROR_EXIT;
static const int bulkhead_averror_invalid_data = AVERROR_INVALIDDATA;
static const int bulkhead_averror_again = AVERROR(EAGAIN);
static inline int bulkhead_averror(int posix_errno) { return AVERROR(posix_errno); }
