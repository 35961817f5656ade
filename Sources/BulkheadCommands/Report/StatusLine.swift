import BulkheadMaster
package import BulkheadModel

/// A broadcast's status as one line for a person.
package struct StatusLine: Hashable, Sendable {
    /// The parts of the line, the most important first: what does not fit is left out from the end.
    package let parts: [String]

    /// The line for a terminal, without colours.
    package init(_ status: BroadcastStatus) {
        var parts = [Self.heading(status)]
        // Trouble comes first: a narrow terminal cuts off what comes last.
        parts += status.links.compactMap(Self.trouble)
        if status.showing != .picture { parts.append("showing \(status.showing.rawValue)") }
        if status.isCopied == true { parts.append("copied") }
        let recordings = (status.recordings ?? []).map(RecordingText.part)
        parts += recordings.filter(\.isTrouble).map(\.text)
        parts += status.plugins.compactMap(ChainText.trouble)
        parts += status.children.filter { !Self.isWell($0) }.map(Self.child)
        parts.append("\(DecimalText.text(status.framesPerSecond, places: 1)) fps")
        parts.append(Self.rate(status.bitsPerSecond))
        // What waits for a server that is gone says nothing of those that are there.
        parts.append("queue \(status.links.filter(Self.publishes).map(\.queuedMilliseconds).max() ?? 0) ms")
        parts.append("dropped \(Self.dropped(status))")
        parts += recordings.filter { !$0.isTrouble }.map(\.text)
        parts += status.links.compactMap(Self.reconnects)
        if status.links.count > 1 { parts += status.links.compactMap(Self.figures) }
        parts += status.children.filter(Self.isWell).map(Self.child)
        if status.framesUnfiltered > 0 { parts.append("unfiltered \(status.framesUnfiltered)") }
        if status.framesRepeated > 0 { parts.append("repeated \(status.framesRepeated)") }
        if let count = status.framesLeftOut, count > 0 { parts.append("left out \(count)") }
        self.parts = parts
    }

    /// For a master without a broadcast.
    package static let idle = StatusLine(parts: ["idle"])

    init(parts: [String]) { self.parts = parts }

    /// The line in at most `width` columns.
    package func text(width: Int) -> String {
        var line = ""
        for part in parts {
            let addition = line.isEmpty ? part : " | \(part)"
            guard line.count + addition.count <= width else {
                return line.isEmpty ? String(part.prefix(max(0, width))) : line
            }
            line += addition
        }
        return line
    }

    /// Frames that no viewer of some link gets to see: shed by the fullest link, or left out by the timeline.
    package static func dropped(_ status: BroadcastStatus) -> Int {
        status.framesSkipped + (status.links.map(\.framesShed).max() ?? 0)
    }

    private static func heading(_ status: BroadcastStatus) -> String {
        "\(state(status)) \(clock(status.secondsOnAir))"
    }

    /// Where the broadcast stands. On air is what somebody can see.
    static func state(_ status: BroadcastStatus) -> String {
        let isSeen = status.links.isEmpty || status.links.contains(where: publishes)
        return status.state == .onAir && !isSeen ? "NOT on air" : status.state.rawValue
    }

    private static func publishes(_ link: LinkStatus) -> Bool {
        switch link.state {
        case .publishing, .writing, .restored, .stalled: true
        case .idle, .connecting, .saved, .cleared, .selected, .paused, .failed, .ended: false
        }
    }

    /// A link that does not publish, in words; nil for one that does.
    private static func trouble(_ link: LinkStatus) -> String? {
        switch link.state {
        case .publishing, .writing, .restored, .ended: return nil
        case .saved, .cleared, .selected: return "\(link.name) reconnecting (\(link.state.rawValue))"
        case .idle, .connecting, .stalled, .paused, .failed: return "\(link.name) \(link.state.rawValue)"
        }
    }

    private static func reconnects(_ link: LinkStatus) -> String? {
        guard trouble(link) == nil, link.reconnects > 0 else { return nil }
        return "\(link.name) reconnected \(CountText.times(link.reconnects))"
    }

    /// What a link that works sends, and how much waits; the server where there are several.
    private static func figures(_ link: LinkStatus) -> String? {
        guard link.state == .publishing, let servers = link.servers else { return nil }
        let server =
            servers.count > 1 ? link.server.map { " to \($0.drop { $0 != "/" }.drop { $0 == "/" })" } ?? "" : ""
        return "\(link.name)\(server) \(rate(link.bitsPerSecond)), queue \(link.queuedMilliseconds) ms"
    }

    /// It does what it is for; a picture that stands needs no process any more.
    private static func isWell(_ child: ChildStatus) -> Bool { child.state == .ready || child.state == .still }

    private static func child(_ child: ChildStatus) -> String {
        let state = child.state == .ready ? "ok" : child.state.rawValue
        guard child.restarts > 0 else { return "\(child.part) \(state)" }
        return "\(child.part) \(state) (restarted \(CountText.times(child.restarts)))"
    }

    // MARK: numbers

    /// Hours, minutes and seconds.
    package static func clock(_ seconds: Double) -> String {
        let whole = Int(clamping: Int64(max(0, min(seconds.isFinite ? seconds : 0, 1e12))))
        return "\(padded(whole / 3600)):\(padded(whole / 60 % 60)):\(padded(whole % 60))"
    }

    /// Bits a second in the unit that reads best.
    package static func rate(_ bitsPerSecond: Int) -> String {
        bitsPerSecond >= 1_000_000
            ? "\(DecimalText.text(Double(bitsPerSecond) / 1e6, places: 2)) Mbit/s" : "\(bitsPerSecond / 1000) kbit/s"
    }

    static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
