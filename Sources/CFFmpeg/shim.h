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

// MARK: what bulkhead-source needs

#include <libavdevice/version_major.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/pixfmt.h>
#include <libavutil/rational.h>
#include <stdarg.h>

static const int bulkhead_averror_decoder_not_found = AVERROR_DECODER_NOT_FOUND;
static const int bulkhead_averror_demuxer_not_found = AVERROR_DEMUXER_NOT_FOUND;
static const int bulkhead_averror_protocol_not_found = AVERROR_PROTOCOL_NOT_FOUND;
static const int bulkhead_averror_stream_not_found = AVERROR_STREAM_NOT_FOUND;
static const int bulkhead_averror_option_not_found = AVERROR_OPTION_NOT_FOUND;
static const int bulkhead_averror_patch_welcome = AVERROR_PATCHWELCOME;
static const int bulkhead_averror_http_unauthorized = AVERROR_HTTP_UNAUTHORIZED;
static const int bulkhead_averror_http_forbidden = AVERROR_HTTP_FORBIDDEN;
static const int bulkhead_averror_http_not_found = AVERROR_HTTP_NOT_FOUND;
static const int bulkhead_averror_http_other_4xx = AVERROR_HTTP_OTHER_4XX;
static const int bulkhead_averror_http_server_error = AVERROR_HTTP_SERVER_ERROR;

/// Takes one line of a library's log; called on whatever thread logs. `line` is valid during the call.
typedef void (*bulkhead_av_log_receiver)(const char *line);

// Swift emits a static variable of a header only when it stands in a function.
static inline bulkhead_av_log_receiver *bulkhead_av_log_target(void) {
    static bulkhead_av_log_receiver target;
    return &target;
}

static inline void bulkhead_av_log_line(void *context, int level, const char *format, va_list arguments) {
    char line[512];
    int prefix = 1;
    if (level > AV_LOG_ERROR || !*bulkhead_av_log_target()) return;
    av_log_format_line2(context, level, format, arguments, line, sizeof line, &prefix);
    (*bulkhead_av_log_target())(line);
}

/// Hands errors of the libav libraries to `receiver` and silences the rest. Call it once, before all else.
static inline void bulkhead_av_log_errors_to(bulkhead_av_log_receiver receiver) {
    *bulkhead_av_log_target() = receiver;
    av_log_set_level(AV_LOG_ERROR);
    av_log_set_callback(bulkhead_av_log_line);
}

/// Creates a resampler from what `frame` holds to interleaved stereo floats at `sample_rate`; NULL when that is not
/// possible. A mono input keeps its level in both channels. The caller frees it with swr_free.
static inline SwrContext *bulkhead_swr_create(const AVFrame *frame, int sample_rate) {
    static const double both[2] = {1, 1};
    AVChannelLayout stereo = AV_CHANNEL_LAYOUT_STEREO, input = {0};
    SwrContext *context = NULL;
    // Streams with a number of channels but no order for them get the usual order.
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&input, frame->ch_layout.nb_channels);
    else if (av_channel_layout_copy(&input, &frame->ch_layout) < 0)
        return NULL;
    int result = swr_alloc_set_opts2(
        &context, &stereo, AV_SAMPLE_FMT_FLT, sample_rate, &input, (enum AVSampleFormat)frame->format,
        frame->sample_rate, 0, NULL);
    if (result >= 0 && input.nb_channels == 1) result = swr_set_matrix(context, both, 1);
    if (result >= 0) result = swr_init(context);
    av_channel_layout_uninit(&input);
    if (result < 0) swr_free(&context);
    return context;
}

/// Converts `frame` (NULL: only what is held back) into at most `capacity` pairs of floats at `output`. Returns the
/// number of pairs, or a negative AVERROR.
static inline int bulkhead_swr_convert(SwrContext *context, float *output, int capacity, const AVFrame *frame) {
    uint8_t *planes[1] = {(uint8_t *)output};
    return swr_convert(
        context, planes, capacity, frame ? (const uint8_t **)frame->extended_data : NULL, frame ? frame->nb_samples : 0);
}

/// A context that scales pictures, or NULL; the caller frees it with sws_freeContext. Whether the brightness of the source takes all
/// values is known from the start: libswscale would else copy planes that need nothing but their range narrowed.
static inline struct SwsContext *bulkhead_sws_context(
    int width, int height, enum AVPixelFormat format, int is_full_range, int target_width, int target_height,
    enum AVPixelFormat target_format, int flags) {
    struct SwsContext *context = sws_alloc_context();
    if (!context) return NULL;
    av_opt_set_int(context, "srcw", width, 0);
    av_opt_set_int(context, "srch", height, 0);
    av_opt_set_int(context, "src_format", format, 0);
    av_opt_set_int(context, "src_range", is_full_range, 0);
    av_opt_set_int(context, "dstw", target_width, 0);
    av_opt_set_int(context, "dsth", target_height, 0);
    av_opt_set_int(context, "dst_format", target_format, 0);
    av_opt_set_int(context, "sws_flags", flags, 0);
    if (sws_init_context(context, NULL, NULL) < 0) {
        sws_freeContext(context);
        return NULL;
    }
    return context;
}

/// Scales the whole of `frame` to I420 planes, and its alpha to `alpha` where that is wanted. Returns the number of rows, or a negative AVERROR.
static inline int bulkhead_sws_scale(
    struct SwsContext *context, const AVFrame *frame, uint8_t *luma, int luma_stride, uint8_t *cb, uint8_t *cr,
    int chroma_stride, uint8_t *alpha, int alpha_stride) {
    uint8_t *planes[4] = {luma, cb, cr, alpha};
    int strides[4] = {luma_stride, chroma_stride, chroma_stride, alpha_stride};
    return sws_scale(
        context, (const uint8_t *const *)frame->data, frame->linesize, 0, frame->height, planes, strides);
}

/// Whether pictures of this format may be transparent.
static inline int bulkhead_av_has_alpha(enum AVPixelFormat format) {
    const AVPixFmtDescriptor *description = av_pix_fmt_desc_get(format);
    return description && (description->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
}

/// Makes the colours of RGBA pixels what they are on black: each times its alpha. `bytes` belongs to the caller.
static inline void bulkhead_put_on_black(uint8_t *bytes, int stride, int width, int height) {
    for (int y = 0; y < height; y++) {
        uint8_t *row = bytes + (size_t)y * (size_t)stride;
        for (int x = 0; x < width; x++) {
            unsigned alpha = row[4 * x + 3];
            for (int part = 0; part < 3; part++) {
                unsigned value = row[4 * x + part] * alpha + 128;
                row[4 * x + part] = (uint8_t)((value + (value >> 8)) >> 8);
            }
        }
    }
}

/// Whether a packet is encrypted, as ISO/IEC 23001-7 has it.
static inline int bulkhead_av_is_encrypted(const AVPacket *packet) {
    size_t size = 0;
    return av_packet_get_side_data(packet, AV_PKT_DATA_ENCRYPTION_INFO, &size) != NULL;
}

/// The file names of the libavdevice and libavfilter that belong to these headers.
#define BULKHEAD_STRINGIFY_(value) #value
#define BULKHEAD_STRINGIFY(value) BULKHEAD_STRINGIFY_(value)
static inline const char *bulkhead_avfilter_library_name(void) { return "libavfilter.so." BULKHEAD_STRINGIFY(LIBAVFILTER_VERSION_MAJOR); }
static inline const char *bulkhead_avdevice_library_name(void) { return "libavdevice.so." BULKHEAD_STRINGIFY(LIBAVDEVICE_VERSION_MAJOR); }
