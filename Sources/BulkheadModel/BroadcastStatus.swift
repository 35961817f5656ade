package import BulkheadMedia

/// How a duty is filled.
package enum ChildState: String, Codable, Hashable, Sendable {
    case starting, ready
    /// For one to connect that is started by hand.
    case waiting
    case restarting, ended
    /// All of it has been read, and its picture stands.
    case still
    /// It can't be read, and is tried no more.
    case failed
}

/// One child as a user sees it.
package struct ChildStatus: Codable, Hashable, Sendable {
    /// Which child: its role, its duty, and its number; 0 while there is none.
    package var part: Part
    /// Nil while there is no process.
    package var pid: Int32?
    /// How the duty is filled.
    package var state: ChildState
    /// How many children have followed the first one.
    package var restarts: Int
    /// How the last one ended; empty when none has.
    package var lastEnd: String
    /// Its build, once it has said hello; builds may differ from the master's.
    package var build: String?

    package init(
        part: Part, pid: Int32?, state: ChildState, restarts: Int, lastEnd: String, build: String? = nil
    ) {
        self.build = build
        self.part = part
        self.pid = pid
        self.state = state
        self.restarts = restarts
        self.lastEnd = lastEnd
    }
}

/// What is known of one server of a link.
package enum ServerState: String, Codable, Hashable, Sendable, CaseIterable {
    /// A lane of the link publishes to it.
    case onAir = "on air"
    /// It has answered the last time it was asked.
    case well
    /// Nothing is known of it yet.
    case untried
    case failing
    /// It failed again and again, and is left alone for a while.
    case resting
    /// It does not want the stream.
    case refused
}

/// One server of a link as a user sees it.
package struct LinkServerStatus: Codable, Hashable, Sendable {
    /// Host, port and application, without the key.
    package var name: String
    /// The lower, the sooner it is chosen by the rule `priority`.
    package var priority: Int
    /// Its share beside the others' by the rule `weighted`.
    package var weight: Int
    /// What is known of it.
    package var state: ServerState
    /// The time to the server and back; nil where it was not measured.
    package var roundTripMilliseconds: Double?
    /// In words; empty when there was none.
    package var lastError: String

    package init(
        name: String, priority: Int, weight: Int, state: ServerState, roundTripMilliseconds: Double? = nil,
        lastError: String
    ) {
        self.name = name
        self.priority = priority
        self.weight = weight
        self.state = state
        self.roundTripMilliseconds = roundTripMilliseconds
        self.lastError = lastError
    }
}

/// What a link would choose, and from what.
package struct LinkServersReport: Codable, Hashable, Sendable {
    /// The link's name.
    package var link: String
    /// The name of the rule that chooses.
    package var rule: String
    /// All that may be chosen, in the order of the settings.
    package var servers: [LinkServerStatus]
    /// The name of the one it would be with; nil when none can be used.
    package var choice: String?
    /// Why it would be chosen, or why none can be, in words.
    package var reason: String

    package init(
        link: String, rule: String, servers: [LinkServerStatus], choice: String? = nil, reason: String
    ) {
        self.link = link
        self.rule = rule
        self.servers = servers
        self.choice = choice
        self.reason = reason
    }
}

/// One link as a user sees it.
package struct LinkStatus: Codable, Hashable, Sendable {
    /// The link's name.
    package var name: String
    /// The destination without its key.
    package var destination: String
    /// What the link does at the moment.
    package var state: LinkState
    /// Sent in the last two seconds, by the second.
    package var bitsPerSecond: Int
    /// What is committed and not yet sent.
    package var queuedMilliseconds: Int
    /// The bytes of what is committed and not yet sent.
    package var queuedBytes: Int
    /// Pictures handed to the connection, without those sent a second time.
    package var framesSent: Int
    /// Pictures that were left out because the link could not carry them.
    package var framesShed: Int
    /// How many connections have followed the first one.
    package var reconnects: Int
    /// In words; empty when there was none.
    package var lastError: String
    /// The server that it is with, or was with last, by its name; nil for a file.
    package var server: String?
    /// By which servers are chosen, and why this one was.
    package var rule: String?
    /// Why it would be chosen, or why none can be, in words.
    package var reason: String?
    /// Up to where on the timeline the server has said to have everything; nil where it says nothing.
    package var acknowledgedSeconds: Double?
    /// The time to the server and back; nil where it was not measured.
    package var roundTripMilliseconds: Double?
    /// All that may be chosen.
    package var servers: [LinkServerStatus]?
    /// Of the connection on air, where it is by SRT.
    package var srt: SRTStatus?
    /// The conditions of its `watch` that are met; nil for none.
    package var alarms: [SwitchCondition]?

    package init(
        name: String, destination: String, state: LinkState, bitsPerSecond: Int = 0, queuedMilliseconds: Int = 0,
        queuedBytes: Int = 0, framesSent: Int = 0, framesShed: Int = 0, reconnects: Int = 0, lastError: String = ""
    ) {
        self.name = name
        self.destination = destination
        self.state = state
        self.bitsPerSecond = bitsPerSecond
        self.queuedMilliseconds = queuedMilliseconds
        self.queuedBytes = queuedBytes
        self.framesSent = framesSent
        self.framesShed = framesShed
        self.reconnects = reconnects
        self.lastError = lastError
    }
}

/// What libsrt has counted on a connection, at the side that sends or the one that receives.
package struct SRTStatus: Codable, Hashable, Sendable {
    /// How long the one who receives waits for what was lost, as both sides have agreed.
    package var latencyMilliseconds: Int
    /// Packets that the one who receives has missed.
    package var packetsLost: Int
    /// Packets that were sent again.
    package var packetsRetransmitted: Int
    /// Packets that were given up, because they were too late.
    package var packetsDropped: Int
    /// What the path carries, as the library estimates it.
    package var bandwidthBitsPerSecond: Int
    /// Of one who sends, what is sent and not acknowledged; of one who receives, what is held back for the latency.
    package var bufferMilliseconds: Int

    package init(
        latencyMilliseconds: Int, packetsLost: Int = 0, packetsRetransmitted: Int = 0, packetsDropped: Int = 0,
        bandwidthBitsPerSecond: Int = 0, bufferMilliseconds: Int = 0
    ) {
        self.latencyMilliseconds = latencyMilliseconds
        self.packetsLost = packetsLost
        self.packetsRetransmitted = packetsRetransmitted
        self.packetsDropped = packetsDropped
        self.bandwidthBitsPerSecond = bandwidthBitsPerSecond
        self.bufferMilliseconds = bufferMilliseconds
    }
}

/// Where a broadcast stands in its course.
package enum BroadcastPhase: String, Codable, Hashable, Sendable {
    case starting
    case waitingForEncoder = "waiting for an encoder"
    /// Its timeline runs.
    case onAir = "on air"
    case ending, ended
}

/// What viewers see of the inputs.
package enum ShownContent: String, Codable, Hashable, Sendable {
    case picture
    case lastPicture = "last picture"
    case slate
    /// The encoded slate is looped, because no encoder works.
    case slateWithoutEncoder = "slate without an encoder"
}

/// The mode that a broadcast runs in: which process holds it, and which children its master starts.
package struct ModeInForce: Codable, Hashable, Sendable {
    package enum Name: String, Codable, Hashable, Sendable {
        case create, attach, selected
    }

    package var name: Name
    /// The one child that the master starts, in mode selected.
    package var only: ChildrenChoice?
    /// Where the master is reached, such as `unix:/run/user/1000/bulkhead/7.sock`; nil where it is not.
    package var address: String?

    package init(_ name: Name, only: ChildrenChoice? = nil, address: String?) {
        self.name = name
        self.only = only
        self.address = address
    }
}

/// A broadcast at one moment.
package struct BroadcastStatus: Codable, Hashable, Sendable {
    package var state: BroadcastPhase
    /// Nil in what other versions say.
    package var mode: ModeInForce? = nil
    /// The file that it was begun with, which a reload reads again; nil where there is none.
    package var configuration: ConfigurationStatus? = nil
    /// The input is passed on as it is, and nothing is encoded; nil for not.
    package var isCopied: Bool? = nil
    /// The inputs, in the order in which they were added; nil in what other versions say.
    package var inputs: [InputStatus]? = nil
    /// A destination was sent a picture, also one that was removed since; nil in what other versions say.
    package var hasSent: Bool? = nil
    /// The scenes, in the order in which they were added; nil in what other versions say.
    package var scenes: [SceneStatus]? = nil
    /// What was taken last, by its name: a scene, a layout or an input; nil before anything was.
    package var scene: String? = nil
    /// What is taken next where nothing else is named, by its name; nil where nothing is prepared.
    package var preparedScene: String? = nil
    /// How the program and its inputs sound; nil before the program is made, and in what other versions say.
    package var sound: ProgramSoundStatus? = nil
    /// What goes out looks and sounds like; nil before the first picture, and in what other versions say.
    package var output: OutputStatus? = nil
    /// How it goes with notices, in the order of their targets; nil where nobody is to be told.
    package var notices: [NoticeTargetStatus]? = nil
    /// The posts of children, with who holds them.
    package var children: [ChildStatus]
    /// The destinations, in the order in which they were added.
    package var links: [LinkStatus]
    /// What is recorded besides the links; nil in what other versions say.
    package var recordings: [RecordingStatus]? = nil
    /// What is kept for replays; nil for nothing.
    package var replay: ReplayStatus? = nil
    /// Time on air, by the timeline.
    package var secondsOnAir: Double
    /// Frames that the timeline has passed.
    package var frames: Int
    /// Frames that are safe: encoded, and received by the master.
    package var framesCommitted: Int
    /// Given to the encoder and not yet safe.
    package var framesUncommitted: Int
    /// Ticks for which the source had nothing new.
    package var framesRepeated: Int
    /// Pictures of a live source that came while its pictures were shown, and are in no frame. Nil from a master that does
    /// not count them.
    package var framesLeftOut: Int? = nil
    /// Ticks left out because the encoder could not keep up.
    package var framesSkipped: Int
    /// Frames that went out without the plugins they should have passed.
    package var framesUnfiltered: Int
    /// Frames that went out as the slate because no encoder could work.
    package var framesSlated: Int
    /// `off`, `warm`, `hot`, or `in lockstep` while a hot standby encodes the same frames.
    package var standby: String
    /// Committed in the last two seconds.
    package var framesPerSecond: Double
    /// The rate of the timeline; nil while it is not known, and from a master that does not tell it.
    package var timelineFramesPerSecond: Double? = nil
    /// What links are sent; nil while it is not known, and from a master that does not tell it.
    package var canvas: Canvas? = nil
    package var frameRate: FrameRate? = nil
    /// Sent in the last two seconds, by the second.
    package var bitsPerSecond: Int
    /// What the encoder is told for pictures: less than what the user wants while a link can't carry it.
    package var encoderBitsPerSecond: Int? = nil
    package var showing: ShownContent
    /// The address for an encoder that connects by itself; empty unless one is waited for.
    package var encoderAddress: String
    /// The chain, in its order.
    package var plugins: [PluginStatus]

    package init(
        state: BroadcastPhase, children: [ChildStatus], links: [LinkStatus], secondsOnAir: Double, frames: Int,
        framesCommitted: Int, framesUncommitted: Int, framesRepeated: Int,
        framesLeftOut: Int? = nil, framesSkipped: Int, framesUnfiltered: Int,
        framesSlated: Int, standby: String, framesPerSecond: Double, timelineFramesPerSecond: Double? = nil,
        bitsPerSecond: Int,
        encoderBitsPerSecond: Int? = nil, showing: ShownContent, encoderAddress: String, plugins: [PluginStatus]
    ) {
        self.state = state
        self.children = children
        self.links = links
        self.secondsOnAir = secondsOnAir
        self.frames = frames
        self.framesCommitted = framesCommitted
        self.framesUncommitted = framesUncommitted
        self.framesRepeated = framesRepeated
        self.framesLeftOut = framesLeftOut
        self.framesSkipped = framesSkipped
        self.framesUnfiltered = framesUnfiltered
        self.framesSlated = framesSlated
        self.standby = standby
        self.framesPerSecond = framesPerSecond
        self.timelineFramesPerSecond = timelineFramesPerSecond
        self.bitsPerSecond = bitsPerSecond
        self.encoderBitsPerSecond = encoderBitsPerSecond
        self.showing = showing
        self.encoderAddress = encoderAddress
        self.plugins = plugins
    }
}

/// What a program looks and sounds like where it goes to the encoder, and what the encoder has made of it.
package struct OutputStatus: Codable, Hashable, Sendable {
    /// For how long the picture has been black, in seconds; 0 for not. So with the others; nil where there is none yet.
    package var blackSeconds: Double?
    /// For how long the same picture has been shown.
    package var frozenSeconds: Double?
    /// For how long there has been no sound.
    package var silentSeconds: Double?
    /// For how long the sound has been clipped.
    package var clippedSeconds: Double?
    /// Of the last 3 s and of the last ten minutes, in LUFS; nil while nothing asks for it, and for silence.
    package var shortTermLoudness: Double? = nil
    package var integratedLoudness: Double? = nil
    /// The size of the pictures by the parameter sets that go out, and as the broadcast says.
    package var canvas: Canvas? = nil
    package var wantedCanvas: Canvas? = nil
    /// How far the last two keyframes were apart, or the last one is back, whichever is more, in seconds.
    package var keyframeSeconds: Double? = nil
    /// Of picture and sound, over the last four seconds; nil before there are so many.
    package var bitsPerSecond: Int? = nil
    /// The conditions of `watch` that are met.
    package var alarms: [SwitchCondition]

    package init(
        blackSeconds: Double? = nil, frozenSeconds: Double? = nil, silentSeconds: Double? = nil,
        clippedSeconds: Double? = nil, alarms: [SwitchCondition] = []
    ) {
        self.blackSeconds = blackSeconds
        self.frozenSeconds = frozenSeconds
        self.silentSeconds = silentSeconds
        self.clippedSeconds = clippedSeconds
        self.alarms = alarms
    }
}

/// How a broadcast ended.
package struct BroadcastSummary: Codable, Hashable, Sendable {
    /// The status at the end.
    package var status: BroadcastStatus

    /// A summary of the last status.
    package init(status: BroadcastStatus) { self.status = status }

    /// What was wrong although the broadcast went on to its end: destinations that failed for good, or nothing that was sent to
    /// any, as where it was stopped while it waited. Nil when all was well.
    package var shortfall: BroadcastError? {
        if let shortfall = Self.shortfall(of: status.links) { return shortfall }
        if let recording = status.recordings?.first(where: { $0.framesLeftOut > 0 }) {
            let count = recording.framesLeftOut
            return BroadcastError(
                .someDestinations, "\(count) frame\(count == 1 ? " is" : "s are") in no file of \(recording.name)",
                advice: "look at its disk: what was wrong stands among the events")
        }
        // A link that was removed may have sent some.
        guard !status.links.isEmpty, status.hasSent == false else { return nil }
        return BroadcastError(
            code: .nothingSent, "it ended before a picture was sent to any destination",
            advice: "look at what it waited for: an input, a destination, an encoder")
    }

    /// What some of `links` lacked at the end of a broadcast.
    package static func shortfall(of links: [LinkStatus]) -> BroadcastError? {
        let failed = links.filter { $0.state == .failed }
        guard let first = failed.first else { return nil }
        let all = links.count
        if failed.count == all {
            let problem =
                all == 1 ? first.lastError : "all \(all) destinations failed, first \(first.name): \(first.lastError)"
            return BroadcastError(.destination, problem, advice: "check the address and that the server is up")
        }
        let problem =
            failed.count == 1
            ? "\(first.name) of \(all) failed: \(first.lastError)"
            : "\(failed.count) of \(all) destinations failed, first \(first.name): \(first.lastError)"
        return BroadcastError(.someDestinations, problem, advice: "the others had the broadcast to its end")
    }
}
