package import BulkheadModel

/// A broadcast's state as monitoring systems want it: a level, which is an exit code, and one line.
///
/// The levels are those of the Monitoring Plugins' guidelines: 0 OK, 1 WARNING, 2 CRITICAL.
package struct StatusCheck: Hashable, Sendable {
    package enum Level: Int32, Comparable, Hashable, Sendable {
        case ok, warning, critical

        package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// How bad it is.
    package let level: Level
    /// What is wrong, the worst first; empty where nothing is.
    package let findings: [String]
    private let line: String

    /// Judges a broadcast; nil for a master without one.
    package init(_ status: BroadcastStatus?) {
        guard let status else {
            self.init(.critical, ["no broadcast is on air"], line: "")
            return
        }
        var found: [(level: Level, text: String)] = []
        if status.state != .onAir { found.append((.critical, "the broadcast is \(status.state.rawValue)")) }
        let down = status.links.filter { !Self.works($0) }
        if !status.links.isEmpty, down.count == status.links.count {
            found.append((.critical, "no destination is published to"))
        }
        if let slow = Self.slowness(status) { found.append(slow) }
        found += down.map { (.warning, "\($0.name) is \($0.state.rawValue)") }
        switch status.showing {
        case .picture: break
        case .lastPicture, .slate: found.append((.warning, "viewers see the \(status.showing.rawValue)"))
        case .slateWithoutEncoder: found.append((.critical, "no encoder works: viewers see the slate"))
        }
        found += (status.output?.alarms ?? []).map { (.warning, "what goes out meets \"\($0)\"") }
        for link in status.links {
            found += (link.alarms ?? []).map { (.warning, "what goes to \(link.name) meets \"\($0)\"") }
        }
        for input in status.inputs ?? [] where input.isMissing {
            found.append((.warning, "\(input.name) gives no picture: a card with its name stands in its place"))
        }
        for (text, isTrouble) in (status.recordings ?? []).map(RecordingText.part) where isTrouble {
            found.append((.warning, text))
        }
        for target in status.notices ?? [] {
            if let problem = target.problem { found.append((.warning, "\(target.name) takes no notices: \(problem)")) }
        }
        let isWell: Set<ChildState> = [.ready, .ended, .still]
        for child in status.children where !isWell.contains(child.state) {
            found.append((.warning, "\(child.part) is \(child.state.rawValue)"))
        }
        for plugin in status.plugins where plugin.state == .quarantined || plugin.state == .off {
            found.append((.warning, "plugin \(plugin.name) is left out"))
        }
        found.sort { $0.level > $1.level }
        self.init(found.first?.level ?? .ok, found.map(\.text), line: StatusLine(status).text(width: .max))
    }

    private init(_ level: Level, _ findings: [String], line: String) {
        self.level = level
        self.findings = findings
        self.line = line
    }

    /// Nothing could be asked.
    package init(_ error: BroadcastError) { self.init(.critical, [error.problem], line: "") }

    /// One line: the level, what is wrong, and the figures.
    package var text: String {
        let name =
            switch level {
            case .ok: "OK"
            case .warning: "WARNING"
            case .critical: "CRITICAL"
            }
        let phrase = findings.isEmpty ? line : findings.joined(separator: ", ")
        let rest = findings.isEmpty || line.isEmpty ? "" : " (\(line))"
        return EventLine.clean("BULKHEAD \(name) - \(phrase)\(rest)")
    }

    /// Too few frames of the timeline have become safe in the last seconds.
    private static func slowness(_ status: BroadcastStatus) -> (Level, String)? {
        // At the start the seconds are not full yet.
        guard status.state == .onAir, status.secondsOnAir > 5, let wanted = status.timelineFramesPerSecond, wanted > 0,
            status.framesPerSecond < wanted * 0.9
        else { return nil }
        let (rate, all) = (status.framesPerSecond, wanted)
        return (
            rate < wanted / 2 ? .critical : .warning,
            "\(DecimalText.text(rate, places: 1)) of \(DecimalText.text(all, places: 1)) frames a second go out"
        )
    }

    private static func works(_ link: LinkStatus) -> Bool {
        switch link.state {
        case .publishing, .writing, .restored, .paused: true
        case .idle, .connecting, .stalled, .saved, .cleared, .selected, .failed, .ended: false
        }
    }
}
