// A target needs one source file: this one sees that the header stands alone, and that its sizes, which are part of the
// interface, do not change by accident.
#include "bulkhead_plugin.h"

_Static_assert(sizeof(bulkhead_parameter) == 64, "the size of bulkhead_parameter in version 1");
_Static_assert(sizeof(bulkhead_value) == 32, "the size of bulkhead_value in version 1");
_Static_assert(sizeof(bulkhead_format) == 28, "the size of bulkhead_format in version 1");
_Static_assert(sizeof(bulkhead_video_frame) == 104, "the size of bulkhead_video_frame in version 1");
_Static_assert(sizeof(bulkhead_audio_block) == 24, "the size of bulkhead_audio_block in version 1");
_Static_assert(sizeof(bulkhead_event) == 40, "the size of bulkhead_event in version 1");
_Static_assert(sizeof(bulkhead_host) == 24, "the size of bulkhead_host in version 1");
_Static_assert(sizeof(bulkhead_plugin) == 128, "the size of bulkhead_plugin in version 1");
