import BulkheadSystem
import Glibc
import Synchronization

/// Looks what plugins have written, away from the reactor: their folder may lie on a slow disk.
package final class DataWatch: Sendable {
    /// What a host's plugins may have in their folder, in bytes.
    package static let mostBytes = 1 << 30
    /// Files and folders beyond these count as too many bytes.
    package static let mostEntries = 10_000

    private let thread = SerialThread()
    private let state = Mutex((byteCount: 0, isLooking: false))

    package init() {}

    /// What lay below `folder` at the last look, in bytes; another look is begun.
    package func look(at folder: String) -> Int {
        let (byteCount, mayLook) = state.withLock { state in
            defer { state.isLooking = true }
            return (state.byteCount, !state.isLooking)
        }
        if mayLook {
            thread.run { [self] in
                let byteCount = Self.byteCount(below: folder)
                state.withLock { $0 = (byteCount, false) }
            }
        }
        return byteCount
    }

    /// The blocks of all files below `folder`, in bytes, without following links.
    package static func byteCount(below folder: String) -> Int {
        var waiting = [folder]
        var entries = 0
        var sum = 0
        while let next = waiting.popLast() {
            guard let stream = opendir(next) else { continue }
            defer { closedir(stream) }
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                guard name != ".", name != ".." else { continue }
                entries += 1
                guard entries <= mostEntries else { return .max }
                var information = stat()
                guard lstat(next + "/" + name, &information) == 0 else { continue }
                sum = sum.addingReportingOverflow(Int(clamping: information.st_blocks) &* 512).partialValue
                if information.st_mode & S_IFMT == S_IFDIR { waiting.append(next + "/" + name) }
            }
        }
        return sum
    }
}
