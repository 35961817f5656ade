import BulkheadFaults
import BulkheadHTTP
import BulkheadLibraryPlayer
import BulkheadTestSupport
import Foundation
import Glibc
import Synchronization
import Testing

/// Players of a library whose nodes and trackers fail: the next one goes on, where it was.
@Suite(.serialized, .timeLimit(.minutes(4))) struct FailoverTests {
    private typealias Stage = FailoverStage

    /// A playback, what it gave, and what it said.
    private final class Watched: Sendable {
        let playback: LibraryPlayback
        private let said: Heard

        final class Heard: Sendable {
            let happenings = Mutex<[PlaybackHappening]>([])
        }

        init(_ stage: Stage, trackers: [String] = []) throws {
            let places = trackers.isEmpty ? [stage.library.address("centre")] : trackers
            let address = try #require(VideoAddress("\(places[0])/#\(stage.id)", others: Array(places.dropFirst())))
            let heard = Heard()
            said = heard
            playback = LibraryPlayback(address) { happening in heard.happenings.withLock { $0.append(happening) } }
        }

        var happenings: [PlaybackHappening] { said.happenings.withLock { $0 } }
        /// The nodes that played, in order.
        var players: [String] {
            happenings.compactMap { if case .playing(let node, _, _) = $0 { node } else { nil } }
        }
        var questions: Int { happenings.count { if case .found = $0 { true } else { false } } }

        /// The next segment.
        func segment() async throws -> (bytes: [UInt8], start: Double, end: Double)? {
            while let piece = try await playback.next() {
                if case .segment(let bytes, let start, let end) = piece { return (bytes, start, end) }
            }
            return nil
        }

        /// What is left, as one piece: all of it follows on what was before.
        func rest(from start: Double) async throws -> [UInt8] {
            var (bytes, position): ([UInt8], Double) = ([], start)
            while let segment = try await segment() {
                #expect(abs(segment.start - position) < 0.011, "\(segment.start) after \(position)")
                bytes += segment.bytes
                position = segment.end
            }
            #expect(abs(position - 24) < 0.1)
            await playback.close()
            return bytes
        }
    }

    /// What is played where all is well.
    private func whole(_ stage: Stage) async throws -> [UInt8] {
        let watched = try Watched(stage)
        let bytes = try await watched.rest(from: 0)
        #expect(watched.players == ["near"] && bytes.count > 1000)
        return bytes
    }

    @Test(arguments: [FaultyPath.Condition.refusing, .blackhole, .stalled])
    func deadNearestNodeIsPassedAtTheStart(condition: FaultyPath.Condition) async throws {
        let stage = try await Stage()
        let expected = try await whole(stage)
        try await stage.path.set(condition)
        let watched = try Watched(stage)
        // How long that takes is measured by Benchmarks/library-tracker: 0.4 s on a machine that has nothing else to do.
        let first = try #require(await watched.segment())
        #expect(watched.players == ["far"] && watched.questions == 1, "\(watched.happenings)")
        #expect(try await first.bytes + watched.rest(from: first.end) == expected)
        // Others of the same network are told.
        let isTold = try await eventually {
            let found = try await stage.library.find("show", nodes: 2)
            let candidates = try #require(found["candidates"] as? [[String: Any]])
            return candidates.map { $0["node"] as? String } == ["far", "near"]
                && (candidates[1]["why"] as? String)?.contains("gave nothing to 127.0.0.0/24") == true
        }
        #expect(isTold)
        await stage.end()
    }

    enum End: CaseIterable { case reset, silence, killed }

    @Test(arguments: End.allCases) func playingGoesOnWhereItWas(end: End) async throws {
        let stage = try await Stage()
        let expected = try await whole(stage)
        let watched = try Watched(stage)
        var bytes: [UInt8] = []
        var position = 0.0
        for _ in 0..<2 {
            let segment = try #require(await watched.segment())
            bytes += segment.bytes
            position = segment.end
        }
        switch end {
        case .reset:
            try await stage.path.set(.refusing)
            await stage.path.reset()
        case .silence: try await stage.path.set(.blackhole)
        case .killed: await stage.library.kill("near")
        }
        bytes += try await watched.rest(from: position)
        #expect(bytes == expected)
        #expect(watched.players == ["near", "far"] && watched.questions == 1, "\(watched.happenings)")
        await stage.end()
    }

    /// Gives ranges of files at so many bytes a second, and all else as it comes; says its port first.
    private static let slowProxy = """
        import socket, sys, threading, time
        to, rate = int(sys.argv[1]), int(sys.argv[2])
        def carry(source, target, rate):
            try:
                slow = False
                while data := source.recv(rate // 10 if slow else 65536):
                    if rate and data.startswith(b"HTTP/1.1 206"):
                        slow = True
                        for place in range(0, len(data), rate // 10):
                            target.sendall(data[place:place + rate // 10])
                            time.sleep(0.1)
                        continue
                    target.sendall(data)
                    if slow: time.sleep(0.1)
                target.shutdown(socket.SHUT_WR)
            except OSError: pass
        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)
        while True:
            client, _ = listener.accept()
            server = socket.create_connection(("127.0.0.1", to))
            for pair in ((client, server, 0), (server, client, rate)):
                threading.Thread(target=carry, args=pair, daemon=True).start()
        """

    /// One that gives less than is played is left for one that gives enough.
    @Test func slowNodeIsLeft() async throws {
        let stage = try await Stage()
        let expected = try await whole(stage)
        // A segment has some 3 kB for 4 s.
        let proxy = try RunningProcess(
            "python3", ["-c", Self.slowProxy, "\(stage.library.ports["near"] ?? 0)", "600"])
        #expect(await eventually { proxy.outputText.contains("\n") })
        await stage.path.lead(to: try #require(Int(proxy.outputText.dropLast())))
        let watched = try Watched(stage)
        let bytes = try await watched.rest(from: 0)
        #expect(bytes == expected)
        #expect(watched.players == ["near", "far"], "\(watched.happenings)")
        #expect(watched.happenings.contains(.left(node: "near", because: "gives less than is played")))
        await proxy.end()
        await stage.end()
    }

    /// A list of trackers, of which the first ones are dead in either way.
    @Test func deadTrackersArePassed() async throws {
        let stage = try await Stage(trackers: ["t2"])
        let expected = try await whole(stage)
        let silent = try await FaultyPath.start(port: stage.library.ports["t2"] ?? 0)
        try await silent.set(.blackhole)
        await stage.library.kill("centre")
        let places = [stage.library.address("centre"), "http://127.0.0.1:\(silent.port)", stage.library.address("t2")]
        let watched = try Watched(stage, trackers: places)
        let first = try #require(await watched.segment())
        #expect(try await first.bytes + watched.rest(from: first.end) == expected)
        guard case .found(_, let tracker, _)? = watched.happenings.first else {
            Issue.record("\(watched.happenings)")
            return
        }
        #expect("http://\(tracker)" == stage.library.address("t2"))
        await silent.stop()
        await stage.end()
    }

    /// Look-ups and other requests on one connection, sent before the first is answered: answers come in order, and the last
    /// closes.
    @Test func requestsOfOneConnectionAreAnsweredInOrder() async throws {
        let stage = try await Stage()
        let talk = try RunningProcess(
            "python3",
            [
                "-c",
                """
                import re, socket, sys
                s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
                ask = lambda what, end="": f"{what} HTTP/1.1\\r\\nHost: a\\r\\n{end}\\r\\n"
                s.sendall((ask("GET /health") + ask(f"GET /find/{sys.argv[2]}") + ask(f"HEAD /find/{sys.argv[2]}")
                    + ask("GET /api/nodes") + ask("POST /find/x", "Content-Length: 2\\r\\n") + "ab"
                    + ask("GET /find/00ff-0", "Connection: close\\r\\n")).encode())
                got = b"".join(iter(lambda: s.recv(65536), b"")).decode()
                print(re.findall(r"HTTP/1.1 (\\d+)", got))
                print([got.find(word) for word in ("ok\\n", '"candidates"', '"reading"', "No recording of that name")])
                """, "\(stage.library.ports["centre"] ?? 0)", stage.id,
            ])
        #expect(await talk.wait(timeout: .seconds(40)) == 0, "\(talk.errorText)")
        let lines = talk.outputText.split(separator: "\n")
        #expect(lines.first == "['200', '200', '200', '200', '405', '404']", "\(talk.outputText)")
        let places = (lines.last ?? "").matches(of: #/-?\d+/#).compactMap { Int($0.0) }
        #expect(places.count == 4 && places.allSatisfy { $0 > 0 } && places == places.sorted(), "\(talk.outputText)")
        await stage.end()
    }

    @Test func whatNobodyHasIsSaidSo() async throws {
        let stage = try await Stage()
        let address = try #require(VideoAddress("\(stage.library.address("centre"))/#00ff-0"))
        let playback = LibraryPlayback(address) { _ in }
        await #expect(throws: PlaybackError.unknown("the video 00ff-0")) { try await playback.next() }
        // All nodes dead: tried for a while, and then said.
        var patience = PlaybackPatience()
        patience.trouble = .seconds(2)
        for node in stage.library.nodes { await stage.library.kill(node) }
        let known = try #require(VideoAddress("\(stage.library.address("centre"))/#\(stage.id)"))
        let alone = LibraryPlayback(known, patience: patience) { _ in }
        await #expect(throws: PlaybackError.self) { try await alone.next() }
        await stage.end()
    }

    /// A player that takes nothing holds nobody up, and ends with the command.
    @Test func commandEndsWithItsPlayer() async throws {
        let stage = try await Stage()
        let seconds = Int.random(in: 10_000...20_000)
        let play = try BulkheadProgram.start([
            "play", "\(stage.library.address("centre"))/#\(stage.id)", "--player", "sleep \(seconds)",
        ])
        #expect(await eventually(within: .seconds(20)) { play.errorText.contains("plays from") })
        kill(play.pid, SIGINT)
        #expect(await play.wait(timeout: .seconds(20)) == 0, "\(play.errorText)")
        let left = try RunningProcess("pgrep", ["-f", "^sleep \(seconds)$"])
        #expect(await left.wait() == 1, "\(left.outputText)")
        await stage.end()
    }

    /// The command as a person types it, into a file.
    @Test func commandWritesTheRecordingPastADeadNode() async throws {
        let stage = try await Stage()
        try await stage.path.set(.blackhole)
        let output = stage.library.folder.path("out.mp4")
        let play = try BulkheadProgram.start([
            "play", "\(stage.library.address("centre"))/#\(stage.id)", "--output", output,
        ])
        #expect(await play.wait(timeout: .seconds(30)) == 0, "\(play.errorText)")
        #expect(play.errorText.contains("plays from far"), "\(play.errorText)")
        let probe = try RunningProcess(
            "ffprobe", ["-v", "error", "-show_entries", "stream=codec_type", "-of", "csv", output])
        #expect(await probe.wait() == 0 && probe.outputText.contains("stream,video"), "\(probe.errorText)")
        let unknown = try BulkheadProgram.start([
            "play", "\(stage.library.address("centre"))/#00ff-0", "--output", "/dev/null",
        ])
        #expect(await unknown.wait() == 66)
        #expect(unknown.errorText.contains("no tracker knows the video 00ff-0"), "\(unknown.errorText)")
        await stage.end()
    }
}
