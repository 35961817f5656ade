package import ArgumentParser
import BulkheadLiveServer

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
        help: ArgumentHelp(
            "Where SIGUSR1 sends publishers: rtmp://HOST/APP, or a path such as /APP on this server.", valueName: "url")
    )
    var moveTo: String?

    @Flag(help: "Write one JSON object for each event instead of sentences.")
    var json = false

    package init() {}

    package func validate() throws {
        guard ListenAddress(listen) != nil else {
            throw ValidationError("--listen wants an address and a port, such as 127.0.0.1:1935 or [::1]:1935")
        }
        guard connectionLimit > 0 else { throw ValidationError("--max-connections wants a number above 0") }
        guard streamKeys.allSatisfy({ !$0.isEmpty }) else { throw ValidationError("--stream-key wants a name") }
    }

    package func run() async throws {
        guard let address = ListenAddress(listen) else { return }
        var options = LiveServerOptions()
        options.connectionLimit = connectionLimit
        options.streamKeys = streamKeys.isEmpty ? nil : Set(streamKeys)
        let log = ServeLog(isJSON: json, secretNames: options.streamKeys ?? [])
        // Before anybody can connect, so that no signal finds the default action.
        let interruptions = Interruptions(and: [SIGUSR1])
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
            guard signal == SIGUSR1 else { break }
            log.writeAsked(await server.askPublishersToReconnect(to: moveTo, text: "asked to by the server's operator"))
        }
        await server.stop()
        log.writeStopped()
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

/// Writes what happens, a line each, at once.
private struct ServeLog: Sendable {
    let isJSON: Bool
    /// Stream keys: written as their first two letters.
    let secretNames: Set<String>

    func writeReady(address: String, port: Int, key: String) {
        if isJSON {
            writeObject([("event", .text("ready")), ("address", .text("\(address)/live")), ("port", .number(port))])
        } else {
            writeLine("Ready: publish to \(address)/live with the stream key \(key), open \(address)/live/\(key)")
        }
    }

    func writeAsked(_ count: Int) {
        if isJSON {
            writeObject([("event", .text("reconnect-asked")), ("publishers", .number(count))])
        } else {
            writeLine("Asked \(count) publisher\(count == 1 ? "" : "s") to reconnect")
        }
    }

    func writeStopped() {
        if isJSON { writeObject([("event", .text("stopped"))]) } else { writeLine("Stopped") }
    }

    func writeError(_ text: String) {
        var line = text + "\n"
        line.withUTF8 { _ = systemWrite(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    @Sendable func write(_ event: LiveServerEvent) {
        let (name, stream, peer, values, sentence) = describe(event)
        if isJSON {
            let head: [(String, JSONField)] = [("event", .text(name)), ("peer", .text(peer))]
            writeObject(head + (stream.map { [("stream", .text($0))] } ?? []) + values)
        } else {
            writeLine(sentence)
        }
    }

    private typealias Description = (
        name: String, stream: String?, peer: String, values: [(String, JSONField)], sentence: String
    )

    private func describe(_ event: LiveServerEvent) -> Description {
        switch event {
        case .publishStarted(let stream, let peer):
            return ("publish-started", shown(stream), peer, [], "\(shown(stream)): \(peer) publishes")
        case .publishEnded(let stream, let peer, let summary):
            let values: [(String, JSONField)] = [
                ("reason", .text("\(summary.reason)")), ("video", .number(summary.videoMessageCount)),
                ("audio", .number(summary.audioMessageCount)), ("bytes", .number(summary.byteCount)),
            ]
            return (
                "publish-ended", shown(stream), peer, values,
                "\(shown(stream)): \(peer) no longer publishes, \(summary.reason.words), "
                    + "\(summary.videoMessageCount) pictures, \(summary.byteCount) bytes"
            )
        case .publishRefused(let stream, let peer, let reason):
            return (
                "publish-refused", shown(stream), peer, [("reason", .text("\(reason)"))],
                "\(shown(stream)): \(peer) may not publish, \(reason.words)"
            )
        case .playStarted(let stream, let peer):
            return ("play-started", shown(stream), peer, [], "\(shown(stream)): \(peer) plays")
        case .playEnded(let stream, let peer, let summary):
            let values: [(String, JSONField)] = [
                ("bytes", .number(summary.sentByteCount)), ("shed", .number(summary.shedMessageCount)),
            ]
            return (
                "play-ended", shown(stream), peer, values,
                "\(shown(stream)): \(peer) no longer plays, \(summary.sentByteCount) bytes"
                    + (summary.shedMessageCount > 0 ? ", \(summary.shedMessageCount) messages left out" : "")
            )
        case .connectionFailed(let peer, let reason):
            return ("connection-failed", nil, peer, [("reason", .text(reason))], "\(peer) was closed: \(reason)")
        case .connectionRefused(let peer):
            return ("connection-refused", nil, peer, [], "\(peer) was closed: too many connections")
        }
    }

    private func shown(_ stream: StreamName) -> String {
        guard secretNames.contains(stream.name) else { return stream.description }
        return "\(stream.app)/\(stream.name.prefix(2))…"
    }

    private enum JSONField {
        case text(String)
        case number(Int)
    }

    private func writeObject(_ fields: [(String, JSONField)]) {
        let members = fields.map { name, field in
            switch field {
            case .text(let text): "\"\(name)\":\"\(Self.escaped(text))\""
            case .number(let number): "\"\(name)\":\(number)"
            }
        }
        writeLine("{\(members.joined(separator: ","))}")
    }

    /// RFC 8259, section 7. Stream names come from the network.
    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { output, scalar in
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: output.unicodeScalars.append(scalar)
            }
        }
    }

    /// In one write, past the buffers of stdio, so that a reader of a pipe has it at once. Control characters, which
    /// only a peer can have brought in, are left out.
    private func writeLine(_ text: String) {
        var line = String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
        line += "\n"
        line.withUTF8 { _ = systemWrite(STDOUT_FILENO, $0.baseAddress, $0.count) }
    }
}

extension PublishSummary.Reason {
    fileprivate var words: String {
        switch self {
        case .unpublished: "ended by itself"
        case .disconnected: "the connection went"
        case .idle: "nothing came"
        case .overBitrate: "too much came"
        }
    }
}

extension PublishRefusalReason {
    fileprivate var words: String {
        switch self {
        case .alreadyPublishing: "another one publishes"
        case .unknownKey: "the stream key is unknown"
        case .tooManyStreams: "there are too many streams"
        }
    }
}

/// The system call, whose name the log's own methods hide.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
