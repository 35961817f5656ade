import FoundationEssentials

/// One answer of `liveChatMessages`, the oldest message first.
struct YouTubePage: Sendable {
    private struct Answer: Decodable {
        @Loose var nextPageToken: String?
        @Loose var pollingIntervalMillis: Int64?
        @Loose var offlineAt: String?
        let items: [Loose<YouTubeMessage>]?
    }

    private(set) var messages: [YouTubeMessage] = []
    private(set) var nextToken: String?
    /// How long to wait until the next question, in milliseconds; nil where it does not say.
    private(set) var interval: Int64?
    /// YouTube gets no pictures of the stream.
    private(set) var isOffline = false

    /// An answer of `list`; nil for what is none. Messages that can't be read are left out.
    init?(json body: [UInt8]) {
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(body)) else { return nil }
        messages = (answer.items ?? []).compactMap(\.wrappedValue)
        nextToken = answer.nextPageToken
        interval = answer.pollingIntervalMillis
        isOffline = answer.offlineAt != nil
    }

    /// An answer of `streamList`, a `LiveChatMessageListResponse` of `stream_list.proto`; nil for what is none.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard let fields = ProtobufReader.fields(bytes) else { return nil }
        for (number, value) in fields {
            guard case .bytes(let content) = value else { continue }
            switch number {
            case 1007: if let message = YouTubeMessage(content) { messages.append(message) }
            case 100_602: nextToken = String(decoding: content, as: UTF8.self)
            case 2: isOffline = true
            default: break
            }
        }
    }

    var ids: Set<String> { Set(messages.map(\.id)) }
    var oldestMilliseconds: Int64? { messages.compactMap(\.publishedMilliseconds).min() }
    /// The chat is over for good.
    var isOver: Bool { messages.contains { $0.type == "chatEndedEvent" } }

    func actions(source: String) -> [ChatAction] { messages.compactMap { $0.action(source: source) } }
}
