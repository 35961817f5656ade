import BulkheadWire
import CBulkheadPlugin
import Glibc

/// A shared library that has been opened and found to be a plugin of this interface.
final class PluginLibrary {
    let name: String
    let version: String
    let parameters: [PluginParameter]
    /// The plugin's own description, and this host's copy of as much of it as both sides know.
    let plugin: UnsafePointer<bulkhead_plugin>
    let functions: bulkhead_plugin
    private let handle: UnsafeMutableRawPointer

    static let entryName = "bulkhead_plugin_entry"
    private typealias Entry = @convention(c) (UInt32) -> UnsafePointer<bulkhead_plugin>?

    /// Opens the library at `path`, which runs its constructors.
    /// - Throws: a refusal whose phrase stands by itself.
    init(path: String) throws(Refusal) {
        // Without a slash, dlopen would look in the system's folders.
        let path = path.contains("/") ? path : "./" + path
        try LibraryFile.check(path)
        // NODELETE: the Swift runtime keeps what it has learned from a Swift library, so that one must not be unmapped.
        // Fresh code comes with a fresh host.
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) else {
            let reason = dlerror().map { String(cString: $0) } ?? "for no stated reason"
            throw Refusal(.notLibrary, "the library at \(path) can't be loaded: \(reason)")
        }
        do throws(Refusal) {
            guard let symbol = dlsym(handle, Self.entryName) else {
                throw Refusal(.missingSymbol, "\(path) is no plugin: it doesn't export \(Self.entryName)")
            }
            let ours = UInt32(BULKHEAD_PLUGIN_ABI_VERSION)
            guard let plugin = unsafeBitCast(symbol, to: Entry.self)(ours) else {
                throw Refusal(
                    .wrongVersion, "\(path) does not work with version \(ours) of the plugin interface, which this is")
            }
            self.plugin = plugin
            functions = try Self.checked(plugin, path)
            name = try Self.text(plugin.pointee.name, "name", path)
            version = try Self.text(plugin.pointee.version, "version", path)
            parameters = try PluginParameter.all(of: plugin)
            self.handle = handle
        } catch {
            dlclose(handle)
            throw error
        }
    }

    deinit { dlclose(handle) }

    private static func checked(
        _ plugin: UnsafePointer<bulkhead_plugin>, _ path: String
    ) throws(Refusal) -> bulkhead_plugin {
        let ours = UInt32(BULKHEAD_PLUGIN_ABI_VERSION)
        // These two stand first in every version.
        let theirs = plugin.pointee.abi_version
        guard theirs == ours else {
            throw Refusal(
                .wrongVersion,
                "\(path) was built for version \(theirs) of the plugin interface, but this host has version \(ours)")
        }
        let size = MemoryLayout<bulkhead_plugin>.size
        let parameterSize = MemoryLayout<bulkhead_parameter>.size
        guard Int(plugin.pointee.byte_count) >= size else {
            throw Refusal(
                .wrongVersion,
                "\(path) describes itself in \(plugin.pointee.byte_count) bytes, but version \(ours) of the plugin "
                    + "interface has \(size)")
        }
        let copy = plugin.pointee
        guard copy.parameter_count == 0 || Int(copy.parameter_byte_count) >= parameterSize,
            copy.parameter_byte_count % 8 == 0
        else {
            throw Refusal(
                .wrongVersion,
                "\(path) describes a parameter in \(copy.parameter_byte_count) bytes, but version \(ours) of the "
                    + "plugin interface has \(parameterSize)")
        }
        guard copy.parameter_count <= 256, copy.parameter_count == 0 || copy.parameters != nil else {
            throw Refusal(.other, "\(path) breaks the plugin interface: its parameters are missing or over 256")
        }
        let takesVideo = copy.capabilities & BULKHEAD_VIDEO.rawValue != 0
        guard copy.create != nil, copy.destroy != nil, !takesVideo || copy.process_video != nil else {
            throw Refusal(.missingSymbol, "\(path) breaks the plugin interface: it lacks a function that it must have")
        }
        return copy
    }

    private static func text(
        _ pointer: UnsafePointer<CChar>?, _ field: String, _ path: String
    ) throws(Refusal) -> String {
        guard let pointer, strnlen(pointer, 64) <= 63, pointer.pointee != 0 else {
            throw Refusal(.other, "\(path) breaks the plugin interface: its \(field) is missing or over 63 bytes long")
        }
        return String(cString: pointer)
    }
}
