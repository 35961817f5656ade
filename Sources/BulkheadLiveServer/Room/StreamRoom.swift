import BulkheadMedia
import NIOCore

/// The live room beside a stream, as the stream's publisher tells it, and the viewers that follow it.
final class StreamRoom {
    private(set) var feed: RoomFeed
    private var viewers: [RoomResponse] = []
    /// Called with what viewers write.
    var onSaid: ((WrittenComment) -> Void)?
    /// What the publisher's metadata said last.
    private var metadata: RoomMetadataReading?
    private let eventLoop: any EventLoop
    private var telling: Scheduled<Void>?

    init(on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        feed = RoomFeed(epoch: WallClockReading.milliseconds)
    }

    /// Another room, whose numbers have nothing to do with those before.
    func begin(epoch: Int64) { feed = RoomFeed(epoch: epoch) }

    var isOpen: Bool { feed.isOpen && onSaid != nil }
    var hasViewers: Bool { !viewers.isEmpty }
    var viewerCount: Int { viewers.count }

    func change(_ change: (inout RoomFeed) -> Void) {
        change(&feed)
        tellSoon()
    }

    /// What a foreign publisher's metadata say of its room; see ``RoomMetadataReading``.
    func take(_ reading: RoomMetadataReading?) {
        // A room that is told by other means has more to say.
        guard onSaid == nil, reading != metadata, reading != nil || metadata != nil else { return }
        metadata = reading
        let reading = reading ?? RoomMetadataReading()
        change { $0.set(board: reading.json.utf8, isOpen: false) }
    }

    // MARK: viewers

    func add(_ viewer: RoomResponse) { viewers.append(viewer) }
    func remove(_ viewer: RoomResponse) { viewers.removeAll { $0 === viewer } }

    /// Comments may come by the hundred each second: viewers are told what has come in a tenth of one.
    private func tellSoon() {
        guard telling == nil, !viewers.isEmpty else { return }
        telling = eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(100)) { [weak self] in
            guard let self else { return }
            telling = nil
            // One that is found hopeless leaves the list.
            for viewer in Array(viewers) { viewer.pump() }
        }
    }
}

/// A comment that a viewer has written, checked. Foreign text.
package struct WrittenComment: Hashable, Sendable {
    /// Chosen by the viewer's page, so that one that is sent twice is one.
    package let id: String
    /// Tells viewers apart, roughly.
    package let viewer: String
    package let author: String
    package let text: String
}
