package import ArgumentParser
import BulkheadEvents
import BulkheadLiveServer
import BulkheadModel
import BulkheadRTMP
import BulkheadSystem
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// `bulkhead serve`: an RTMP server for demonstrations and tests, and for a small house of its own.
package struct ServeCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Receive streams by RTMP and serve them to RTMP players.",
        discussion: """
            Publish to the address that is printed, with any stream key, or with those of --stream-key only; open \
            address and key with any RTMP player. Ends with Control-C. SIGUSR1 asks all publishers to go on elsewhere \
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
        guard streamKeys.allSatisfy({ !$0.isEmpty }) else { throw ValidationError("--stream-key wants a name") }
    }

    package func run() async throws {
        guard let address = ListenAddress(listen) else { return }
        var options = LiveServerOptions()
        options.connectionLimit = connectionLimit
        options.addressConnectionLimit = addressConnectionLimit
        if let timeout = TimeSpan(publisherTimeout) {
            options.publisherIdleTimeout = .nanoseconds(Int64(timeout.seconds * 1e9))
        }
        options.streamKeys = streamKeys.isEmpty ? nil : Set(streamKeys)
        let log = ServeLog(isJSON: json, secretNames: options.streamKeys ?? [])
        // Before anybody can connect, so that no signal finds the default action.
        let habit = acknowledgements.flatMap(AcknowledgementHabit.init(rawValue:))
        let interruptions = Interruptions(and: habit == nil ? [SIGUSR1] : [SIGUSR1, SIGUSR2])
        let server: LiveServer
        do {
            server = try await LiveServer.start(
                host: address.host, port: address.port, options: options, onEvent: log.write)
        } catch {
            log.writeError("bulkhead serve: \(error)")
            throw ExitCode.failure
        }
        log.writeReady(address: server.address, port: server.port, key: streamKeys.isEmpty ? "KEY" : "<stream key>")
        for await signal in interruptions.signals {
            if signal == SIGUSR2, let habit {
                await server.acknowledge(as: habit)
                continue
            }
            guard signal == SIGUSR1 else { break }
            let count = await server.askPublishersToReconnect(to: moveTo, text: "asked to by the server's operator")
            log.write(.reconnectRequested(publishers: count))
        }
        await server.stop()
        log.write(.stopped)
        log.flush()
    }
}

/// "127.0.0.1:1935", "[::1]:1935" or a name with a port.
struct ListenAddress: Hashable {
    let host: String
    let port: Int

    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.first == "[", host.last == "]" {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
    }
}

/// Writes what happens, a line each, at once. A reader who stands still holds the server up in nothing: a thread of its own
/// writes, and lines that it can't take any more are left out.
private struct ServeLog: Sendable {
    let isJSON: Bool
    /// Stream keys: where there are any, names are written as their first two letters, as a mistyped one tells much of it.
    let secretNames: Set<String>
    private let thread = SerialThread()
    private let waiting = LineCount()

    init(isJSON: Bool, secretNames: Set<String>) {
        self.isJSON = isJSON
        self.secretNames = secretNames
    }

    /// Lines that are handed over and not yet written.
    private final class LineCount: Sendable {
        static let most = 1000
        let count = Mutex(0)
    }

    /// Waits until everything has been written, for a second at most.
    func flush() { thread.drain(within: .seconds(1)) }

    func writeReady(address: String, port: Int, key: String) {
        if isJSON { return write(.ready(address: "\(address)/live", port: port)) }
        writeLine("Ready: publish to \(address)/live with the stream key \(key), open \(address)/live/\(key)")
    }

    func writeError(_ text: String) {
        var line = text + "\n"
        line.withUTF8 { _ = systemWrite(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    @Sendable func write(_ event: LiveServerEvent) { write(happening(event)) }

    func write(_ happening: ServerHappening) {
        let event = Event(.server, .server(happening), time: EventLog.wallClock())
        if isJSON { return writeLine(JSONLine.text(event) ?? "") }
        writeLine(EventSentence.text(event.happening, of: event.part))
    }

    private func happening(_ event: LiveServerEvent) -> ServerHappening {
        switch event {
        case .publishStarted(let stream, let peer): .publishStarted(stream: shown(stream), peer: peer)
        case .publishEnded(let stream, let peer, let summary):
            .publishEnded(
                stream: shown(stream), peer: peer, cause: PublishEndCause(summary.reason),
                videoMessages: summary.videoMessageCount, audioMessages: summary.audioMessageCount,
                bytes: summary.byteCount)
        case .publishRefused(let stream, let peer, let reason):
            .publishRefused(stream: shown(stream), peer: peer, cause: PublishRefusalCause(reason))
        case .playStarted(let stream, let peer): .playStarted(stream: shown(stream), peer: peer)
        case .playEnded(let stream, let peer, let summary):
            .playEnded(
                stream: shown(stream), peer: peer, bytes: summary.sentByteCount, shed: summary.shedMessageCount)
        case .connectionFailed(let peer, let reason): .connectionFailed(peer: peer, text: reason)
        case .connectionRefused(let peer, let reason):
            .connectionRefused(peer: peer, cause: ConnectionRefusalCause(reason))
        case .acceptingPaused(let reason): .acceptingPaused(text: reason)
        case .eventsLeftOut(let count): .eventsLeftOut(events: count)
        }
    }

    private func shown(_ stream: StreamName) -> String {
        guard !secretNames.isEmpty else { return stream.description }
        return "\(stream.app)/\(stream.name.prefix(2))…"
    }

    /// In one write, past the buffers of stdio, so that a reader of a pipe has it at once. Control characters, which
    /// only a peer can have brought in, are blotted out.
    private func writeLine(_ text: String) {
        let isTaken = waiting.count.withLock { count in
            guard count < LineCount.most else { return false }
            count += 1
            return true
        }
        guard isTaken else { return }
        thread.run { [waiting] in
            var line = EventLine.clean(text) + "\n"
            line.withUTF8 { _ = systemWrite(STDOUT_FILENO, $0.baseAddress, $0.count) }
            waiting.count.withLock { $0 -= 1 }
        }
    }
}

extension PublishEndCause {
    fileprivate init(_ reason: PublishSummary.Reason) {
        self =
            switch reason {
            case .unpublished: .unpublished
            case .disconnected: .disconnected
            case .idle: .idle
            case .overBitrate: .overBitrate
            }
    }
}

extension ConnectionRefusalCause {
    fileprivate init(_ reason: ConnectionRefusalReason) {
        self =
            switch reason {
            case .tooManyConnections: .tooManyConnections
            case .tooManyOfAddress: .tooManyOfAddress
            case .tooManyFailures: .tooManyFailures
            }
    }
}

extension PublishRefusalCause {
    fileprivate init(_ reason: PublishRefusalReason) {
        self =
            switch reason {
            case .alreadyPublishing: .alreadyPublishing
            case .unknownKey: .unknownKey
            case .tooManyStreams: .tooManyStreams
            }
    }
}

/// The system call, whose name the log's own methods hide.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
