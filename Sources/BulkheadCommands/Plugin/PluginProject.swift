import BulkheadMaster
import BulkheadModel
import Foundation

/// A new plugin's project: its files, and what to do with them.
struct PluginProject {
    enum Language: String {
        case swift, c
    }

    /// What the project refers to of this Bulkhead.
    struct Installation {
        /// The command, as it is called.
        let command: String
        /// The package with the Swift kit.
        let kit: String
        /// The folder of `bulkhead_plugin.h`.
        let headers: String

        /// What lies beside the running program: an installation, or a folder in which it was built.
        /// - Throws: kind `installation` when there is neither.
        static func find() throws(BroadcastError) -> Installation {
            let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            var folder = program.deletingLastPathComponent()
            let command = Self.isOnPath(program) ? "bulkhead" : program.path
            let installed = folder.deletingLastPathComponent()
            let kit = installed.appendingPathComponent("share/bulkhead/kit").path
            if FileManager.default.fileExists(atPath: kit + "/Package.swift") {
                return Installation(
                    command: command, kit: kit, headers: installed.appendingPathComponent("include").path)
            }
            while folder.path != "/" {
                folder = folder.deletingLastPathComponent()
                let kit = folder.appendingPathComponent("Kit").path
                if FileManager.default.fileExists(atPath: kit + "/Package.swift") {
                    return Installation(
                        command: command, kit: kit, headers: kit + "/Sources/CBulkheadPlugin/include")
                }
            }
            throw BroadcastError(
                .installation, "the plugin kit is missing: there is nothing at \(kit)", advice: "run make install again"
            )
        }

        private static func isOnPath(_ program: URL) -> Bool {
            let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
            let first = folders.map { "\($0)/\(program.lastPathComponent)" }.first { FilePaths.isExecutable($0) }
            return first.map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path == program.path } ?? false
        }
    }

    let name: String
    let language: Language
    let installation: Installation
    /// The name as Swift's types and modules have it: `MyLogo` for `my-logo`.
    let typeName: String

    /// - Throws: kind `usage` for a name that can't be a plugin's.
    init(name: String, language: Language, installation: Installation) throws(BroadcastError) {
        let isGood =
            name.utf8.count <= 48 && name.first?.isLetter == true
            && name.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45
            }
        guard isGood else {
            throw BroadcastError(
                .usage, "a plugin can't be called \"\(name)\"",
                advice: "a name begins with a letter and has letters, digits and hyphens, at most 48")
        }
        self.name = name
        self.language = language
        self.installation = installation
        let words = name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        // A module can't have the name of the kit's types or of the language's.
        typeName = PluginTemplates.takenNames.contains(words) ? words + "Plugin" : words
    }

    /// The built library's path in the project.
    var library: String { language == .swift ? ".build/release/lib\(name).so" : "lib\(name).so" }

    /// Each file's path in the project, and its text.
    var files: [(path: String, text: String)] {
        PluginTemplates.files(for: language).map { path, text in (filled(path), filled(text)) }
    }

    /// Makes the project's folder and its files.
    /// - Throws: kind `file` when the folder is there already, or can't be made.
    func write(to folder: String) throws(BroadcastError) {
        guard !FileManager.default.fileExists(atPath: folder) else {
            throw BroadcastError(.file, "\(folder) is there already", advice: "choose another name or folder")
        }
        do {
            for (path, text) in files {
                let file = URL(fileURLWithPath: folder + "/" + path)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            }
        } catch {
            throw BroadcastError(.file, "\(folder) can't be written: \(error.localizedDescription)")
        }
    }

    /// What a person types next, each line as it is.
    func nextSteps(folder: String) -> String {
        let build = language == .swift ? "swift build -c release" : "make"
        return """
            \(name) is in \(folder). Next:

                cd \(folder)
                \(build)
                make check
                \(installation.command) broadcast test --plugin ./\(library) --to file:test.flv --duration 5

            The last one records five seconds of the test picture, changed by the plugin, to test.flv. README.md in it says more.
            """
    }

    private func filled(_ text: String) -> String {
        text.replacingOccurrences(of: "@NAME@", with: name).replacingOccurrences(of: "@TYPE@", with: typeName)
            .replacingOccurrences(of: "@KIT@", with: installation.kit)
            .replacingOccurrences(of: "@HEADERS@", with: installation.headers)
            .replacingOccurrences(of: "@BULKHEAD@", with: installation.command)
    }
}
