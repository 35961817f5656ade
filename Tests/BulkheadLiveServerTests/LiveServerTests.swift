import BulkheadFLV
import BulkheadLiveServer
import BulkheadMedia
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadTestSupport
import NIOCore
import NIOPosix
import Synchronization
import Testing

private let group = MultiThreadedEventLoopGroup.singleton

/// Our publisher and our player at our server.
@Suite(.timeLimit(.minutes(1))) struct LiveServerTests {
    private let log = EventLog()

    private func start(_ change: (inout LiveServerOptions) -> Void = { _ in }) async throws -> LiveServer {
        var options = LiveServerOptions()
        change(&options)
        return try await LiveServer.start(port: 0, options: options, onEvent: log.append)
    }

    private func publisher(to server: LiveServer, key: String = "key") async throws -> RTMPPublisher {
        try await RTMPPublisher.connect(to: IngestTarget("\(server.address)/live", key: key), group: group)
    }

    /// A publisher that has sent its configuration and an IDR.
    private func beginPublishing(to server: LiveServer) async throws -> RTMPPublisher {
        let publisher = try await publisher(to: server)
        publisher.send(configuration: try Self.configuration())
        publisher.send(packet: video(0))
        return publisher
    }

    private static func configuration() throws -> StreamConfiguration {
        StreamConfiguration(
            canvas: try #require(Canvas(width: 640, height: 360)), frameRate: try #require(FrameRate(25)),
            videoBitsPerSecond: 1_000_000, audioBitsPerSecond: 128_000,
            avcConfiguration: [1, 0x64, 0, 0x1E, 0xFF, 0xE0, 0], audioSpecificConfig: [0x11, 0x90])
    }

    private func video(_ number: Int64, start: Int64 = 0, byteCount: Int = 100) -> Packet {
        let time = MediaTime(milliseconds: start + number * 40)
        return Packet(
            kind: .video(isIDR: number % 10 == 0, isDisposable: false), dts: time, pts: time,
            bytes: [0, 0, 0, 1, 0x65] + [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: byteCount - 5))
    }

    private func play<Result: Sendable>(
        _ server: LiveServer, key: String = "key", body: (inout PlayEvents) async throws -> Result
    ) async throws -> Result {
        try await RTMPPlayer.play(IngestTarget("\(server.address)/live", key: key), group: group, body: body)
    }

    /// The next `count` messages.
    private func read(_ count: Int, from events: inout PlayEvents) async throws -> [PlayedMessage] {
        var messages: [PlayedMessage] = []
        while messages.count < count, let event = try await events.next() {
            if case .media(let message) = event { messages.append(message) }
        }
        return messages
    }

    @Test func playerBeforeThePublisherWaits() async throws {
        let server = try await start()
        async let played = play(server) { events in try await read(5, from: &events) }
        #expect(await eventually { log.playCount == 1 })
        let publisher = try await publisher(to: server)
        publisher.send(configuration: try Self.configuration())
        for number in 0..<2 { publisher.send(packet: video(Int64(number))) }
        let messages = try await played
        #expect(messages.map(\.kind) == [.metadata, .videoSequenceHeader, .audioSequenceHeader, .idr, .video])
        #expect(
            Array(messages[1].message.payload.readableBytesView) == [0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x1E, 0xFF, 0xE0, 0])
        await publisher.close(goodbye: true)
        #expect(await eventually { log.publishEnds.first?.videoMessageCount == 3 })
        await server.stop()
    }

    /// Times at the walls: 4 h 39 min, 24.8 days, 49.7 days; access units larger than a chunk cross them.
    @Test(arguments: [16_777_215 - 400, 0x7FFF_FFFF - 400, 0xFFFF_FFFF - 400] as [Int64])
    func laterPlayerStartsAtTheLastIDR(start: Int64) async throws {
        let server = try await self.start()
        let publisher = try await publisher(to: server)
        publisher.send(configuration: try Self.configuration(), at: MediaTime(milliseconds: start))
        let packets = (0..<25).map { video($0, start: start, byteCount: 10_000) }
        for packet in packets { publisher.send(packet: packet) }
        // The reader behind a first one has all packets.
        let all = try await play(server) { events in try await read(8, from: &events) }
        #expect(all.first?.kind == .metadata && all.first?.message.timestampMilliseconds == 0)
        let media = all.dropFirst(3)
        #expect(media.first?.kind == .idr)
        var unwrapper = TimestampUnwrapper()
        let times = media.map { unwrapper.milliseconds(of: $0.message.timestampMilliseconds) }
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 == 40 })
        for message in media {
            let index = Int(message.message.payload.readableBytesView.last ?? 0)
            #expect(message.message.payload == packets[index].flvPayload)
            #expect(
                message.message.timestampMilliseconds
                    == UInt32(truncatingIfNeeded: packets[index].dts.milliseconds))
        }
        await publisher.close(goodbye: false)
        #expect(await eventually { log.publishEnds.first?.reason == .disconnected })
        await server.stop()
    }

    @Test func secondPublisherIsRefused() async throws {
        let server = try await start()
        let first = try await publisher(to: server)
        await #expect {
            _ = try await publisher(to: server)
        } throws: { error in
            if case .publishRefused(_, let status)? = error as? PublishError {
                return status.code == "NetStream.Publish.BadName" && status.text == "Already publishing"
            }
            return false
        }
        await first.close(goodbye: false)
        #expect(await eventually { log.publishEnds.count == 1 })
        let second = try await publisher(to: server)
        await second.close(goodbye: true)
        #expect(log.publishCount == 2)
        await server.stop()
    }

    @Test func keysAreAnAllowList() async throws {
        let server = try await start { $0.streamKeys = ["a?b&c=/#d"] }
        let publisher = try await publisher(to: server, key: "a?b&c=/#d")
        for key in ["b", "", "a"] {
            await #expect {
                _ = try await self.publisher(to: server, key: key)
            } throws: { error in
                if case .publishRefused(_, let status)? = error as? PublishError {
                    return status.code == "NetStream.Publish.Denied"
                }
                return false
            }
        }
        await #expect(throws: PlayError.self) { try await play(server, key: "b") { _ in } }
        await publisher.close(goodbye: true)
        await server.stop()
    }

    @Test func playersHearOfTheEndAndOfTheNextStart() async throws {
        let server = try await start()
        let first = try await beginPublishing(to: server)
        try await play(server) { events in
            #expect(try await read(4, from: &events).last?.kind == .idr)
            await first.close(goodbye: true)
            #expect(try await events.next() == .unpublished)
            let second = try await beginPublishing(to: server)
            #expect(try await read(4, from: &events).last?.kind == .idr)
            await second.close(goodbye: true)
        }
        #expect(await eventually { log.all.contains { if case .playEnded = $0 { true } else { false } } })
        await server.stop()
    }

    /// A publisher that disappears may be back soon: its players are not sent away.
    @Test func playersStayWhileAPublisherIsAway() async throws {
        let server = try await start()
        let first = try await beginPublishing(to: server)
        try await play(server) { events in
            #expect(try await read(4, from: &events).last?.kind == .idr)
            await first.close(goodbye: false)
            #expect(await eventually { log.publishEnds.count == 1 })
            let second = try await publisher(to: server)
            second.send(configuration: try Self.configuration())
            for number in 0..<2 { second.send(packet: video(Int64(number), byteCount: 200)) }
            // No word of an end in between, no header again, and times that go on.
            guard case .media(let next)? = try await events.next(), case .media(let last)? = try await events.next()
            else {
                Issue.record("there is no picture")
                return
            }
            #expect(next.kind == .idr && next.message.timestampMilliseconds > 0)
            #expect(last.message.timestampMilliseconds == next.message.timestampMilliseconds + 40)
            await second.close(goodbye: true)
            #expect(try await events.next() == .unpublished)
        }
        await server.stop()
    }

    @Test func playersAreToldWhenAPublisherStaysAway() async throws {
        let server = try await start { $0.publisherGrace = .milliseconds(50) }
        let first = try await beginPublishing(to: server)
        try await play(server) { events in
            let start = try await read(4, from: &events)
            #expect(start.last?.kind == .idr)
            await first.close(goodbye: false)
            let end = try await events.next()
            #expect(end == .unpublished)
        }
        await server.stop()
    }

    @Test func connectionsAreCounted() async throws {
        let server = try await start { $0.connectionLimit = 1 }
        let publisher = try await publisher(to: server)
        await #expect(throws: PublishError.self) { _ = try await self.publisher(to: server, key: "other") }
        #expect(log.all.contains { if case .connectionRefused = $0 { true } else { false } })
        await publisher.close(goodbye: false)
        await server.stop()
    }

    @Test func connectionsOfAnAddressAreCounted() async throws {
        let server = try await start { $0.addressConnectionLimit = 1 }
        let publisher = try await publisher(to: server)
        await #expect(throws: PublishError.self) { _ = try await self.publisher(to: server, key: "other") }
        #expect(log.all.contains { if case .connectionRefused(_, .tooManyOfAddress) = $0 { true } else { false } })
        await publisher.close(goodbye: false)
        await server.stop()
    }

    /// Keys can't be tried out: after some that are none, the address is let in no more.
    @Test func keysAreNotGuessed() async throws {
        let server = try await start { options in
            options.streamKeys = ["key"]
            options.addressFailureLimit = 3
        }
        for number in 0..<5 {
            await #expect(throws: PublishError.self) { _ = try await self.publisher(to: server, key: "k\(number)") }
        }
        #expect(log.all.contains { if case .connectionRefused(_, .tooManyFailures) = $0 { true } else { false } })
        await #expect(throws: PublishError.self) { _ = try await self.publisher(to: server) }
        #expect(log.publishCount == 0)
        await server.stop()
    }

    @Test func idlePublisherIsClosed() async throws {
        let server = try await start { $0.publisherIdleTimeout = .milliseconds(200) }
        let publisher = try await publisher(to: server)
        var last: PublishEvent?
        for await event in publisher.events { last = event }
        guard case .ended(.failed)? = last else {
            Issue.record("\(String(describing: last))")
            return
        }
        #expect(log.publishEnds.first?.reason == .idle)
        await server.stop()
    }

    /// Pictures without a configuration are no stream: the publisher hears why it is closed, and viewers get nothing of it.
    @Test func publisherOfNoiseIsClosedWithTheReason() async throws {
        let server = try await start { $0.publisherIdleTimeout = .milliseconds(400) }
        async let played = play(server) { events in
            var kinds: [MediaKind] = []
            while kinds.count < 4, let event = try await events.next() {
                if case .media(let message) = event { kinds.append(message.kind) }
            }
            return kinds
        }
        #expect(await eventually { log.playCount == 1 })
        let noisy = try await publisher(to: server)
        for number in 0..<40 { noisy.send(packet: video(Int64(number))) }
        var last: PublishEvent?
        for await event in noisy.events { last = event }
        #expect("\(String(describing: last))".contains("no stream that is known: 40"), "\(String(describing: last))")
        #expect(log.publishEnds.first?.reason == .idle)
        // The name is free again, and what the viewer sees first is a stream.
        let good = try await beginPublishing(to: server)
        good.send(packet: video(1))
        let kinds = try await played
        #expect(kinds == [.metadata, .videoSequenceHeader, .audioSequenceHeader, .idr])
        await good.close(goodbye: true)
        await server.stop()
    }

    /// Many players are given what has come together: each message once, in order, also the last, behind which nothing comes.
    @Test func aCrowdIsGivenAllOfIt() async throws {
        let server = try await start {
            $0.promptPlayerCount = 0
            $0.deliveryInterval = .milliseconds(30)
        }
        let publisher = try await publisher(to: server)
        publisher.send(configuration: try Self.configuration())
        publisher.send(packet: video(0))
        let times = try await withThrowingTaskGroup(of: [UInt32].self) { players in
            for _ in 0..<20 {
                players.addTask {
                    try await play(server) { events in
                        var times: [UInt32] = []
                        while times.last != 4000, let event = try await events.next() {
                            guard case .media(let message) = event, !message.kind.isHeader else { continue }
                            times.append(message.message.timestampMilliseconds)
                        }
                        return times
                    }
                }
            }
            #expect(await eventually { log.playCount == 20 })
            for number in 1...100 {
                // In fits and starts, one of them too long to be joined.
                if number % 7 == 0 { try await Task.sleep(for: .milliseconds(10)) }
                publisher.send(packet: video(Int64(number), byteCount: number == 50 ? 400_000 : 2000))
            }
            var all: [[UInt32]] = []
            for try await times in players { all.append(times) }
            return all
        }
        #expect(times.count == 20)
        // Who came later than the second GOP would have begun there; all were there before.
        for times in times { #expect(times == (0...100).map { UInt32($0 * 40) }) }
        await publisher.close(goodbye: true)
        await server.stop()
    }

    /// A player that reads nothing is shed and then dropped, while another one misses nothing.
    @Test func slowPlayerIsDropped() async throws {
        let server = try await start {
            $0.playerQueueByteLimit = 200_000
            $0.gopByteLimit = 200_000
        }
        let publisher = try await publisher(to: server)
        publisher.send(configuration: try Self.configuration())
        try await play(server) { slow in
            #expect(await eventually { log.playCount == 1 })
            let received = Atomic(0)
            async let counted = play(server) { events in
                var count = 0
                while count < 303, try await events.next() != nil {
                    count += 1
                    received.store(count, ordering: .relaxed)
                }
                return count
            }
            #expect(await eventually { log.playCount == 2 })
            // 5 MB, at the pace of the second player: more than the kernel's buffers and the queue hold for the first.
            for number in 0..<300 {
                publisher.send(packet: video(Int64(number), byteCount: 200_000 / 12))
                _ = await eventually { received.load(ordering: .relaxed) > number - 5 }
            }
            let count = try await counted
            #expect(count == 303)
            for number in 300..<1500 {
                publisher.send(packet: video(Int64(number), byteCount: 60_000))
                #expect(await eventually { publisher.queuedByteCount < 4_000_000 })
            }
            #expect(
                await eventually {
                    log.all.contains {
                        if case .playEnded(_, _, let summary) = $0 { summary.wasHopeless } else { false }
                    }
                })
            _ = slow
        }
        await publisher.close(goodbye: true)
        await server.stop()
    }

    @Test func portInUseIsSaid() async throws {
        let server = try await start()
        await #expect(throws: LiveServerError.portInUse(host: "127.0.0.1", port: server.port)) {
            _ = try await LiveServer.start(port: server.port)
        }
        await server.stop()
    }
}
