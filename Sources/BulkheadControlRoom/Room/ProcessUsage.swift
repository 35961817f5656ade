import BulkheadControlFormats
import BulkheadSystem
import Glibc

/// What the processes of a broadcast use, from /proc.
struct ProcessUsage {
    private var ticks: [Int32: Int64] = [:]
    private var time = MonotonicTime.now
    private(set) var load = ProcessLoad()

    /// Looks again, at most each half second: a shorter span says nothing.
    mutating func look(at pids: [Int32]) {
        let now = MonotonicTime.now
        let span = Double(now.since(time)) / 1e9
        guard span >= 0.5 || ticks.isEmpty else { return }
        var (found, used, bytes): ([Int32: Int64], Int64, Int64) = ([:], 0, 0)
        for pid in pids {
            guard let entry = Self.entry(pid) else { continue }
            found[pid] = entry.ticks
            // A process that began within the span has used all that it has.
            used += max(0, entry.ticks - (ticks[pid] ?? (ticks.isEmpty ? entry.ticks : 0)))
            bytes += entry.bytes
        }
        load.processorPercent = span > 0 ? Double(used) / Double(max(1, sysconf(Int32(_SC_CLK_TCK)))) / span * 100 : 0
        load.memoryMebibytes = Double(bytes) / Double(1 << 20)
        (ticks, time) = (found, now)
    }

    private static func entry(_ pid: Int32) -> (ticks: Int64, bytes: Int64)? {
        guard let text = read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        // Behind the name, which may hold anything: state is the third field of proc(5), utime the 14th, rss the 24th.
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 21, let user = Int64(fields[11]), let system = Int64(fields[12]),
            let pages = Int64(fields[21])
        else { return nil }
        let (bytes, overflows) = pages.multipliedReportingOverflow(by: Int64(sysconf(Int32(_SC_PAGESIZE))))
        return (user &+ system, overflows ? 0 : bytes)
    }

    private static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { _ = close(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(file, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
