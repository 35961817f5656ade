import ArgumentParser
import BulkheadMaster
package import BulkheadModel

/// The flags of `bulkhead broadcast`. Each has a key of the same name in a configuration file: ``BroadcastKey``.
///
/// They are words here, and get their meaning in ``BroadcastPlan``, so that a flag and a key are read by the same code.
package struct BroadcastOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "A file, a device (v4l2:/dev/video0, x11::0.0, alsa:default), a URL, color:NAME, title:WORDS, - or test.",
            discussion: """
                Several films are played one after the other. Of several inputs, the first with a picture gives the \
                picture, and the first with sound gives the sound, unless --layout or scenes show more of them. "test" is \
                a test picture with a clock and a tone; "-" is standard input; playlist:FOLDER plays its films, and with \
                ,shuffle=true in any order. Behind an input may stand ,name=NAME and ,audio=TRACK.
                """,
            valueName: "input"), completion: .file())
    var inputs: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Where the stream goes: rtmp://SERVER/APP/KEY, rtmps://…, file:OUT.flv.", valueName: "url"))
    var to: [String] = []

    @Option(
        help: ArgumentHelp("A YAML file with a key for each flag; flags win.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @OptionGroup(title: "INPUT")
    var inputFlags: InputFlags

    @OptionGroup(title: "ENCODING")
    var encodingFlags: EncodingFlags

    @OptionGroup(title: "DESTINATION")
    var destinationFlags: DestinationFlags

    @OptionGroup(title: "RECORDING")
    var recordingFlags: RecordingFlags

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
        inputFlags.collect(into: &words)
        encodingFlags.collect(into: &words)
        destinationFlags.collect(into: &words)
        recordingFlags.collect(into: &words)
        courseFlags.collect(into: &words)
        modeFlags.collect(into: &words)
        return words
    }

    /// What flags and configuration file say together.
    package func allWords() throws(BroadcastError) -> BroadcastWords {
        guard let config else { return words }
        return words.filled(
            from: try ConfigurationFile.words(at: config, named: ConfigurationFile.shownName(of: config)))
    }

    /// What flags and configuration file say together; of a file that can't be read why, and the flags alone.
    var readableWords: (words: BroadcastWords, unreadable: BroadcastError?) {
        do throws(BroadcastError) { return (try allWords(), nil) } catch { return (words, error) }
    }
}

/// What concerns the inputs.
package struct InputFlags: ParsableArguments {
    @OptionGroup
    var declared: DeclaredFlags<InputSection>

    @Option(
        help: ArgumentHelp(
            "The format of an input that can't be detected, once for each input (default: auto).", valueName: "name"))
    var inputFormat: [String] = []

    @Flag(inversion: .prefixedNo, help: "Play input files again and again (default: once).")
    var loop: Bool?

    @Option(
        help: ArgumentHelp(
            "An input that stands in for the first while that gives nothing: a file, an address, listen:…; may be repeated.",
            valueName: "input"), completion: .file())
    var backup: [String] = []

    @Option(
        help: ArgumentHelp(
            "When it stands in: no-data 1s, off-air 2s, fps < 80% for 3s, failures > 3 in 30s, black 5s, frozen 5s, "
                + "silence 10s, clipping 2s; may be repeated (default: no-data 1s).",
            valueName: "condition"))
    var backupWhen: [String] = []

    @Option(
        help: ArgumentHelp(
            "Whether the input is shown again once it could be: return, stay, best (default: return).",
            valueName: "policy"), completion: .list(["return", "stay", "best"]))
    var backupReturn: String?

    @Flag(inversion: .prefixedNo, help: "Open backups only once they are needed (default: with the broadcast).")
    var backupCold: Bool?

    @Option(
        help: ArgumentHelp("A picture, such as a PNG file, to show instead of the built-in slate.", valueName: "file"),
        completion: .file())
    var slate: String?

    @Option(
        help: ArgumentHelp("A PNG file, transparent or not, to show on the slate above its words.", valueName: "file"),
        completion: .file())
    var slateLogo: String?

    package init() {}
}

/// What the encoder is told.
package struct EncodingFlags: ParsableArguments {
    @OptionGroup
    var declared: DeclaredFlags<EncodingSection>

    @Option(
        help: ArgumentHelp(
            "A plugin for pictures or sound, with its parameters: frei0r:glow,blur=0.3, ladspa:1423, "
                + "./mine.so; `bulkhead plugin list` lists them.",
            valueName: "plugin[,name=value…]"))
    var plugin: [String] = []

    package init() {}
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
            valueName: "name"), completion: .list(["priority", "latency", "weighted", "round-robin", "sticky"]))
    var rule: String?

    @Flag(inversion: .prefixedNo, help: "Send the stream to two servers of each destination at once.")
    var redundant: Bool?

    @Flag(
        inversion: .prefixedNo,
        help: "Tell each destination's server what happens to recordings, as script data in the stream.")
    var scriptData: Bool?

    @Option(
        help: ArgumentHelp(
            "How far back a new connection may start so that nothing is missing; 0 starts with the newest keyframe "
                + "(default: 10s).",
            valueName: "time"))
    var backfill: String?

    @Option(
        help: ArgumentHelp(
            "Tell when what goes to a platform is out of its limits: \"bitrate > 6M for 10s, keyframes > 4s\" (default: off).",
            valueName: "conditions"))
    var linkWatch: String?

    @Option(
        help: ArgumentHelp(
            "A file that contains the stream key of a destination whose URL ends after the application.",
            valueName: "file"), completion: .file())
    var streamKeyFile: [String] = []

    @Option(
        name: .customLong("tls-ca"),
        help: ArgumentHelp("Certificates (PEM) to trust in addition to the system's.", valueName: "file"),
        completion: .file())
    var tlsCA: String?

    package init() {}
}

/// What is recorded.
package struct RecordingFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Record to a file as well: show-%Y%m%d-%H%M%S.mp4; may be repeated. A name that is taken is numbered.",
            valueName: "path"), completion: .file())
    var record: [String] = []

    @Option(
        help: ArgumentHelp(
            "After how long, or how many bytes, the next keyframe begins the next file: 1h, 2GB or 1h,2GB.",
            valueName: "limit"))
    var recordSegment: String?

    @Option(
        help: ArgumentHelp(
            "A folder on another disk to record to while the first one takes nothing.", valueName: "folder"),
        completion: .directory)
    var recordFallback: String?

    @Option(help: ArgumentHelp("From one report of size and duration to the next (default: 10s).", valueName: "time"))
    var recordReport: String?

    @Option(
        help: ArgumentHelp(
            "The free space below which nothing is recorded, such as 2GB or 5% (default: 500MB, or 1% where that is less).",
            valueName: "size"))
    var recordFloor: String?

    @Option(help: ArgumentHelp("Remove recordings of that name which are older: 30d.", valueName: "time"))
    var recordKeep: String?

    @Option(
        help: ArgumentHelp(
            "Remove the oldest recordings of that name where all of them are larger: 500GB.", valueName: "size"))
    var recordKeepSize: String?

    @Option(
        help: ArgumentHelp(
            "A library on this machine that takes in the recordings in MP4, such as http://127.0.0.1:8090; may be repeated.",
            valueName: "url"))
    var recordLibrary: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where replays go that are given no name (default: replay-%Y%m%d-%H%M%S.mp4).", valueName: "path"),
        completion: .file(extensions: ["mp4"]))
    var replayPath: String?

    package init() {}
}

/// How the broadcast goes.
package struct CourseFlags: ParsableArguments {
    @OptionGroup
    var declared: DeclaredFlags<CourseSection>

    @Option(
        help: ArgumentHelp(
            "Serve the program to players here, by RTMP and HTTP: at :8080, as live/main.mp4, live/main.flv and "
                + "live/main/index.m3u8.",
            valueName: "[address]:port"))
    var origin: String?

    @Option(
        help: ArgumentHelp(
            "A switch that runs as long as the broadcast: its configuration file, as of `bulkhead switch run`.",
            valueName: "file"), completion: .file(extensions: ["yml", "yaml"]))
    var `switch`: String?

    @Option(
        help: ArgumentHelp(
            "A control room that runs as long as the broadcast: a page, metrics and obs-websocket, as of `bulkhead control`.",
            valueName: "address:port"))
    var controlRoom: String?

    @Option(
        help: ArgumentHelp(
            "The file with the control room's password, of this user alone (default: one that it makes).",
            valueName: "file"), completion: .file())
    var controlRoomPassword: String?

    @Option(
        help: ArgumentHelp(
            "A file with another password, for those who may look at the control room and change nothing.",
            valueName: "file"), completion: .file())
    var controlRoomLookPassword: String?

    @Option(
        help: ArgumentHelp(
            "A certificate in PEM form: the control room speaks HTTPS alone. Read again when it changes.",
            valueName: "file"), completion: .file())
    var controlRoomTlsCert: String?

    @Option(
        help: ArgumentHelp("The private key of --control-room-tls-cert, in PEM form.", valueName: "file"),
        completion: .file())
    var controlRoomTlsKey: String?

    @Option(
        help: ArgumentHelp(
            "An authority's certificate in PEM form: who shows one of its certificates comes into the control room without a password.",
            valueName: "file"), completion: .file())
    var controlRoomClientCa: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Let those who steer in the control room kill and freeze processes of the broadcast, as drills.")
    var controlRoomDrills: Bool?

    @Option(
        help: ArgumentHelp(
            "A certificate in PEM form: the port of --origin then takes TLS too (https, rtmps). Read again when it changes.",
            valueName: "file"), completion: .file())
    var originTlsCert: String?

    @Option(
        help: ArgumentHelp("The private key of --origin-tls-cert, in PEM form.", valueName: "file"),
        completion: .file())
    var originTlsKey: String?

    @Option(
        help: ArgumentHelp(
            "An address of HTTP that is told of trouble as it happens, with level=, events=, name=, secret-file=, for=, repeat=, "
                + "rate= and summary= behind it.",
            valueName: "url[,key=value…]"))
    var notify: [String] = []

    @Option(
        help: ArgumentHelp(
            "A command that is run for trouble as it happens, with the event as JSON on its standard input and in BULKHEAD_… of its "
                + "environment; level=, events=, name=, timeout=, for=, repeat=, rate= and summary= may stand behind it.",
            valueName: "command[,key=value…]"))
    var onEvent: [String] = []

    @Option(
        help: ArgumentHelp(
            "A file that gets a line for each event, with level=, events=, name=, size=, keep= and summary= behind it.",
            valueName: "file[,key=value…]"), completion: .file())
    var logFile: [String] = []

    @Option(
        help: ArgumentHelp(
            "A chat whose comments come into the room: ircs://HOST/CHANNEL, twitch:CHANNEL, douyu:ROOM, "
                + "bilibili:APPLICATION, youtube:VIDEO, lines:HOST:PORT, with name=, nick=, account=, password-file=, or=HOST:PORT and tls-ca= behind it; may be repeated.",
            valueName: "address[,key=value…]"))
    var chat: [String] = []

    @Option(
        help: ArgumentHelp(
            "The live room: title, notice and comments are kept under this name, and come back by it.",
            valueName: "name"))
    var room: String?

    @Option(
        help: ArgumentHelp(
            "Keep the broadcast under this name, so that it can be resumed after a crash or a reboot.",
            valueName: "name"))
    var name: String?

    @Option(
        help: ArgumentHelp(
            "Go on with the broadcast of this name where it was interrupted; needs no other settings.",
            valueName: "name"), completion: Completion.resumable)
    var resume: String?

    @Flag(
        inversion: .prefixedNo,
        help: "With --name: go on where the broadcast of that name was interrupted; begin it where it was not.")
    var resumeIfInterrupted: Bool?

    @Option(
        help: ArgumentHelp(
            "What becomes of the timeline of a broadcast that is resumed: continue or fresh (default: continue).",
            valueName: "word"), completion: .list(["continue", "fresh"]))
    var resumeTimeline: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Have the metadata of each stream say the room's title, category, notice and what is pinned.")
    var roomMetadata: Bool?

    @Flag(inversion: .prefixedNo, help: "Write events as JSON, one object a line, to standard output.")
    var json: Bool?

    package init() {}
}

/// Who creates what, and where it is found.
package struct ModeFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "create, attach or selected (default: create; --attach and --only imply theirs).", valueName: "mode"),
        completion: .list(["create", "attach", "selected"]))
    var mode: String?

    @Option(
        help: ArgumentHelp("Hand the broadcast to the master that listens at this socket.", valueName: "unix:path"),
        completion: Completion.masters)
    var attach: String?

    @Option(
        help: ArgumentHelp("The one child that the master creates: encoder or plugins.", valueName: "child"),
        completion: .list(["encoder", "plugins"]))
    var only: [String] = []

    @Option(
        help: ArgumentHelp(
            "The socket at which status, set, stop and others reach this broadcast.", valueName: "unix:path"))
    var control: String?

    @Option(
        help: ArgumentHelp(
            "A group whose members may look: at the socket of --control with .look at its end.", valueName: "group"))
    var controlLook: String?

    @Option(
        help: ArgumentHelp(
            "A group whose members may steer: at the socket of --control with .steer at its end.", valueName: "group"))
    var controlSteer: String?

    @Option(help: ArgumentHelp("The folder of the child programs.", valueName: "folder"), completion: .directory)
    var libexec: String?

    package init() {}
}

// MARK: flags and their keys

extension ParsableArguments {
    /// Writes the value of every flag under the key with its name.
    func collect(into words: inout BroadcastWords) {
        for child in Mirror(reflecting: self).children {
            if let group = child.value as? any WordGroup { group.collect(into: &words) }
            guard let flag = child.value as? any KeyedFlag, let label = child.label else { continue }
            guard let key = BroadcastKey(property: label) else { continue }
            words[key] = flag.words
        }
    }
}

/// A flag whose value is words.
private protocol KeyedFlag {
    var words: [String] { get }
}

extension Option: KeyedFlag {
    fileprivate var words: [String] { flagWords(wrappedValue) }
}

extension Flag: KeyedFlag {
    fileprivate var words: [String] { flagWords(wrappedValue) }
}

/// Flags that write their words themselves.
private protocol WordGroup {
    func collect(into words: inout BroadcastWords)
}

extension OptionGroup: WordGroup where Value: DeclaredFlagGroup {
    fileprivate func collect(into words: inout BroadcastWords) { wrappedValue.collect(into: &words) }
}

/// A flag's value in words; none where it was not given.
private func flagWords(_ value: Any) -> [String] {
    switch value {
    case let list as [String]: list
    case let text as String: [text]
    case let isOn as Bool: [isOn ? "true" : "false"]
    default: []
    }
}

extension BroadcastKey {
    /// The key of the property `_keyframeInterval`: `keyframe-interval`. Nil where no key has that name.
    fileprivate init?(property: String) {
        var name = ""
        for character in property.drop(while: { $0 == "_" }) {
            let isFirstOfWord = character.isUppercase && !(name.last?.isUppercase ?? true)
            name += isFirstOfWord ? "-" + String(character) : String(character)
        }
        self.init(rawValue: name.lowercased())
    }
}
