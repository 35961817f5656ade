import NIOCore

/// A response without an end.
protocol EndlessResponse: AnyObject {
    /// Writes what there is, as far as the socket takes it.
    func pump()
    /// The viewer has gone.
    func leave()
}

extension StreamResponse: EndlessResponse {}

/// One viewer of a stream's room: server-sent events for as long as the viewer stays.
///
/// What the socket does not take is kept for nobody: the viewer has a place in the ``RoomFeed``, and goes on there.
final class RoomResponse: EndlessResponse {
    static let head = [
        ("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"), ("X-Accel-Buffering", "no"),
    ]
    /// Without anything else, a viewer is given a sign of life so often.
    private static let signInterval = TimeAmount.seconds(10)

    private let stream: LiveStream
    private let room: StreamRoom
    private weak var handler: HTTPHandler?
    private var epoch: Int64
    private var reader: RoomFeed.Reader
    private var lastWrite = NIODeadline.now()
    private var isPumping = false

    init(_ stream: LiveStream, lastID: String?, to handler: HTTPHandler) {
        self.stream = stream
        room = stream.room
        self.handler = handler
        epoch = room.feed.epoch
        reader = room.feed.reader(lastID: lastID)
    }

    func begin() {
        handler?.write(Self.head)
        // In milliseconds, until the browser comes back by itself.
        give(ByteBuffer(string: "retry: 1000\n\n"))
        room.add(self)
        pump()
        handler?.flush()
    }

    func pump() {
        guard let handler, !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        if room.feed.epoch != epoch {
            epoch = room.feed.epoch
            reader = room.feed.reader(lastID: nil)
        }
        guard handler.isWritable || NIODeadline.now() - lastWrite < TimeAmount(stream.options.playerStallTimeout) else {
            return handler.close(because: "the viewer takes nothing")
        }
        var hasWritten = false
        while handler.isWritable, let event = room.feed.next(&reader) {
            give(event)
            hasWritten = true
        }
        if !hasWritten, handler.isWritable, NIODeadline.now() - lastWrite > Self.signInterval {
            give(RoomFeed.sign)
            hasWritten = true
        }
        guard hasWritten else { return }
        lastWrite = .now()
        handler.flush()
    }

    private func give(_ bytes: ByteBuffer) {
        guard let handler else { return }
        handler.writeReady(handler.writesPieces ? PlayerForm.framed(bytes) : bytes)
    }

    func leave() { handler?.hub.remove(self, from: stream) }
}
