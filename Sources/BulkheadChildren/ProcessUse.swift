import BulkheadSystem

/// What a process takes of the machine.
package struct ProcessUse: Hashable, Sendable {
    /// Memory that is shared with nobody, in bytes: resident, in swap, and the tables for it.
    package var privateByteCount: Int
    package var threadCount: Int
    /// A signal has stopped it, and none has let it go on; false for one that a debugger holds.
    package var isStopped: Bool

    /// Reads /proc/PID/status; nil when the process is gone.
    package init?(of pid: Int32) {
        guard let text = SmallText.of("/proc/\(pid)/status") else { return nil }
        self.init(status: text)
    }

    /// `RssAnon: 12 kB` and so on, a line each, as proc_pid_status(5) says; nil for what is no such text.
    package init?(status text: String) {
        var kilobytes: (resident: Int?, swapped: Int?, tables: Int?)
        var threads: Int?
        var state: Bool?
        var text = text
        // Asked of each child each second: by bytes, and without a text for each line.
        text.withUTF8 { bytes in
            for line in bytes.split(separator: UInt8(ascii: "\n")) {
                switch line.first {
                case UInt8(ascii: "R"): kilobytes.resident = Self.number("RssAnon", line) ?? kilobytes.resident
                case UInt8(ascii: "V"):
                    kilobytes.swapped = Self.number("VmSwap", line) ?? kilobytes.swapped
                    kilobytes.tables = Self.number("VmPTE", line) ?? kilobytes.tables
                case UInt8(ascii: "T"): threads = Self.number("Threads", line) ?? threads
                case UInt8(ascii: "S"):
                    if let word = Self.word("State", line) { state = word.elementsEqual([UInt8(ascii: "T")]) }
                default: continue
                }
            }
        }
        guard let resident = kilobytes.resident, let threads else { return nil }
        let all = [resident, kilobytes.swapped ?? 0, kilobytes.tables ?? 0]
        guard all.allSatisfy({ (0..<1 << 40).contains($0) }), threads >= 0 else { return nil }
        privateByteCount = all.reduce(0, +) << 10
        threadCount = threads
        isStopped = state ?? false
    }

    private typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

    /// The word behind `name` and its colon; nil for a line of something else.
    private static func word(_ name: StaticString, _ line: Bytes) -> Bytes? {
        let rest = line.dropFirst(name.utf8CodeUnitCount)
        guard rest.first == UInt8(ascii: ":"), name.withUTF8Buffer({ line.starts(with: $0) }) else { return nil }
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        return rest.dropFirst().drop(while: isBlank).prefix { !isBlank($0) }
    }

    private static func number(_ name: StaticString, _ line: Bytes) -> Int? {
        word(name, line).flatMap { Int(String(decoding: $0, as: UTF8.self)) }
    }
}
