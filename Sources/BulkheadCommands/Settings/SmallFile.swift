import Glibc
import SystemPackage

/// Files that are read at once and as a whole: configurations and keys.
enum SmallFile {
    /// Reads at most `limit` bytes.
    /// - Throws: the errno of what failed; `fileTooLarge` beyond the limit.
    static func text(at path: String, limit: Int) throws(Errno) -> String {
        do {
            let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
            return try file.closeAfter {
                var bytes: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 65_536)
                while true {
                    let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
                    if count == 0 { return String(decoding: bytes, as: UTF8.self) }
                    bytes += buffer[..<count]
                    if bytes.count > limit { throw Errno.fileTooLarge }
                }
            }
        } catch let errno as Errno {
            throw errno
        } catch {
            throw .ioError
        }
    }
}

extension Errno {
    /// What the system calls it, as one lowercase phrase.
    var phrase: String {
        let text = description
        guard let first = text.first, text.dropFirst().first?.isUppercase != true else { return text }
        return first.lowercased() + text.dropFirst()
    }
}
