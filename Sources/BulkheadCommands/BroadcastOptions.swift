import ArgumentParser
import BulkheadMaster
package import BulkheadModel

/// The flags of `bulkhead broadcast`. Each has a key of the same name in a configuration file: ``BroadcastKey``.
///
/// They are words here, and get their meaning in ``BroadcastPlan``, so that a flag and a key are read by the same code.
package struct BroadcastOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "A file, a device (v4l2:/dev/video0, x11::0.0, alsa:default), an address, - or test.",
            discussion: """
                Of several inputs the first with a picture gives the picture, and the first with sound the sound. \
                "test" is a test picture with a clock and a tone; "-" is standard input.
                """,
            valueName: "input"))
    var inputs: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Where the stream goes: rtmp://SERVER/APP/KEY, rtmps://…, file:OUT.flv.", valueName: "url"))
    var to: [String] = []

    @Option(help: ArgumentHelp("A YAML file with a key for each flag; flags win.", valueName: "file"))
    var config: String?

    @OptionGroup(title: "INPUT")
    var inputFlags: InputFlags

    @OptionGroup(title: "ENCODING")
    var encodingFlags: EncodingFlags

    @OptionGroup(title: "DESTINATION")
    var destinationFlags: DestinationFlags

    @OptionGroup(title: "COURSE")
    var courseFlags: CourseFlags

    @OptionGroup(title: "RUN MODE")
    var modeFlags: ModeFlags

    package init() {}

    /// What the flags say, without the configuration file.
    package var words: BroadcastWords {
        var words = BroadcastWords()
        // Behind --to, words that are no addresses are inputs: both orders of writing a command do.
        words[.input] = inputs + to.filter { !DestinationWords.isAddress($0) }
        words[.to] = to.filter(DestinationWords.isAddress)
        inputFlags.write(to: &words)
        encodingFlags.write(to: &words)
        destinationFlags.write(to: &words)
        courseFlags.write(to: &words)
        modeFlags.write(to: &words)
        return words
    }

    /// What flags and configuration file say together.
    package func allWords() throws(BroadcastError) -> BroadcastWords {
        guard let config else { return words }
        return words.filled(from: try ConfigurationFile.words(at: config))
    }
}

/// What concerns the inputs.
package struct InputFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The format of an input where it can't be told (once for each input; auto).", valueName: "name"))
    var inputFormat: [String] = []

    @Flag(inversion: .prefixedNo, help: "Play input files again and again.")
    var loop: Bool?

    @Option(help: ArgumentHelp("Show the slate after so long without a picture.", valueName: "time"))
    var slateAfter: String?

    @Option(help: ArgumentHelp("A picture to show in place of the built-in slate.", valueName: "file"))
    var slate: String?

    package init() {}

    func write(to words: inout BroadcastWords) {
        words[.inputFormat] = inputFormat
        words[.loop] = loop.words
        words[.slateAfter] = slateAfter.words
        words[.slate] = slate.words
    }
}

/// What the encoder is told.
package struct EncodingFlags: ParsableArguments {
    @Option(help: ArgumentHelp("The picture's size: 1280x720, 720p.", valueName: "size"))
    var size: String?

    @Option(help: ArgumentHelp("Frames a second: 30, 29.97, 30000/1001.", valueName: "rate"))
    var fps: String?

    @Option(help: ArgumentHelp("Bits a second for the picture: 2500k, 6M.", valueName: "rate"))
    var videoBitrate: String?

    @Option(
        help: ArgumentHelp(
            "What the video bitrate never goes below when a destination's way carries less; else a quarter of it.",
            valueName: "rate"))
    var minBitrate: String?

    @Option(
        help: ArgumentHelp(
            "Which destinations the bitrate follows when they carry less: slowest, main (the first), none.",
            valueName: "name"))
    var congestion: String?

    @Option(help: ArgumentHelp("Bits a second for the sound: 128k.", valueName: "rate"))
    var audioBitrate: String?

    @Option(help: ArgumentHelp("x264's preset, ultrafast to placebo.", valueName: "name"))
    var preset: String?

    @Option(help: ArgumentHelp("x264's tuning: zerolatency, film, animation, …, none.", valueName: "name"))
    var tune: String?

    @Option(help: ArgumentHelp("H.264's profile: baseline, main or high.", valueName: "name"))
    var profile: String?

    @Option(help: ArgumentHelp("From one IDR to the next, in seconds.", valueName: "time"))
    var keyframeInterval: String?

    @Option(help: ArgumentHelp("B-frames in a row; the preset and the tuning know without it.", valueName: "count"))
    var bframes: String?

    @Option(
        help: ArgumentHelp(
            "How far the bitrate may be evened out, in milliseconds; 0 is without limit.", valueName: "ms"))
    var buffer: String?

    @Option(help: ArgumentHelp("Threads of the encoder; 0 leaves it to x264.", valueName: "count"))
    var encoderThreads: String?

    @Option(
        help: ArgumentHelp(
            "What stands by for the encoder: warm (an open one that waits), hot (one that encodes the same), off.",
            valueName: "way"))
    var standby: String?

    @Option(
        help: ArgumentHelp(
            "A plugin that pictures and sound go through, with its parameters: frei0r:glow,blur=0.3, ladspa:1423, "
                + "./mine.so; `bulkhead plugin list` lists them.",
            valueName: "plugin[,name=value…]"))
    var plugin: [String] = []

    @Option(help: ArgumentHelp("How many hosts plugins have: all (one for all of them) or each.", valueName: "way"))
    var pluginIsolation: String?

    package init() {}

    func write(to words: inout BroadcastWords) {
        words[.size] = size.words
        words[.fps] = fps.words
        words[.videoBitrate] = videoBitrate.words
        words[.minBitrate] = minBitrate.words
        words[.congestion] = congestion.words
        words[.audioBitrate] = audioBitrate.words
        words[.preset] = preset.words
        words[.tune] = tune.words
        words[.profile] = profile.words
        words[.keyframeInterval] = keyframeInterval.words
        words[.bframes] = bframes.words
        words[.buffer] = buffer.words
        words[.encoderThreads] = encoderThreads.words
        words[.standby] = standby.words
        words[.plugin] = plugin
        words[.pluginIsolation] = pluginIsolation.words
    }
}

/// What concerns the destinations.
package struct DestinationFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Another server for the destination before it, for when that one is lost; may be repeated.",
            valueName: "url"))
    var or: [String] = []

    @Option(
        help: ArgumentHelp(
            "How one of several servers is chosen: priority, latency, weighted, round-robin, sticky.",
            valueName: "name"))
    var rule: String?

    @Flag(inversion: .prefixedNo, help: "Two servers of each destination get the stream at once.")
    var redundant: Bool?

    @Option(
        help: ArgumentHelp(
            "How far back a new connection may start so that nothing is missing; 0 prefers the live edge.",
            valueName: "time"))
    var backfill: String?

    @Option(
        help: ArgumentHelp(
            "A file that holds the stream key of a destination whose address ends after the application.",
            valueName: "file"))
    var streamKeyFile: [String] = []

    @Option(
        name: .customLong("tls-ca"),
        help: ArgumentHelp("Certificates (PEM) to trust besides the system's.", valueName: "file"))
    var tlsCA: String?

    package init() {}

    func write(to words: inout BroadcastWords) {
        words[.or] = or
        words[.rule] = rule.words
        words[.redundant] = redundant.words
        words[.backfill] = backfill.words
        words[.streamKeyFile] = streamKeyFile
        words[.tlsCA] = tlsCA.words
    }
}

/// How the broadcast goes.
package struct CourseFlags: ParsableArguments {
    @Option(help: ArgumentHelp("End after so long: 10, 1m30s, 00:01:30.", valueName: "time"))
    var duration: String?

    @Flag(inversion: .prefixedNo, help: "Not in real time: as fast as the encoder goes.")
    var fast: Bool?

    @Flag(inversion: .prefixedNo, help: "Tell events as JSON, one object a line, on standard output.")
    var json: Bool?

    package init() {}

    func write(to words: inout BroadcastWords) {
        words[.duration] = duration.words
        words[.fast] = fast.words
        words[.json] = json.words
    }
}

/// Who creates what, and where it is found.
package struct ModeFlags: ParsableArguments {
    @Option(help: ArgumentHelp("create, attach or selected; the next two flags imply theirs.", valueName: "mode"))
    var mode: String?

    @Option(help: ArgumentHelp("Hand the broadcast to the master that listens there.", valueName: "unix:path"))
    var attach: String?

    @Option(help: ArgumentHelp("The one child that the master creates: encoder or plugins.", valueName: "child"))
    var only: String?

    @Option(help: ArgumentHelp("Where this broadcast is reached by status and stop.", valueName: "unix:path"))
    var control: String?

    @Option(help: ArgumentHelp("The folder of the children's programs.", valueName: "folder"))
    var libexec: String?

    package init() {}

    func write(to words: inout BroadcastWords) {
        words[.mode] = mode.words
        words[.attach] = attach.words
        words[.only] = only.words
        words[.control] = control.words
        words[.libexec] = libexec.words
    }
}

extension String? {
    fileprivate var words: [String] { self.map { [$0] } ?? [] }
}

extension Bool? {
    fileprivate var words: [String] { self.map { [$0 ? "true" : "false"] } ?? [] }
}
