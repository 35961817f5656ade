import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
import BulkheadModel
import BulkheadOutputs
import BulkheadRoom
import BulkheadSystem
import BulkheadWire
import Testing

/// What has to be made, and what ends, where other files are recorded.
@Suite(.timeLimit(.minutes(1))) struct RecordingsTests {
    private static let a = RecordingSettings(path: "/a.mp4")
    private static let b = RecordingSettings(path: "/b.mp4")
    private static let hourly = RecordingSettings(path: "/a.mp4", segmentSeconds: 3600)

    /// Where sinks live.
    private actor Room {
        nonisolated let reactor: Reactor
        nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }

        init() throws { reactor = try Reactor() }

        deinit { reactor.stop() }

        func run(_ body: @Sendable (RoomContext) throws -> Void) rethrows {
            try body(
                RoomContext(
                    reactor: reactor, pools: FramePools(), programs: Programs(folder: "/none"), events: EventLog()))
        }
    }

    @Test func whatStaysIsLeftAlone() async throws { try await Room().run(Self.change) }

    private static func change(_ context: RoomContext) throws {
        func entry(_ settings: RecordingSettings, _ number: Int) -> Recordings.Entry {
            let task = RecorderTask(.mp4, path: settings.path, isPattern: false, persists: false)
            return Recordings.Entry(
                settings: settings, number: number,
                sink: RecorderSink(
                    name: "recording", number: number, .init(task), awaitsIDR: true, in: context, onRoom: {}))
        }
        var recordings = Recordings()
        recordings.append(entry(Self.a, 1))
        recordings.append(entry(Self.b, 2))
        #expect(recordings.coming([Self.b, Self.a]).isEmpty)

        // The same name with other rules is the same recording; what leaves keeps its number as long as it writes.
        let wanted = [Self.b, Self.hourly]
        let coming = recordings.coming(wanted)
        #expect(coming == [.init(settings: Self.hourly, number: 3, former: 1)])
        let going = recordings.change(to: wanted, coming.map { entry($0.settings, $0.number) })
        #expect(going.map(\.number) == [1] && recordings.entries.map(\.number) == [2, 3])
        #expect(recordings.leaving.count == 1 && recordings.allSinks.count == 3)
        #expect(recordings.coming([Self.a]) == [.init(settings: Self.a, number: 4, former: 3)])

        let former = try #require(going.first?.sink)
        #expect(recordings.ended(former)?.number == 1 && recordings.ended(former) == nil)
        #expect(recordings.coming([Self.a]) == [.init(settings: Self.a, number: 1, former: 3)])
        #expect(recordings.change(to: [], []).map(\.number) == [2, 3] && !recordings.keepsMarks)
    }

    /// The same twice is two recordings.
    @Test func numbersAreNotGivenTwice() {
        let coming = Recordings().coming([Self.a, Self.b, Self.a])
        #expect(coming.map(\.number) == [1, 2, 3] && coming.allSatisfy { $0.former == nil })
    }
}
