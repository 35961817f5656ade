package import BulkheadModel

/// Something that can happen to a part of a broadcast: a fact with its numbers, never a sentence.
///
/// A room posts what happened, and to which part of it:
///
///     post(.encoder(id, .standby), .child(.ready(pid: 12)))
///     post(.link(id, name: "main"), .link(.connected(server: "a.example")))
///     post(.timeline, .timeline(.lag(milliseconds: 1200)))
///
/// A new kind of event is a case in its subject's file; the compiler asks for its word, level, keys and meaning, for a
/// sample in the tests and for a sentence in `EventSentence`, and a test for its row in docs/events.md.
package enum Happening: Hashable, Sendable {
    /// The course of every child, whatever its role; the code begins with the role of the part.
    case child(ChildHappening)
    case master(MasterHappening)
    case timeline(TimelineHappening)
    case encoder(EncoderHappening)
    case source(SourceHappening)
    case pluginHost(PluginHostHappening)
    case plugin(PluginHappening)
    case link(LinkHappening)
    case recording(RecordingHappening)
    case viewer(ViewerHappening)
    case server(ServerHappening)
    case reporter(ReporterHappening)
    case notifier(NotifierHappening)
    case room(RoomHappening)
    case channel(ChannelHappening)
    case `switch`(SwitchHappening)
    case output(OutputHappening)
    case timetable(TimetableHappening)
    /// What a program of another version has posted.
    case unknown(UnknownHappening)

    /// How much an event asks for.
    package typealias Level = EventLevel

    /// What happened, with its subject's type left out; nil for what is unknown.
    private var subject: (any HappeningSubject)? {
        switch self {
        case .child(let happening): happening
        case .master(let happening): happening
        case .timeline(let happening): happening
        case .encoder(let happening): happening
        case .source(let happening): happening
        case .pluginHost(let happening): happening
        case .plugin(let happening): happening
        case .link(let happening): happening
        case .recording(let happening): happening
        case .viewer(let happening): happening
        case .server(let happening): happening
        case .reporter(let happening): happening
        case .notifier(let happening): happening
        case .room(let happening): happening
        case .channel(let happening): happening
        case .switch(let happening): happening
        case .output(let happening): happening
        case .timetable(let happening): happening
        case .unknown: nil
        }
    }

    /// The stable name of what happened to a part of `role`, such as `encoder.died`.
    package func code(for role: Part.Role) -> String {
        let prefix: Part.Role
        switch self {
        case .child: prefix = role
        case .master: prefix = .master
        case .timeline: prefix = .timeline
        case .encoder: prefix = .encoder
        case .source: prefix = .source
        case .pluginHost: prefix = .pluginHost
        case .plugin: prefix = .plugin
        case .link: prefix = .link
        case .recording: prefix = .recording
        case .viewer: prefix = .viewer
        case .server: prefix = .server
        case .reporter: prefix = .reporter
        case .notifier: prefix = .notifier
        case .room: prefix = .room
        case .channel: prefix = .channel
        case .switch: prefix = .switch
        case .output: prefix = .output
        case .timetable: prefix = .timetable
        case .unknown(let happening): return happening.code
        }
        return "\(prefix.rawValue).\(subject?.name ?? "")"
    }

    package var level: Level {
        if case .unknown(let happening) = self { return happening.level }
        return subject?.level ?? .notice
    }

    /// The facts, under the keys that ``all`` declares.
    package var values: Values {
        if case .unknown(let happening) = self { return happening.values }
        return subject?.values ?? [:]
    }

    /// Reads what another process has posted.
    /// - Throws: ``HappeningError``.
    package init(code: String, values: Values) throws(HappeningError) {
        let words = code.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard words.count == 2, let role = Part.Role(rawValue: words[0]) else { throw .unknownCode(code) }
        if role.isChild, let happening = try ChildHappening(name: words[1], values) {
            self = .child(happening)
            return
        }
        guard let happening = try Self.read(words[1], of: role, values) else { throw .unknownCode(code) }
        self = happening
    }

    private static func read(
        _ name: String, of role: Part.Role, _ values: Values
    ) throws(HappeningError) -> Happening? {
        switch role {
        case .master: try MasterHappening(name: name, values).map { .master($0) }
        case .timeline: try TimelineHappening(name: name, values).map { .timeline($0) }
        case .encoder: try EncoderHappening(name: name, values).map { .encoder($0) }
        case .slateEncoder, .mixer, .recorder, .chat, .origin, .srt: nil
        case .source: try SourceHappening(name: name, values).map { .source($0) }
        case .pluginHost: try PluginHostHappening(name: name, values).map { .pluginHost($0) }
        case .plugin: try PluginHappening(name: name, values).map { .plugin($0) }
        case .link: try LinkHappening(name: name, values).map { .link($0) }
        case .recording: try RecordingHappening(name: name, values).map { .recording($0) }
        case .viewer: try ViewerHappening(name: name, values).map { .viewer($0) }
        case .server: try ServerHappening(name: name, values).map { .server($0) }
        case .reporter: try ReporterHappening(name: name, values).map { .reporter($0) }
        case .notifier: try NotifierHappening(name: name, values).map { .notifier($0) }
        case .room: try RoomHappening(name: name, values).map { .room($0) }
        case .channel: try ChannelHappening(name: name, values).map { .channel($0) }
        case .switch: try SwitchHappening(name: name, values).map { .switch($0) }
        case .output: try OutputHappening(name: name, values).map { .output($0) }
        case .timetable: try TimetableHappening(name: name, values).map { .timetable($0) }
        case .unknown: nil
        }
    }

    /// Every code with its levels, keys and meaning; `*` stands for the role of any child.
    package static let all: [CodeDescription] =
        ChildHappening.descriptions(prefix: "*") + MasterHappening.descriptions(.master)
        + TimelineHappening.descriptions(.timeline) + EncoderHappening.descriptions(.encoder)
        + SourceHappening.descriptions(.source) + PluginHostHappening.descriptions(.pluginHost)
        + PluginHappening.descriptions(.plugin) + LinkHappening.descriptions(.link)
        + RecordingHappening.descriptions(.recording) + ViewerHappening.descriptions(.viewer)
        + ServerHappening.descriptions(.server)
        + ReporterHappening.descriptions(.reporter) + NotifierHappening.descriptions(.notifier)
        + RoomHappening.descriptions(.room) + ChannelHappening.descriptions(.channel)
        + SwitchHappening.descriptions(.switch) + OutputHappening.descriptions(.output)
        + TimetableHappening.descriptions(.timetable)
}

/// Why an event from another process can't be read.
package enum HappeningError: Error, Hashable, Sendable {
    /// Another version may know more codes.
    case unknownCode(String)
    case missingValue(Key)
    /// The value is there, with another type or out of its range.
    case wrongValue(Key)
}
