package import ArgumentParser
import BulkheadChildren
import BulkheadModel
import BulkheadRTMP
import BulkheadSystem
import BulkheadWire
import Glibc

/// `bulkhead serve`: a live server for demonstrations and tests, and for a small house of its own. The command reads what is
/// wished for, and becomes the program `bulkhead-origin`.
package struct ServeCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Receive streams by RTMP and serve them to players, by RTMP and HTTP.",
        discussion: """
            Publish to the address that is printed, with any stream key, or with those of --stream-key only; open \
            address and key with any RTMP player. The same port speaks HTTP: / is a page to watch \
            streams on in a browser, /live/KEY.mp4 and /live/KEY.flv are the \
            stream in one response, /live/KEY/index.m3u8 is HLS with low latency, /status lists the streams. Ends with \
            Control-C. SIGUSR1 asks all publishers to go on elsewhere \
            (Enhanced RTMP's reconnect request), as before maintenance: to --move-to, or here with another connection.

            Streams may come from other servers, and go to others, and other servers may be asked who may do what: \
            docs/server.md has an example.
            """,
        subcommands: [ServeTokenCommand.self])

    @Option(
        help: ArgumentHelp("All of this, and more, as YAML; what is given beside it holds.", valueName: "file"),
        completion: .file(extensions: ["yml", "yaml"]))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "The address and port to listen on; port 0 chooses a free one (default: 127.0.0.1:1935).",
            valueName: "listen"))
    var listen: String?

    @Option(name: .customLong("stream-key"), help: "A stream key that may be published. May be given several times.")
    var streamKeys: [String] = []

    @Option(
        name: .customLong("max-connections"),
        help: ArgumentHelp("The most publishers and players at a time (default: 64).", valueName: "number"))
    var connectionLimit: Int?

    @Option(
        name: .customLong("max-connections-per-address"),
        help: ArgumentHelp(
            "The most publishers and players from one address (default: half of --max-connections).",
            valueName: "number"))
    var addressConnectionLimit: Int?

    @Option(
        name: .customLong("publisher-timeout"),
        help: ArgumentHelp(
            "How long a publisher may send nothing before its stream is free for another (default: 10s).",
            valueName: "time"))
    var publisherTimeout: String?

    @Option(
        name: .customLong("publisher-grace"),
        help: ArgumentHelp(
            "How long players are kept when a publisher disappears without a goodbye (default: 10s).", valueName: "time"
        ))
    var publisherGrace: String?

    @Flag(help: "Keep players for --publisher-grace also when a publisher says goodbye, as a switch needs it.")
    var holdPlayers = false

    @Option(
        name: .customLong("pull"),
        help: ArgumentHelp(
            "A stream that comes from another server: rtmp://HOST/APP/NAME or http://HOST/APP/NAME.flv, and [,name=APP/NAME][,backup=URL][,on-demand][,linger=10s].",
            valueName: "url"))
    var pulls: [String] = []

    @Option(
        name: .customLong("push"),
        help: ArgumentHelp(
            "A server that streams go to, each under its own name: rtmp://HOST/APP; or one: rtmp://HOST/APP/NAME,name=APP/NAME.",
            valueName: "url"))
    var pushes: [String] = []

    @Option(
        name: .customLong("hook"),
        help: ArgumentHelp(
            "Whom it asks, as nginx-rtmp does: on_publish, on_play, on_publish_done, on_play_done or on_update, =URL.",
            valueName: "call=url"))
    var hooks: [String] = []

    @Option(help: ArgumentHelp("Publishers need a token made with a secret of this file.", valueName: "file"))
    var publishSecretFile: String?

    @Option(help: ArgumentHelp("Players need a token made with a secret of this file.", valueName: "file"))
    var playSecretFile: String?

    @Option(
        help: ArgumentHelp(
            "What programs have to say to use /api (without it, only this machine's may).", valueName: "file"))
    var apiTokenFile: String?

    @Option(help: ArgumentHelp("The most players at a time.", valueName: "number"))
    var maxPlayers: Int?

    @Option(help: ArgumentHelp("The most players of one stream at a time.", valueName: "number"))
    var maxPlayersPerStream: Int?

    @Option(help: ArgumentHelp("What players may be given together, such as 500M.", valueName: "bitrate"))
    var maxBandwidth: String?

    @Option(
        help: ArgumentHelp(
            "Where SIGUSR1 sends publishers: rtmp://HOST/APP, or a path such as /APP on this server.", valueName: "url")
    )
    var moveTo: String?

    @Option(
        name: .customLong("tls-cert"),
        help: ArgumentHelp(
            "A certificate in PEM form: the port then takes TLS too (rtmps, https). Read again when it changes.",
            valueName: "file"))
    var certificate: String?

    @Option(
        name: .customLong("tls-key"),
        help: ArgumentHelp("The private key of --tls-cert, in PEM form.", valueName: "file"))
    var certificateKey: String?

    /// What a drill asks of its own server.
    @Option(help: .hidden)
    var acknowledgements: String?

    @Flag(help: "Write one JSON object for each event instead of sentences.")
    var json = false

    package init() {}

    package func validate() throws {
        guard listen.map({ ListenAddress($0) != nil }) ?? true else {
            throw ValidationError("--listen wants an address and a port, such as 127.0.0.1:1935 or [::1]:1935")
        }
        let counts = [
            ("max-connections", connectionLimit), ("max-connections-per-address", addressConnectionLimit),
            ("max-players", maxPlayers), ("max-players-per-stream", maxPlayersPerStream),
        ]
        for (name, count) in counts where count.map({ $0 <= 0 }) ?? false {
            throw ValidationError("--\(name) wants a number above 0")
        }
        guard publisherTimeout.map({ ServeFile.timeouts.contains(TimeSpan($0)?.seconds ?? 0) }) ?? true else {
            throw ValidationError("--publisher-timeout wants a time from 1s to 1h")
        }
        guard publisherGrace.map({ TimeSpan($0).map { ServeFile.graces.contains($0.seconds) } ?? false }) ?? true else {
            throw ValidationError("--publisher-grace wants a time from 0s to 1h")
        }
        guard acknowledgements.map({ AcknowledgementHabit(rawValue: $0) != nil }) ?? true else {
            let habits = AcknowledgementHabit.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--acknowledgements wants one of \(habits)")
        }
        guard (certificate == nil) == (certificateKey == nil) else {
            throw ValidationError("--tls-cert and --tls-key go together")
        }
        guard streamKeys.allSatisfy({ !$0.isEmpty }) else { throw ValidationError("--stream-key wants a name") }
        guard maxBandwidth.map({ BitRate($0) != nil }) ?? true else {
            throw ValidationError("--max-bandwidth wants a bitrate, such as 500M")
        }
        do throws(BroadcastError) {
            for word in pulls { _ = try RelayWords.pull(word) }
            for word in pushes { _ = try RelayWords.push(word) }
            for word in hooks { _ = try RelayWords.hook(word) }
        } catch { throw ValidationError("\(error.problem): \(error.advice)") }
    }

    package func run() throws {
        let settings = try settings()
        let path = Programs.find().path(of: Role.origin.executableName)
        // Not as an argument, which every user of the machine can read: there may be keys in it.
        guard let text = JSONLine.text(settings), let descriptor = Self.pipe(holding: Array(text.utf8)) else {
            throw BroadcastError(
                .internal, "the settings can't be handed to the live server", advice: "make them fewer")
        }
        let error = ProcessImage.become(path, arguments: ["serve", "fd:\(descriptor)"], ignoring: [SIGUSR1, SIGUSR2])
        throw BroadcastError(starting: "the live server (\(path))", error)
    }

    /// What the file says, and on top of it what was given.
    func settings() throws(BroadcastError) -> OriginSettings {
        var settings = OriginSettings()
        if let config { settings = try ServeFile.settings(at: config) }
        if let address = listen.flatMap({ ListenAddress($0) }) {
            (settings.host, settings.port) = (address.host, address.port)
        }
        if !streamKeys.isEmpty { settings.streamKeys = streamKeys }
        if let connectionLimit { settings.connectionLimit = connectionLimit }
        if let addressConnectionLimit { settings.addressConnectionLimit = addressConnectionLimit }
        if let timeout = publisherTimeout.flatMap({ TimeSpan($0) }) { settings.publisherTimeout = timeout.seconds }
        if let grace = publisherGrace.flatMap({ TimeSpan($0) }) { settings.publisherGrace = grace.seconds }
        if holdPlayers { settings.holdsPlayers = true }
        if let moveTo { settings.moveTo = moveTo }
        settings.acknowledgements = acknowledgements
        if let certificate, let certificateKey {
            (settings.certificate, settings.key) = (certificate, certificateKey)
        }
        settings.isJSON = json
        for word in pulls { settings.pulls.append(try RelayWords.pull(word)) }
        for word in pushes { settings.pushes.append(try RelayWords.push(word)) }
        for word in hooks {
            let (call, url) = try RelayWords.hook(word)
            settings.hooks = settings.hooks ?? OriginHooks()
            settings.hooks?.addresses[call.rawValue] = url
        }
        if let publishSecretFile { settings.publishSecretFile = publishSecretFile }
        if let playSecretFile { settings.playSecretFile = playSecretFile }
        if let apiTokenFile { settings.interfaceTokenFile = apiTokenFile }
        if let maxPlayers { settings.limits.players = maxPlayers }
        if let maxPlayersPerStream { settings.limits.playersPerStream = maxPlayersPerStream }
        if let rate = maxBandwidth.flatMap({ BitRate($0) }) { settings.limits.bitsPerSecond = Int(rate.bitsPerSecond) }
        return settings
    }

    /// The end of a pipe that holds `bytes` and nothing more; nil where it does not take them.
    private static func pipe(holding bytes: [UInt8]) -> CInt? {
        var ends: [CInt] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { return nil }
        defer { close(ends[1]) }
        // F_SETPIPE_SZ, which Glibc's module does not give to Swift.
        if bytes.count > 65_536, fcntl(ends[1], 1031, CInt(clamping: bytes.count)) < 0 { return nil }
        return write(ends[1], bytes, bytes.count) == bytes.count ? ends[0] : nil
    }
}
