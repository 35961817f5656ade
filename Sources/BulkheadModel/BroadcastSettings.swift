package import BulkheadDanmaku
package import BulkheadMedia

/// Which children the master creates by itself.
package enum ChildrenChoice: String, Codable, Hashable, Sendable, CaseIterable {
    /// Both: modes create and attach.
    case both
    /// Mode selected, with the encoder: on air, unfiltered.
    case encoder
    /// Mode selected, with the plugin host: the master waits for an encoder that connects by itself.
    case plugins
}

/// What stands by for the encoder on air.
package enum StandbyChoice: String, Codable, Hashable, Sendable, CaseIterable {
    /// None: a new encoder is started when one dies.
    case off
    /// An encoder that is open and waits.
    case warm
    /// An encoder that encodes the same frames, for those with processor cores to spare.
    case hot
}

/// All that one broadcast needs to know, checked before anything is created.
package struct BroadcastSettings: Codable, Hashable, Sendable {
    /// In the order in which they were named.
    package var inputs: [InputSettings]
    /// In the order in which they were named; the first is the main one.
    package var destinations: [DestinationSettings]
    /// How the inputs are laid out at first; nil for the first with a picture alone.
    package var layout: SceneLayout?
    /// Scenes that there are from the start; nil for none.
    package var scenes: [Scene]?
    /// Where an origin of the broadcast's own listens (``ListenAddress``); nil for none.
    package var origin: String?
    /// The absolute path of a switch's configuration file: the switch runs as long as the broadcast; nil for none.
    package var switchPath: String?
    /// A control room of the broadcast's own; nil for none.
    package var controlRoom: ControlRoomSettings?
    /// What is told of the picture and the sound that go out; nil for nothing.
    package var watch: [SwitchCondition]?
    /// The origin's port takes TLS as well; nil for not.
    package var originCertificate: CertificateFiles?
    /// Who else is told of events; nil for nobody.
    package var notices: [NoticeTarget]?
    /// The only input is passed on as it is, and nothing is encoded; nil for not.
    package var copies: Bool?
    /// The loudness that the program is slowly brought to, in LUFS; nil, and silence, for as loud as it is.
    package var loudnessTarget: Decibels?
    /// The size of the picture that goes out.
    package var canvas: Canvas
    /// The rate of the timeline.
    package var frameRate: FrameRate
    /// The size is that of the first input with a picture, and ``canvas`` where there is nothing to learn; nil for not.
    package var sizeFollowsInput: Bool?
    /// The rate is that of the first input with a picture, and ``frameRate`` where there is nothing to learn; nil for not.
    package var rateFollowsInput: Bool?
    /// Which pictures are taken apart into their fields; nil for those that say that they are interlaced.
    package var deinterlacing: Deinterlacing?
    /// The video bitrate that a person wants; congestion may lower it.
    package var videoBitsPerSecond: UInt32
    /// The bitrate of AAC.
    package var audioBitsPerSecond: UInt32
    /// The name of an x264 preset.
    package var preset: String
    /// The name of an x264 tuning, or empty for none.
    package var tune: String
    /// The H.264 profile: `baseline`, `main` or `high`.
    package var profile: String
    /// From IDR to IDR, in seconds.
    package var keyframeIntervalSeconds: Double
    /// Nil leaves them to preset and tune.
    package var bframes: UInt8?
    /// The VBV's size in milliseconds of the video bitrate; 0 for none.
    package var bufferMilliseconds: UInt32
    /// What the pictures do not need of the bitrate is filled up; nil for not.
    package var isConstantRate: Bool?
    /// 0 leaves them to x264.
    package var encoderThreads: UInt8
    /// The chain, in its order.
    package var plugins: [PluginChoice]
    /// How many plugins share a process.
    package var pluginIsolation: PluginIsolation
    /// What is done by the clock; nil for nothing.
    package var timetable: Timetable? = nil
    /// Ends the broadcast after so many seconds; nil for no end.
    package var durationSeconds: Double?
    /// As fast as the encoder goes, instead of in real time.
    package var isFast: Bool
    /// Which children the master creates.
    package var children: ChildrenChoice
    /// How long a source may yield nothing before the slate is shown, in seconds.
    package var slateAfterSeconds: Double
    /// How long a frame waits for a live picture that is late, in seconds; nil for a tenth of one.
    package var picturePatienceSeconds: Double?
    /// What stands by for the encoder on air.
    package var standby: StandbyChoice
    /// A picture's absolute path to show in place of the built-in slate; empty for that one.
    package var slatePath: String
    /// The words of the slate, the first line larger than the others; nil for those that it has by itself.
    package var slateText: String? = nil
    /// The absolute path of a PNG file that the slate shows above its words; nil for none.
    package var slateLogoPath: String? = nil
    /// The slate shows the time of day; nil for not.
    package var slateClock: Bool? = nil
    /// What the bitrate of pictures never goes below when links carry less; nil for a quarter of it.
    package var minimumVideoBitsPerSecond: UInt32?
    /// Which links' congestion lowers the bitrate.
    package var congestion = CongestionRule.slowest
    /// How long a destination that has never been reached is tried at the start, in seconds; nil for not at
    /// all.
    package var patienceSeconds: Double?
    /// The live room; nil for none.
    package var room: RoomSettings?
    /// Chats whose comments come into the room; nil for none.
    package var chats: [ChatTarget]?
    /// What is recorded besides the destinations; nil for nothing.
    package var recordings: [RecordingSettings]?
    /// Recordings in MP4 have each input's own sound as a further track; nil for not.
    package var recordsTracks: Bool?
    /// So many seconds are kept in memory for replays; nil for none.
    package var replaySeconds: Double?
    /// Where replays go: an absolute path that ends with `.mp4`, with the fields of strftime(3).
    package var replayPath: String?
    /// Under which name the broadcast is kept, so that it can be resumed; nil for not at all. See ``RoomSettings/isName(_:)``.
    package var name: String?
    /// It goes on where the broadcast of that name was interrupted; nil for a broadcast that begins.
    package var resume: ResumeWish?

    /// Settings with the defaults of `bulkhead broadcast`.
    package init(
        inputs: [InputSettings], destinations: [DestinationSettings], canvas: Canvas, frameRate: FrameRate,
        videoBitsPerSecond: UInt32 = 2_500_000, audioBitsPerSecond: UInt32 = 128_000, preset: String = "veryfast",
        tune: String = "zerolatency", profile: String = "high", keyframeIntervalSeconds: Double = 2,
        bframes: UInt8? = nil, bufferMilliseconds: UInt32 = 1000, encoderThreads: UInt8 = 0,
        plugins: [PluginChoice] = [], pluginIsolation: PluginIsolation = .all, durationSeconds: Double? = nil,
        isFast: Bool = false,
        children: ChildrenChoice = .both, slateAfterSeconds: Double = 3, standby: StandbyChoice = .warm,
        slatePath: String = ""
    ) {
        self.inputs = inputs
        self.destinations = destinations
        self.canvas = canvas
        self.frameRate = frameRate
        self.videoBitsPerSecond = videoBitsPerSecond
        self.audioBitsPerSecond = audioBitsPerSecond
        self.preset = preset
        self.tune = tune
        self.profile = profile
        self.keyframeIntervalSeconds = keyframeIntervalSeconds
        self.bframes = bframes
        self.bufferMilliseconds = bufferMilliseconds
        self.encoderThreads = encoderThreads
        self.plugins = plugins
        self.pluginIsolation = pluginIsolation
        self.durationSeconds = durationSeconds
        self.isFast = isFast
        self.children = children
        self.slateAfterSeconds = slateAfterSeconds
        self.standby = standby
        self.slatePath = slatePath
    }
}

extension Canvas: Codable {
    /// Reads a size as text, such as `1280x720`.
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let canvas = Canvas(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\"\(text)\" is no picture size"))
        }
        self = canvas
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension FrameRate: Codable {
    /// Reads a rate as text, such as `30` or `30000/1001`.
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let rate = FrameRate(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\"\(text)\" is no frame rate"))
        }
        self = rate
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
