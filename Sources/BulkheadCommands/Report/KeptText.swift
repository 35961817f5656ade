import BulkheadMaster
import BulkheadModel

/// What is kept of a broadcast, as a few lines for a person.
enum KeptText {
    static func text(_ kept: KeptBroadcast) -> String {
        var lines = ["\(kept.name): \(state(kept))"]
        if kept.damage == nil {
            let seconds = Int(kept.seconds)
            let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
            lines.append("    came to \(clock.joined(separator: ":")), frame \(kept.frame)")
            lines.append("    inputs: \(kept.inputs.joined(separator: ", "))")
            if !kept.links.isEmpty { lines.append("    links: \(kept.links.joined(separator: ", "))") }
            if let scene = kept.scene { lines.append("    scene: \(scene)") }
            if !kept.plugins.isEmpty { lines.append("    plugins: \(kept.plugins.joined(separator: ", "))") }
            if let room = kept.room { lines.append("    room: \(room)") }
            for recording in kept.recordings { lines.append("    recorded to \(recording)") }
        }
        return lines.map(EventLine.clean).joined(separator: "\n")
    }

    private static func state(_ kept: KeptBroadcast) -> String {
        if let damage = kept.damage { return "can't be resumed: \(damage) (\(kept.path))" }
        let time = EventLine.timestamp(kept.time)
        switch kept.state {
        case .onAir: return "on air"
        case .interrupted: return "interrupted, last heard of at \(time); can be resumed"
        case .terminated: return "ended by SIGTERM at \(time); can be resumed"
        case .failed: return "failed at \(time): \(kept.failure ?? "unknown"); can be resumed"
        case .stopped: return "stopped at \(time)"
        case .ended: return "came to its end at \(time)"
        }
    }
}
