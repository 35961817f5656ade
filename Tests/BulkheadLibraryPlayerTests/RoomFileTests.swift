import BulkheadFLV
import BulkheadLibraryPlayer
import BulkheadRTMP
import BulkheadRTMPTransport
import NIOCore
import Testing

/// One file of what servers give one after the other.
@Suite(.timeLimit(.minutes(1))) struct RoomFileTests {
    private func message(_ type: MessageType, _ milliseconds: UInt32, _ bytes: [UInt8] = [0x27, 1, 0, 0, 0])
        -> PlayedMessage
    {
        let message = Message(type: type, timestampMilliseconds: milliseconds, payload: ByteBuffer(bytes: bytes))
        return PlayedMessage(kind: MediaKind(message), message: message, arrival: .now)
    }

    private func tags(_ bytes: [UInt8]) throws -> [FLVTag] {
        var decoder = FLVDecoder()
        decoder.append(ByteBuffer(bytes: bytes))
        var tags: [FLVTag] = []
        while let tag = try decoder.next() { tags.append(tag) }
        return tags
    }

    /// Timestamps of a server begin anywhere, and come in disorder between sound and picture; those of the next one go on behind.
    @Test func nextServerGoesOnBehindTheOneBefore() throws {
        var file = RoomFile()
        var bytes: [UInt8] = []
        for (type, time) in [
            (MessageType.video, UInt32.max - 19), (.audio, UInt32.max - 9), (.video, 20), (.audio, 10),
        ] {
            bytes += try file.bytes(of: message(type, time)).readableBytesView
        }
        file.begin()
        for (type, time) in [(MessageType.video, UInt32(90_000)), (.audio, 90_005), (.video, 90_040)] {
            bytes += try file.bytes(of: message(type, time)).readableBytesView
        }
        #expect(try tags(bytes).map(\.timestampMilliseconds) == [0, 10, 40, 30, 80, 85, 120])
    }

    /// Metadata stand in a file once, at time 0.
    @Test func metadataAreWrittenOnce() throws {
        let name: [UInt8] = [2, 0, 10] + Array("onMetaData".utf8) + [8, 0, 0, 0, 0, 0, 0, 9]
        var file = RoomFile()
        var bytes: [UInt8] = []
        for _ in 0..<2 {
            file.begin()
            bytes += try file.bytes(of: message(.data, 500, name)).readableBytesView
            bytes += try file.bytes(of: message(.video, 500)).readableBytesView
        }
        let found = try tags(bytes)
        #expect(found.map(\.kind) == [.script, .video, .video])
        #expect(found.map(\.timestampMilliseconds) == [0, 0, 40])
        #expect(bytes.starts(with: Array("FLV".utf8)))
    }
}
