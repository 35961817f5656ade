import Glibc

/// Files of the kernel's that hold a few lines, such as those of /proc.
package enum SmallText {
    private static let mostBytes = 8192

    /// The first 8 KiB of a file; nil where it can't be read.
    package static func of(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: mostBytes)
        let count = read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { return nil }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
