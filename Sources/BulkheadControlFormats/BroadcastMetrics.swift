package import BulkheadEvents
package import BulkheadModel

/// What a broadcast's metrics are made of besides its status: counts over time.
package struct EventCounts: Hashable, Sendable {
    /// What is counted apart from others at most: a cause is a text of another process.
    private static let mostSeries = 256

    private struct Restart: Hashable {
        let role: String
        let cause: String
    }

    private var levels: [String: Int] = [:]
    private var restarts: [Restart: Int] = [:]
    private var takeovers: [String: Int] = [:]
    private var reconnects: [String: Int] = [:]

    package init() {}

    package mutating func take(_ event: Event) {
        levels[event.level.rawValue, default: 0] += 1
        let role = event.part.role.rawValue
        switch event.happening {
        case .child(.died(_, let cause, _, _, _, _, _)):
            let restart = Restart(role: role, cause: cause)
            let isKnown = restarts[restart] != nil || restarts.count < Self.mostSeries
            restarts[isKnown ? restart : Restart(role: role, cause: "other"), default: 0] += 1
        case .child(.tookOver): takeovers[role, default: 0] += 1
        default: break
        }
    }

    func write(to metrics: inout MetricsText) {
        metrics.add(
            "bulkhead_events_total", .counter, "Events since the control room began to listen, by their level.",
            ["notice", "warning", "error"].map { ([("level", $0)], Double(levels[$0] ?? 0)) })
        metrics.add(
            "bulkhead_child_deaths_total", .counter,
            "Child processes that ended unasked, since the control room listens.",
            restarts.sorted { ($0.key.role, $0.key.cause) < ($1.key.role, $1.key.cause) }.map {
                ([("role", $0.key.role), ("cause", $0.key.cause)], Double($0.value))
            })
        metrics.add(
            "bulkhead_child_takeovers_total", .counter,
            "Takeovers by a standby or a next child, since the control room listens.",
            takeovers.sorted { $0.key < $1.key }.map { ([("role", $0.key)], Double($0.value)) })
    }
}

/// A broadcast as metrics. Labels are names that people gave and words of ours: no address, no key.
package enum BroadcastMetrics {
    /// - Parameters:
    ///   - status: nil where there is no broadcast, or it can't be reached.
    ///   - isReached: the master answers.
    ///   - clients: who is connected to the control room, by kind.
    ///   - time: seconds since 1970 at which the last frame was safe; nil before one was.
    package static func text(
        _ status: BroadcastStatus?, isReached: Bool, counts: EventCounts, clients: [(kind: String, count: Int)],
        lastFrameTime: Double?, version: String
    ) -> String {
        var metrics = MetricsText()
        metrics.add(
            "bulkhead_build_info", .gauge, "The version of the control room; always 1.", [([("version", version)], 1)])
        metrics.add("bulkhead_up", .gauge, "Whether the master answers.", isReached ? 1 : 0)
        metrics.add("bulkhead_on_air", .gauge, "Whether the timeline runs.", status?.state == .onAir ? 1 : 0)
        metrics.add(
            "bulkhead_control_clients", .gauge, "Clients of the control room, by kind.",
            clients.map { ([("kind", $0.kind)], Double($0.count)) })
        if let status {
            program(status, lastFrameTime, &metrics)
            links(status.links, &metrics)
            parts(status, &metrics)
            recordings(status, &metrics)
        }
        counts.write(to: &metrics)
        return metrics.text
    }

    private static func program(_ status: BroadcastStatus, _ time: Double?, _ metrics: inout MetricsText) {
        metrics.add("bulkhead_on_air_seconds", .gauge, "Time on air, by the timeline.", status.secondsOnAir)
        metrics.add(
            "bulkhead_frames_total", .counter, "Frames that a stage has passed.",
            [
                ([("stage", "timeline")], Double(status.frames)),
                ([("stage", "encoder")], Double(status.framesCommitted)),
            ])
        metrics.add(
            "bulkhead_frames_lost_total", .counter, "Frames that are not as they should be, by reason.",
            [
                ([("reason", "repeated")], Double(status.framesRepeated)),
                ([("reason", "left-out")], Double(status.framesLeftOut ?? 0)),
                ([("reason", "skipped")], Double(status.framesSkipped)),
                ([("reason", "unfiltered")], Double(status.framesUnfiltered)),
                ([("reason", "slated")], Double(status.framesSlated)),
            ])
        metrics.add(
            "bulkhead_frames_uncommitted", .gauge, "Frames given to the encoder and not yet safe.",
            Double(status.framesUncommitted))
        metrics.add(
            "bulkhead_frames_per_second", .gauge, "Frames made safe in the last two seconds, by the second.",
            status.framesPerSecond)
        metrics.add(
            "bulkhead_last_frame_timestamp_seconds", .gauge, "When the number of safe frames was last seen to grow.",
            time)
        metrics.add(
            "bulkhead_encoder_bytes_per_second", .gauge, "Committed in the last two seconds, by the second.",
            Double(status.bitsPerSecond) / 8)
        metrics.add(
            "bulkhead_showing", .gauge, "What viewers see: 1 for what is shown.",
            [ShownContent.picture, .lastPicture, .slate, .slateWithoutEncoder].map {
                ([("content", $0.rawValue)], status.showing == $0 ? 1 : 0)
            })
        guard let sound = status.sound else { return }
        let levels = sound.levels
        metrics.add(
            "bulkhead_loudness_lufs", .gauge, "Loudness of the program (EBU R128), by its window.",
            [
                ([("window", "momentary")], levels.now.momentary.value),
                ([("window", "short-term")], levels.shortTerm.value),
                ([("window", "integrated")], levels.integrated.value),
            ])
        metrics.add(
            "bulkhead_true_peak_dbtp", .gauge, "The largest true peak that was measured.", levels.truePeak.value)
        metrics.add(
            "bulkhead_input_peak_dbfs", .gauge, "The largest sample of an input's last 400 ms, behind its gain.",
            sound.strips.map { ([("input", $0.name)], $0.levels.peak.value) })
    }

    private static func links(_ links: [LinkStatus], _ metrics: inout MetricsText) {
        func add(_ name: String, _ kind: MetricsText.Kind, _ help: String, _ value: (LinkStatus) -> Double?) {
            metrics.add(
                "bulkhead_link_\(name)", kind, help,
                links.compactMap { link in value(link).map { ([("link", link.name)], $0) } })
        }
        add("up", .gauge, "Whether the link carries the stream.") {
            $0.state == .publishing || $0.state == .writing ? 1 : 0
        }
        add("bytes_per_second", .gauge, "Sent in the last two seconds, by the second.") {
            Double($0.bitsPerSecond) / 8
        }
        add("queue_seconds", .gauge, "What is committed and not yet sent.") { Double($0.queuedMilliseconds) / 1000 }
        add("queue_bytes", .gauge, "What is committed and not yet sent, in bytes.") { Double($0.queuedBytes) }
        add("frames_sent_total", .counter, "Pictures handed to the connection.") { Double($0.framesSent) }
        add("frames_shed_total", .counter, "Pictures left out because the link could not carry them.") {
            Double($0.framesShed)
        }
        add("reconnects_total", .counter, "Connections that have followed the first one.") { Double($0.reconnects) }
        add("round_trip_seconds", .gauge, "The time to the server and back.") {
            $0.roundTripMilliseconds.map { $0 / 1000 }
        }
    }

    private static func parts(_ status: BroadcastStatus, _ metrics: inout MetricsText) {
        func labels(_ child: ChildStatus) -> [(String, String)] {
            [("role", child.part.role.rawValue), ("name", child.part.name), ("duty", child.part.duty?.rawValue ?? "")]
        }
        metrics.add(
            "bulkhead_child_up", .gauge, "Whether a post of a child is filled and works.",
            status.children.map { (labels($0), $0.state == .ready || $0.state == .still ? 1 : 0) })
        metrics.add(
            "bulkhead_child_restarts_total", .counter, "Children that have followed the first one at a post.",
            status.children.map { (labels($0), Double($0.restarts)) })
        metrics.add(
            "bulkhead_input_up", .gauge, "Whether an input is read.",
            (status.inputs ?? []).map { ([("input", $0.name)], $0.state == .ready || $0.state == .still ? 1 : 0) })
        metrics.add(
            "bulkhead_plugin_working", .gauge, "Whether frames pass a plugin.",
            status.plugins.map { ([("plugin", $0.name)], $0.state == .working ? 1 : 0) })
        metrics.add(
            "bulkhead_plugin_quarantined", .gauge, "Whether a plugin is left out because it has brought its host down.",
            status.plugins.map { ([("plugin", $0.name)], $0.state == .quarantined || $0.state == .off ? 1 : 0) })
        metrics.add(
            "bulkhead_plugin_seconds", .gauge, "The mean time of a plugin's calls.",
            status.plugins.map { ([("plugin", $0.name)], $0.microsecondsPerFrame / 1_000_000) })
        metrics.add(
            "bulkhead_plugin_deaths_total", .counter, "Hosts that a plugin has brought down.",
            status.plugins.map { ([("plugin", $0.name)], Double($0.deaths)) })
    }

    private static func recordings(_ status: BroadcastStatus, _ metrics: inout MetricsText) {
        func add(_ name: String, _ kind: MetricsText.Kind, _ help: String, _ value: (RecordingStatus) -> Double?) {
            metrics.add(
                "bulkhead_recording_\(name)", kind, help,
                (status.recordings ?? []).compactMap { recording in
                    value(recording).map { ([("recording", recording.name)], $0) }
                })
        }
        add("bytes_total", .counter, "Bytes that were written.") { Double($0.writtenBytes) }
        add("durable_bytes_total", .counter, "Bytes that are on the disk.") { Double($0.durableBytes) }
        add("duration_seconds", .gauge, "Since the first picture was given.") { $0.seconds }
        add("free_bytes", .gauge, "What the file system has left.") { $0.freeBytes.map(Double.init) }
        add("frames_left_out_total", .counter, "Pictures that are in no file.") { Double($0.framesLeftOut) }
        add("troubles", .gauge, "What is wrong and not over.") { Double($0.troubles.count) }
        metrics.add(
            "bulkhead_replay_seconds", .gauge, "What is kept for replays.", status.replay.map { $0.seconds })
    }
}
