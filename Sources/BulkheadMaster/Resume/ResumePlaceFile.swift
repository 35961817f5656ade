import BulkheadModel
import BulkheadSystem
import FoundationEssentials
import Glibc

/// The file that says how far a broadcast has come. It is written over with each frame and never synced: what a process has
/// written outlives it, and a checksum tells what has outlived the machine. All calls may block, and come from one thread,
/// which is not the one that waits for the record to be on the disk.
package final class ResumePlaceFile {
    /// The file's one line, behind its checksum. What is behind it was longer before.
    private struct Noted: Codable {
        /// When the broadcast began that noted it: the file may be that of an earlier one.
        let startedAt: Double
        let place: ResumePlace
    }

    private let path: String
    private var descriptor: CInt = -1

    package init(_ path: String) { self.path = path }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Notes how far the broadcast that began at `startedAt` has come. What can't be noted is noted with the next frame.
    package func note(_ place: ResumePlace, startedAt: Double) {
        if descriptor < 0 { descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600) }
        let text = Array(JSONLine.encode(Noted(startedAt: startedAt, place: place)).dropLast())
        let line = Self.sum(text) + [0x20] + text + [0x0A]
        _ = line.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    /// What the broadcast that began at `startedAt` has noted last; nil where it has not, or the file is torn.
    static func read(_ path: String, of startedAt: Double) -> ResumePlace? {
        var information = stat()
        guard stat(path, &information) == 0, information.st_size <= ResumeFiles.mostBytes,
            let data = try? Data(contentsOf: URL(filePath: path))
        else { return nil }
        let line = data.prefix { $0 != 0x0A }
        guard let space = line.firstIndex(of: 0x20), line.count < data.count,
            Array(line[..<space]) == sum(Array(line[(space + 1)...])),
            let noted = try? JSONLine.decode(Noted.self, from: line[(space + 1)...]),
            noted.startedAt == startedAt, noted.place.isSane
        else { return nil }
        return noted.place
    }

    /// 16 hexadecimal digits.
    private static func sum(_ bytes: [UInt8]) -> [UInt8] {
        SHA256.hash(bytes).prefix(8).flatMap { byte in
            [byte >> 4, byte & 15].map { $0 < 10 ? 0x30 + $0 : 0x57 + $0 }
        }
    }
}
