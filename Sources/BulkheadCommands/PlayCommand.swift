package import ArgumentParser
import BulkheadFLV
import BulkheadLibraryPlayer
import BulkheadMaster
import BulkheadModel
import BulkheadStreamPlayer
import BulkheadSystem
import Foundation
import NIOCore
import Synchronization

/// `bulkhead play`: plays a recording or a live room of a library, from whichever node gives it.
package struct PlayCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "play",
        abstract: "Play a recording or a live room of a library, from the node that serves it best.",
        discussion: """
            The address is the one in a browser, or the tracker's: http://SERVER:8090/#ID, http://SERVER:8090/find/ID; for \
            a live room http://SERVER:8090/#live/APP/NAME. Where a node is dead, silent or too slow, the next one goes on \
            within two seconds, with a recording at the same place. Streams of one server are played as well: \
            rtmp://SERVER/APP/NAME, rtmps://…, http://SERVER/APP/NAME.flv.

            What is played goes to mpv, ffplay or vlc, whichever is installed, or to --player or --output: a recording as \
            MP4, what is live as FLV.
            """)

    @Argument(help: ArgumentHelp("http://SERVER:8090/#ID, http://SERVER:8090/#live/APP/NAME.", valueName: "url"))
    var url: String

    @Option(
        help: ArgumentHelp(
            "A further tracker, asked when the first one doesn't answer; may be repeated.", valueName: "url"))
    var tracker: [String] = []

    @Option(
        help: ArgumentHelp("The command that shows it; it gets what is played on standard input.", valueName: "command")
    )
    var player: String?

    @Option(
        help: ArgumentHelp("Write what is played here, - for standard output.", valueName: "file"), completion: .file())
    var output: String?

    @Option(help: ArgumentHelp("Where to begin in a recording: 10, 1m30s, 00:01:30.", valueName: "time"))
    var from: String?

    @OptionGroup var authority: AuthorityFile

    package init() {}

    package func validate() throws {
        if player != nil, output != nil { throw ValidationError("--player and --output exclude each other") }
    }

    package func run() async throws {
        guard let address = PlayedAddress(url, trackers: tracker) else {
            throw BroadcastError(
                .usage, "\(url) is no address of a recording, a room or a stream, or a tracker's is none",
                advice:
                    "write http://SERVER:8090/#ID or http://SERVER:8090/#live/APP/NAME, and http://SERVER:8090 for --tracker"
            )
        }
        var start = 0.0
        if let from {
            guard let span = TimeSpan(from) else {
                throw BroadcastError(.usage, "--from \(from) is no time", advice: "write 10, 1m30s or 00:01:30")
            }
            guard case .recording = address else {
                throw BroadcastError(.usage, "what is live has no --from", advice: "leave it out")
            }
            start = span.seconds
        }
        let options = try authority.options()
        let sink = try PlaySink(player: player, output: output)
        let reporter = Reporter.standard(isJSON: false)
        defer { reporter.flush() }
        let begun = MonotonicTime.now
        let tell: @Sendable (PlaybackHappening) -> Void = { happening in
            reporter.say(Self.sentence(happening, seconds: Double(MonotonicTime.now.since(begun)) / 1e9))
        }
        let result: Result<Void, BroadcastError>
        switch address {
        case .recording(let address):
            let playback = LibraryPlayback(address, from: start, trust: options.trust, tell: tell)
            result = await Self.run(into: sink) { () throws(BroadcastError) in
                while let piece = try await Self.next(of: playback), !Task.isCancelled {
                    guard try await sink.write(piece.bytes) else { return }
                }
            }
            await playback.close()
        case .room(let room):
            result = await Self.run(into: sink) { () throws(BroadcastError) in
                try await Self.play(RoomPlayback(room, options: options, tell: tell), into: sink)
            }
        case .stream(let source):
            result = await Self.run(into: sink) { () throws(BroadcastError) in
                try await Self.play(RoomPlayback(source, options: options, tell: tell), into: sink)
            }
        }
        sink.close()
        reporter.finish()
        if case .failure(let error) = result { throw error }
    }

    /// Runs `body` until it ends or a signal comes.
    private static func run(
        into sink: PlaySink, _ body: @escaping @Sendable () async throws(BroadcastError) -> Void
    ) async -> Result<Void, BroadcastError> {
        let interruptions = Interruptions()
        return await withTaskGroup(of: Result<Void, BroadcastError>?.self) { group in
            group.addTask { await LongRun.outcome { () throws(BroadcastError) in try await body() } }
            group.addTask {
                for await _ in interruptions.signals { return nil }
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            // A player that was closed takes nothing: nobody waits for it.
            if first == nil { sink.interrupt() }
            return first ?? .success(())
        }
    }

    private static func play(_ playback: RoomPlayback, into sink: PlaySink) async throws(BroadcastError) {
        let file = Mutex(RoomFile())
        try await playback.runToBroadcastError { piece in
            switch piece {
            case .began: file.withLock { $0.begin() }
            case .message(let message):
                let bytes = try file.withLock { file throws(FLVError) in try file.bytes(of: message) }
                if bytes.readableBytes > 0 { return try await sink.write(Array(bytes.readableBytesView)) }
            }
            return true
        }
    }

    private static func next(of playback: LibraryPlayback) async throws(BroadcastError) -> LibraryPlayback.Piece? {
        do { return try await playback.next() } catch { throw BroadcastError(playing: error) }
    }

    private static func sentence(_ happening: PlaybackHappening, seconds: Double) -> String {
        let time = String(format: "%.2f s", seconds)
        return switch happening {
        case .found(let name, let tracker, let nodes):
            "\(time): \(tracker) has \"\(name)\" at "
                + nodes.map { "\($0.node) (\($0.why))" }.joined(separator: ", ")
        case .playing(let node, _, let waited): "\(time): plays from \(node), which took \(Int(waited)) ms"
        case .left(let node, let because): "\(time): \(node) \(because)"
        case .noTracker(let why): "\(time): no tracker says where it is: \(why)"
        case .asksAgain: "\(time): none of the nodes gives it: the tracker is asked again"
        }
    }
}
