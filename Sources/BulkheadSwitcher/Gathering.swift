import BulkheadModel
import BulkheadSwitch
import BulkheadSystem

/// What was found out in one period, and the reports that follow from it.
struct Gathering: Sendable {
    /// Nil where the broadcast did not answer; nil inside where it has none on air.
    var broadcast: BroadcastStatus??
    /// The same of the other broadcast that pushes.
    var backup: BroadcastStatus??
    /// Nil where the server did not answer, or was not asked.
    var server: ServerStatus?
    var asksServer: Bool
    /// Why the source can't be pulled; nil where it can, or was not tried.
    var sourceProblem: String?

    /// What the system of a push says, or what was seen of it where it says nothing.
    func push(_ word: String, of broadcast: BroadcastStatus??, isAtWork: Bool, seen: Seen) -> WayReport {
        guard broadcast != nil else {
            var report = WayReport(isOnAir: isAtWork, words: "the broadcast does not answer")
            report.isSecondHand = true
            if isAtWork { seen.fill(&report, nil) } else { report.isReady = false }
            return report
        }
        guard let link = BroadcastPolls.link(word, of: broadcast ?? nil) else {
            return WayReport(isOnAir: false, isReady: isAtWork ? nil : false, words: "the broadcast has no such link")
        }
        let words = [link.state.rawValue, link.lastError, server?.words ?? ""].filter { !$0.isEmpty }
        var report = WayReport(isOnAir: link.isOnAir, words: words.joined(separator: ", "))
        report.drops = link.framesShed
        report.failures = link.reconnects
        guard isAtWork else {
            report.isReady = link.state != .failed && link.state != .ended
            return report
        }
        seen.fill(&report, broadcast ?? nil)
        report.queuedSeconds = Double(link.queuedMilliseconds) / 1000
        return report
    }

    /// What the pull's system says; nil where it says nothing.
    func pull(isAtWork: Bool, failures: Int, problem: String, isWanted: Bool, seen: Seen) -> WayReport? {
        if asksServer, server == nil { return nil }
        let words = [problem, isAtWork ? "" : sourceProblem ?? "", server?.words ?? ""].filter { !$0.isEmpty }
        var report = WayReport(isOnAir: isWanted && problem.isEmpty, words: words.joined(separator: ", "))
        report.failures = failures
        guard isAtWork else {
            report.isReady = sourceProblem == nil
            return report
        }
        seen.fill(&report, broadcast ?? nil)
        if let server { report.isOnAir = server.isPublished }
        // What viewers see is so far behind the broadcast.
        if let onAir = (broadcast ?? nil)?.secondsOnAir, let timestamp = seen.meter.timestampMilliseconds {
            let behind = onAir - Double(timestamp) / 1000
            if (0...3600).contains(behind) { report.queuedSeconds = behind }
        }
        return report
    }
}

/// What the switch's own viewer has seen.
struct Seen: Sendable {
    let meter: ArrivalMeter
    /// Since when the way at work has been that.
    let since: MonotonicTime
    let now: MonotonicTime

    func fill(_ report: inout WayReport, _ broadcast: BroadcastStatus?) {
        let atWork = Double(max(0, now.since(since))) / 1e9
        report.secondsSinceLastFrame = min(meter.age(at: now) ?? atWork, atWork)
        if let rates = meter.rates(at: now) {
            report.framesPerSecond = rates.framesPerSecond
            report.bitsPerSecond = rates.bitsPerSecond
        }
        report.blackSeconds = broadcast?.output?.blackSeconds
        report.frozenSeconds = broadcast?.output?.frozenSeconds
        report.silentSeconds = broadcast?.output?.silentSeconds
        report.clippedSeconds = broadcast?.output?.clippedSeconds
        report.shortTermLoudness = broadcast?.output?.shortTermLoudness
        report.integratedLoudness = broadcast?.output?.integratedLoudness
        report.canvas = broadcast?.output?.canvas
        report.wantedCanvas = broadcast?.output?.wantedCanvas
        report.keyframeSeconds = broadcast?.output?.keyframeSeconds
        report.expectedFramesPerSecond = broadcast?.timelineFramesPerSecond
        report.expectedBitsPerSecond = broadcast.map { Double($0.bitsPerSecond) }
    }
}

extension LinkStatus {
    var isOnAir: Bool { state == .publishing || state == .stalled || state == .restored }
    /// It sends nothing, and won't by itself.
    var hasStopped: Bool { state == .paused || state == .failed || state == .ended }
}
