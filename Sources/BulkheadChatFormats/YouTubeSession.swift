package import BulkheadDanmaku
import FoundationEssentials

/// A client's side of one connection to a live chat of YouTube, by the YouTube Live Streaming API.
///
/// `liveChatMessages.list` is asked first, and says in words where something is wrong. Then `streamList`, over gRPC, sends what is
/// written as it is written. Where that does not work, `list` is asked again and again, as often as the API says, and not more
/// often. Each answer has a token by which the next one goes on, also after a break: nothing is missed and nothing comes twice
/// while YouTube knows the token.
package struct YouTubeSession: PlatformSession {
    private enum State: Hashable {
        case starting, joined, ended
    }

    /// How messages come once the chat is joined.
    private enum Way: Hashable {
        /// Pushed. Until the first one has come, `list` looks now and then whether there are any.
        case stream(isProven: Bool)
        case list
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
    /// How long a stream may be silent until it is looked whether it lives: before the first message, and after it.
    private static let (unprovenSilence, silence): (Int64, Int64) = (120_000, 600_000)
    /// A stream that the server ends sooner is not opened again at once.
    private static let shortestStream: Int64 = 5000
    private static let longestToken = 4096
    /// How many of the newest messages the first answer may hold; 2000 is the most.
    private static let mostResults = 2000
    private static let videoLength = 11

    private let channel: String
    private let key: String
    /// How far this connection and the one before have got; nil where there was none.
    private var known: ChatCursor?
    private let source: String
    private var server = ChatTarget.Server(host: "", port: 0, isSecure: true)
    private var state = State.starting
    private var chat: String?
    private var token: String?
    /// The answer is not one that goes on where the last one ended: it shows whether something was missed.
    private var isFresh = true
    private var way = Way.stream(isProven: false)
    private var reader = GRPCReader(limit: ChatAnswer.longest)
    private var streamedAt: Int64 = 0
    /// When `list` may be asked again, on the steady clock.
    private var listAt: Int64 = 0
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
        known = cursor
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

    /// Of `stream_list.proto` (developers.google.com/youtube/v3/live/streaming-live-chat).
    private mutating func stream(at now: ChatMoment) -> ChatAction {
        reader = GRPCReader(limit: ChatAnswer.longest)
        streamedAt = now.steady
        due =
            now.steady.addingReportingOverflow(way == .stream(isProven: true) ? Self.silence : Self.unprovenSilence)
            .partialValue
        var message = ProtobufWriter.text(1, chat ?? "")
        if let token { message += ProtobufWriter.text(99, token) }
        for part in ["id", "snippet", "authorDetails"] { message += ProtobufWriter.text(100, part) }
        var request = ChatHTTPRequest(
            "stream", server, path: "/youtube.api.v3.V3DataLiveChatMessageService/StreamList",
            headers: [keyHeader, "Content-Type: application/grpc", "TE: trailers"], body: GRPCReader.frame(message))
        request.isStream = true
        return .request(request)
    }

    private var keyHeader: String { key.hasPrefix("Bearer ") ? "Authorization: \(key)" : "x-goog-api-key: \(key)" }

    /// The key stands in a header: addresses are written into logs on the way.
    private func request(_ name: String, _ path: String, _ query: [(name: String, value: String)]) -> ChatAction {
        let words = query.map { "\($0.name)=\(Self.escaped($0.value))" }.joined(separator: "&")
        return .request(
            ChatHTTPRequest(name, server, path: "\(path)?\(words)", headers: [keyHeader, "Accept: application/json"]))
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
        if way == .stream(isProven: true) { return [stream(at: now)] }
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
        if answer.name == "stream" { return streamEnded(answer, at: now) }
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
            guard let page = YouTubePage(json: answer.body) else {
                return finish("the answer of the API can't be read")
            }
            let isFirst = state == .starting
            let actions = take(page, at: now)
            return state == .ended ? actions : actions + goOn(after: page, isFirst: isFirst, at: now)
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
        for action in page.actions(source: source) {
            switch action {
            case .comment(let comment), .paid(let comment, _, _, _): note(comment)
            default: break
            }
            actions.append(action)
        }
        if let next = page.nextToken, !next.isEmpty, next.utf8.count <= Self.longestToken, next != token {
            token = next
            actions.append(.token(next))
        }
        return page.isOver ? actions + refuse("the chat has ended") : actions
    }

    /// What follows an answer of `list`.
    private mutating func goOn(after page: YouTubePage, isFirst: Bool, at now: ChatMoment) -> [ChatAction] {
        let wanted = page.interval.map { min(max($0, Self.intervals.lowerBound), Self.intervals.upperBound) }
        let interval = max(wanted ?? Self.usualInterval, page.isOffline ? Self.offlineInterval : 0)
        listAt = now.steady.addingReportingOverflow(interval).partialValue
        // There were messages, and the stream gave none: it is no use.
        if !isFirst, !page.messages.isEmpty { way = .list }
        if way != .list { return [stream(at: now)] }
        due = listAt
        return []
    }

    // MARK: the stream

    package mutating func streamed(_ bytes: [UInt8], at now: ChatMoment) -> [ChatAction] {
        guard state == .joined, way != .list else { return [] }
        let (messages, isBroken) = reader.take(bytes)
        var actions: [ChatAction] = []
        for message in messages where state == .joined {
            guard let page = YouTubePage(message) else {
                return actions + streamBroke("the API's stream can't be read")
            }
            way = .stream(isProven: true)
            due = now.steady.addingReportingOverflow(Self.silence).partialValue
            actions += take(page, at: now)
        }
        return isBroken && state == .joined ? actions + streamBroke("the API's stream can't be read") : actions
    }

    /// One that has given nothing yet may be one that does not work here.
    private mutating func streamBroke(_ reason: String) -> [ChatAction] {
        guard way == .stream(isProven: false) else { return finish(reason) }
        way = .list
        due = listAt
        return []
    }

    /// By the codes of gRPC (grpc.io, "Status codes").
    private mutating func streamEnded(_ answer: ChatAnswer, at now: ChatMoment) -> [ChatAction] {
        guard way != .list else { return [] }
        guard answer.status == 200, let code = answer.trailers["grpc-status"].flatMap({ Int($0) }), code != 12 else {
            let reason = answer.status.map { "the API's stream ends with HTTP \($0)" } ?? answer.problem
            return streamBroke(reason)
        }
        let words = CommentText.clean(answer.trailers["grpc-message"] ?? "")
        let text = "the API ends its stream with code \(code)" + (words.isEmpty ? "" : ": \(words)")
        switch code {
        case 0:
            if now.steady - streamedAt >= Self.shortestStream { return [stream(at: now)] }
            // By list, so that it is seen whether the stream is of use.
            due = max(listAt, streamedAt.addingReportingOverflow(Self.shortestStream).partialValue)
            if case .stream = way { way = .stream(isProven: false) }
            return []
        case 3 where token != nil:
            (token, isFresh) = (nil, true)
            return [stream(at: now)]
        case 8 where words.lowercased().contains("quota"):
            return refuse("the quota of the API's key is used up for today (\(words))")
        case 3, 5, 7, 9, 16: return refuse(text)
        default: return finish(text)
        }
    }

    private mutating func note(_ comment: RoomComment) {
        known = known ?? ChatCursor()
        known?.advance(to: comment)
    }

    /// The first answer without a token is the newest history: nothing was missed where the last known message is in it.
    private func missed(before page: YouTubePage, now: Int64) -> [ChatAction] {
        guard let known, let last = known.lastMilliseconds, !page.ids.contains(known.lastID) else { return [] }
        // Nothing had been written when it was left.
        if known.lastID.isEmpty, let oldest = page.oldestMilliseconds, oldest <= last { return [] }
        if page.ids.isEmpty, known.lastID.isEmpty { return [] }
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
