import BulkheadFaults
import BulkheadModel
package import BulkheadProbe
import FoundationEssentials

/// A drill's chat: a server that says numbered lines, and what came of them in the log of the broadcast's room.
struct DrillChat: Sendable {
    private static let name = "drill"
    /// The last lines are to be in the log when the broadcast ends.
    private static let quietEnd = 2.0

    private let server: ChatServer
    /// `XDG_STATE_HOME` of the broadcast: the room of a drill is none of the user's.
    let stateFolder: String

    static func open(in folder: String) async throws(BroadcastError) -> DrillChat {
        do { return DrillChat(server: try await ChatServer.start(channel: name), stateFolder: "\(folder)/state") } catch
        {
            throw BroadcastError(.internal, "the drill's chat server could not be started: \(error)")
        }
    }

    /// For `bulkhead broadcast`.
    var arguments: [String] {
        [
            "--room", Self.name, "--chat",
            "irc://127.0.0.1:\(server.path.port)/\(Self.name),name=\(Self.name),nick=drill",
        ]
    }

    /// Says lines until shortly before the end, which is so many seconds away.
    func speak(until seconds: Double) {
        server.speak(for: .milliseconds(Int64(max(0, seconds - Self.quietEnd) * 1000)))
    }

    // MARK: faults

    func leave() async { await server.leave() }
    func reset() async { await server.path.reset() }

    /// Changes the path to it; false if that can't be done.
    func set(_ condition: FaultyPath.Condition) async -> Bool {
        do {
            try await server.path.set(condition)
            return true
        } catch { return false }
    }

    func close() async { await server.close() }

    // MARK: the judgement

    /// What the log has of all that was said; nil where nothing was.
    func comments() async -> StreamReport.Comments? {
        let path = "\(stateFolder)/bulkhead/rooms/\(Self.name).jsonl"
        let log = (try? Data(contentsOf: URL(filePath: path))) ?? Data()
        return ChatTally.count(log, of: Self.name, said: await server.said)
    }
}

/// Counts a drill's lines in a room's log.
package enum ChatTally {
    private struct Entry: Decodable {
        struct Comment: Decodable {
            let source: String
            let text: String
        }
        let comment: Comment
    }

    /// What `log`, of JSON lines, has of the lines with the numbers 1 to `said` of the chat `name`; nil where none were said.
    package static func count(_ log: some Sequence<UInt8>, of name: String, said: Int) -> StreamReport.Comments? {
        guard said > 0 else { return nil }
        var seen = [Int](repeating: 0, count: said + 1)
        for line in Array(log).split(separator: 0x0A) {
            guard let comment = try? JSONDecoder().decode(Entry.self, from: Data(line)).comment, comment.source == name,
                comment.text.hasPrefix("line "), let number = Int(comment.text.dropFirst(5)),
                (1...said).contains(number)
            else { continue }
            seen[number] += 1
        }
        var comments = StreamReport.Comments(said: said, twice: seen.count { $0 > 1 })
        var first: Int?
        for number in 1...said + 1 {
            let isLost = number <= said && seen[number] == 0
            if isLost {
                comments.lost += 1
                first = first ?? number
            } else if let start = first {
                comments.lostRanges.append(start == number - 1 ? "\(start)" : "\(start)-\(number - 1)")
                first = nil
            }
        }
        return comments
    }
}
