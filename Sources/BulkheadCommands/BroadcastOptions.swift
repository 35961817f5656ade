import ArgumentParser
import BulkheadMaster
package import BulkheadModel

/// The flags of `bulkhead broadcast`. Each has a key of the same name in a configuration file: ``BroadcastKey``.
///
/// They are words here, and get their meaning in ``BroadcastPlan``, so that a flag and a key are read by the same code.
package struct BroadcastOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "A file, a device (v4l2:/dev/video0, x11::0.0, alsa:default), a URL, - or test.",
            discussion: """
                Of several inputs, the first with a picture gives the picture, and the first with sound gives the sound. \
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
            "The format of an input that can't be detected, once for each input (default: auto).", valueName: "name"))
    var inputFormat: [String] = []

    @Flag(inversion: .prefixedNo, help: "Play input files again and again (default: once).")
    var loop: Bool?

    @Option(
        help: ArgumentHelp(
            "How long an input may give no picture before the slate is shown (default: 3s).", valueName: "time"))
    var slateAfter: String?

    @Option(
        help: ArgumentHelp("A picture, such as a PNG file, to show instead of the built-in slate.", valueName: "file"))
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
    @Option(help: ArgumentHelp("The size of the picture: 1920x1080, 720p (default: 1280x720).", valueName: "size"))
    var size: String?

    @Option(help: ArgumentHelp("Frames a second: 25, 29.97, 30000/1001 (default: 30).", valueName: "rate"))
    var fps: String?

    @Option(help: ArgumentHelp("The video bitrate: 2500k, 6M (default: 2500k).", valueName: "rate"))
    var videoBitrate: String?

    @Option(
        help: ArgumentHelp(
            "The lowest video bitrate when bandwidth drops (default: a quarter of the video bitrate).",
            valueName: "rate"))
    var minBitrate: String?

    @Option(
        help: ArgumentHelp(
            "Which destinations lower the bitrate when they can't keep up: slowest (any), main (the first), none "
                + "(default: slowest).",
            valueName: "name"))
    var congestion: String?

    @Option(help: ArgumentHelp("The audio bitrate: 96k, 160k (default: 128k).", valueName: "rate"))
    var audioBitrate: String?

    @Option(help: ArgumentHelp("x264's preset, ultrafast to placebo (default: veryfast).", valueName: "name"))
    var preset: String?

    @Option(
        help: ArgumentHelp(
            "x264's tuning: zerolatency, film, animation, …, none (default: zerolatency).", valueName: "name"))
    var tune: String?

    @Option(help: ArgumentHelp("H.264's profile: baseline, main or high (default: high).", valueName: "name"))
    var profile: String?

    @Option(help: ArgumentHelp("Seconds from one keyframe to the next (default: 2).", valueName: "time"))
    var keyframeInterval: String?

    @Option(
        help: ArgumentHelp("The most consecutive B-frames (default: chosen by preset and tuning).", valueName: "count"))
    var bframes: String?

    @Option(
        help: ArgumentHelp(
            "The VBV buffer in milliseconds of the bitrate; 0 turns it off (default: 1000).", valueName: "ms"))
    var buffer: String?

    @Option(
        help: ArgumentHelp("How many threads the encoder uses; 0 lets x264 choose (default: 0).", valueName: "count"))
    var encoderThreads: String?

    @Option(
        help: ArgumentHelp(
            "A second encoder that takes over: warm (open, waiting), hot (encoding the same frames), off (default: warm; "
                + "with --fast off).",
            valueName: "way"))
    var standby: String?

    @Option(
        help: ArgumentHelp(
            "A plugin for pictures or sound, with its parameters: frei0r:glow,blur=0.3, ladspa:1423, "
                + "./mine.so; `bulkhead plugin list` lists them.",
            valueName: "plugin[,name=value…]"))
    var plugin: [String] = []

    @Option(
        help: ArgumentHelp(
            "Processes for plugins: all (one for all plugins) or each (one for each; default: all).", valueName: "way"))
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
            "Another server for the preceding destination, used if that one is lost; may be repeated.",
            valueName: "url"))
    var or: [String] = []

    @Option(
        help: ArgumentHelp(
            "How a server is chosen: priority, latency, weighted, round-robin, sticky (default: priority).",
            valueName: "name"))
    var rule: String?

    @Flag(inversion: .prefixedNo, help: "Send the stream to two servers of each destination at once.")
    var redundant: Bool?

    @Option(
        help: ArgumentHelp(
            "How far back a new connection may start so that nothing is missing; 0 starts with the newest keyframe "
                + "(default: 10s).",
            valueName: "time"))
    var backfill: String?

    @Option(
        help: ArgumentHelp(
            "A file that contains the stream key of a destination whose URL ends after the application.",
            valueName: "file"))
    var streamKeyFile: [String] = []

    @Option(
        name: .customLong("tls-ca"),
        help: ArgumentHelp("Certificates (PEM) to trust in addition to the system's.", valueName: "file"))
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
    @Option(help: ArgumentHelp("End after this time: 10, 1m30s, 00:01:30.", valueName: "time"))
    var duration: String?

    @Flag(inversion: .prefixedNo, help: "Run as fast as the encoder goes, not in real time.")
    var fast: Bool?

    @Flag(inversion: .prefixedNo, help: "Write events as JSON, one object a line, to standard output.")
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
    @Option(
        help: ArgumentHelp(
            "create, attach or selected (default: create; --attach and --only imply theirs).", valueName: "mode"))
    var mode: String?

    @Option(help: ArgumentHelp("Hand the broadcast to the master that listens at this socket.", valueName: "unix:path"))
    var attach: String?

    @Option(help: ArgumentHelp("The one child that the master creates: encoder or plugins.", valueName: "child"))
    var only: String?

    @Option(
        help: ArgumentHelp(
            "The socket at which status, set, stop and others reach this broadcast.", valueName: "unix:path"))
    var control: String?

    @Option(help: ArgumentHelp("The folder of the child programs.", valueName: "folder"))
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
