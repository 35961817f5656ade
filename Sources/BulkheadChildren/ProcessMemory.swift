import Glibc

/// What a process holds of memory.
package enum ProcessMemory {
    /// Resident bytes that it shares with nobody, by /proc/PID/statm; nil when it is gone.
    package static func privateByteCount(of pid: Int32) -> Int? {
        guard let file = fopen("/proc/\(pid)/statm", "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return privatePages(inStatm: text).map { $0 * sysconf(Int32(_SC_PAGESIZE)) }
    }

    /// `size resident shared …`, in pages, as proc(5) says.
    package static func privatePages(inStatm text: String) -> Int? {
        let fields = text.split(separator: " ").prefix(3).map { Int($0) }
        guard fields.count == 3, let resident = fields[1], let shared = fields[2], resident >= shared, shared >= 0,
            resident < 1 << 40
        else { return nil }
        return resident - shared
    }
}
