import BulkheadChatFormats

/// The chat server of a drill: says numbered lines in one channel, keeps all of them, and gives them again by
/// draft/chathistory. It owns no socket and no clock; whoever does feeds it lines.
package struct ChatScript: Sendable {
    /// What is to be done.
    package enum Action: Hashable, Sendable {
        /// This line, with its end, to that client.
        case send(Int, String)
    }

    private struct Client: Hashable {
        var nick = "*"
        var isJoined = false
    }

    /// Of one answer.
    private static let mostLines = 100
    private static let server = "drill.invalid"

    /// With its `#`.
    package let channel: String
    private var clients: [Int: Client] = [:]
    /// When each line was said, in milliseconds since 1970: line 1 first.
    private var times: [Int64] = []
    private var batches = 0
    /// A client has joined at some time: lines count from then on.
    package private(set) var wasJoined = false

    /// - Parameter channel: without a `#`.
    package init(channel: String) { self.channel = "#" + channel }

    /// How many lines were said.
    package var said: Int { times.count }

    /// What the line with that number, from 1, says.
    package static func text(_ number: Int) -> String { "line \(number)" }

    package mutating func opened(_ client: Int) { clients[client] = Client() }
    package mutating func ended(_ client: Int) { clients[client] = nil }

    /// Says the next line, at a time in milliseconds since 1970; nothing before the first client has joined.
    package mutating func say(at time: Int64) -> [Action] {
        guard wasJoined else { return [] }
        times.append(max(time, times.last ?? time))
        return joined.map { .send($0, line(times.count, batch: nil)) }
    }

    /// Announces that the server leaves, as Twitch's do: whoever hears it makes another connection.
    package func leave() -> [Action] { joined.map { .send($0, ":\(Self.server) RECONNECT\r\n") } }

    private var joined: [Int] { clients.filter(\.value.isJoined).keys.sorted() }

    /// Takes a line of a client's.
    package mutating func take(_ text: String, from number: Int) -> [Action] {
        guard let message = IRCMessage(line: text[...]), var client = clients[number] else { return [] }
        defer { if clients[number] != nil { clients[number] = client } }
        func answer(_ command: String, _ words: [String]) -> Action {
            .send(number, IRCMessage(command, words, prefix: Self.server).line)
        }
        switch (message.command, message.parameter(0).uppercased()) {
        case ("CAP", "LS"):
            return [answer("CAP", ["*", "LS", "message-tags server-time batch labeled-response draft/chathistory"])]
        case ("CAP", "REQ"): return [answer("CAP", [client.nick, "ACK", message.parameter(1)])]
        case ("CAP", "END"):
            return [
                answer("001", [client.nick, "the chat of a drill"]),
                answer("005", [client.nick, "CHATHISTORY=\(Self.mostLines)", "MSGREFTYPES=msgid", "are supported"]),
                answer("422", [client.nick, "no message of the day"]),
            ]
        case ("NICK", _):
            client.nick = message.parameter(0)
            return []
        case ("PING", _): return [answer("PONG", [Self.server, message.parameter(0)])]
        case ("JOIN", _) where message.parameter(0).lowercased() == channel.lowercased():
            client.isJoined = true
            wasJoined = true
            return [answer("366", [client.nick, channel, "End of /NAMES list."])]
        case ("JOIN", _): return [answer("403", [client.nick, message.parameter(0), "No such channel"])]
        case ("CHATHISTORY", _): return history(message, to: number)
        default: return []
        }
    }

    // MARK: history

    private func line(_ number: Int, batch: String?) -> String {
        var tags = ["msgid": "drill-\(number)"]
        tags["time"] = ServerTime.text(times[number - 1])
        tags["batch"] = batch
        return IRCMessage("PRIVMSG", [channel, Self.text(number)], tags: tags, prefix: "speaker!drill@\(Self.server)")
            .line
    }

    private mutating func history(_ message: IRCMessage, to client: Int) -> [Action] {
        let label = message.tags["label"].map { ["label": $0] } ?? [:]
        func fail(_ code: String) -> [Action] {
            let words = ["CHATHISTORY", code, message.parameter(0), "this can't be answered"]
            return [.send(client, IRCMessage("FAIL", words, tags: label, prefix: Self.server).line)]
        }
        guard let count = Int(message.parameter(3)), (1...Self.mostLines).contains(count) else {
            return fail("INVALID_PARAMS")
        }
        guard message.parameter(1).lowercased() == channel.lowercased() else { return fail("INVALID_TARGET") }
        let numbers: Range<Int>
        switch (message.parameter(0).uppercased(), reference(message.parameter(2))) {
        case ("LATEST", _) where message.parameter(2) == "*": numbers = max(1, said + 1 - count)..<said + 1
        case (_, nil):
            return fail(message.parameter(2).hasPrefix("timestamp=") ? "INVALID_MSGREFTYPE" : "MESSAGE_ERROR")
        case ("BEFORE", let place?): numbers = max(1, place - count)..<place
        case ("AFTER", let place?): numbers = place + 1..<min(said, place + count) + 1
        default: return fail("INVALID_PARAMS")
        }
        batches += 1
        let name = "b\(batches)"
        let begin = IRCMessage("BATCH", ["+" + name, "chathistory", channel], tags: label, prefix: Self.server).line
        return [.send(client, begin)] + numbers.map { .send(client, line($0, batch: name)) }
            + [.send(client, IRCMessage("BATCH", ["-" + name], prefix: Self.server).line)]
    }

    /// The number of the line that a reference names; nil for one that was never said.
    private func reference(_ text: String) -> Int? {
        guard text.hasPrefix("msgid=drill-"), let number = Int(text.dropFirst("msgid=drill-".count)),
            (1...max(1, said)).contains(number), said > 0
        else { return nil }
        return number
    }
}
