import BulkheadModel
import BulkheadSystem
import FoundationEssentials
import Glibc

/// Deaths over the lives of masters: one JSON object a line, in a file of bounded size.
package struct DeathArchive: Sendable {
    /// When the file is longer, it is cut down to the newest records.
    package static let mostBytes = 1 << 20
    /// How many records the archive keeps; older ones are dropped.
    package static let keptRecords = 200

    /// The file, which holds one JSON object a line.
    package let path: String

    /// An archive in the file at `path`, which need not exist.
    package init(path: String) { self.path = path }

    /// `$XDG_STATE_HOME/bulkhead/deaths.jsonl`, or below `~/.local/state`. Where neither is known nothing is kept: a folder
    /// that all users share, such as /tmp, may have been prepared by another one.
    package static var standard: DeathArchive {
        func folder(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        let state = folder("XDG_STATE_HOME") ?? folder("HOME").map { $0 + "/.local/state" }
        return DeathArchive(path: state.map { $0 + "/bulkhead/deaths.jsonl" } ?? "")
    }

    /// All that is kept, the oldest first; what can't be read is left out.
    package func records() -> [DeathRecord] {
        lines().compactMap { try? JSONLine.decode(DeathRecord.self, from: $0) }
    }

    /// Adds `records`; a disk that is full or read-only loses them, and nothing else.
    package func append(_ records: [DeathRecord]) {
        guard !records.isEmpty else { return }
        makeFolder()
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard file >= 0 else { return }
        defer { close(file) }
        // Several masters of one user share the file; one that holds it for good holds nobody up.
        guard FileHold.own(file) else { return }
        var information = stat()
        var bytes = records.flatMap { JSONLine.encode($0) }
        if fstat(file, &information) == 0, information.st_size > Self.mostBytes {
            let kept = lines().suffix(Self.keptRecords)
            bytes = kept.flatMap { Array($0) + [0x0A] } + bytes
            guard ftruncate(file, 0) == 0 else { return }
        }
        let length = lseek(file, 0, SEEK_END)
        let written = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        // Half a line would spoil the next one too.
        if written < bytes.count, length >= 0 { _ = ftruncate(file, length) }
    }

    /// The same away from the caller's thread: a slow disk holds nothing up.
    package func appendLater(_ records: [DeathRecord]) {
        guard !records.isEmpty else { return }
        SerialThread.state.run { append(records) }
    }

    private func lines() -> [ArraySlice<UInt8>] {
        guard let data = try? Data(contentsOf: URL(filePath: path)), data.count <= 16 << 20 else { return [] }
        return Array(data).split(separator: 0x0A)
    }

    /// Makes the folders on the way to the file.
    package func makeFolder() {
        if let slash = path.lastIndex(of: "/") { WholeFile.makeFolder(String(path[..<slash])) }
    }
}
