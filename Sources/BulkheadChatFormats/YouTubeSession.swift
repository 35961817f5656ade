package import BulkheadDanmaku
import FoundationEssentials

/// A client's side of one connection to a live chat of YouTube: `liveChatMessages.list` of the YouTube Live Streaming API, asked
/// again and again as often as the API says, and not more often.
///
/// Each answer has a token by which the next one goes on, also after a break: nothing is missed and nothing comes twice while
/// YouTube knows the token.
package struct YouTubeSession: PlatformSession {
    private enum State: Hashable {
        case starting, joined, ended
    }

    private struct Videos: Decodable {
        struct Item: Decodable { @Loose var liveStreamingDetails: Details? }
        struct Details: Decodable { @Loose var activeLiveChatId: String? }
        let items: [Item]
    }

    private struct Failure: Decodable {
        struct Content: Decodable {
            @Loose var message: String?
            @Loose var errors: [Entry]?
            @Loose var details: [Entry]?
        }
        struct Entry: Decodable { @Loose var reason: String? }
        let error: Content
    }

    /// In milliseconds: between two questions, where the API says nothing, and at least and at most, whatever it says.
    private static let usualInterval: Int64 = 5000
    private static let intervals: ClosedRange<Int64> = 500...600_000
    /// The same while YouTube gets no pictures of the stream.
    private static let offlineInterval: Int64 = 30_000
    private static let longestToken = 4096
    /// How many of the newest messages the first answer may hold; 2000 is the most.
    private static let mostResults = 2000
    private static let videoLength = 11

    private let channel: String
    private let key: String
    private let cursor: ChatCursor?
    private let source: String
    private var server = ChatTarget.Server(host: "", port: 0, isSecure: true)
    private var state = State.starting
    private var chat: String?
    private var token: String?
    /// The answer is not one that goes on where the last one ended: it shows whether something was missed.
    private var isFresh = true
    package private(set) var due: Int64?

    /// - Parameters:
    ///   - channel: of a live chat its id, or of a video that is live its own, which has 11 characters.
    ///   - key: of the API; or `Bearer` and an access token of OAuth.
    ///   - source: what comments of this connection are called in the record.
    ///   - cursor: how far the connection before has got; nil where there was none.
    package init(channel: String, key: String, source: String, cursor: ChatCursor?) {
        self.channel = channel
        self.key = key
        self.source = source
        self.cursor = cursor
        token = cursor?.pageToken.flatMap { $0.isEmpty ? nil : $0 }
        isFresh = token == nil
    }

    // MARK: questions

    package mutating func begin(_ server: ChatTarget.Server, at now: ChatMoment) -> [ChatAction] {
        self.server = server
        guard !key.isEmpty else { return refuse("the key of the API is missing") }
        guard channel.utf8.count == Self.videoLength else {
            chat = channel
            return [list()]
        }
        return [request("video", "/youtube/v3/videos", [("part", "liveStreamingDetails"), ("id", channel)])]
    }

    private func list() -> ChatAction {
        var query = [
            ("liveChatId", chat ?? ""), ("part", "id,snippet,authorDetails"), ("maxResults", "\(Self.mostResults)"),
        ]
        if let token { query.append(("pageToken", token)) }
        return request("list", "/youtube/v3/liveChat/messages", query)
    }

    /// The key stands in a header: addresses are written into logs on the way.
    private func request(_ name: String, _ path: String, _ query: [(name: String, value: String)]) -> ChatAction {
        let words = query.map { "\($0.name)=\(Self.escaped($0.value))" }.joined(separator: "&")
        let header = key.hasPrefix("Bearer ") ? "Authorization: \(key)" : "x-goog-api-key: \(key)"
        return .request(
            ChatHTTPRequest(name, server, path: "\(path)?\(words)", headers: [header, "Accept: application/json"]))
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: String(UnicodeScalar(byte))
            default: (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }

    package mutating func wake(at now: ChatMoment) -> [ChatAction] {
        guard state == .joined, let due, due <= now.steady else { return [] }
        // Until the answer is here: each question ends by itself.
        self.due = nil
        return [list()]
    }

    /// There is no socket that could be silent: each question has an end of its own.
    package mutating func opened(at now: ChatMoment) -> [ChatAction] { [] }
    package mutating func take(_ bytes: [UInt8], at now: ChatMoment) -> [ChatAction] { [] }
    package mutating func ping(at now: ChatMoment) -> [ChatAction] { [] }

    // MARK: answers

    package mutating func answered(_ answer: ChatAnswer, at now: ChatMoment) -> [ChatAction] {
        guard state != .ended else { return [] }
        guard let status = answer.status else { return finish(answer.problem) }
        guard status == 200 else { return failed(status, answer.body) }
        switch answer.name {
        case "video":
            guard let videos = try? JSONDecoder().decode(Videos.self, from: Data(answer.body)) else {
                return finish("the answer of the API can't be read")
            }
            guard let chat = videos.items.first?.liveStreamingDetails?.activeLiveChatId, !chat.isEmpty else {
                return refuse("the video \(channel) has no live chat now")
            }
            self.chat = chat
            return [.reached, list()]
        case "list":
            guard let page = YouTubePage(answer.body) else { return finish("the answer of the API can't be read") }
            return take(page, at: now)
        default: return []
        }
    }

    private mutating func take(_ page: YouTubePage, at now: ChatMoment) -> [ChatAction] {
        var actions: [ChatAction] = []
        if state == .starting {
            state = .joined
            actions = [.reached, .chosen, .joined]
        }
        if isFresh { actions += missed(before: page, now: now.wall) }
        isFresh = false
        actions += page.actions(source: source)
        if let next = page.nextToken, !next.isEmpty, next.utf8.count <= Self.longestToken, next != token {
            token = next
            actions.append(.token(next))
        }
        if page.isOver { return actions + refuse("the chat has ended") }
        let wanted = page.interval.map { min(max($0, Self.intervals.lowerBound), Self.intervals.upperBound) }
        let interval = max(wanted ?? Self.usualInterval, page.isOffline ? Self.offlineInterval : 0)
        due = now.steady.addingReportingOverflow(interval).partialValue
        return actions
    }

    /// The first answer without a token is the newest history: nothing was missed where the last known message is in it.
    private func missed(before page: YouTubePage, now: Int64) -> [ChatAction] {
        guard let cursor, let last = cursor.lastMilliseconds, !page.ids.contains(cursor.lastID) else { return [] }
        // Nothing had been written when it was left.
        if cursor.lastID.isEmpty, let oldest = page.oldestMilliseconds, oldest <= last { return [] }
        if page.ids.isEmpty, cursor.lastID.isEmpty { return [] }
        return [.gap(from: last, until: max(last, page.oldestMilliseconds ?? now))]
    }

    private mutating func failed(_ status: Int, _ body: [UInt8]) -> [ChatAction] {
        let failure = try? JSONDecoder().decode(Failure.self, from: Data(body)).error
        let reasons = ((failure?.errors ?? []) + (failure?.details ?? [])).compactMap(\.reason)
        let words = CommentText.clean(reasons.first ?? failure?.message ?? "")
        let text = "the API answers HTTP \(status)" + (words.isEmpty ? "" : ": \(words)")
        switch status {
        case 400 where token != nil && !reasons.contains("API_KEY_INVALID"):
            // The API has forgotten the token: what is missed shows by the history.
            (token, isFresh) = (nil, true)
            return [list()]
        case 403 where reasons.contains(where: { ["rateLimitExceeded", "userRateLimitExceeded"].contains($0) }):
            return finish(text)
        case 403 where reasons.contains(where: { ["quotaExceeded", "dailyLimitExceeded"].contains($0) }):
            return refuse("the quota of the API's key is used up for today (HTTP 403: \(words))")
        case 408, 429, 500...: return finish(text)
        default: return refuse(text)
        }
    }

    private mutating func finish(_ reason: String) -> [ChatAction] {
        (state, due) = (.ended, nil)
        return [.ended(reason)]
    }

    private mutating func refuse(_ reason: String) -> [ChatAction] {
        (state, due) = (.ended, nil)
        return [.refused(reason)]
    }
}
