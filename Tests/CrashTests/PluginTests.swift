import BulkheadTestSupport
import Foundation
import Testing

/// Plugins that crash, hang and change while on air: the viewer sees every frame.
@Suite(.serialized, .timeLimit(.minutes(3))) struct PluginTests {
    private static let border = BulkheadProgram.path("libBorder.so")
    private static let hostile = BulkheadProgram.path("libHostile.so")

    private struct Plugin: Decodable {
        let name: String
        let state: String
        let parameters: [String: String]
        let calls: Int
        let deaths: Int
        let pid: Int32?
    }

    private func chain(_ stage: Stage) async throws -> [Plugin] {
        let (text, status) = try await stage.command(["plugin", "chain", "--json"])
        #expect(status == 0, "\(text)")
        return try text.split(separator: "\n").map { try JSONDecoder().decode(Plugin.self, from: Data($0.utf8)) }
    }

    /// Waits until the chain is so.
    private func chain(
        _ stage: Stage, sourceLocation: SourceLocation = #_sourceLocation, is fits: ([Plugin]) -> Bool
    ) async throws {
        let isSo = await eventually(within: .seconds(30)) { (try? await chain(stage)).map(fits) ?? false }
        #expect(isSo, "\(stage.broadcast.outputText)", sourceLocation: sourceLocation)
    }

    /// One of two plugins ends its host again and again, by a fault or by standing still: it alone is left out.
    @Test(arguments: ["fault", "exit-at-once", "stop"], ["all", "each"])
    func guiltyPluginAloneIsLeftOut(act: String, isolation: String) async throws {
        // Each way once in each isolation would take longer, and show no more.
        guard (act == "fault") == (isolation == "all") || act == "stop" && isolation == "all" else { return }
        let stage = try await Stage(
            seconds: nil,
            [
                "--plugin", "\(Self.border),width=4", "--plugin", "\(Self.hostile),act=\(act),frame=15,@name=bad",
                "--plugin-isolation", isolation,
            ])
        let first = try #require(try await chain(stage).first?.pid)
        try await stage.event("plugin.quarantined", name: "bad")
        // The other one goes on meanwhile.
        let before = try await chain(stage)
        #expect(before.map(\.name) == ["border", "bad"])
        try await chain(stage) { $0[0].calls > before[0].calls && $0[0].state == "working" }
        #expect(isolation == "all" ? stage.pluginHostOnAir != first : try await chain(stage).first?.pid == first)
        try await stage.event("plugin.readmitted", name: "bad")
        try await stage.event("plugin.quarantined", name: "bad", count: 2)
        let waits = stage.events("plugin.quarantined", name: "bad").prefix(2).map { $0.number("seconds") }
        #expect(waits == [1, 5])
        let host = isolation == "all" ? "plugin host" : "plugin host bad"
        try await stage.event("plugin-host.died", name: host, count: 2)
        #expect(stage.events("plugin-host.died", name: host).allSatisfy { $0.string("plugin") == "bad" })
        #expect(stage.events("plugin.quarantined", name: "border").isEmpty)
        try await stage.stop()
        try stage.expectWhole(try await stage.finish())
        let kept = try String(contentsOfFile: stage.folder.path("state/bulkhead/deaths.jsonl"), encoding: .utf8)
        #expect(kept.contains("\"plugin\":\"bad\""))
    }

    /// What dies when it is made never goes on air, and the chain stays as it was.
    @Test(arguments: ["all", "each"]) func changesOnAirLoseNothing(isolation: String) async throws {
        let stage = try await Stage(
            seconds: nil, ["--plugin", "\(Self.border),width=4", "--plugin-isolation", isolation])
        await stage.more()
        for words in [
            ["add", "\(Self.hostile)", "--name", "quiet", "--position", "1"], ["add", "\(Self.border),width=2"],
            ["move", "border-2", "1"], ["set", "border", "width=2"], ["disable", "border"], ["enable", "border"],
            ["reload", "border"], ["set", "quiet", "frame=3"], ["pardon", "border"],
        ] {
            try await stage.expect(["plugin"] + words)
        }
        try await chain(stage) { $0.map(\.name) == ["border-2", "quiet", "border"] && $0.allSatisfy { $0.calls > 0 } }
        #expect(try await chain(stage).map { $0.parameters["width"] } == ["2", nil, "2"])
        for (words, code, part) in [
            (["set", "border", "width=x"], 67, "from 2 to 4096"), (["set", "border", "wdth=3"], 67, "width"),
            (["set", "nosuch", "a=b"], 64, "border-2"), (["move", "border", "7"], 64, "1 to 3"),
            (["add", "/etc/passwd"], 67, "no ELF file"), (["add", "frei0r:nosuch"], 67, "no plugin"),
            (["add", "\(Self.hostile),act=fault,place=create,frame=0"], 67, "SIGSEGV"),
            (["add", "\(Self.border),@name=border"], 64, "two plugins"), (["reload", "nosuch"], 64, "border-2"),
        ] {
            let (text, status) = try await stage.command(["plugin"] + words)
            #expect(status == Int32(code) && text.contains(part), "\(words): \(status) \(text)")
        }
        try await stage.expect(["plugin", "remove", "quiet"])
        #expect(try await chain(stage).map(\.name) == ["border-2", "border"])
        try await stage.expect(["plugin", "remove", "border"])
        try await stage.expect(["plugin", "remove", "border-2"])
        #expect(try await chain(stage).isEmpty)
        try await stage.expect(["plugin", "add", "\(Self.border),width=4"])
        try await chain(stage) { $0.count == 1 && $0[0].calls > 0 }
        try await stage.stop()
        try stage.expectWhole(try await stage.finish())
        #expect(!stage.events.contains { $0.code.hasSuffix(".died") })
    }

    /// A plugin that ends its process on its way out is named, and no other is left out for it.
    @Test(arguments: ["remove", "reload"]) func aPluginThatEndsItsProcessOnItsWayOutIsNamed(way: String) async throws {
        let stage = try await Stage(
            seconds: nil,
            [
                "--plugin", "\(Self.border),width=4", "--plugin",
                "\(Self.hostile),act=exit-at-once,place=destroy,@name=bad",
            ])
        try await chain(stage) { $0.count == 2 && $0.allSatisfy { $0.calls > 0 } }
        _ = try await stage.command(["plugin", way, "bad"])
        if way == "remove" {
            #expect(try await stage.event("plugin-host.died").string("plugin") == "bad")
        } else {
            try await stage.event("plugin.ended-its-host", name: "bad")
        }
        await stage.more()
        #expect(stage.events("plugin.quarantined").isEmpty)
        try await stage.stop()
        try stage.expectWhole(try await stage.finish())
    }

    /// Sound that plugins work on has neither gap nor repeat, whatever becomes of their host.
    @Test func soundPassesWholeThroughAHostThatDies() async throws {
        let stage = try await Stage(seconds: nil, ["--plugin", BulkheadProgram.path("libDynamics.so")])
        try await chain(stage) { $0.first.map { $0.calls > 20 && $0.state == "working" } ?? false }
        for _ in 1...2 { try await stage.replace("bulkhead-plugin-host", with: SIGKILL) }
        try await stage.expect(["plugin", "add", "\(Self.border),width=4"])
        await stage.more()
        try await stage.stop()
        try stage.expectWhole(try await stage.finish())
        let sound = try await stage.packets().packets.filter { !$0.isVideo }.map(\.dts)
        #expect(sound.count > 40)
        // Blocks of 1024 samples, in whole milliseconds.
        #expect(zip(sound, sound.dropFirst()).allSatisfy { abs($1 - $0 - 1024.0 / 48_000) < 0.002 }, "\(sound)")
    }

    /// A library that is replaced on disk goes on air with `reload`; one that is no plugin does not.
    @Test func reloadTakesTheFileAsItIsNow() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let file = folder.path("mine.so")
        try FileManager.default.copyItem(atPath: Self.hostile, toPath: file)
        let stage = try await Stage(seconds: nil, ["--plugin", "\(file),@name=mine"])
        func replace(with path: String) throws {
            try FileManager.default.copyItem(atPath: path, toPath: file + ".new")
            rename(file + ".new", file)
        }
        try replace(with: "/etc/passwd")
        let (text, status) = try await stage.command(["plugin", "reload", "mine"])
        #expect(status == 67, "\(text)")
        try await stage.expect(["plugin", "set", "mine", "frame=7"])
        // One that does not take its parameters does neither.
        try replace(with: BulkheadProgram.path("libDynamics.so"))
        let (problem, code) = try await stage.command(["plugin", "reload", "mine"])
        #expect(code == 67 && problem.contains("frame"), "\(problem)")
        try replace(with: Self.hostile)
        let old = stage.pluginHostOnAir
        try await stage.expect(["plugin", "reload", "mine"])
        #expect(stage.pluginHostOnAir != old)
        try await stage.stop()
        try stage.expectWhole(try await stage.finish())
    }
}
