package import ArgumentParser
import BulkheadChildren
import BulkheadModel
import BulkheadRTMP
import BulkheadSystem
import BulkheadWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

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
            """)

    @Option(help: "The address and port to listen on; port 0 chooses a free one.")
    var listen = "127.0.0.1:1935"

    @Option(name: .customLong("stream-key"), help: "A stream key that may be published. May be given several times.")
    var streamKeys: [String] = []

    @Option(name: .customLong("max-connections"), help: "The most publishers and players at a time.")
    var connectionLimit = 64

    @Option(
        name: .customLong("max-connections-per-address"),
        help: ArgumentHelp(
            "The most publishers and players from one address (default: half of --max-connections).",
            valueName: "number"))
    var addressConnectionLimit: Int?

    @Option(
        name: .customLong("publisher-timeout"),
        help: ArgumentHelp(
            "How long a publisher may send nothing before its stream is free for another.",
            valueName: "time"))
    var publisherTimeout = "10s"

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
        guard ListenAddress(listen) != nil else {
            throw ValidationError("--listen wants an address and a port, such as 127.0.0.1:1935 or [::1]:1935")
        }
        guard connectionLimit > 0 else { throw ValidationError("--max-connections wants a number above 0") }
        guard addressConnectionLimit.map({ $0 > 0 }) ?? true else {
            throw ValidationError("--max-connections-per-address wants a number above 0")
        }
        guard let timeout = TimeSpan(publisherTimeout), (1...3600).contains(timeout.seconds) else {
            throw ValidationError("--publisher-timeout wants a time from 1s to 1h")
        }
        guard acknowledgements.map({ AcknowledgementHabit(rawValue: $0) != nil }) ?? true else {
            let habits = AcknowledgementHabit.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--acknowledgements wants one of \(habits)")
        }
        guard (certificate == nil) == (certificateKey == nil) else {
            throw ValidationError("--tls-cert and --tls-key go together")
        }
        guard streamKeys.allSatisfy({ !$0.isEmpty }) else { throw ValidationError("--stream-key wants a name") }
    }

    package func run() throws {
        guard let address = ListenAddress(listen) else { return }
        var settings = OriginSettings()
        settings.host = address.host
        settings.port = address.port
        settings.streamKeys = streamKeys.isEmpty ? nil : streamKeys
        settings.connectionLimit = connectionLimit
        settings.addressConnectionLimit = addressConnectionLimit
        if let timeout = TimeSpan(publisherTimeout) { settings.publisherTimeout = timeout.seconds }
        settings.moveTo = moveTo
        settings.acknowledgements = acknowledgements
        settings.certificate = certificate
        settings.key = certificateKey
        settings.isJSON = json
        let path = Programs.find().path(of: Role.origin.executableName)
        let error = ProcessImage.become(
            path, arguments: ["serve", JSONLine.text(settings) ?? ""], ignoring: [SIGUSR1, SIGUSR2])
        throw BroadcastError(starting: "the live server (\(path))", error)
    }
}
