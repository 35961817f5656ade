// A plugin in C++ that lets an exception out of its call, which C can't catch.
#include "bulkhead_plugin.h"

#include <stdexcept>

static int32_t create(
    const bulkhead_plugin *, const bulkhead_host *, const bulkhead_format *, const bulkhead_value *, void **) {
    return 0;
}

static void destroy(void *) {}

static int32_t process_video(void *, const bulkhead_video_frame *) { throw std::runtime_error("thrown at the host"); }

extern "C" BULKHEAD_PLUGIN_EXPORT const bulkhead_plugin *bulkhead_plugin_entry(uint32_t) {
    static bulkhead_plugin plugin = {};
    plugin.abi_version = BULKHEAD_PLUGIN_ABI_VERSION;
    plugin.byte_count = sizeof(bulkhead_plugin);
    plugin.parameter_byte_count = sizeof(bulkhead_parameter);
    plugin.capabilities = BULKHEAD_VIDEO;
    plugin.name = "Throwing";
    plugin.version = "1";
    plugin.create = create;
    plugin.destroy = destroy;
    plugin.process_video = process_video;
    return &plugin;
}
