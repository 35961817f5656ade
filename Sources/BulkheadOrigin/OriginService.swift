import BulkheadChildRuntime
import BulkheadLiveServer
import BulkheadMedia
import BulkheadSystem
import BulkheadWire
import Glibc
import NIOPosix

/// An origin's side of the conversation with the master: its first thread reads, the server's event loop serves.
///
/// What comes is handed to the event loop one after the other, so that no more than one message waits in this process; the
/// master counts what waits in its own.
final class OriginService {
    private enum Failure: Error, CustomStringConvertible {
        case notOpened
        case openedTwice

        var description: String {
            switch self {
            case .notOpened: "it was not told first where to listen"
            case .openedTwice: "it was told twice where to listen"
            }
        }
    }

    private let socket: WireSocket
    private let voice: WireVoice
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// An origin that has said hello on `socket`.
    init(_ socket: WireSocket) throws {
        self.socket = socket
        voice = try socket.voice()
    }

    /// Serves until the socket ends.
    /// - Throws: always in the end: `WireSocketError.closedByPeer` when all went well.
    func run() throws {
        guard let first = try socket.receive(OriginRequest.self) else { throw Failure.notOpened }
        guard case .open(let host, let port, let timeZero) = first.message else { throw Failure.notOpened }
        let server = listen(host, port)
        let publisher = try server.publish(StreamName(app: "live", name: "main"), timeZero: timeZero)
        voice.send(OriginReply.ready(port: UInt16(clamping: server.port)))
        server.watchPlayers { [voice] count in voice.send(OriginReply.alive(players: UInt32(clamping: count))) }
        while let received = try socket.receive(OriginRequest.self) {
            switch received.message {
            case .open: throw Failure.openedTwice
            case .configure(let configuration): publisher.configure(configuration)
            case .picture(let packet), .sound(let packet): publisher.send(packet)
            case .finish: publisher.end()
            }
        }
    }

    /// Waits until the address is free.
    private func listen(_ host: String, _ port: UInt16) -> LiveServer {
        var options = LiveServerOptions()
        options.takesPublishers = false
        options.connectionLimit = 1024
        options.streamLimit = 1
        while true {
            do throws(LiveServerError) {
                return try LiveServer.startWaiting(host: host, port: Int(port), options: options, on: group.next())
            } catch { voice.send(OriginReply.trouble(text: error.description)) }
            // Nobody tells when an address is free again.
            sleep(1)
        }
    }
}
