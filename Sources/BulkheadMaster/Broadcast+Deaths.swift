import BulkheadChildren
import BulkheadEvents
import BulkheadMedia
import BulkheadSystem

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
        let records = deaths.close(.name(part), at: .now)
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
