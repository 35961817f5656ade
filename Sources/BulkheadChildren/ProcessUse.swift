import BulkheadSystem

/// What a process takes of the machine.
package struct ProcessUse: Hashable, Sendable {
    /// Memory that is shared with nobody, in bytes: resident, in swap, and the tables for it.
    package var privateByteCount: Int
    package var threadCount: Int
    /// A signal has stopped it, and none has let it go on; false for one that a debugger holds.
    package var isStopped = false

    /// Reads /proc/PID/status; nil when the process is gone.
    package init?(of pid: Int32) {
        guard let text = SmallText.of("/proc/\(pid)/status") else { return nil }
        self.init(status: text)
    }

    /// `RssAnon: 12 kB` and so on, a line each, as proc_pid_status(5) says; nil for what is no such text.
    package init?(status text: String) {
        var numbers: [Substring: Int] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(maxSplits: 2) { $0 == ":" || $0 == " " || $0 == "\t" }
            guard words.count > 1 else { continue }
            switch words[0] {
            case "RssAnon", "VmSwap", "VmPTE", "Threads": numbers[words[0]] = Int(words[1])
            case "State": isStopped = words[1] == "T"
            default: continue
            }
        }
        guard let resident = numbers["RssAnon"], let threads = numbers["Threads"] else { return nil }
        let kilobytes = [resident, numbers["VmSwap"] ?? 0, numbers["VmPTE"] ?? 0]
        guard kilobytes.allSatisfy({ (0..<1 << 40).contains($0) }), threads >= 0 else { return nil }
        privateByteCount = kilobytes.reduce(0, +) << 10
        threadCount = threads
    }
}
