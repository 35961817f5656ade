import BulkheadMedia
import BulkheadSupervision
package import BulkheadSystem

/// One death of a child, and what came of it.
package struct DeathRecord: Codable, Hashable, Sendable {
    /// Seconds since 1970, for people.
    package var time: Double
    /// Where the timeline stood, in seconds; nil before it started.
    package var mediaSeconds: Double?
    /// `encoder`, `standby encoder`, `source 1`, `plugin host`.
    package var part: String
    package var pid: Int32
    /// A signal's name, an exit code, or the deadline it missed.
    package var cause: String
    /// The first frame that it owed; nil where it owed none.
    package var frame: Int64?
    /// From the last that was heard of it to the moment its end was seen, in milliseconds: no longer than this took.
    package var detectedWithinMilliseconds: Double
    /// From there to the first that its successor gave, in milliseconds; nil while there is none.
    package var recoveredAfterMilliseconds: Double?
    /// Frames that had to be given again, and so were late.
    package var framesLate: Int
    /// What it had written to its standard error, at most the last 4 KiB; a backtrace where there is one.
    package var standardError: String
    /// The plugin that brought its host down; nil for other parts, and where none was in a call.
    package var plugin: String?
}

/// The deaths of a broadcast: the newest ones, and those whose successors have not worked yet.
package struct DeathRecords: Sendable {
    /// So many are kept.
    package static let limit = 200

    /// The oldest first, at most ``limit``.
    package private(set) var all: [DeathRecord] = []
    private var open: [(part: String, index: Int, since: MonotonicTime)] = []
    /// Of all there ever were.
    package private(set) var count = 0

    package init() {}

    /// Adds a death that was seen at `now`.
    package mutating func add(_ record: DeathRecord, at now: MonotonicTime) {
        count += 1
        all.append(record)
        open.append((record.part, all.count - 1, now))
        guard all.count > Self.limit else { return }
        let excess = all.count - Self.limit
        all.removeFirst(excess)
        open = open.compactMap { $0.index >= excess ? ($0.part, $0.index - excess, $0.since) : nil }
    }

    /// Those whose successors have not worked yet.
    package var unrecovered: [DeathRecord] { open.map { all[$0.index] } }

    /// The part works again. Returns the records that are complete now.
    package mutating func close(_ part: String, at now: MonotonicTime) -> [DeathRecord] {
        let closed = open.filter { $0.part == part }
        open.removeAll { $0.part == part }
        for entry in closed {
            all[entry.index].recoveredAfterMilliseconds = Double(now.since(entry.since)) / 1e6
        }
        return closed.map { all[$0.index] }
    }
}

extension Broadcast {
    /// Says how a child ended, and keeps it.
    func postDeath(
        _ part: String, _ end: ChildEnd, pid: Int32?, lastSign: MonotonicTime? = nil, frame: Int64? = nil,
        framesLate: Int = 0, plugin: String? = nil, call: String? = nil, details: [String: String] = [:]
    ) {
        var details = details
        details["pid"] = pid.map { "\($0)" }
        details["cause"] = "\(end.cause)"
        details["frame"] = frame.map { "\($0)" }
        details["plugin"] = plugin
        details["call"] = call
        if !end.standardErrorTail.isEmpty { details["stderr"] = end.standardErrorTail }
        let place = plugin.map { " in the plugin \($0)" + (call.map { ", \($0)" } ?? "") } ?? ""
        post(.warning, part, "died", "ended: \(end.cause)\(place)", details: details)
        let now = MonotonicTime.now
        deaths.add(
            DeathRecord(
                time: EventLog.wallClock(), mediaSeconds: origin == nil ? nil : frameRate.time(of: nextFrame).seconds,
                part: part, pid: pid ?? 0, cause: "\(end.cause)", frame: frame,
                detectedWithinMilliseconds: lastSign.map { Double(now.since($0)) / 1e6 } ?? 0,
                recoveredAfterMilliseconds: nil, framesLate: framesLate, standardError: end.standardErrorTail,
                plugin: plugin),
            at: now)
    }

    /// The part works again.
    func closeDeathRecords(of part: String) {
        let records = deaths.close(part, at: .now)
        DeathArchive.standard.appendLater(records)
        for record in records {
            let span = record.recoveredAfterMilliseconds ?? 0
            post(
                .notice, part, "recovered", "works again \(Int(span.rounded())) ms after \(record.cause)",
                details: ["milliseconds": "\(Int(span.rounded()))", "framesLate": "\(record.framesLate)"])
        }
    }

    func lastLine(of text: String) -> String {
        text.split(separator: "\n").last.map(String.init) ?? ""
    }
}
