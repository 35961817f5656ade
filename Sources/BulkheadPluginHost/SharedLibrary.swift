import BulkheadWire
import Glibc

/// A shared library that has been opened and is one of the kinds of plugin.
final class SharedLibrary {
    let path: String
    let kind: PluginDescription.Kind
    private let handle: UnsafeMutableRawPointer

    /// The symbol that tells a kind of library from the others.
    private static let marks: [(symbol: String, kind: PluginDescription.Kind)] = [
        ("bulkhead_plugin_entry", .bulkhead), ("f0r_get_plugin_info", .frei0r), ("f0r_construct", .frei0r),
        ("f0r_init", .frei0r), ("ladspa_descriptor", .ladspa),
    ]

    /// Opens the library at `path`, which runs its constructors.
    /// - Throws: a refusal whose phrase stands by itself.
    init(path: String) throws(Refusal) {
        // Without a slash, dlopen would look in the system's folders.
        let path = path.contains("/") ? path : "./" + path
        try LibraryFile.check(path)
        // NODELETE: the Swift runtime keeps what it has learned from a Swift library, so that one must not be unmapped.
        // Fresh code comes with a fresh host.
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) else {
            throw Self.refusal(path, dlerror().map { String(cString: $0) } ?? "for no stated reason")
        }
        guard let mark = Self.marks.first(where: { dlsym(handle, $0.symbol) != nil }) else {
            dlclose(handle)
            throw Refusal(
                .missingSymbol,
                "\(path) is no plugin: it exports neither bulkhead_plugin_entry (Bulkhead) nor f0r_get_plugin_info "
                    + "(frei0r) nor ladspa_descriptor (LADSPA)")
        }
        self.path = path
        self.handle = handle
        kind = mark.kind
    }

    deinit { dlclose(handle) }

    /// What `name` stands for in the library, as a C function of type `Function`; nil where it isn't exported.
    func function<Function>(_ name: String, as _: Function.Type = Function.self) -> Function? {
        dlsym(handle, name).map { unsafeBitCast($0, to: Function.self) }
    }

    /// Sees that the library exports all of `names`.
    /// - Throws: a refusal that names those that are missing.
    func require(_ names: [String], of interface: String) throws(Refusal) {
        let missing = names.filter { dlsym(handle, $0) == nil }
        guard missing.isEmpty else {
            throw Refusal(
                .missingSymbol,
                "\(path) breaks the interface of \(interface): it doesn't export \(missing.joined(separator: ", "))")
        }
    }

    /// What the loader says, for a person: it names libraries and symbols that are missing.
    private static func refusal(_ path: String, _ reason: String) -> Refusal {
        let undefined = "undefined symbol: "
        if let range = reason.firstRange(of: undefined) {
            let symbol = reason[range.upperBound...].prefix { $0 != " " && $0 != "," }
            return Refusal(
                .missingSymbol,
                "the library at \(path) can't be loaded: it needs the symbol \(symbol), which no library that it names has"
            )
        }
        let missing = ": cannot open shared object file: No such file or directory"
        if let range = reason.firstRange(of: missing), !reason.hasPrefix(path) {
            return Refusal(
                .notLibrary,
                "the library at \(path) can't be loaded: it needs \(reason[..<range.lowerBound]), which isn't installed"
            )
        }
        let phrase = reason.hasPrefix(path + ": ") ? String(reason.dropFirst(path.count + 2)) : reason
        return Refusal(.notLibrary, "the library at \(path) can't be loaded: \(phrase)")
    }
}

/// Text from a library: at most `limit` bytes, without control characters.
func foreignText(_ pointer: UnsafePointer<CChar>?, atMost limit: Int = 1024) -> String {
    guard let pointer else { return "" }
    let bytes = UnsafeRawBufferPointer(start: pointer, count: strnlen(pointer, limit))
    // LADSPA and frei0r name no encoding; old libraries have Latin-1.
    let text =
        String(validating: bytes, as: UTF8.self) ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    return PluginVoice.cleaned(text)
}
