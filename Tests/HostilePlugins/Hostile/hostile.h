// What the parts of the hostile plugin share. Nothing here is a model for anybody: it does what no plugin may do.
#pragma once
#include "bulkhead_plugin.h"

/// What an attempt came to: 0 when it was granted, else the errno value that it was refused with.
typedef struct attempt {
    const char *name;
    int (*run)(const char *target);
} attempt;

/// The attempt called `name`; NULL when there is none.
const attempt *find_attempt(const char *name);

/// Harm that the host itself must die of, or hang in: at the frame, or in create and destroy.
typedef struct harm {
    const char *name;
    /// Returns what process_video() returns, where it returns.
    int32_t (*run)(const char *target, const bulkhead_video_frame *frame);
} harm;

/// The harm called `name`; NULL when there is none.
const harm *find_harm(const char *name);
