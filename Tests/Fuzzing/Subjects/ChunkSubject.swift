import BulkheadRTMP
import NIOCore

extension FuzzSubject {
    /// Chunk streams, with limits that small inputs reach.
    static let chunks = FuzzSubject(name: "chunks", maximumByteCount: 16_384) { bytes in
        let whole = messages(in: [bytes])
        try rule(whole == messages(in: bytes.pieces), "messages depend on how the bytes come")
        let byteCount = whole.messages.reduce(0) { $0 + $1.payload.readableBytes + 1 }
        try rule(byteCount <= bytes.count, "messages hold more bytes than came")
        for message in whole.messages {
            try rule(message.payload.readableBytes <= limits.messageByteCount, "a message is above the limit")
            if let control = ControlMessage(message) {
                try rule(
                    ControlMessage(control.message) == control, "\(control) is another one when written and read")
            }
            try checkRoundTrip(message, chunkSize: UInt32(truncatingIfNeeded: bytes.count % 200 + 1))
        }
    }

    private static let limits = {
        var limits = ChunkLimits()
        limits.messageByteCount = 4096
        limits.unfinishedByteCount = 6000
        limits.chunkStreamCount = 6
        return limits
    }()

    private static func messages(in pieces: [[UInt8]]) -> (messages: [Message], error: ChunkError?) {
        var decoder = ChunkDecoder(limits: limits)
        var messages: [Message] = []
        do throws(ChunkError) {
            for piece in pieces {
                decoder.append(ByteBuffer(bytes: piece))
                while let message = try decoder.next() { messages.append(message) }
            }
        } catch { return (messages, error) }
        return (messages, nil)
    }

    /// What a decoder gives, an encoder writes so that a decoder gives it again.
    private static func checkRoundTrip(_ message: Message, chunkSize: UInt32) throws {
        guard let size = ChunkSize(chunkSize) else { return }
        var encoder = ChunkEncoder()
        var output = ByteBuffer()
        try encoder.encode(ControlMessage.setChunkSize(size).message, on: .control, into: &output)
        try encoder.encode(message, on: .video, into: &output)
        var decoder = ChunkDecoder(limits: limits)
        decoder.append(output)
        _ = try decoder.next()
        try rule(try decoder.next() == message, "a message is another one when it is written and read")
        try rule(try decoder.next() == nil, "behind a message there is another one")
    }
}
