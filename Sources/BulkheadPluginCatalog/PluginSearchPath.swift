package import BulkheadWire
import Foundation

/// The folders in which plugins are looked for, by kind; earlier ones go first.
package struct PluginSearchPath: Hashable, Sendable {
    /// Folders of plugins of Bulkhead's own interface.
    package var bulkhead: [String]
    /// Folders of frei0r plugins.
    package var frei0r: [String]
    /// Folders of LADSPA plugins.
    package var ladspa: [String]
    /// A folder of `bulkhead` in which other libraries lie too, as they were built.
    package var mixed: String?

    /// A search path; without arguments no plugin is found.
    package init(bulkhead: [String] = [], frei0r: [String] = [], ladspa: [String] = [], mixed: String? = nil) {
        self.bulkhead = bulkhead
        self.frei0r = frei0r
        self.ladspa = ladspa
        self.mixed = mixed
    }

    #if arch(x86_64)
        private static let multiarch = "x86_64-linux-gnu"
    #elseif arch(arm64)
        private static let multiarch = "aarch64-linux-gnu"
    #endif

    /// What `BULKHEAD_PLUGIN_PATH`, `FREI0R_PATH` and `LADSPA_PATH` name, then the user's folders, then the system's.
    /// - Parameter programs: the folder of the child programs, beside or above which the shipped plugins lie.
    /// - SeeAlso: frei0r 1.2, "plugin locations"; ladspa.h 1.1, `LADSPA_PATH`.
    package static func standard(
        environment: [String: String] = ProcessInfo.processInfo.environment, programs: String
    ) -> PluginSearchPath {
        func listed(_ variable: String) -> [String] {
            (environment[variable] ?? "").split(separator: ":").map(String.init)
        }
        func home(_ folder: String) -> [String] {
            environment["HOME"].flatMap { $0.isEmpty ? nil : [$0 + "/" + folder] } ?? []
        }
        func system(_ folder: String) -> [String] {
            ["/usr/local/lib/", "/usr/lib/", "/usr/lib/\(multiarch)/", "/usr/lib64/"].map { $0 + folder }
        }
        return PluginSearchPath(
            bulkhead: listed("BULKHEAD_PLUGIN_PATH") + home(".local/lib/bulkhead/plugins")
                + [programs + "/../../lib/bulkhead/plugins", programs] + system("bulkhead/plugins"),
            frei0r: listed("FREI0R_PATH") + home(".frei0r-1/lib") + home(".local/lib/frei0r-1") + system("frei0r-1"),
            ladspa: listed("LADSPA_PATH") + home(".ladspa") + home(".local/lib/ladspa") + system("ladspa"),
            mixed: programs)
    }

    /// The folders of plugins of one kind.
    package subscript(kind: PluginDescription.Kind) -> [String] {
        switch kind {
        case .bulkhead: bulkhead
        case .frei0r: frei0r
        case .ladspa: ladspa
        }
    }

    /// The libraries of one kind, each once: the files ending in `.so` there and, for frei0r, one folder below.
    package func libraries(of kind: PluginDescription.Kind) -> [String] {
        var found: [String] = []
        var seen: Set<String> = []
        for folder in self[kind] {
            for path in Self.files(in: folder, deeper: kind == .frei0r) {
                let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
                if seen.insert(real).inserted { found.append(path) }
            }
        }
        return found
    }

    private static func files(in folder: String, deeper: Bool) -> [String] {
        let base = URL(fileURLWithPath: folder).standardizedFileURL.path
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: base)) ?? []).sorted()
        var files: [String] = []
        for name in names {
            let path = base + "/" + name
            var isFolder = ObjCBool(false)
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { continue }
            if !isFolder.boolValue {
                if name.hasSuffix(".so") { files.append(path) }
            } else if deeper {
                files += self.files(in: path, deeper: false)
            }
        }
        return files
    }
}
