import BulkheadFLV
import BulkheadRTMP
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(1))) struct ConnectionTests {
    /// A client's connection behind its handshake, with nothing left to send.
    static func openClient() throws -> Connection {
        var generator = SystemRandomNumberGenerator()
        var connection = Connection.client(using: &generator)
        #expect(connection.takeOutput()?.readableBytes == 1537)
        try connection.receive(ByteBuffer(bytes: [3] + Capture.nginxS1 + Capture.nginxS2))
        #expect(try connection.next() == .opened)
        #expect(connection.takeOutput()?.readableBytes == 1536)
        return connection
    }

    static func events(of connection: inout Connection, after bytes: [UInt8]) throws -> [Connection.Event] {
        try connection.receive(ByteBuffer(bytes: bytes))
        var events: [Connection.Event] = []
        while let event = try connection.next() { events.append(event) }
        return events
    }

    @Test func everythingNginxSaysIsUnderstood() throws {
        var connection = try Self.openClient()
        let events = try Self.events(of: &connection, after: Capture.nginxToPublisher)
        let commands = events.compactMap { if case .command(let command, _) = $0 { command } else { nil } }
        #expect(commands.map(\.name) == ["_result", "_result", "onStatus", "onStatus"])
        #expect(
            commands.map { ServerStatus($0)?.code } == [
                "NetConnection.Connect.Success", nil, "NetStream.Publish.Start", "NetStream.Unpublish.Success",
            ])
        // Its Set Peer Bandwidth of 5,000,000 is answered with a window.
        #expect(
            connection.takeOutput() == ByteBuffer(bytes: [2, 0, 0, 0, 0, 0, 4, 5, 0, 0, 0, 0, 0, 0x4C, 0x4B, 0x40]))
    }

    /// Nothing but parts' headers: with work for each that grows with all of them, this would take minutes, and 8 MB hours.
    @Test(.timeLimit(.minutes(1))) func anAggregateOfManyPartsIsTakenApart() throws {
        var connection = try Self.openClient()
        let count = 50_000
        var parts = ByteBuffer()
        for _ in 0..<count { parts.writeBytes([8] + [UInt8](repeating: 0, count: 14)) }
        var encoder = ChunkEncoder()
        var bytes = ByteBuffer()
        try encoder.encode(
            ControlMessage.setChunkSize(try #require(ChunkSize(0xFF_FFFF))).message, on: .control, into: &bytes)
        try encoder.encode(Message(type: .aggregate, streamID: 1, payload: parts), on: .video, into: &bytes)
        try connection.receive(bytes)
        var seen = 0
        var largest = 0
        while let event = try connection.next() {
            guard case .media(let part) = event else { continue }
            seen += 1
            largest = max(largest, part.payload.storageCapacity)
        }
        #expect(seen == count)
        // A part that is kept does not keep all of the aggregate.
        #expect(largest < 1024)
    }

    @Test func ownSmallWindowIsKept() throws {
        var connection = try Self.openClient()
        connection.send(.windowAcknowledgementSize(250_000))
        _ = connection.takeOutput()
        _ = try Self.events(of: &connection, after: [2, 0, 0, 0, 0, 0, 5, 6, 0, 0, 0, 0, 0, 0x4C, 0x4B, 0x40, 2])
        #expect(
            connection.takeOutput() == ByteBuffer(bytes: [2, 0, 0, 0, 0, 0, 4, 5, 0, 0, 0, 0, 0, 0x03, 0xD0, 0x90]))
    }

    @Test func pingIsAnsweredWithItsOwnBytes() throws {
        var connection = try Self.openClient()
        _ = try Self.events(of: &connection, after: [2, 0, 0, 0, 0, 0, 6, 4, 0, 0, 0, 0, 0, 6, 1, 2, 3, 4])
        #expect(
            connection.takeOutput() == ByteBuffer(bytes: [2, 0, 0, 0, 0, 0, 6, 4, 0, 0, 0, 0, 0, 7, 1, 2, 3, 4]))
        #expect(connection.replyByteCount == 18)
    }

    @Test func receivedBytesAreAcknowledgedAtHalfTheWindow() throws {
        var connection = try Self.openClient()
        // Window 100: 16 bytes so far.
        _ = try Self.events(of: &connection, after: [2, 0, 0, 0, 0, 0, 4, 5, 0, 0, 0, 0, 0, 0, 0, 100])
        #expect(connection.takeOutput() == nil)
        let audio: [UInt8] = [5, 0, 0, 0, 0, 0, 30, 8, 1, 0, 0, 0] + [UInt8](repeating: 0, count: 30)
        _ = try Self.events(of: &connection, after: audio)
        #expect(
            connection.takeOutput() == ByteBuffer(bytes: [2, 0, 0, 0, 0, 0, 4, 3, 0, 0, 0, 0, 0, 0, 0, 58]))
    }

    /// A window of one byte makes one acknowledgement for each read, not one for each byte.
    @Test func windowOfOneByteIsBounded() throws {
        var connection = try Self.openClient()
        let window: [UInt8] = [2, 0, 0, 0, 0, 0, 4, 5, 0, 0, 0, 0, 0, 0, 0, 1]
        _ = try Self.events(of: &connection, after: window)
        _ = try Self.events(of: &connection, after: window + window + window)
        #expect(connection.takeOutput()?.readableBytes == 16)
    }

    @Test func acknowledgementsNeverExceedWhatWasSent() throws {
        func acknowledgement(_ number: UInt32) -> [UInt8] {
            [2, 0, 0, 0, 0, 0, 4, 3, 0, 0, 0, 0]
                + (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * UInt32($0))) }
        }
        var connection = try Self.openClient()
        func events(_ number: UInt32) throws -> [Connection.Event] {
            try Self.events(of: &connection, after: acknowledgement(number))
        }
        connection.countSent(byteCount: 4_200_000_000)
        #expect(try events(1000) == [.acknowledged(byteCount: 1000)])
        #expect(try events(2_000_000_000) == [.acknowledged(byteCount: 2_000_000_000)])
        #expect(try events(4_000_000_000).count == 1)
        // Past 2^32.
        connection.countSent(byteCount: 800_000_000)
        #expect(try events(100) == [.acknowledged(byteCount: 4_294_967_396)])
        // Past all that was sent: it is not believed, nor anything behind it.
        #expect(try events(1_900_000_000) == [.acknowledgementsDistrusted])
        #expect(connection.acknowledgedByteCount == nil)
        #expect(try events(200).isEmpty)
    }

    @Test func dataAndCommandsInAMF3WrappersAreRead() throws {
        var connection = try Self.openClient()
        // Type 17: zero, then AMF 0's "close", 0, and AMF 3's null behind the switch.
        let command: [UInt8] =
            [0, 2, 0, 5] + Array("close".utf8) + [0, 0, 0, 0, 0, 0, 0, 0, 0] + [0x11, 0x01]
        let data: [UInt8] = [0, 2, 0, 2, 0x68, 0x69]
        let bytes =
            [3, 0, 0, 0, 0, 0, UInt8(command.count), 17, 0, 0, 0, 0] + command
            + [4, 0, 0, 0, 0, 0, UInt8(data.count), 15, 1, 0, 0, 0] + data
        let events = try Self.events(of: &connection, after: bytes)
        #expect(events.first == .command(Command("close", .null), streamID: 0))
        guard case .media(let message) = try #require(events.last) else {
            Issue.record("no data")
            return
        }
        #expect(message.type == .data && Array(message.payload.readableBytesView) == [2, 0, 2, 0x68, 0x69])
    }

    /// Section 7.1.6: the times inside count from the first one's, which stands for the aggregate's own.
    @Test func aggregateIsTakenApart() throws {
        var connection = try Self.openClient()
        let parts: [UInt8] =
            [8, 0, 0, 1, 0, 0, 10, 0, 0, 0, 0, 0xAA] + [0, 0, 0, 12]
            + [9, 0, 0, 2, 0, 0, 30, 0, 0, 0, 0, 0xBB, 0xCC] + [0, 0, 0, 13]
        let events = try Self.events(
            of: &connection, after: [6, 0, 1, 0, 0, 0, UInt8(parts.count), 22, 1, 0, 0, 0] + parts)
        let messages = events.compactMap { if case .media(let message) = $0 { message } else { nil } }
        #expect(messages.map(\.timestampMilliseconds) == [256, 276])
        #expect(messages.map(\.type) == [.audio, .video])
        #expect(messages.map { Array($0.payload.readableBytesView) } == [[0xAA], [0xBB, 0xCC]])
    }

    @Test func serverReadsFFmpegBytewise() throws {
        var connection = Connection.server()
        var names: [String] = []
        let bytes = [3] + Capture.ffmpegC1 + [UInt8](repeating: 0, count: 1536) + Capture.ffmpegPublish
        for byte in bytes {
            for event in try Self.events(of: &connection, after: [byte]) {
                if case .command(let command, _) = event { names.append(command.name) }
            }
        }
        #expect(names == ["connect", "releaseStream", "FCPublish", "createStream", "publish"])
        #expect(connection.takeOutput()?.readableBytes == 3073)
    }

    @Test func timestampsAreUnwrapped() {
        var unwrapper = TimestampUnwrapper()
        #expect(unwrapper.milliseconds(of: 0xFFFF_FFF0) == 0xFFFF_FFF0)
        #expect(unwrapper.milliseconds(of: 0x10) == 0x1_0000_0010)
        #expect(unwrapper.milliseconds(of: 0xFFFF_FFFF) == 0xFFFF_FFFF)
        #expect(unwrapper.milliseconds(of: 0x7000_0000) == 0x1_7000_0000)
    }
}
