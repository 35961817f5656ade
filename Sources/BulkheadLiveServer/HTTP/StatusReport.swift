import BulkheadMP4
import BulkheadRTMP
import BulkheadStreamPlayer
import NIOCore
import NIOHTTP1

/// What `/status` says, as JSON.
enum StatusReport {
    static func answer(of hub: StreamHub) -> HTTPAnswer {
        let isSecret = hub.options.streamKeys != nil
        let streams = hub.published.map { JSONText.object(facts(of: $0, isSecret: isSecret)) }
        let text = JSONText.object([
            ("namesAreHidden", "\(isSecret)"), ("streams", "[" + streams.joined(separator: ",") + "]"),
        ])
        return HTTPAnswer(
            .ok, [("Content-Type", "application/json"), ("Cache-Control", "no-store")],
            body: [ByteBuffer(string: text + "\n")])
    }

    /// What the interface says of streams: names in full, and who publishes.
    static func streams(of hub: StreamHub) -> HTTPAnswer {
        let streams = hub.published.map { stream in
            let pull = hub.relays.pulls[stream.name]
            let isPulled = pull.map { stream.publisher == ObjectIdentifier($0) } ?? false
            return JSONText.object(
                facts(of: stream, isSecret: false) + [
                    ("bitsPerSecond", "\(stream.bitsPerSecond)"), ("players", "\(stream.playerCount)"),
                    ("publisher", JSONText.string(isPulled ? "pull" : "peer")),
                    ("title", JSONText.string(stream.room.feed.title)),
                ])
        }
        return json([
            ("namesAreHidden", "\(hub.options.streamKeys != nil)"),
            ("streams", "[" + streams.joined(separator: ",") + "]"),
        ])
    }

    /// Addresses without keys.
    static func relays(of hub: StreamHub) -> HTTPAnswer {
        let pulls = hub.relays.pulls.values.sorted { "\($0.options.name)" < "\($1.options.name)" }.map { relay in
            let servers = relay.options.sources.map { JSONText.string($0.description) }
            return JSONText.object([
                ("name", JSONText.string("\(relay.options.name)")), ("direction", JSONText.string("pull")),
                ("servers", "[" + servers.joined(separator: ",") + "]"), ("state", JSONText.string(relay.state.word)),
                ("onDemand", "\(relay.options.isOnDemand)"), ("origin", JSONText.string(relay.origin.rawValue)),
                ("failures", "\(relay.failures)"), ("problem", JSONText.string(relay.problem)),
            ])
        }
        let pushes = hub.relays.pushes.map { relay in
            JSONText.object([
                ("name", JSONText.string("\(relay.stream.name)")), ("direction", JSONText.string("push")),
                ("servers", "[" + JSONText.string(relay.target.description) + "]"),
                ("state", JSONText.string(relay.isFlowing ? "flowing" : "connecting")),
                ("failures", "\(relay.failures)"), ("problem", JSONText.string(relay.problem)),
            ])
        }
        return json([("relays", "[" + (pulls + pushes).joined(separator: ",") + "]")])
    }

    private static func json(_ members: [(String, String)]) -> HTTPAnswer {
        HTTPAnswer(
            .ok, [("Content-Type", "application/json"), ("Cache-Control", "no-store")],
            body: [ByteBuffer(string: JSONText.object(members) + "\n")])
    }

    private static func facts(of stream: LiveStream, isSecret: Bool) -> [(String, String)] {
        let counts = stream.counts
        let seconds = max(0, WallClockReading.milliseconds - counts.onAirSince) / 1000
        var facts = [
            ("app", JSONText.string(stream.name.app)),
            // A name is a key where there are keys.
            ("name", JSONText.string(isSecret ? "\(stream.name.name.prefix(2))…" : stream.name.name)),
            ("seconds", "\(seconds)"), ("bytes", "\(counts.byteCount)"), ("pictures", "\(counts.pictureCount)"),
            ("rtmpAndFLV", "\(stream.messages.players.count)"), ("mp4", "\(stream.fragments.players.count)"),
            ("hls", "\(stream.segments.viewerCount)"), ("room", "\(stream.room.feed.hasRoom)"),
            ("roomViewers", "\(stream.room.viewerCount)"),
        ]
        if let tracks = stream.tracks {
            facts.append(("codecs", JSONText.string(tracks.codecs)))
            if let video = tracks.video {
                facts += [("width", "\(video.width)"), ("height", "\(video.height)")]
            }
        }
        if let obstacle = stream.obstacle, obstacle != .nothingYet {
            facts.append(("noMP4", JSONText.string(obstacle.sentence)))
        }
        if let next = stream.segments.window.next { facts.append(("nextSegment", "\(next.segment)")) }
        return facts
    }
}

extension RelayMachine.State {
    fileprivate var word: String {
        switch self {
        case .resting: "resting"
        case .waiting: "waiting"
        case .connecting: "connecting"
        case .flowing: "flowing"
        }
    }
}

/// JSON of known shape.
enum JSONText {
    static func object(_ members: [(String, String)]) -> String {
        "{" + members.map { "\(string($0.0)):\($0.1)" }.joined(separator: ",") + "}"
    }

    /// RFC 8259, 7.
    static func string(_ text: String) -> String {
        var output = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output + "\""
    }
}
