import BulkheadModel
import BulkheadWire
import Glibc

/// What a command is told of its notice besides the JSON on its standard input.
enum CommandEnvironment {
    /// This process's own environment without what is about bulkhead's processes, and the notice's main values.
    static func of(_ notice: Notice) -> [String: String] {
        var environment: [String: String] = [:]
        var entry = environ
        while let line = entry.pointee {
            let text = String(cString: line)
            entry += 1
            guard let equals = text.firstIndex(of: "=") else { continue }
            let name = String(text[..<equals])
            guard !name.hasPrefix("BULKHEAD_"), !isOurs.contains(name) else { continue }
            environment[name] = String(text[text.index(after: equals)...])
        }
        for (name, value) in values(notice) where !value.isEmpty {
            environment["BULKHEAD_\(name)"] = value.replacing("\0", with: " ")
        }
        return environment
    }

    private static let isOurs: Set<String> = ["SWIFT_BACKTRACE", "LLVM_PROFILE_FILE", "LD_PRELOAD"]

    private static func values(_ notice: Notice) -> [(String, String)] {
        guard let content = try? JSONLine.decode(NoticeContent.self, from: notice.body) else { return [] }
        let alarm = content.alarm
        return [
            ("EVENT", content.type), ("LEVEL", content.data.level ?? ""), ("TEXT", content.text),
            ("PART", content.data.part.map { "\($0)" } ?? ""), ("ROLE", content.data.part?.role.rawValue ?? ""),
            ("TIME", content.timestamp), ("ORIGIN", content.origin), ("NOTICE", notice.id),
            ("STATE", alarm?.state ?? ""), ("SECONDS", alarm?.seconds.map { "\(Int64($0))" } ?? ""),
            ("REPETITION", alarm.map { "\($0.repetition)" } ?? ""), ("LEFT_OUT", content.leftOut.map { "\($0)" } ?? ""),
        ]
    }
}
