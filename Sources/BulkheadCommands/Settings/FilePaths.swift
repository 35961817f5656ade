import Glibc
import SystemPackage

/// Paths of files, for processes that may have another working directory.
enum FilePaths {
    /// `path` from the root; a relative one counts from the working directory.
    static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let current = getcwd(nil, 0) else { return path }
        defer { free(current) }
        return FilePath(String(cString: current)).pushing(FilePath(path)).lexicallyNormalized().string
    }

    /// Why `path` can't be read; nil when it can.
    static func readingProblem(_ path: String) -> Errno? {
        access(path, R_OK) == 0 ? nil : Errno(rawValue: errno)
    }

    static func isFolder(_ path: String) -> Bool {
        var information = stat()
        return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether `path` is a file, not a pipe or a device, without a byte in it.
    static func isEmptyFile(_ path: String) -> Bool {
        var information = stat()
        return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFREG && information.st_size == 0
    }

    static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 && !isFolder(path) }

    /// The names in a folder, sorted; none when it can't be read.
    static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
