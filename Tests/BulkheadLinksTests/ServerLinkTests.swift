import BulkheadEvents
import BulkheadFLV
import BulkheadLinks
import BulkheadMedia
import BulkheadModel
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadSelection
import BulkheadTestSupport
import NIOCore
import Testing

/// Links between a broadcast that is made up and servers that do what a test wants.
@Suite(.timeLimit(.minutes(2))) struct ServerLinkTests {
    /// A link that is given 50 pictures a second, every tenth an IDR, until it is ended.
    private final class Course: Sendable {
        let link: ServerLink
        let events = EventLog()
        private let feeding: Task<Void, Never>
        private let running: Task<BroadcastError?, Never>

        init(
            _ ports: [Int], returnAfter: Duration = .milliseconds(100), origin: MediaTime = .zero,
            archive: LinkArchive? = nil, pictureByteCount: Int = 100, isFed: Bool = true
        ) throws {
            var policy = SelectionRule.Policy()
            policy.returnAfter = returnAfter
            let table = ServerTable(
                try ports.map { port in
                    ServerTable.Server(
                        target: .rtmp(try IngestTarget("rtmp://127.0.0.1:\(port)/app/key")),
                        candidate: Candidate(name: "\(port)"))
                }, rule: .priority, policy: policy)
            let link = ServerLink(
                name: "link", id: 1, servers: LinkServers(table, clock: .system),
                mailbox: LinkMailbox(onRoom: {}), events: events, archive: archive, origin: origin)
            self.link = link
            link.configure(
                StreamConfiguration(
                    canvas: try #require(Canvas(width: 64, height: 64)), frameRate: try #require(FrameRate(50)),
                    videoBitsPerSecond: 1, audioBitsPerSecond: 1,
                    avcConfiguration: [1, 0x42, 0xC0, 0x1E, 0xFF, 0xE0, 0],
                    audioSpecificConfig: [0x11, 0x90]), number: 0)
            let feeding = Task {
                guard isFed else { return }
                for number in 0..<Int64.max {
                    link.offer(Self.picture(number, byteCount: pictureByteCount))
                    do { try await Task.sleep(for: .milliseconds(20)) } catch { return }
                }
            }
            self.feeding = feeding
            running = Task {
                do throws(BroadcastError) {
                    try await link.run()
                    return nil
                } catch { return error }
            }
        }

        static func picture(_ number: Int64, byteCount: Int) -> Packet {
            let time = MediaTime(milliseconds: number * 20)
            return Packet(
                kind: .video(isIDR: number % 10 == 0, isDisposable: false), dts: time, pts: time,
                bytes: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: byteCount))
        }

        func kinds() -> [String] { events.recent.map { String($0.code.dropFirst("link.".count)) } }

        func happened(_ kind: String, count: Int = 1) async -> Bool {
            await eventually(within: .seconds(30)) { self.kinds().count { $0 == kind } >= count }
        }

        /// How the link ended by itself.
        func outcome() async -> BroadcastError? {
            let outcome = await running.value
            feeding.cancel()
            return outcome
        }

        @discardableResult
        func end() async -> BroadcastError? {
            feeding.cancel()
            link.finish()
            await feeding.value
            return await running.value
        }
    }

    /// The timestamps of the pictures that a server got, without headers, in milliseconds.
    private static func pictures(_ peer: ScriptedPeer) -> [UInt32] {
        peer.media.filter { message in
            message.type == .video && message.payload.readableBytesView.dropFirst().first == 1
        }.map(\.timestampMilliseconds)
    }

    /// Takes streams, and resets its first connection at its `number`th message.
    private static func resets(at number: Int) -> ScriptedPeer.Script {
        { moment in
            switch moment {
            case .command(let command, _): ScriptedPeer.answer(to: command)
            case .media(_, number, connection: 1): [.reset]
            default: []
            }
        }
    }

    @Test func lostServerGivesWayAndIsReturnedTo() async throws {
        let first = try await ScriptedPeer(script: Self.resets(at: 30))
        let second = try await ScriptedPeer()
        let course = try Course([first.port, second.port])
        // Away with the reset, back when the first one has answered a handshake and been well for a while.
        #expect(await course.happened("restored"))
        #expect(await course.happened("moving"))
        #expect(await course.happened("connected", count: 3), "\(course.events.recent)")
        let before = Self.pictures(first).count
        #expect(await eventually(within: .seconds(30)) { Self.pictures(first).count > before + 15 })
        #expect(await course.end() == nil)
        let kinds = course.kinds().filter {
            ["lost", "saved", "cleared", "selected", "restored", "moving"].contains($0)
        }
        #expect(kinds == ["lost", "saved", "cleared", "selected", "restored", "moving"])
        // Nobody is told goodbye but the last, and the timeline goes on everywhere.
        #expect(second.commandNames.allSatisfy { !["FCUnpublish", "deleteStream"].contains($0) })
        #expect(first.commandNames.count { $0 == "deleteStream" } == 1)
        let all = Set(Self.pictures(first)).union(Self.pictures(second)).sorted()
        #expect(zip(all, all.dropFirst()).allSatisfy { $1 - $0 == 20 } && all.first == 0)
        for peer in [first, second] { await peer.stop() }
    }

    @Test func timestampsStartAnewBeforeTheirEnd() async throws {
        let peer = try await ScriptedPeer()
        // The wall is a minute before 2^31 ms; the first picture comes 300 ms before that.
        let start = Int64(Int32.max) - 60_000 - 300
        let course = try Course([peer.port], origin: MediaTime(milliseconds: -start))
        #expect(await course.happened("renewed"))
        #expect(
            await eventually(within: .seconds(30)) { Self.pictures(peer).last.map { $0 > 100 && $0 < 60_000 } ?? false }
        )
        #expect(await course.end() == nil)
        let times = Self.pictures(peer)
        let wall = try #require(times.firstIndex(of: 0))
        #expect(times.first == UInt32(start) && times.allSatisfy { $0 < UInt32(Int32.max) })
        // Not one is missing and none comes twice: 0 is the next IDR.
        #expect(times[..<wall].enumerated().allSatisfy { $1 == UInt32(start) + UInt32($0) * 20 } && wall % 10 == 0)
        #expect(times[wall...].enumerated().allSatisfy { $1 == UInt32($0) * 20 })
        #expect(peer.connectionCount == 2)
        await peer.stop()
    }

    @Test func reconnectRequestIsObeyed() async throws {
        let second = try await ScriptedPeer()
        let url = "rtmp://127.0.0.1:\(second.port)/app"
        let first = try await ScriptedPeer { moment in
            switch moment {
            case .command(let command, _): ScriptedPeer.answer(to: command)
            case .media(_, 20, _):
                [
                    .command(
                        Command(
                            "onStatus", .null,
                            .object([
                                "level": "status", "code": "NetConnection.Connect.ReconnectRequest",
                                "tcUrl": .string(url),
                            ])))
                ]
            default: []
            }
        }
        let course = try Course([first.port])
        #expect(await eventually(within: .seconds(30)) { Self.pictures(second).count > 20 }, "\(course.events.recent)")
        #expect(await course.end() == nil)
        #expect(!course.kinds().contains("lost"))
        // The new link came up with an IDR, before the old one closed: nothing twice, nothing missing.
        let (old, new) = (Self.pictures(first), Self.pictures(second))
        #expect(new.first.map { $0 % 200 } == 0)
        #expect((old + new).enumerated().allSatisfy { $1 == UInt32($0) * 20 })
        for peer in [first, second] { await peer.stop() }
    }

    @Test func pausedLinkComesBackWithAnIDR() async throws {
        let peer = try await ScriptedPeer()
        let course = try Course([peer.port])
        #expect(await course.happened("connected"))
        #expect(await eventually { Self.pictures(peer).count > 5 })
        course.link.pause(true)
        #expect(await course.happened("paused"))
        #expect(await eventually { peer.commandNames.contains("deleteStream") })
        let count = Self.pictures(peer).count
        course.link.pause(false)
        course.link.retry()
        #expect(await course.happened("connected", count: 2))
        #expect(await eventually { Self.pictures(peer).count > count + 5 })
        #expect(await course.end() == nil)
        #expect(Self.pictures(peer)[count] % 200 == 0)
        await peer.stop()
    }

    @Test func pausedLinkEndsWithTheBroadcast() async throws {
        let peer = try await ScriptedPeer()
        let course = try Course([peer.port])
        #expect(await course.happened("connected"))
        course.link.pause(true)
        #expect(await course.happened("paused"))
        #expect(await course.end() == nil)
        #expect(course.link.statuses.map(\.state) == [.ended])
        await peer.stop()
    }

    @Test func stateIsKeptOnABreakAndRemovedAtTheEnd() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let archive = LinkArchive(folder: folder.path("a/links"), owner: 7)
        let peer = try await ScriptedPeer(script: Self.resets(at: 20))
        let course = try Course([peer.port], archive: archive)
        #expect(await course.happened("restored"))
        let place = archive.path(number: 1, lane: 0)
        let saved = course.events.recent.first { $0.code == "link.saved" }?.happening
        #expect(saved == .link(.saved(servers: 1, answering: 0, file: place)))
        let snapshot = try #require(LinkArchive.read(archive.path(number: 1, lane: 0)))
        #expect(snapshot.configuration?.canvas == "64x64" && snapshot.sentSeconds != nil)
        #expect(snapshot.server == "\(peer.port)" && !snapshot.lastError.isEmpty)
        #expect(await course.end() == nil)
        #expect(await eventually { LinkArchive.read(archive.path(number: 1, lane: 0)) == nil })
        await peer.stop()
    }

    /// What waits is sent although nothing more is offered: a broadcast in no hurry waits for just that.
    @Test func allThatWaitsIsSentWithoutAnotherPacket() async throws {
        let peer = try await ScriptedPeer()
        let course = try Course([peer.port], isFed: false)
        for number in Int64(0)..<200 { course.link.offer(Course.picture(number, byteCount: 20_000)) }
        #expect(await eventually(within: .seconds(30)) { Self.pictures(peer).count == 200 })
        #expect(await course.end() == nil)
        await peer.stop()
    }

    /// A server whose acknowledgements make no sense counts as one that does not acknowledge, and is never doubted.
    @Test(arguments: [
        ScriptedPeer.Acknowledging.increments(byteCount: 20_000), .fixed(20_000, every: 20_000),
        .fixed(2_500_000, every: 20_000),
    ])
    func senselessAcknowledgementsAreNothing(_ acknowledging: ScriptedPeer.Acknowledging) async throws {
        let peer = try await ScriptedPeer(acknowledging: acknowledging)
        let course = try Course([peer.port], pictureByteCount: 5000)
        #expect(await eventually(within: .seconds(30)) { Self.pictures(peer).count > 200 }, "\(course.events.recent)")
        #expect(course.link.statuses.map(\.acknowledgedSeconds) == [nil])
        #expect(await course.end() == nil)
        #expect(course.kinds().filter { $0 != "accepted" } == ["connected"])
        await peer.stop()
    }

    /// Our own last connection, as the server sees it, still holds the key.
    @Test func busyKeyIsWaitedFor() async throws {
        let peer = try await ScriptedPeer { moment in
            switch moment {
            case .command(let command, let connection) where command.name == "publish" && connection <= 4:
                [.command(ScriptedPeer.status("NetStream.Publish.BadName", level: "error", text: "busy"), streamID: 1)]
            case .command(let command, _): ScriptedPeer.answer(to: command)
            default: []
            }
        }
        let course = try Course([peer.port])
        #expect(await course.happened("connected"), "\(course.events.recent)")
        #expect(await course.end() == nil)
        // One line for all of them.
        #expect(course.kinds().filter { $0 == "lost" }.count == 1)
        await peer.stop()
    }

    /// A link is moved by hand, and stays, although the first server comes before by priority.
    @Test func linkIsMovedByHand() async throws {
        let first = try await ScriptedPeer()
        let second = try await ScriptedPeer()
        let course = try Course([first.port, second.port])
        #expect(throws: BroadcastError.self) { try course.link.move(to: "2") }
        #expect(await eventually { Self.pictures(first).count > 5 })
        #expect(throws: BroadcastError.self) { try course.link.move(to: "3") }
        try course.link.move(to: "2")
        #expect(await eventually(within: .seconds(30)) { Self.pictures(second).count > 30 }, "\(course.events.recent)")
        #expect(throws: BroadcastError.self) { try course.link.move(to: "\(second.port)") }
        #expect(await course.end() == nil)
        #expect(!course.kinds().contains("lost") && course.kinds().count { $0 == "moving" } == 1)
        let all = Self.pictures(first) + Self.pictures(second)
        #expect(all.enumerated().allSatisfy { $1 == UInt32($0) * 20 })
        for peer in [first, second] { await peer.stop() }
    }

    /// Nobody listens at port 1.
    @Test func wrongAddressIsFinal() async throws {
        let course = try Course([1])
        #expect(await course.outcome()?.kind == .destination)
        #expect(course.link.statuses.map(\.state) == [.failed])
    }
}
