import BulkheadHTTP
import NIOCore
import SystemPackage

/// Secrets in a file, one a line, which is read again when it changes: so that a new one can be given out before the old one
/// is taken back. It lives on the server's event loop.
final class SecretFile {
    private static let longestFile = 65_536
    /// Shorter ones can be tried out.
    private static let shortestSecret = 16

    private let path: String
    private let report: (LiveServerEvent) -> Void
    private var stamp: FileStamp?
    private var lookedAt = NIODeadline.now()
    private var known: [[UInt8]]

    /// - Throws: ``LiveServerError/secrets(path:reason:)``.
    init(_ path: String, report: @escaping (LiveServerEvent) -> Void) throws(LiveServerError) {
        self.path = path
        self.report = report
        stamp = FileStamp(path)
        known = try Self.read(path)
    }

    /// At least one. Where the file has changed and can't be read, the old ones hold.
    var secrets: [[UInt8]] {
        let now = NIODeadline.now()
        guard now - lookedAt > .seconds(1) else { return known }
        lookedAt = now
        let found = FileStamp(path)
        guard found != stamp else { return known }
        stamp = found
        do throws(LiveServerError) {
            known = try Self.read(path)
            report(.secretsRead(path: path, problem: nil))
        } catch { report(.secretsRead(path: path, problem: error.description)) }
        return known
    }

    private static func read(_ path: String) throws(LiveServerError) -> [[UInt8]] {
        let text: String
        do { text = try contents(path) } catch {
            throw .secrets(path: path, reason: "\((error as? Errno)?.description ?? "\(error)")".lowercased())
        }
        let lines = text.split(whereSeparator: \.isNewline).map { $0.utf8.filter { $0 != 0x20 && $0 != 0x09 } }
            .filter { !$0.isEmpty }
        guard !lines.isEmpty else { throw .secrets(path: path, reason: "it holds no secret") }
        guard lines.allSatisfy({ $0.count >= shortestSecret }) else {
            throw .secrets(path: path, reason: "it holds a secret of fewer than \(shortestSecret) characters")
        }
        return lines
    }

    private static func contents(_ path: String) throws -> String {
        let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
        return try file.closeAfter {
            var bytes = [UInt8](repeating: 0, count: longestFile + 1)
            var count = 0
            while count < bytes.count {
                let more = try bytes.withUnsafeMutableBytes {
                    try file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[count...]))
                }
                if more == 0 { return String(decoding: bytes[..<count], as: UTF8.self) }
                count += more
            }
            throw Errno.fileTooLarge
        }
    }
}
