import BulkheadTestSupport
import Foundation
import Testing

/// A chain of plugins that each do harm, one after the other, while on air: the viewer sees every frame, and each of them
/// is named and left out.
@Suite(.serialized, .timeLimit(.minutes(3))) struct HostilePluginTests {
    private static let acts = [
        "fault", "exit", "overflow", "corrupt-heap", "close-all", "next-slot", "exhaust", "spin", "ignored-fault",
        "flood-wire",
    ]
    /// They go on answering.
    private static let nuisances = ["flood", "fork", "kill-parent", "inet", "passwords", "parent-cmdline"]

    @Test func aChainOfHostilePluginsLosesNoFrame() async throws {
        let library = BulkheadProgram.path("libHostile.so")
        let throwing = BulkheadProgram.path("libHostileThrowing.so")
        // Each begins some frames after the first call: a host that is dead takes the counts of the others with it.
        let words =
            ["\(BulkheadProgram.path("libBorder.so")),width=4,@name=good"]
            + Self.nuisances.map { "\(library),act=\($0),frame=5,@name=\($0)" }
            + Self.acts.map { "\(library),act=\($0),frame=8,@name=\($0)" } + ["\(throwing),@name=throwing"]
        let stage = try await Stage(seconds: nil, words.flatMap { ["--plugin", $0] })
        for name in Self.acts + ["throwing"] { try await stage.event("plugin.quarantined", name: name) }
        await stage.more()
        #expect(stage.events("plugin.quarantined", name: "good").isEmpty)
        for name in Self.nuisances { #expect(stage.events("plugin.quarantined", name: name).isEmpty, "\(name)") }
        let said = stage.events.filter { $0.code == "plugin.said" }
        #expect(said.count >= 4, "\(said)")
        #expect(!stage.broadcast.outputText.contains(": granted"))
        try await stage.stop()
        let seen = try await stage.finish()
        try stage.expectWhole(seen)
    }

    /// Below every limit of the kernel's, they cost others theirs.
    @Test func aPluginThatKeepsManyThreadsIsLeftOut() async throws {
        let stage = try await Stage(
            seconds: nil,
            ["--plugin", "\(BulkheadProgram.path("libHostile.so")),act=hold-threads,target=400,frame=8,@name=many"])
        try await stage.event("plugin.quarantined", name: "many")
        await stage.more()
        try await stage.stop()
        let seen = try await stage.finish()
        try stage.expectWhole(seen)
    }
}
