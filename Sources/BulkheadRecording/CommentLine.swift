/// Where the files beside a recording's file lie.
package enum RecordedPath {
    /// The comments of the file at `path`, one JSON object a line.
    package static func comments(of path: String) -> String { path + ".comments.jsonl" }
}

/// A line of the comments beside a recording's file, as its writer puts it together: number and time, then what it was given.
package enum CommentLine {
    private static let start = Array("{\"number\":".utf8)

    /// The line, its end included.
    /// - Parameters:
    ///   - number: among the comments of the room; nil for what is no comment.
    ///   - nanoseconds: from the beginning of the file, 0 or more.
    ///   - body: a JSON object with at least one member.
    package static func bytes(number: Int64?, nanoseconds: Int64, body: [UInt8]) -> [UInt8] {
        let milliseconds = nanoseconds / 1_000_000
        let time = "\"seconds\":\(milliseconds / 1000).\(String(1000 + milliseconds % 1000).dropFirst()),"
        let head = number.map { start + Array("\($0),".utf8) } ?? [UInt8(ascii: "{")]
        return head + Array(time.utf8) + body.dropFirst() + [0x0A]
    }

    /// The number of the comment on a line; nil for any other line.
    package static func number(of line: some Collection<UInt8>) -> Int64? {
        guard line.starts(with: start) else { return nil }
        let digits = line.dropFirst(start.count).prefix { (0x30...0x39).contains($0) }
        return digits.count < 20 ? Int64(String(decoding: digits, as: UTF8.self)) : nil
    }
}
