import BulkheadWire
import CFFmpeg
import Glibc

/// libavdevice, loaded only when a device is asked for: with it come a hundred libraries that a file does not need.
enum DeviceLibrary {
    /// Makes libavdevice's demuxers known to libavformat. Calling it again changes nothing.
    static func load() throws(OpenFailure) {
        let name = String(cString: bulkhead_avdevice_library_name())
        guard let library = dlopen(name, RTLD_NOW | RTLD_LOCAL), let symbol = dlsym(library, "avdevice_register_all")
        else {
            let reason = dlerror().map { String(cString: $0) } ?? "unknown reason"
            throw .refused(Refusal(.settings, "devices need \(name), which can't be loaded: \(reason)"))
        }
        unsafeBitCast(symbol, to: (@convention(c) () -> Void).self)()
    }
}
