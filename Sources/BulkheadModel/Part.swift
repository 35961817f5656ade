/// What a child does at its post.
package enum Duty: String, Codable, Hashable, Sendable, CaseIterable {
    /// Does the work that viewers see.
    case onAir = "on-air"
    /// Waits, and takes over when the child on air ends.
    case standby
    /// Was asked for, and takes over at a border that has been agreed.
    case next
    /// Does the same work in lockstep with the child on air.
    case twin
    /// Is on its way out.
    case retired
}

/// One part of a broadcast: what an event is about, or a status.
///
///     {"role":"encoder","id":7,"name":"encoder","duty":"standby"}
///
/// `role` and `id` identify it; `name` is for people, and no decision reads it.
package struct Part: Codable, Hashable, Sendable {
    /// The kind of part; the raw values are stable, and begin the codes of events.
    package enum Role: String, Codable, Hashable, Sendable, CaseIterable {
        case master, timeline, encoder, source
        /// Encodes the slate before it is needed, and then ends.
        case slateEncoder = "slate-encoder"
        case pluginHost = "plugin-host"
        case mixer, recorder
        /// Tells others of events.
        case notifier
        /// Talks to chat servers.
        case chat
        /// Serves the program to players.
        case origin
        /// Sends the program to one server by SRT.
        case srt
        case plugin, link, recording, viewer, server, reporter
        /// The live room: its title, its notice, its comments.
        case room
        /// One chat connection, by whichever child holds it.
        case channel
        /// A switch between push and pull.
        case `switch`
        /// What the program looks and sounds like where it goes out.
        case output
        /// What is done by the clock.
        case timetable
        /// A role that another version has named; programs of this version never post one.
        case unknown

        /// Whether parts of this role are child processes, to which every ``ChildHappening`` can happen.
        package var isChild: Bool {
            switch self {
            case .encoder, .source, .slateEncoder, .pluginHost, .mixer, .recorder, .notifier, .chat, .origin, .srt:
                true
            case .master, .timeline, .plugin, .link, .recording, .viewer, .server, .reporter, .room, .channel,
                .switch, .output, .timetable, .unknown:
                false
            }
        }
    }

    /// What the part does; the first word of its codes.
    package let role: Role
    /// The identity's number; 0 where there is one part of this role.
    package let id: Int
    /// What people call it: `encoder`, `source 1`, `main`.
    package let name: String
    /// What the child does at its post; nil for parts that are not children.
    package let duty: Duty?
    /// From 1, for a link that publishes to several servers at once; nil for others.
    package let lane: Int?

    private init(_ role: Role, id: Int = 0, name: String? = nil, duty: Duty? = nil, lane: Int? = nil) {
        self.role = role
        self.id = id
        self.name = name ?? role.rawValue
        self.duty = duty
        self.lane = lane
    }

    /// The master itself: its control socket and its children's start.
    package static let master = Part(.master)
    /// The clock that says which frame is due.
    package static let timeline = Part(.timeline)
    /// The encoders' post, when no particular encoder is meant.
    package static let encoder = Part(.encoder)
    /// The program that watches a stream.
    package static let viewer = Part(.viewer)
    /// The live server of `bulkhead serve`.
    package static let server = Part(.server)
    /// The program as it goes to the encoder.
    package static let output = Part(.output)
    /// The timetable of the broadcast.
    package static let timetable = Part(.timetable)
    /// A switch between push and pull, or between an input and its backups.
    package static func `switch`(name: String) -> Part { Part(.switch, name: name) }

    /// The live room of the broadcast.
    package static let room = Part(.room)
    /// The program that writes events and status lines.
    package static let reporter = Part(.reporter)

    /// An encoder, by its child.
    package static func encoder(_ id: ChildID, _ duty: Duty = .onAir) -> Part {
        Part(.encoder, id: id.number, duty: duty)
    }

    /// The encoder that makes the slate's access units, by its child.
    package static func slateEncoder(_ id: ChildID) -> Part {
        Part(.slateEncoder, id: id.number, name: "slate encoder", duty: .onAir)
    }

    /// The encoder of an input's own sound, by its child.
    package static func trackEncoder(_ id: ChildID, name: String) -> Part {
        Part(.encoder, id: id.number, name: name, duty: .onAir)
    }

    /// An input, by whichever child reads it.
    package static func source(_ id: InputID, name: String) -> Part {
        Part(.source, id: id.number, name: name, duty: .onAir)
    }

    /// One of several viewers, each of its own stream; `number` is from 1.
    package static func viewer(_ number: Int) -> Part { Part(.viewer, id: number, name: "viewer \(number)") }

    /// A plugin host, by its child.
    package static func pluginHost(_ id: ChildID, _ duty: Duty = .onAir, name: String = "plugin host") -> Part {
        Part(.pluginHost, id: id.number, name: name, duty: duty)
    }

    /// A mixer, by its child.
    package static func mixer(_ id: ChildID, _ duty: Duty = .onAir) -> Part {
        Part(.mixer, id: id.number, duty: duty)
    }

    /// A notifier, by its child.
    package static func notifier(_ id: ChildID, name: String = "notifier") -> Part {
        Part(.notifier, id: id.number, name: name, duty: .onAir)
    }

    /// A chat process, by its child.
    package static func chat(_ id: ChildID) -> Part { Part(.chat, id: id.number, duty: .onAir) }

    /// An origin, by its child.
    package static func origin(_ id: ChildID) -> Part { Part(.origin, id: id.number, duty: .onAir) }

    /// A child that sends by SRT; `name` is that of its link.
    package static func srt(_ id: ChildID, _ duty: Duty = .onAir, name: String) -> Part {
        Part(.srt, id: id.number, name: "SRT sender of \(name)", duty: duty)
    }

    /// A chat connection; `number` is from 1.
    package static func channel(_ number: Int, name: String) -> Part { Part(.channel, id: number, name: name) }

    /// A recorder, by its child; `name` is that of what it writes.
    package static func recorder(_ id: ChildID, _ duty: Duty = .onAir, name: String) -> Part {
        Part(.recorder, id: id.number, name: name, duty: duty)
    }

    /// A file that the broadcast writes, or a row of them; `number` is from 1.
    package static func recording(_ number: Int, name: String) -> Part { Part(.recording, id: number, name: name) }

    /// What is kept for replays, and the files that are made of it.
    package static let replay = Part(.recording, name: "replay")

    /// A plugin of the chain, by its name there.
    package static func plugin(_ id: PluginID, name: String) -> Part { Part(.plugin, id: id.number, name: name) }

    /// A link, or one of the lanes of a redundant link.
    package static func link(_ id: LinkID, name: String, lane: Int? = nil) -> Part {
        Part(.link, id: id.number, name: name, lane: lane)
    }
}

/// A role or duty of another version is passed over.
extension Part {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        role = Role(rawValue: try container.decode(String.self, forKey: .role)) ?? .unknown
        id = try container.decode(Int.self, forKey: .id)
        name = try container.decode(String.self, forKey: .name)
        duty = try container.decodeIfPresent(String.self, forKey: .duty).flatMap(Duty.init(rawValue:))
        lane = try container.decodeIfPresent(Int.self, forKey: .lane)
    }
}

/// The part as people call it: `standby encoder`, `plugin logo`, `main, lane 2`.
extension Part: CustomStringConvertible {
    package var description: String {
        switch duty {
        case .standby, .next, .twin, .retired: "\(duty?.rawValue ?? "") \(name)"
        case .onAir, nil: (role == .plugin ? "plugin \(name)" : name) + (lane.map { ", lane \($0)" } ?? "")
        }
    }
}
