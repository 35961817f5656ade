import BulkheadMaster
package import BulkheadModel

/// A link for a person.
package enum LinkText {
    /// One line, and one more for each server where there are several.
    package static func lines(_ link: LinkStatus) -> [String] {
        var lines = [line(link)]
        if let servers = link.servers, servers.count > 1 { lines += servers.map { "  " + line($0) } }
        return lines.map(EventLine.clean)
    }

    /// One line for a link: its state, rates and queue.
    package static func line(_ link: LinkStatus) -> String {
        var line =
            "\(link.name): \(link.state.rawValue), \(link.destination), \(StatusLine.rate(link.bitsPerSecond)), "
            + "queue \(link.queuedMilliseconds) ms, \(link.framesSent) frames sent, \(link.framesShed) dropped"
        if let seconds = link.acknowledgedSeconds { line += ", acknowledged to \(StatusLine.clock(seconds))" }
        if let srt = link.srt { line += ", \(text(srt, link.roundTripMilliseconds)) in flight" + path(srt) }
        if link.reconnects > 0 { line += ", reconnected \(CountText.times(link.reconnects))" }
        if let rule = link.rule, let servers = link.servers, servers.count > 1 {
            line += ", by \(rule)"
            if let reason = link.reason, !reason.isEmpty { line += " (\(reason))" }
        }
        if let alarms = link.alarms, !alarms.isEmpty {
            line += ", out of limits: \(alarms.map { "\($0)" }.joined(separator: ", "))"
        }
        if !link.lastError.isEmpty { line += ", last trouble: \(link.lastError)" }
        return line
    }

    /// What both sides of an SRT connection count, up to what is in its buffer.
    static func text(_ srt: SRTStatus, _ roundTripMilliseconds: Double?) -> String {
        let roundTrip = roundTripMilliseconds.map { "\(DecimalText.text($0, places: 1)) ms round trip, " } ?? ""
        return "SRT \(srt.latencyMilliseconds) ms latency, \(roundTrip)\(srt.packetsLost) lost, "
            + "\(srt.packetsRetransmitted) sent again, \(srt.packetsDropped) given up, \(srt.bufferMilliseconds) ms"
    }

    private static func path(_ srt: SRTStatus) -> String {
        ", path \(StatusLine.rate(srt.bandwidthBitsPerSecond))"
    }

    private static func line(_ server: LinkServerStatus) -> String {
        var line = "\(server.name): \(server.state.rawValue)"
        if let time = server.roundTripMilliseconds { line += ", \(DecimalText.text(time, places: 1)) ms" }
        if server.priority != 0 { line += ", priority \(server.priority)" }
        if server.weight != 1 { line += ", weight \(server.weight)" }
        if !server.lastError.isEmpty, server.state != .onAir { line += ", last trouble: \(server.lastError)" }
        return line
    }

    /// A line for the link's choice, and one for each of its servers.
    package static func lines(_ report: LinkServersReport) -> [String] {
        let choice = report.choice.map { "would choose \($0): \(report.reason)" } ?? report.reason
        let heading = report.rule.isEmpty ? "\(report.link): \(choice)" : "\(report.link), by \(report.rule): \(choice)"
        return ([heading] + report.servers.map { "  " + line($0) }).map(EventLine.clean)
    }
}
