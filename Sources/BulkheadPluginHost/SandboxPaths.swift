import BulkheadChildRuntime
import BulkheadSystem
import Glibc

/// What may be read in a sandbox.
enum SandboxPaths {
    /// Fonts, beside what every program has.
    private static let fonts = ["/etc/fonts", "/var/cache/fontconfig"]
    /// Below the user's home.
    private static let homeFonts = [".fonts", ".fonts.conf", ".local/share/fonts", ".config/fontconfig"]
    /// Libraries beside one library, at most.
    private static let mostSiblings = 4096

    /// All of it: what every program has, the folders of the libraries that this process has loaded, the user's fonts, and
    /// the files `given` with what lies beside each library. What comes with a library (its siblings, its folders) is
    /// taken as it lies there, and no link out of there is followed; what a person names is a file, and no folder with
    /// all that is in it.
    static func grants(_ given: [String]) -> [FileGrant] {
        let home = getenv("HOME").map { String(cString: $0) } ?? ""
        let homeFonts = home.hasPrefix("/") && home.count > 1 ? homeFonts.map { "\(home)/\($0)" } : []
        let named = given.map { path in
            var grant = FileGrant(.read, [.file, .other], named: path)
            grant.isTold = true
            return grant
        }
        return CellProfile.machine + CellProfile.libraries
            + (loadedFolders + fonts + homeFonts).map { FileGrant(.read, .any, named: $0) }
            + named + siblings(of: given) + given.flatMap(dataFolders)
    }

    /// Whether a file is named as libraries are: `libx.so`, `libx.so.1.2`.
    private static func isLibrary(_ path: String) -> Bool {
        let name = path.split(separator: "/").last ?? ""
        return name.hasSuffix(".so") || name.contains(".so.")
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    /// What the libraries among `paths` may need: others of their folders and of those that they name.
    private static func siblings(of paths: [String]) -> [FileGrant] {
        let libraries = paths.filter(isLibrary)
        let folders = Set(libraries.map(folder)).union(libraries.flatMap(LibraryFile.searchFolders))
        return folders.sorted().flatMap { folder in
            names(in: folder).filter(isLibrary).map { FileGrant(.read, .file, $0, in: folder) }
        }
    }

    /// The folders beside a library that are its own: for `libmine.so`, `mine` and, as SwiftPM names what comes with a
    /// target, `PACKAGE_mine.resources`.
    private static func dataFolders(of path: String) -> [FileGrant] {
        guard isLibrary(path), var name = path.split(separator: "/").last?.prefix(while: { $0 != "." }) else {
            return []
        }
        if name.hasPrefix("lib") { name = name.dropFirst(3) }
        guard !name.isEmpty else { return [] }
        let folder = folder(of: path)
        let resources = names(in: folder).filter { $0.hasSuffix("_\(name).resources") }
        return ([String(name)] + resources).map { FileGrant(.read, .folder, $0, in: folder) }
    }

    private static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream), names.count < mostSiblings {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names
    }

    /// Where this process has its own libraries from: what a plugin in Swift needs of Swift's lies there.
    private static var loadedFolders: [String] {
        guard let file = fopen("/proc/self/maps", "re") else { return [] }
        defer { fclose(file) }
        var folders: Set<String> = []
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, file) > 0, let text = line.map({ String(cString: $0) }) {
            guard let start = text.firstIndex(of: "/") else { continue }
            let path = text[start...].split(separator: "\n").first.map(String.init) ?? ""
            if isLibrary(path), folder(of: path) != "/" { folders.insert(folder(of: path)) }
        }
        return folders.sorted()
    }
}
