import BulkheadHTTP
import BulkheadLibraryProtocol
import BulkheadModel
import BulkheadSystem
import NIOCore
import NIOHTTP1

/// What is on the air at a live server (`bulkhead serve`) beside the node, by its interface for programs of this machine.
struct LiveServerStreams: Sendable {
    private struct Answer: Decodable {
        struct Stream: Decodable {
            let app: String
            let name: String
            let title: String?
        }
        let streams: [Stream]
        /// Names are keys, by which others could publish.
        let namesAreHidden: Bool?
    }

    private let call: PeerCall
    private let log: LibraryLog

    init(_ address: PeerAddress, node: NodeID, trust: ClientTrust? = nil, log: LibraryLog) {
        call = PeerCall(
            address: address, speaker: .node, node: node, key: [],
            timeout: .nanoseconds(RemoteTracker.patience.nanoseconds), trust: trust)
        self.log = log
    }

    /// The rooms; none where the server doesn't answer.
    func rooms() async -> [LiveRoom] {
        do {
            let answer = try JSONLine.decode(Answer.self, from: try await call.send(.GET, "/api/streams"))
            guard answer.namesAreHidden != true else {
                log.trouble(
                    "node.live",
                    "the live server's streams are no live rooms: their names are keys; let it use --publish-secret-file instead of --stream-key"
                )
                return []
            }
            log.clear("node.live", "the live server's streams are live rooms again")
            return answer.streams.prefix(LiveReport.most).compactMap { stream in
                RoomName("\(stream.app)/\(stream.name)").map {
                    LiveRoom(name: $0, kind: .server, title: stream.title.flatMap { RoomTitle(cutting: $0) })
                }
            }
        } catch {
            log.trouble("node.live", "the live server can't be asked for its streams: \(error)")
            return []
        }
    }
}
