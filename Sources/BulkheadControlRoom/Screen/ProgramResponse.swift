import BulkheadLiveServer
import NIOCore
import NIOHTTP1
import Synchronization

/// The program in one response without an end, for the page's player.
struct ProgramResponse {
    let channel: any Channel
    let watch: RoomWatch
    let screen: ProgramScreen

    /// In seconds: the longest that the first picture is waited for.
    private static let longestWait: Int64 = 30

    /// - Parameter query: `wait` in seconds, and `after` and `zero` of a player that comes back.
    /// - Returns: whether there was a program; nothing has been written where there was none.
    func play(_ query: String, to outbound: HTTPConnection.Outbound) async throws -> Bool {
        let wait = HTTPQuery(query)["wait"].flatMap { Int64($0) } ?? 10
        screen.come()
        defer { screen.leave() }
        let play = try await screen.stream.play(query, within: .seconds(min(max(1, wait), Self.longestWait)))
        defer { play.leave() }
        watch.isListening.store(true, ordering: .relaxed)
        channel.closeFuture.whenComplete { _ in play.leave() }
        var hasBegun = false
        for await piece in play.pieces {
            // A viewer that takes nothing is closed by the connection's guard.
            watch.waiting.add(1, ordering: .relaxed)
            if !hasBegun {
                hasBegun = true
                let answer = RoomAnswer(.ok, try await play.headers())
                try await outbound.write(.head(answer.headWithoutLength))
            }
            try await outbound.write(.body(.byteBuffer(piece)))
            watch.waiting.subtract(1, ordering: .relaxed)
            play.took(piece)
        }
        if hasBegun { try await outbound.write(.end(nil)) }
        watch.isListening.store(false, ordering: .relaxed)
        return hasBegun
    }
}
