import BulkheadEvents
import BulkheadModel
import BulkheadSystem
import SystemPackage

/// What may stand behind a target of notices, as it is read: `level=error`, `repeat=5m`, …
struct NoticeOptions {
    /// The flag that names the target.
    let flag: String
    /// What a message calls the target.
    let subject: String
    private(set) var name: String?
    private(set) var level: EventLevel?
    private(set) var codes: [String] = []
    private(set) var secret: String?
    private(set) var rule = NoticeRule()

    private static let longestName = 64
    private static let longestSecret = 1024

    init(flag: String, subject: String) {
        self.flag = flag
        self.subject = subject
    }

    /// What a target of `kind` can have.
    static func keys(of kind: NoticeTarget.Kind) -> Set<String> {
        let common: Set<String> = ["name", "level", "events", "summary"]
        let alarms = common.union(["for", "repeat", "rate"])
        return switch kind {
        case .http: alarms.union(["secret-file"])
        case .command: alarms.union(["timeout"])
        case .file: common.union(["size", "keep"])
        }
    }

    /// What some target can have.
    static let allKeys = NoticeTarget.Kind.allCases.reduce(into: Set()) { $0.formUnion(keys(of: $1)) }

    /// Reads one of the keys.
    /// - Throws: kind `usage`.
    mutating func read(_ key: String, _ value: String) throws(BroadcastError) {
        switch key {
        case "name":
            guard !value.isEmpty, value.count <= Self.longestName, !value.contains(where: \.isNewline) else {
                throw misfit(key, value, "1 to \(Self.longestName) characters")
            }
            name = value
        case "level":
            guard let known = EventLevel(rawValue: value) else {
                throw misfit(key, value, "notice, warning or error")
            }
            level = known
        case "events":
            codes = value.split(separator: "+").map(String.init)
            guard !codes.isEmpty, codes.allSatisfy(Self.isPattern) else {
                throw misfit(key, value, "codes with + between them, such as link.*+encoder.died")
            }
            // What matches nothing would never be told, and nobody would notice.
            for pattern in codes where !Self.isKnown(pattern) {
                throw BroadcastError(
                    .usage, "\(flag) \(subject): no event is called \(pattern)",
                    advice: "docs/events.md has all codes; * stands for any text, as in link.*")
            }
        case "secret-file": secret = try Self.secret(at: value)
        case "for": rule.holdSeconds = try span(key, value, NoticeRule.spans, "1 second to 7 days, such as 60s")
        case "repeat": rule.repeatSeconds = try span(key, value, NoticeRule.spans, "1 second to 7 days, such as 5m")
        case "timeout":
            rule.limitSeconds = try span(key, value, NoticeRule.limits, "1 second to 10 minutes, such as 30s")
        case "rate": rule.rate = try rate(value)
        case "summary":
            guard let time = NoticeRule.TimeOfDay(value) else {
                throw misfit(key, value, "a time of the day, such as 08:00")
            }
            rule.summary = time
        case "size":
            guard let size = RecordingWords.byteCount(value).map(Int64.init(clamping:)),
                NoticeRule.fileByteCounts.contains(size)
            else { throw misfit(key, value, "5KB to 1TB, such as 10MB") }
            rule.fileByteCount = size
        default:
            guard let count = Int(value), NoticeRule.keptFileCounts.contains(count) else {
                throw misfit(key, value, "a number of files up to 999")
            }
            rule.keptFiles = count
        }
    }

    private func span(
        _ key: String, _ value: String, _ range: ClosedRange<Double>, _ takes: String
    ) throws(BroadcastError) -> Double {
        guard let span = TimeSpan(value), range.contains(span.seconds) else { throw misfit(key, value, takes) }
        return span.seconds
    }

    private func rate(_ value: String) throws(BroadcastError) -> NoticeRule.Rate {
        let parts = value.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Int(parts[0]), NoticeRule.rateCounts.contains(count),
            let span = TimeSpan(String(parts[1])), NoticeRule.spans.contains(span.seconds)
        else { throw misfit("rate", value, "a number and a time with / between them, such as 30/1m") }
        return NoticeRule.Rate(count: count, seconds: span.seconds)
    }

    private static let codes: [String] = Happening.all.flatMap { description in
        description.code.hasPrefix("*")
            ? Part.Role.allCases.map { $0.rawValue + description.code.dropFirst() } : [description.code]
    }

    private static func isKnown(_ pattern: String) -> Bool {
        let target = NoticeTarget(url: "", codes: [pattern])
        return codes.contains { target.wants($0, .error) }
    }

    private static func isPattern(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ".-*".contains($0)) }
    }

    private static func secret(at path: String) throws(BroadcastError) -> String {
        let text: String
        do throws(Errno) { text = try SmallFile.text(at: FilePaths.absolute(path), limit: longestSecret) } catch {
            throw BroadcastError(
                .usage, "the secret of notices in \(path) can't be read: \(error.phrase)", advice: "check secret-file")
        }
        let secret = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        guard !secret.isEmpty else {
            throw BroadcastError(.usage, "\(path) holds no secret", advice: "write it in the file's first line")
        }
        return secret
    }

    private func misfit(_ key: String, _ value: String, _ takes: String) -> BroadcastError {
        BroadcastError(
            .usage, "\(flag) \(subject): \(key)=\(value) is no such value", advice: "it takes \(takes)")
    }
}
