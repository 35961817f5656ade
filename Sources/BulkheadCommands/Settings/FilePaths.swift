import BulkheadSystem
import Glibc
import SystemPackage

/// Paths of files, for processes that may have another working directory.
package enum FilePaths {
    /// `path` from the root; a relative one counts from the working directory.
    static func absolute(_ path: String) -> String { absolute(path, in: workingFolder) }

    /// `path` from the root; a relative one counts from `folder`, where there is one.
    static func absolute(_ path: String, in folder: String) -> String {
        if path.hasPrefix("/") || folder.isEmpty { return path }
        return FilePath(folder).pushing(FilePath(path)).lexicallyNormalized().string
    }

    /// The working directory's path; empty where it has none.
    package static var workingFolder: String {
        guard let current = getcwd(nil, 0) else { return "" }
        defer { free(current) }
        return FileName.text(UnsafeBufferPointer(start: current, count: strlen(current)).map { UInt8(bitPattern: $0) })
    }

    /// Why `path` can't be read; nil when it can.
    static func readingProblem(_ path: String) -> Errno? {
        access(FileName.bytes(path), R_OK) == 0 ? nil : Errno(rawValue: errno)
    }

    static func isFolder(_ path: String) -> Bool {
        var information = stat()
        return stat(FileName.bytes(path), &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether `path` is a file, and no pipe, device or folder.
    static func isRegularFile(_ path: String) -> Bool {
        var information = stat()
        return stat(FileName.bytes(path), &information) == 0 && information.st_mode & S_IFMT == S_IFREG
    }

    /// Whether `path` is a file, not a pipe or a device, without a byte in it.
    static func isEmptyFile(_ path: String) -> Bool {
        var information = stat()
        return stat(FileName.bytes(path), &information) == 0 && information.st_mode & S_IFMT == S_IFREG
            && information.st_size == 0
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
