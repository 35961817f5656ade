/// What part of a file a request asks for, and whether the peer has it already: RFC 9110, sections 13 and 14.
package enum RangeRequest: Hashable, Sendable {
    /// All of it: 200.
    case whole
    /// 206.
    case part(Range<Int64>)
    /// The peer has it: 304.
    case notModified
    /// There is nothing of what is asked for: 416.
    case unsatisfiable

    /// - Parameters:
    ///   - range: the header `Range`. Several ranges, and what is no range of bytes, are passed over, as RFC 9110 permits.
    ///   - ifRange: the header `If-Range`: a range of another version is the whole of this one.
    ///   - ifNoneMatch: the header `If-None-Match`.
    ///   - entityTag: of the file as it is, with its quotes; a strong one.
    package init(range: String?, ifRange: String?, ifNoneMatch: String?, entityTag: String, byteCount: Int64) {
        if let ifNoneMatch, Self.lists(ifNoneMatch, entityTag) {
            self = .notModified
            return
        }
        // A date is never taken for a tag: times of files are too coarse.
        guard let range, ifRange.map({ Self.trim($0) == entityTag }) ?? true, let wish = Wish(range) else {
            self = .whole
            return
        }
        switch wish {
        case .from(let first, let last):
            guard first < byteCount else {
                self = .unsatisfiable
                return
            }
            self = .part(first..<(min(last, byteCount - 1) + 1))
        case .last(let count):
            guard count > 0, byteCount > 0 else {
                self = .unsatisfiable
                return
            }
            self = .part(max(0, byteCount - count)..<byteCount)
        }
    }

    private enum Wish {
        case from(Int64, Int64)
        case last(Int64)

        init?(_ header: String) {
            let parts = header.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, trim(parts[0]).lowercased() == "bytes", !parts[1].contains(",") else { return nil }
            let ends = trim(parts[1]).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            guard ends.count == 2 else { return nil }
            switch (number(ends[0]), number(ends[1])) {
            case (nil, let count?) where ends[0].isEmpty: self = .last(count)
            case (let first?, nil) where ends[1].isEmpty: self = .from(first, .max - 1)
            case (let first?, let last?) where first <= last: self = .from(first, min(last, .max - 1))
            default: return nil
            }
        }
    }

    /// Digits alone; beyond the range it is the range's end.
    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int64(text) ?? .max
    }

    private static func lists(_ header: String, _ entityTag: String) -> Bool {
        header.split(separator: ",").contains { item in
            let item = trim(item)
            // If-None-Match compares weakly.
            return item == "*" || item == entityTag || item == "W/" + entityTag
        }
    }

    private static func trim(_ text: some StringProtocol) -> String {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        return String(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
