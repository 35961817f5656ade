import BulkheadTestSupport
import Foundation
import Testing

/// A broadcast of the test picture into an embedded server and a file, with a viewer who is there from the start, and
/// what they saw in the end.
struct Stage {
    let server: EmbeddedServer
    let viewer: RecordingViewer
    let broadcast: RunningProcess
    let folder: TemporaryFolder

    /// Returns when it is on air.
    /// - Parameter seconds: its length; nil for one that is ended by ``stop()``.
    init(seconds: Int?, _ arguments: [String]) async throws {
        folder = try TemporaryFolder()
        server = try await EmbeddedServer()
        viewer = try RecordingViewer(server.url("a"), into: folder)
        #expect(await server.hasViewer(of: "a"))
        broadcast = try BulkheadProgram.start(
            [
                "broadcast", "test", "--to", server.url("a"), "--to", "file:\(folder.path("out.flv"))", "--control",
                "unix:\(folder.path("c.sock"))", "--size", "640x360", "--video-bitrate", "800k", "--preset",
                "ultrafast", "--json",
            ] + (seconds.map { ["--duration", "\($0)"] } ?? []) + arguments,
            environment: ["XDG_STATE_HOME": folder.path("state")])
        let broadcast = broadcast
        #expect(await eventually(within: .seconds(20)) { broadcast.outputText.contains("\"timeline.on-air\"") })
    }

    // MARK: what happens

    /// All events so far.
    var events: [ReportedEvent] { ReportedEvent.all(in: broadcast.outputText) }

    /// The events with `code`; of children, of those on air unless another `duty` is given.
    func events(_ code: String, _ duty: ReportedEvent.Duty? = nil, name: String? = nil) -> [ReportedEvent] {
        events.filter { $0.isA(code, duty, name: name) }
    }

    /// Waits until there are `count` such events, and gives the newest.
    @discardableResult
    func event(
        _ code: String, _ duty: ReportedEvent.Duty? = nil, name: String? = nil, count: Int = 1,
        within timeout: Duration = .seconds(20), sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> ReportedEvent {
        let came = await eventually(within: timeout) { events(code, duty, name: name).count >= count }
        return try #require(
            came ? events(code, duty, name: name).last : nil, "\(code) \(count)\n\(broadcast.outputText)",
            sourceLocation: sourceLocation)
    }

    /// Waits until the viewer has seen about a second more.
    func more(sourceLocation: SourceLocation = #_sourceLocation) async {
        let seen = viewedByteCount
        #expect(
            await eventually(within: .seconds(20)) { viewedByteCount > seen + 8000 }, "the viewer sees more",
            sourceLocation: sourceLocation)
    }

    private var viewedByteCount: Int {
        (try? FileManager.default.attributesOfItem(atPath: viewer.path)[.size] as? Int) ?? 0
    }

    // MARK: children

    func child(_ name: String) async throws -> Int32 {
        let parent = broadcast.pid
        var found: Int32?
        _ = await eventually(within: .seconds(20)) {
            let running = ProcessTable.children(of: parent, named: name)
            // Of those that have a standby it is the one on air.
            found =
                switch name {
                case "bulkhead-encoder": encoderOnAir.flatMap { running.contains($0) ? $0 : nil }
                case "bulkhead-plugin-host": pluginHostOnAir.flatMap { running.contains($0) ? $0 : nil }
                default: running.first
                }
            return found != nil
        }
        return try #require(found, "\(name) runs")
    }

    /// Signals the child and waits until another is ready in its place and the viewer sees more.
    func replace(_ name: String, with signal: Int32) async throws {
        let ready = readyCount(name)
        let pid = try await child(name)
        kill(pid, signal)
        #expect(
            await eventually(within: .seconds(20)) { !ProcessTable.exists(pid) && readyCount(name) > ready },
            "\(name) \(pid) is replaced after signal \(signal)")
        await more()
    }

    /// The process that last said that it is ready as the encoder, and not as its standby.
    var encoderOnAir: Int32? {
        events.last { $0.isA("encoder.ready") || $0.isA("encoder.took-over") }?.pid
    }

    /// The same for the plugin host.
    var pluginHostOnAir: Int32? {
        events.last { $0.isA("plugin-host.ready") || $0.isA("plugin-host.took-over") }?.pid
    }

    var encoders: [Int32] { ProcessTable.children(of: broadcast.pid, named: "bulkhead-encoder") }

    /// Waits until a standby is ready beside the encoder on air, and gives both.
    func pair(sourceLocation: SourceLocation = #_sourceLocation) async throws -> (onAir: Int32, standby: Int32) {
        var found: (Int32, Int32)?
        _ = await eventually(within: .seconds(20)) {
            guard let onAir = encoderOnAir, let standby = events("encoder.ready", .standby).last?.pid,
                standby != onAir, ProcessTable.exists(onAir), ProcessTable.exists(standby)
            else { return false }
            found = (onAir, standby)
            return true
        }
        return try #require(found, "a standby is ready", sourceLocation: sourceLocation)
    }

    /// How many children of this kind have come so far as to work.
    private func readyCount(_ name: String) -> Int {
        let role = name.dropFirst("bulkhead-".count)
        if role == "source" { return events("source.opened").count }
        return Set(events.filter { $0.isA("\(role).ready") || $0.isA("\(role).took-over") }.compactMap(\.pid)).count
    }

    // MARK: commands

    /// Runs `bulkhead` with `arguments` for this broadcast.
    func command(_ arguments: [String]) async throws -> (text: String, status: Int32) {
        let program = try BulkheadProgram.start(
            arguments + ["--attach", "unix:\(folder.path("c.sock"))"],
            environment: ["XDG_STATE_HOME": folder.path("state")])
        let status = await program.wait(timeout: .seconds(30))
        return (program.outputText + program.errorText, status)
    }

    /// Runs `bulkhead` with `arguments`, which must succeed.
    func expect(_ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let (text, status) = try await command(arguments)
        #expect(status == 0, "\(arguments): \(text)\n\(broadcast.outputText)", sourceLocation: sourceLocation)
    }

    func stop() async throws { try await expect(["stop"]) }

    // MARK: the end

    /// Waits for the end and decodes what the viewer saw.
    func finish() async throws -> ViewedFrames {
        #expect(await broadcast.wait(timeout: .seconds(60)) == 0, "\(broadcast.errorText)")
        await viewer.finish()
        #expect(server.publishCount == 1, "\(server.log)")
        await server.end()
        #expect(try await packets().backwardSteps == 0)
        return try await ViewedFrames.decode(viewer.path, width: 640, height: 360)
    }

    /// What the master itself counted, said at its end.
    struct Figures: Decodable {
        /// Ticks for which the source had nothing new.
        let framesRepeated: Int
        /// Ticks left out because the encoder could not keep up.
        let framesSkipped: Int
        /// Frames in whose place the slate went out because no encoder worked.
        let framesSlated: Int
    }

    func figures(sourceLocation: SourceLocation = #_sourceLocation) throws -> Figures {
        struct Summary: Decodable { let status: Figures }
        let line = try #require(
            broadcast.outputText.split(separator: "\n").last { $0.contains("\"kind\":\"summary\"") },
            sourceLocation: sourceLocation)
        return try JSONDecoder().decode(Summary.self, from: Data(line.utf8)).status
    }

    /// No frame is lost to the viewer, none comes twice: but for those that a machine too slow for the broadcast left
    /// out or repeated by rule, which the master counts.
    func expectWhole(_ seen: ViewedFrames, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let figures = try figures(sourceLocation: sourceLocation)
        #expect(seen.lost <= figures.framesSkipped, "\(seen.numbers)", sourceLocation: sourceLocation)
        #expect(seen.repeated <= figures.framesRepeated, "\(seen.numbers)", sourceLocation: sourceLocation)
        #expect(seen.unreadable <= figures.framesSlated, "\(seen.numbers)", sourceLocation: sourceLocation)
        #expect(seen.isInOrder, sourceLocation: sourceLocation)
    }

    /// The viewer got every frame of the broadcast's duration, but for those that were left out by rule.
    func expectCount(
        _ seen: ViewedFrames, _ count: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let skipped = try figures(sourceLocation: sourceLocation).framesSkipped
        #expect(
            seen.numbers.count + skipped == count,
            "\(skipped) left out; the viewer got \(seen.numbers.count), the last \(seen.numbers.suffix(3))",
            sourceLocation: sourceLocation)
    }

    func packets() async throws -> ViewedPackets { try await ViewedPackets.list(viewer.path) }

    /// The AVC sequence headers that the broadcast has written, by their place among the pictures: Adobe's FLV 10.1,
    /// annex E: after a header of 9 bytes and a size, each tag has 11 bytes, its data and its size.
    var sequenceHeaders: [(picturesBefore: Int, bytes: [UInt8])] {
        guard let data = FileManager.default.contents(atPath: folder.path("out.flv")) else { return [] }
        let bytes = [UInt8](data)
        var found: [(Int, [UInt8])] = []
        var pictures = 0
        var place = 13
        while place + 11 <= bytes.count {
            let size = Int(bytes[place + 1]) << 16 | Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
            let body = place + 11
            guard body + size <= bytes.count else { break }
            if bytes[place] == 9, size >= 5 {
                if bytes[body + 1] == 0 {
                    found.append((pictures, Array(bytes[body + 5..<body + size])))
                } else {
                    pictures += 1
                }
            }
            place = body + size + 4
        }
        return found
    }
}
