// What the plugin host needs to know of the interfaces of frei0r and LADSPA, written down from their specifications, and
// the way from I420 to the packed pixels of frei0r and back.
#pragma once
#include <stddef.h>
#include <stdint.h>

// MARK: frei0r 1.2

enum bulkhead_frei0r_plugin_type {
    BULKHEAD_FREI0R_FILTER = 0,
    BULKHEAD_FREI0R_SOURCE = 1,
    BULKHEAD_FREI0R_MIXER2 = 2,
    BULKHEAD_FREI0R_MIXER3 = 3
};

enum bulkhead_frei0r_color_model {
    BULKHEAD_FREI0R_BGRA = 0,
    BULKHEAD_FREI0R_RGBA = 1,
    BULKHEAD_FREI0R_PACKED = 2 ///< any order of the four
};

enum bulkhead_frei0r_parameter_type {
    BULKHEAD_FREI0R_BOOLEAN = 0,  ///< a double, true from 0.5 on
    BULKHEAD_FREI0R_NUMBER = 1,   ///< a double in 0...1
    BULKHEAD_FREI0R_COLOR = 2,    ///< three floats in 0...1
    BULKHEAD_FREI0R_POSITION = 3, ///< two doubles in 0...1
    BULKHEAD_FREI0R_TEXT = 4      ///< a char *
};

typedef struct bulkhead_frei0r_info {
    const char *name;
    const char *author;
    int plugin_type;
    int color_model;
    int frei0r_version; ///< 1
    int major_version;
    int minor_version;
    int parameter_count;
    const char *explanation;
} bulkhead_frei0r_info;

typedef struct bulkhead_frei0r_parameter_info {
    const char *name;
    int type;
    const char *explanation;
} bulkhead_frei0r_parameter_info;

/// Large enough for a value of any type.
typedef union bulkhead_frei0r_value {
    double number;
    struct { float red, green, blue; } color;
    struct { double x, y; } position;
    char *text;
    uint8_t room[64];
} bulkhead_frei0r_value;

/// The functions of a library; members that it lacks are NULL.
typedef struct bulkhead_frei0r_functions {
    int (*init)(void);
    void (*deinit)(void);
    void (*get_plugin_info)(bulkhead_frei0r_info *info);
    void (*get_param_info)(bulkhead_frei0r_parameter_info *info, int index);
    void *(*construct)(unsigned int width, unsigned int height);
    void (*destruct)(void *instance);
    void (*set_param_value)(void *instance, void *value, int index);
    void (*get_param_value)(void *instance, void *value, int index);
    void (*update)(void *instance, double time, const uint32_t *input, uint32_t *output);
    void (*update2)(
        void *instance, double time, const uint32_t *input1, const uint32_t *input2, const uint32_t *input3,
        uint32_t *output);
} bulkhead_frei0r_functions;

// MARK: LADSPA 1.1

enum bulkhead_ladspa_port {
    BULKHEAD_LADSPA_INPUT = 0x1,
    BULKHEAD_LADSPA_OUTPUT = 0x2,
    BULKHEAD_LADSPA_CONTROL = 0x4,
    BULKHEAD_LADSPA_AUDIO = 0x8
};

enum bulkhead_ladspa_hint {
    BULKHEAD_LADSPA_BOUNDED_BELOW = 0x1,
    BULKHEAD_LADSPA_BOUNDED_ABOVE = 0x2,
    BULKHEAD_LADSPA_TOGGLED = 0x4,
    BULKHEAD_LADSPA_SAMPLE_RATE = 0x8,
    BULKHEAD_LADSPA_LOGARITHMIC = 0x10,
    BULKHEAD_LADSPA_INTEGER = 0x20,
    BULKHEAD_LADSPA_DEFAULT_MASK = 0x3C0,
    BULKHEAD_LADSPA_DEFAULT_MINIMUM = 0x40,
    BULKHEAD_LADSPA_DEFAULT_LOW = 0x80,
    BULKHEAD_LADSPA_DEFAULT_MIDDLE = 0xC0,
    BULKHEAD_LADSPA_DEFAULT_HIGH = 0x100,
    BULKHEAD_LADSPA_DEFAULT_MAXIMUM = 0x140,
    BULKHEAD_LADSPA_DEFAULT_0 = 0x200,
    BULKHEAD_LADSPA_DEFAULT_1 = 0x240,
    BULKHEAD_LADSPA_DEFAULT_100 = 0x280,
    BULKHEAD_LADSPA_DEFAULT_440 = 0x2C0
};

typedef struct bulkhead_ladspa_range {
    int hints;
    float lower;
    float upper;
} bulkhead_ladspa_range;

typedef struct bulkhead_ladspa_descriptor {
    unsigned long unique_id;
    const char *label;
    int properties;
    const char *name;
    const char *maker;
    const char *copyright;
    unsigned long port_count;
    const int *ports;
    const char *const *port_names;
    const bulkhead_ladspa_range *ranges;
    void *implementation_data;
    void *(*instantiate)(const struct bulkhead_ladspa_descriptor *descriptor, unsigned long sample_rate);
    void (*connect_port)(void *instance, unsigned long port, float *data);
    void (*activate)(void *instance);
    void (*run)(void *instance, unsigned long sample_count);
    void (*run_adding)(void *instance, unsigned long sample_count);
    void (*set_run_adding_gain)(void *instance, float gain);
    void (*deactivate)(void *instance);
    void (*cleanup)(void *instance);
} bulkhead_ladspa_descriptor;

/// Has this thread take numbers too small to be heard as 0: feedback filters become slow on them.
void bulkhead_flush_denormals(void);

// MARK: pixels

/// Where the planes of an I420 picture stand.
typedef struct bulkhead_planes {
    uint8_t *luma;
    uint8_t *cb;
    uint8_t *cr;
    size_t luma_stride;
    size_t chroma_stride;
} bulkhead_planes;

/// Writes a picture of `width` x `height`, both even, limited range, as packed pixels with an alpha of 255, rows of
/// `padded_width` pixels, `padded_height` of them: beyond the picture its last pixels are repeated. `bt709` chooses that
/// matrix, else it is BT.601's; `bgra` the order of bytes, else it is RGBA.
void bulkhead_i420_to_packed(
    const bulkhead_planes *from, uint32_t *to, int width, int height, int padded_width, int padded_height, int bt709,
    int bgra);

/// The way back, over the picture's own pixels. `alpha` other than 0: the packed pixels are laid over the picture that
/// `to` holds, by their alpha, else that is passed over.
void bulkhead_packed_to_i420(
    const uint32_t *from, const bulkhead_planes *to, int width, int height, int padded_width, int bt709, int bgra,
    int alpha);
