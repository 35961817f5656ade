// bulkhead_plugin.h: what a library must offer to be a plugin of Bulkhead. It includes nothing but C's own headers.
//
// MIT License
//
// Copyright (c) 2026 The Bulkhead authors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
// documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
// rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
// persons to whom the Software is furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
// Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
// WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
// COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
// OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
//
// The rules for both sides:
// - A plugin is a shared library that exports `bulkhead_plugin_entry`. It runs in a process of its own, away from the
//   stream: when it crashes or hangs, the broadcast goes on without it.
// - All calls into one instance come from one thread, one after the other. A plugin may start threads of its own.
// - Pointers that the host passes are valid until the call returns. What the plugin returns from its entry is valid as
//   long as the library is loaded. All text is UTF-8 and ends with a zero byte.
// - Structures grow at their end only. `byte_count` says how far the side that made one knows it; members beyond are
//   taken as zero.
// - Functions that return int32_t return 0 or a negative errno value, unless their comment says more.
#ifndef BULKHEAD_PLUGIN_H
#define BULKHEAD_PLUGIN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Raised when plugins of an earlier header no longer work; new members alone do not raise it.
#define BULKHEAD_PLUGIN_ABI_VERSION 1u

/// Marks the entry as visible in a library that is built with hidden symbols.
#define BULKHEAD_PLUGIN_EXPORT __attribute__((visibility("default")))

// MARK: parameters

/// What a parameter's value is, and which member of bulkhead_value holds it.
enum bulkhead_parameter_type {
    BULKHEAD_PARAMETER_INTEGER = 1, ///< `integer`
    BULKHEAD_PARAMETER_NUMBER = 2,  ///< `number`
    BULKHEAD_PARAMETER_BOOLEAN = 3, ///< `integer`, 0 or 1; written "true" or "false"
    BULKHEAD_PARAMETER_CHOICE = 4,  ///< `integer`, the index among `choices`; written as the choice itself
    BULKHEAD_PARAMETER_COLOR = 5,   ///< `integer`, 0xRRGGBB in sRGB; written "#RRGGBB"
    BULKHEAD_PARAMETER_TEXT = 6,    ///< `text`
    BULKHEAD_PARAMETER_FILE = 7     ///< `text`: the absolute path of a file that the plugin may read, or empty
};

/// One thing that a user can set.
typedef struct bulkhead_parameter {
    uint32_t type;              ///< of enum bulkhead_parameter_type
    uint32_t reserved;          ///< 0
    const char *name;           ///< unique in the plugin: lowercase letters, digits and hyphens, at most 63 bytes
    const char *description;    ///< one sentence for the user
    const char *unit;           ///< "px", "ms", "dB", …, or NULL
    const char *default_value;  ///< written as the user would
    double minimum;             ///< for integers and numbers
    double maximum;             ///< for integers and numbers; equal to `minimum` where there is no limit
    const char *const *choices; ///< for choices: texts, ended by NULL
} bulkhead_parameter;

/// The value of a parameter, checked by the host against its type and range.
typedef struct bulkhead_value {
    uint32_t type; ///< of enum bulkhead_parameter_type
    uint32_t reserved;
    int64_t integer;
    double number;
    const char *text;
} bulkhead_value;

// MARK: media

/// What an instance will be given; it does not change while the instance lives.
typedef struct bulkhead_format {
    uint32_t byte_count;
    uint32_t width;  ///< of every picture, in pixels; even
    uint32_t height; ///< even
    uint32_t frame_rate_numerator;
    uint32_t frame_rate_denominator;
    uint32_t sample_rate;   ///< 48000
    uint32_t channel_count; ///< 2
} bulkhead_format;

/// One picture to change, as I420: 8-bit luma (plane 0), and Cb (1) and Cr (2) at half the width and height, limited
/// range, with the colours of `bulkhead_ycbcr`. Rows stand `stride` bytes apart; the bytes between a row's end and the next row are not to be touched.
typedef struct bulkhead_video_frame {
    uint32_t byte_count;
    uint32_t width;
    uint32_t height;
    uint32_t reserved;
    int64_t number;          ///< rises; numbers that are left out were not shown to the plugin
    int64_t pts_nanoseconds; ///< on the broadcast's timeline
    const uint8_t *input[3];
    uint8_t *output[3]; ///< for BULKHEAD_VIDEO_IN_PLACE the same as `input`; else apart from it, with no content
    uint32_t input_stride[3];
    uint32_t output_stride[3];
} bulkhead_video_frame;

/// Converts red, green and blue, 0 to 1, to the 8-bit values of limited range that they have in pictures with so many
/// rows, not rounded. The matrix is the one that players take for such pictures: ITU-R BT.709-6, 3.2, from 720 rows on,
/// else BT.601-7, 2.5.1.
static inline void bulkhead_ycbcr(uint32_t rows, double red, double green, double blue, double ycbcr[3]) {
    const double kr = rows >= 720 ? 0.2126 : 0.299, kb = rows >= 720 ? 0.0722 : 0.114;
    const double luma = kr * red + (1 - kr - kb) * green + kb * blue;
    ycbcr[0] = 16 + 219 * luma;
    ycbcr[1] = 128 + 112 * (blue - luma) / (1 - kb);
    ycbcr[2] = 128 + 112 * (red - luma) / (1 - kr);
}

/// One block of sound to change in place: interleaved 32-bit floats.
typedef struct bulkhead_audio_block {
    uint32_t byte_count;
    uint32_t sample_count; ///< for each channel
    int64_t first_sample;  ///< its index on the broadcast's timeline
    float *samples;        ///< sample_count * channel_count floats
} bulkhead_audio_block;

// MARK: events

enum bulkhead_event_kind {
    BULKHEAD_EVENT_CHAT_MESSAGE = 1, ///< `name`: who wrote it; `bytes`: the text
    BULKHEAD_EVENT_ROOM_DATA = 2,    ///< `name`: what the data is; `bytes`: JSON
    BULKHEAD_EVENT_STREAM_STATE = 3, ///< `name`: "preparing", "live", "paused", "ending"; no bytes
    BULKHEAD_EVENT_COMMENT = 4       ///< `name`: "show" or "remove"; `bytes`: JSON, see docs/plugins.md
};

/// Something that happened around the broadcast. (A changed parameter comes through `set_parameter`.)
typedef struct bulkhead_event {
    uint32_t byte_count;
    uint32_t kind;           ///< of enum bulkhead_event_kind; kinds that a plugin does not know are to be passed over
    int64_t pts_nanoseconds; ///< when, on the broadcast's timeline
    const char *name;
    const void *bytes; ///< not ended by a zero byte
    uint64_t bytes_count;
} bulkhead_event;

// MARK: the two sides

enum bulkhead_log_level { BULKHEAD_LOG_DEBUG = 0, BULKHEAD_LOG_NOTICE = 1, BULKHEAD_LOG_WARNING = 2, BULKHEAD_LOG_ERROR = 3 };

/// What the host offers an instance, valid until `destroy` returns.
typedef struct bulkhead_host {
    uint32_t byte_count;
    uint32_t abi_version; ///< of the host
    void *context;        ///< to be handed back to the functions below

    /// Notes one line of text; the host keeps no pointer to it. Allowed on the thread of a call into the instance.
    void (*log)(void *context, int32_t level, const char *text);
} bulkhead_host;

/// What an instance can be given; bits of `bulkhead_plugin.capabilities`.
enum bulkhead_capability {
    BULKHEAD_VIDEO = 1u << 0,
    BULKHEAD_VIDEO_IN_PLACE = 1u << 1, ///< `process_video` wants its input and output to be one; set BULKHEAD_VIDEO too
    BULKHEAD_AUDIO = 1u << 2,
    BULKHEAD_EVENTS = 1u << 3
};

/// What `process_video` and `process_audio` may return beside 0: the input is to be used as it is. (In place, nothing
/// has been written then.)
#define BULKHEAD_UNCHANGED 1

/// What a plugin hands to its host.
typedef struct bulkhead_plugin {
    uint32_t abi_version;          ///< BULKHEAD_PLUGIN_ABI_VERSION of the header that the plugin was built with
    uint32_t byte_count;           ///< sizeof(bulkhead_plugin) in that header
    uint32_t parameter_byte_count; ///< sizeof(bulkhead_parameter) in that header
    uint32_t capabilities;         ///< bits of enum bulkhead_capability
    const char *name;              ///< at most 63 bytes
    const char *version;           ///< at most 63 bytes
    const char *description;       ///< one sentence, or NULL
    const char *author;            ///< or NULL
    const char *license;           ///< an SPDX identifier, or NULL
    const bulkhead_parameter *parameters;
    uint32_t parameter_count; ///< at most 256
    uint32_t reserved;        ///< 0
    void *context;            ///< the plugin's own

    /// Makes an instance and stores it in `*state`. `values` holds one value for each parameter, in their order.
    int32_t (*create)(
        const struct bulkhead_plugin *plugin, const bulkhead_host *host, const bulkhead_format *format,
        const bulkhead_value *values, void **state);

    /// Ends an instance.
    void (*destroy)(void *state);

    /// Changes a parameter between two frames. NULL: the host makes a new instance instead.
    int32_t (*set_parameter)(void *state, uint32_t index, const bulkhead_value *value);

    /// Changes a picture: fills the output's three planes. Returns 0, BULKHEAD_UNCHANGED, or a negative errno value:
    /// the picture then goes on without this plugin's work, and the host counts it. NULL without BULKHEAD_VIDEO.
    int32_t (*process_video)(void *state, const bulkhead_video_frame *frame);

    /// Changes a block of sound, with results like those of `process_video`. NULL without BULKHEAD_AUDIO.
    int32_t (*process_audio)(void *state, const bulkhead_audio_block *block);

    /// Takes note of an event. NULL without BULKHEAD_EVENTS.
    void (*handle_event)(void *state, const bulkhead_event *event);
} bulkhead_plugin;

/// The one symbol that a plugin exports. The host passes its own BULKHEAD_PLUGIN_ABI_VERSION. Returns what the plugin
/// is, or NULL when it can't work with such a host.
BULKHEAD_PLUGIN_EXPORT const bulkhead_plugin *bulkhead_plugin_entry(uint32_t host_abi_version);

/// Defines `bulkhead_plugin_entry`, once in a library. The arguments initialize a `bulkhead_plugin` from `capabilities` on;
/// what the header itself knows is filled in:
///
///     BULKHEAD_PLUGIN(.capabilities = BULKHEAD_VIDEO, .name = "Mirror", .version = "1.0", .create = create, …)
#define BULKHEAD_PLUGIN(...)                                                                      \
    BULKHEAD_PLUGIN_EXPORT const bulkhead_plugin *bulkhead_plugin_entry(uint32_t host_abi_version) { \
        static const bulkhead_plugin plugin = {                                                   \
            .abi_version = BULKHEAD_PLUGIN_ABI_VERSION,                                           \
            .byte_count = sizeof(bulkhead_plugin),                                                \
            .parameter_byte_count = sizeof(bulkhead_parameter),                                   \
            __VA_ARGS__};                                                                         \
        return host_abi_version == BULKHEAD_PLUGIN_ABI_VERSION ? &plugin : NULL;                  \
    }

#ifdef __cplusplus
}
#endif
#endif
