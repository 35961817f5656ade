package import ArgumentParser
import BulkheadLibraryPlayer
import BulkheadMaster
import BulkheadModel
import BulkheadSystem
import Foundation
import NIOPosix

/// `bulkhead play`: plays a recording of a library, from whichever node gives it.
package struct PlayCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "play",
        abstract: "Play a recording of a library, from the node that serves it best.",
        discussion: """
            The address is the one in a browser, or the tracker's: http://SERVER:8090/#ID, http://SERVER:8090/find/ID. \
            Where a node is dead, silent or too slow, the next one goes on at the same place within two seconds.

            The recording goes to mpv, ffplay or vlc, whichever is installed, or to --player or --output.
            """)

    @Argument(help: ArgumentHelp("http://SERVER:8090/#ID", valueName: "url"))
    var url: String

    @Option(
        help: ArgumentHelp(
            "A further tracker, asked when the first one doesn't answer; may be repeated.", valueName: "url"))
    var tracker: [String] = []

    @Option(
        help: ArgumentHelp("The command that shows it; it gets the recording on standard input.", valueName: "command"))
    var player: String?

    @Option(
        help: ArgumentHelp("Write the recording here, - for standard output.", valueName: "file"), completion: .file())
    var output: String?

    @Option(help: ArgumentHelp("Where to begin: 10, 1m30s, 00:01:30.", valueName: "time"))
    var from: String?

    package init() {}

    package func validate() throws {
        if player != nil, output != nil { throw ValidationError("--player and --output exclude each other") }
    }

    package func run() async throws {
        let address = try VideoAddress(url, others: tracker).orThrow(
            BroadcastError(
                .usage, "\(url) is no address of a recording, or a tracker's is none",
                advice: "write http://SERVER:8090/#ID, and http://SERVER:8090 for --tracker"))
        var start = 0.0
        if let from {
            guard let span = TimeSpan(from) else {
                throw BroadcastError(.usage, "--from \(from) is no time", advice: "write 10, 1m30s or 00:01:30")
            }
            start = span.seconds
        }
        let sink = try PlaySink(player: player, output: output)
        let reporter = Reporter.standard(isJSON: false)
        defer { reporter.flush() }
        let begun = MonotonicTime.now
        let playback = LibraryPlayback(address, from: start) { happening in
            reporter.say(Self.sentence(happening, seconds: Double(MonotonicTime.now.since(begun)) / 1e9))
        }
        let (result, _) = await Self.run(playback, into: sink)
        await playback.close()
        sink.close()
        reporter.finish()
        if case .failure(let error) = result { throw error }
    }

    private static func run(
        _ playback: LibraryPlayback, into sink: PlaySink
    ) async -> (Result<Void, BroadcastError>, isInterrupted: Bool) {
        let interruptions = Interruptions()
        return await withTaskGroup(of: Result<Void, BroadcastError>?.self) { group in
            group.addTask {
                await LongRun.outcome { () throws(BroadcastError) in
                    while let piece = try await next(of: playback), !Task.isCancelled {
                        guard try await sink.write(piece) else { return }
                    }
                }
            }
            group.addTask {
                for await _ in interruptions.signals { return nil }
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            // A player that was closed takes nothing: nobody waits for it.
            if first == nil { sink.interrupt() }
            return (first ?? .success(()), first == nil)
        }
    }

    private static func next(of playback: LibraryPlayback) async throws(BroadcastError) -> LibraryPlayback.Piece? {
        do { return try await playback.next() } catch { throw BroadcastError(playing: error) }
    }

    private static func sentence(_ happening: LibraryPlayback.Happening, seconds: Double) -> String {
        let time = String(format: "%.2f s", seconds)
        return switch happening {
        case .found(let name, let tracker, let nodes):
            "\(time): \(tracker) has \"\(name)\" at \(nodes.joined(separator: ", "))"
        case .playing(let node, let why, let waited):
            "\(time): plays from \(node), which took \(Int(waited)) ms: \(why)"
        case .left(let node, let because): "\(time): \(node) \(because)"
        case .noTracker(let why): "\(time): no tracker says where it is: \(why)"
        case .asksAgain: "\(time): none of the nodes gives it: the tracker is asked again"
        }
    }
}

extension Optional {
    fileprivate func orThrow<Failure: Error>(_ error: @autoclosure () -> Failure) throws(Failure) -> Wrapped {
        guard let self else { throw error() }
        return self
    }
}
