import BulkheadModel
import BulkheadSystem
import Glibc

/// Which way is at work, for the switch process that comes after this one.
struct SwitchRecord: Codable, Hashable, Sendable {
    var version = 1
    let way: Way
    let mode: SwitchMode

    private static let longest = 4096

    /// What was written at `path`; nil where there is nothing that can be read.
    static func read(_ path: String) -> SwitchRecord? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: longest)
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count > 0, let record = try? JSONLine.decode(SwitchRecord.self, from: bytes[..<count]) else { return nil }
        return record.version == 1 ? record : nil
    }

    /// Writes beside the file and puts it in its place.
    /// - Returns: whether it is on the disk.
    func write(_ path: String) -> Bool {
        if let slash = path.lastIndex(of: "/") { WholeFile.makeFolder(String(path[..<slash])) }
        return (try? WholeFile.write(JSONLine.encode(self), to: path)) != nil
    }
}
