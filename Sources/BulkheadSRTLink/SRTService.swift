import BulkheadChildRuntime
import BulkheadMedia
import BulkheadSRTTransport
import BulkheadSystem
import BulkheadWire

/// The child's side of the conversation with the master: makes one connection, and sends by it until either ends.
final class SRTService {
    private enum Failure: Error, CustomStringConvertible {
        case notOpened
        case spokenTo

        var description: String {
            switch self {
            case .notOpened: "it was not told first where to send"
            case .spokenTo: "it was given packets before there was a connection"
            }
        }
    }

    private let socket: WireSocket
    /// How often the master hears of a child that waits.
    private static let interval = Duration.seconds(1)
    private static let look: Int64 = 100

    /// A child that has said hello on `socket`.
    init(_ socket: WireSocket) { self.socket = socket }

    /// - Throws: `WireSocketError.closedByPeer` where the master has let go of it.
    func run() throws {
        guard let first = try socket.receive(SRTRequest.self) else { throw Failure.notOpened }
        guard case .open(let task) = first.message else { throw Failure.notOpened }
        SRTLibrary.start()
        defer { SRTLibrary.stop() }
        do {
            let connection = try open(task)
            try socket.send(SRTReply.connected(latencyMilliseconds: connection.peerLatencyMilliseconds))
            try SRTSender(connection, origin: MediaTime(nanoseconds: task.origin), socket).run()
        } catch let problem as SRTProblem { try socket.send(SRTReply.failed(problem.failure)) }
    }

    // MARK: connecting

    private func open(_ task: SRTTask) throws -> SRTSocket {
        let addresses = try ResolvedAddress.of(task.host, port: task.port)
        var problem = SRTProblem(failure: .name)
        for address in addresses {
            do {
                return try task.listens ? accept(task, at: address) : connect(task, to: address)
            } catch let error as SRTProblem { problem = error }
        }
        throw problem
    }

    private func connect(_ task: SRTTask, to address: ResolvedAddress) throws -> SRTSocket {
        let connection = try SRTSocket(task)
        try connection.connect(to: address)
        while true {
            connection.wait(milliseconds: Self.look)
            switch connection.state {
            case .connected: return connection
            case .over: throw SRTProblem(failure: connection.failureToConnect)
            case .connecting: try waitOn(port: 0)
            }
        }
    }

    private func accept(_ task: SRTTask, at address: ResolvedAddress) throws -> SRTSocket {
        let listener = try SRTListener(task, at: address)
        try socket.send(SRTReply.waiting(port: listener.port))
        while true {
            if let caller = try listener.caller(milliseconds: Self.look) { return caller }
            try waitOn(port: listener.port)
        }
    }

    private var toldAt = MonotonicTime.now

    /// Tells now and then that it works, and looks whether the master still wants it.
    private func waitOn(port: UInt16) throws {
        let now = MonotonicTime.now
        if now.since(toldAt) >= Self.interval.nanoseconds {
            toldAt = now
            try socket.send(SRTReply.waiting(port: port))
        }
        guard let received = try socket.receive(SRTRequest.self, timeoutMilliseconds: 0) else { return }
        if received.message == .finish { throw WireSocketError.closedByPeer }
        throw Failure.spokenTo
    }
}
