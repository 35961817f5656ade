import BulkheadChildRuntime
import BulkheadDanmaku
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
    /// What came before there was a server.
    private var certificate: (chain: [UInt8], key: [UInt8])?

    /// An origin that has said hello on `socket`.
    init(_ socket: WireSocket) throws {
        self.socket = socket
        voice = try socket.voice()
    }

    /// Serves until the socket ends.
    /// - Throws: always in the end: `WireSocketError.closedByPeer` when all went well.
    func run() throws {
        var first = try socket.receive(OriginRequest.self)
        if case .certificate(let chain, let key)? = first?.message {
            certificate = (chain, key)
            first = try socket.receive(OriginRequest.self)
        }
        guard case .open(let host, let port, let timeZero)? = first?.message else { throw Failure.notOpened }
        let server = listen(host, port)
        if let certificate { use(certificate.chain, certificate.key, at: server) }
        let publisher = try server.publish(StreamName(app: "live", name: "main"), timeZero: timeZero) { [voice] words in
            voice.send(
                OriginReply.said(
                    ViewerComment(id: words.id, viewer: words.viewer, author: words.author, text: words.text)))
        }
        voice.send(OriginReply.ready(port: UInt16(clamping: server.port)))
        server.watchPlayers { [voice] count in voice.send(OriginReply.alive(players: UInt32(clamping: count))) }
        while let received = try socket.receive(OriginRequest.self) {
            switch received.message {
            case .open: throw Failure.openedTwice
            case .configure(let configuration): publisher.configure(configuration)
            case .picture(let packet), .sound(let packet): publisher.send(packet)
            case .room(let text, let isOpen): publisher.show(room: text, isOpen: isOpen)
            case .comment(let number, let time, let text): publisher.add(comment: number, at: time, text)
            case .takeBack(let numbers, let fromPictureOnly):
                publisher.takeBack(numbers, fromPictureOnly: fromPictureOnly)
            case .certificate(let chain, let key): use(chain, key, at: server)
            case .finish: publisher.end()
            }
        }
    }

    private func use(_ chain: [UInt8], _ key: [UInt8], at server: LiveServer) {
        voice.send(OriginReply.certified(problem: server.use(certificate: chain, key: key)))
    }

    /// Waits until the address is free.
    private func listen(_ host: String, _ port: UInt16) -> LiveServer {
        var options = LiveServerOptions()
        options.takesPublishers = false
        options.connectionLimit = 1024
        options.streamLimit = 1
        options.isGivenCertificate = true
        while true {
            do throws(LiveServerError) {
                return try LiveServer.startWaiting(host: host, port: Int(port), options: options, on: group.next())
            } catch { voice.send(OriginReply.trouble(text: error.description)) }
            // Nobody tells when an address is free again.
            sleep(1)
        }
    }
}
