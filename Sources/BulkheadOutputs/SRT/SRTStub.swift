import BulkheadChildren
import BulkheadMedia
import BulkheadRTMPTransport
import BulkheadRoom
import BulkheadSRT
import BulkheadSystem
import BulkheadWire

/// The process of one SRT connection, on the reactor's thread.
final class SRTStub {
    let child: Child
    /// Whoever lets go of the connection lets go of the process.
    private weak var connection: SRTConnection?
    private let address: SRTAddress
    private var signs = SignsOfLife()
    private var ticker: Reactor.Token?
    private weak var context: RoomContext?
    private(set) var lastSign = MonotonicTime.now
    private(set) var isConnected = false
    /// It has told why it ends.
    private(set) var hasFailed = false
    /// It was told that nothing more comes, and ends by itself.
    private(set) var isLeaving = false
    private var isListening = false
    private var hasWorked = false
    /// Called with the first that the other side has.
    var onWorked: () -> Void = {}
    /// Called with the port at which it waits for a caller.
    var onListening: (UInt16) -> Void = { _ in }
    private let onEnd: (SRTStub, ChildEnd) -> Void

    init(
        _ child: Child, _ connection: SRTConnection, _ address: SRTAddress,
        onEnd: @escaping (SRTStub, ChildEnd) -> Void
    ) {
        self.child = child
        self.connection = connection
        self.address = address
        self.onEnd = onEnd
    }

    /// Begins.
    func open(_ origin: MediaTime, in context: RoomContext) {
        self.context = context
        child.onGreeted = { [weak self] in self?.greeted(origin) }
        child.onFrame = { [weak self] in self?.take($0) }
        // The child holds the stub until it has ended.
        child.onEnd = { self.ended($0) }
        do { try child.activate() } catch { child.dismiss("it could not be watched: \(error)") }
        tick()
    }

    private func greeted(_ origin: MediaTime) {
        signs.heard(at: .now)
        child.send(SRTRequest.open(SRTTask(address, origin: origin)))
    }

    /// One that says nothing is replaced.
    private func tick() {
        ticker = context?.schedule(after: .seconds(1)) { [weak self] in
            guard let self else { return }
            if let complaint = self.signs.complaint(at: .now) { self.child.dismiss(complaint) }
            self.connection?.timePassed()
            self.tick()
        }
    }

    private func take(_ frame: WireFrame) {
        lastSign = .now
        signs.heard(at: .now)
        do throws(WireError) {
            switch try SRTReply(frame) {
            case .waiting(let port):
                guard address.mode == .listener, !isListening else { return }
                isListening = true
                onListening(port)
            case .connected(let latency):
                isConnected = true
                connection?.connected(latencyMilliseconds: Int(latency))
            case .failed(let failure):
                hasFailed = true
                connection?.end(PublishError(failure, server: address, wasConnected: isConnected))
            case .report(let report):
                if report.safe != nil, !hasWorked {
                    hasWorked = true
                    onWorked()
                }
                connection?.take(report)
            }
        } catch { child.dismiss("it sent what can't be understood: \(error)") }
    }

    private func ended(_ end: ChildEnd) {
        if let ticker { context?.reactor.cancel(ticker) }
        ticker = nil
        connection?.end(
            .connectionLost(server: address.authority, .other("the process that sends to it has ended: \(end.cause)")))
        connection?.closed()
        onEnd(self, end)
    }

    func give(_ request: SRTRequest) {
        if case .finish = request { isLeaving = true }
        child.send(request)
    }

    /// Ends one that has no connection yet, at once and in silence: nobody has seen anything of it.
    func release() {
        hasFailed = true
        child.dismiss("no longer needed")
    }

    /// What an event says of where it waits.
    static func place(_ address: SRTAddress, port: UInt16) -> String {
        let host = address.host.isEmpty ? "0.0.0.0" : address.host
        return "srt://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}

extension SRTTask {
    fileprivate init(_ address: SRTAddress, origin: MediaTime) {
        self.init(
            listens: address.mode == .listener, host: address.host, port: UInt16(clamping: address.port),
            latencyMilliseconds: UInt32(clamping: address.latencyMilliseconds), passphrase: address.passphrase,
            keyByteCount: UInt8(clamping: address.keyByteCount), streamID: address.streamID,
            connectingMilliseconds: UInt32(clamping: address.connectingMilliseconds), origin: origin.nanoseconds)
    }
}

extension PublishError {
    fileprivate init(_ failure: SRTFailure, server address: SRTAddress, wasConnected: Bool) {
        let server = address.authority
        self =
            switch failure {
            case .name: .nameNotResolved(host: address.host)
            case .unreachable(let reason): .unreachable(server: server, reason: reason)
            case .timedOut:
                .timedOut(server: server, .connecting, after: .milliseconds(address.connectingMilliseconds))
            case .refused(let code):
                if let refusal = SRTRefusal(code: Int(code)) {
                    .srtRefused(server: server, refusal)
                } else {
                    .unreachable(server: server, reason: "SRT's handshake failed (\(code))")
                }
            case .lost(let reason): .connectionLost(server: server, .other(reason))
            case .unusable(let reason): .unreachable(server: server, reason: reason)
            }
    }
}
