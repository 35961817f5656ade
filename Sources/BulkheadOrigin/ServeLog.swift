import BulkheadEvents
import BulkheadLiveServer
import BulkheadModel
import BulkheadSystem
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Writes what happens, a line each, at once. A reader who stands still holds the server up in nothing: a thread of its own
/// writes, and lines that it can't take any more are left out.
struct ServeLog: Sendable {
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

    func writeReady(_ server: LiveServer, key: String) {
        let address = server.address
        if isJSON { return write(.ready(address: "\(address)/live", port: server.port)) }
        writeLine("Ready: publish to \(address)/live with the stream key \(key), open \(address)/live/\(key)")
        let http = server.httpAddress
        writeLine("Watch in a browser: \(http)/")
        writeLine("Over HTTP: \(http)/live/\(key).mp4, \(http)/live/\(key).flv, \(http)/live/\(key)/index.m3u8")
    }

    func writeError(_ text: String) {
        var line = text + "\n"
        line.withUTF8 { _ = systemWrite(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    @Sendable func write(_ event: LiveServerEvent) { write(happening(event)) }

    func write(_ happening: ServerHappening) {
        if isJSON {
            let event = Event(.server, .server(happening), time: EventLog.wallClock())
            return writeLine(JSONLine.text(event) ?? "")
        }
        writeLine(ServerSentence.text(happening))
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
            .publishRefused(stream: shown(stream), peer: peer, cause: PeerRefusalCause(reason))
        case .playStarted(let stream, let peer): .playStarted(stream: shown(stream), peer: peer)
        case .playRefused(let stream, let peer, let reason):
            .playRefused(stream: shown(stream), peer: peer, cause: PeerRefusalCause(reason))
        case .secretsRead(_, let problem): problem.map { .secretsUnusable(text: $0) } ?? .secretsRead
        case .hookFailed(let text): .hookFailed(text: text)
        case .relay(let stream, let direction, let server, let news):
            happening(shown(stream), direction, server, news)
        case .playEnded(let stream, let peer, let summary):
            .playEnded(
                stream: shown(stream), peer: peer, bytes: summary.sentByteCount, shed: summary.shedMessageCount)
        case .connectionFailed(let peer, let reason): .connectionFailed(peer: peer, text: reason)
        case .connectionRefused(let peer, let reason):
            .connectionRefused(peer: peer, cause: ConnectionRefusalCause(reason))
        case .acceptingPaused(let reason): .acceptingPaused(text: reason)
        case .certificateRead(let problem):
            problem.map { .certificateUnusable(text: $0) } ?? .certificateRead
        case .eventsLeftOut(let count): .eventsLeftOut(events: count)
        }
    }

    private func happening(
        _ stream: String, _ direction: RelayDirection, _ server: String, _ news: RelayNews
    ) -> ServerHappening {
        switch (direction, news) {
        case (.pull, .started): .pullStarted(stream: stream, server: server)
        case (.pull, .ended(let text)): .pullEnded(stream: stream, server: server, text: text)
        case (.pull, .failed(let text)): .pullFailed(stream: stream, server: server, text: text)
        case (.push, .started): .pushStarted(stream: stream, server: server)
        case (.push, .ended(let text)): .pushEnded(stream: stream, server: server, text: text)
        case (.push, .failed(let text)): .pushFailed(stream: stream, server: server, text: text)
        }
    }

    private func shown(_ stream: StreamName) -> String {
        guard !secretNames.isEmpty else { return stream.description }
        return "\(stream.app)/\(stream.name.prefix(2))…"
    }

    private static func clean(_ line: String) -> String {
        String(
            String.UnicodeScalarView(
                line.unicodeScalars.map { scalar in
                    scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) ? " " : scalar
                }))
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
            var line = Self.clean(text) + "\n"
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
            case .tooOften: .tooOften
            }
    }
}

extension PeerRefusalCause {
    fileprivate init(_ reason: RefusalReason) {
        self =
            switch reason {
            case .alreadyPublishing: .alreadyPublishing
            case .unknownKey: .unknownKey
            case .tooManyStreams: .tooManyStreams
            case .noToken: .noToken
            case .expiredToken: .expiredToken
            case .wrongToken: .wrongToken
            case .refusedByHook: .refusedByHook
            case .hookSilent: .hookSilent
            case .tooOften: .tooOften
            case .tooManyPlayers: .tooManyPlayers
            case .tooManyPlayersOfStream: .tooManyPlayersOfStream
            case .noBandwidth: .noBandwidth
            case .loop: .loop
            }
    }
}

/// The system call, whose name the log's own methods hide.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
