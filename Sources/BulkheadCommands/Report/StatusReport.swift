package import BulkheadModel
import BulkheadWire

/// What `bulkhead status` prints.
package struct StatusReport: Encodable, Sendable {
    /// The master's process id.
    package let masterPID: Int32
    /// Nil when the master has no broadcast.
    package let broadcast: BroadcastStatus?

    /// A report; without a broadcast, the master is idle.
    package init(masterPID: Int32, broadcast: BroadcastStatus?) {
        self.masterPID = masterPID
        self.broadcast = broadcast
    }

    private enum CodingKeys: String, CodingKey {
        case masterPID, state
    }

    /// The broadcast's fields and the master's process id in one object; without a broadcast the state is `idle`.
    package func encode(to encoder: any Encoder) throws {
        try broadcast?.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(masterPID, forKey: .masterPID)
        if broadcast == nil { try container.encode("idle", forKey: .state) }
    }

    /// For a person: one fact a line.
    package var text: String {
        guard let status = broadcast else { return "master \(masterPID): idle, no broadcast" }
        var lines = [
            "master \(masterPID): \(StatusLine.state(status)), \(StatusLine.clock(status.secondsOnAir)), showing \(status.showing.rawValue)",
            "rate: \(DecimalText.text(status.framesPerSecond, places: 1)) fps, \(StatusLine.rate(status.bitsPerSecond))",
            Self.frames(status),
        ]
        if let output = status.output.map(OutputText.line), !output.isEmpty { lines.append("output: \(output)") }
        if let mode = status.mode { lines.append("mode: \(Self.words(mode))") }
        if !status.encoderAddress.isEmpty { lines.append("waiting for an encoder at \(status.encoderAddress)") }
        lines += status.children.map(Self.line)
        lines += (status.inputs ?? []).compactMap { input in
            input.playlist.map { "playlist \(input.name): \(InputText.line($0))" }
        }
        lines += (status.inputs ?? []).compactMap { input in
            InputText.arrival(input).map { "input \(input.name): \($0)" }
        }
        lines += status.plugins.map { "plugin \(ChainText.line($0))" }
        lines += (status.notices ?? []).map(Self.line)
        let links =
            status.links.flatMap(LinkText.lines) + (status.recordings ?? []).map(RecordingText.line)
            + (status.replay.map { [RecordingText.line($0)] } ?? [])
        return (lines.map(EventLine.clean) + links).joined(separator: "\n")
    }

    private static func frames(_ status: BroadcastStatus) -> String {
        if status.isCopied == true {
            return "frames: \(status.framesCommitted - status.framesSlated) copied, not encoded; "
                + "\(status.framesSlated) of the slate, \(status.framesLeftOut ?? 0) left out"
        }
        return "frames: \(status.framesCommitted) safe, \(status.framesUncommitted) with the encoder, "
            + "\(status.framesSkipped) skipped, \(status.framesRepeated) repeated, "
            + "\(status.framesLeftOut ?? 0) left out, "
            + "\(status.framesUnfiltered) unfiltered"
    }

    private static func words(_ mode: ModeInForce) -> String {
        let name = mode.only.map { "\(mode.name.rawValue) (only \($0.rawValue))" } ?? mode.name.rawValue
        return mode.address.map { "\(name), reached at \($0)" } ?? name
    }

    private static func line(_ target: NoticeTargetStatus) -> String {
        "notices to \(target.name): \(target.delivered) delivered, \(target.waiting) waiting, \(target.lost) lost"
            + (target.problem.map { ": \($0)" } ?? "")
    }

    private static func line(_ child: ChildStatus) -> String {
        var line = "\(child.part): \(child.state.rawValue)"
        if let pid = child.pid { line += ", process \(pid)" }
        if let build = child.build, build != BulkheadVersion.build { line += ", version \(build)" }
        if child.restarts > 0 { line += ", restarted \(CountText.times(child.restarts))" }
        if !child.lastEnd.isEmpty { line += ", the last one ended: \(child.lastEnd)" }
        return line
    }
}
