import BulkheadTestSupport
import Foundation
import Testing

/// Every child is killed while on air; a viewer who was there before the first frame misses nothing.
@Suite(.serialized, .timeLimit(.minutes(3))) struct KillTests {
    @Test(arguments: [[], ["--tune", "none", "--preset", "veryfast", "--bframes", "2"]])
    func encoderKilledAgainAndAgainLosesNoFrame(settings: [String]) async throws {
        let stage = try await Stage(seconds: 20, settings)
        for _ in 0..<6 { try await stage.replace("bulkhead-encoder", with: SIGKILL) }
        let seen = try await stage.finish()
        try stage.expectWhole(seen)
        try stage.expectCount(seen, 600)
    }

    @Test func sourceKilledAgainAndAgainLosesNoFrame() async throws {
        let stage = try await Stage(seconds: 14, [])
        for _ in 0..<6 { try await stage.replace("bulkhead-source", with: SIGKILL) }
        let seen = try await stage.finish()
        try stage.expectWhole(seen)
        try stage.expectCount(seen, 420)
    }

    @Test func pluginHostKilledAgainAndAgainLosesNoFrame() async throws {
        let stage = try await Stage(seconds: 14, ["--plugin", BulkheadProgram.path("libBorder.so") + ",width=4"])
        for _ in 0..<6 { try await stage.replace("bulkhead-plugin-host", with: SIGKILL) }
        let seen = try await stage.finish()
        try stage.expectWhole(seen)
        try stage.expectCount(seen, 420)
    }

    /// A child that stands still answers nothing and does not end: only its deadline shows it.
    @Test(arguments: ["bulkhead-encoder", "bulkhead-source", "bulkhead-plugin-host"])
    func stoppedChildIsReplaced(name: String) async throws {
        // A source may give nothing for 3 s; the slate would be there by then.
        let stage = try await Stage(
            seconds: 8, ["--plugin", BulkheadProgram.path("libBorder.so") + ",width=4", "--slate-after", "8s"])
        try await stage.replace(name, with: SIGSTOP)
        let seen = try await stage.finish()
        try stage.expectWhole(seen)
        try stage.expectCount(seen, 240)
    }

    /// Scenes change all the while; a frame that is not mixed shows the main input alone.
    @Test(arguments: [SIGKILL, SIGSTOP]) func mixerThatIsLostLosesNoFrame(signal: Int32) async throws {
        let stage = try await Stage(seconds: 16, ["test,name=guest"])
        let corner = ["width=25%", "height=25%", "opacity=0.8", "corner-radius=8"].joined(separator: ",")
        for (name, place) in [("left", "x=5%"), ("right", "x=70%")] {
            let scene = ["scene", "add", name, "--item", "source 1", "--item", "guest,y=5%,\(place),\(corner)"]
            #expect(try await stage.command(scene).status == 0)
        }
        for round in 0..<4 {
            for name in ["left", "right"] {
                let take = ["scene", "take", name] + (round.isMultiple(of: 2) ? ["--fade", "200ms"] : [])
                let answer = try await stage.command(take)
                #expect(answer.status == 0 && answer.text.contains("from frame"), "\(answer.text)")
            }
            try await stage.replace("bulkhead-mixer", with: signal)
        }
        let seen = try await stage.finish()
        try stage.expectWhole(seen)
        try stage.expectCount(seen, 480)
        #expect(stage.events("timeline.taken").count == 8)
    }

    /// A planned takeover costs nothing, however often.
    @Test func restartedMixerMixesEveryFrame() async throws {
        let stage = try await Stage(seconds: 6, ["test,name=guest"])
        let guest = "guest,x=70%,y=5%,width=25%,height=25%"
        #expect(try await stage.command(["scene", "add", "talk", "--item", "source 1", "--item", guest]).status == 0)
        #expect(try await stage.command(["scene", "take", "talk"]).status == 0)
        for count in 1...3 {
            let before = try await stage.child("bulkhead-mixer")
            #expect(try await stage.command(["restart", "mixer"]).status == 0)
            try await stage.event("mixer.took-over", count: count)
            #expect(await eventually { !ProcessTable.exists(before) })
        }
        let seen = try await stage.finish()
        try stage.expectWhole(seen)
        try stage.expectCount(seen, 180)
        #expect(stage.events("mixer.died").isEmpty)
    }

    /// A standby owes nothing: that it stands still shows in its process alone.
    @Test func stoppedStandbyOfAPluginHostIsReplaced() async throws {
        let stage = try await Stage(seconds: nil, ["--plugin", BulkheadProgram.path("libBorder.so") + ",width=4"])
        let standby = try #require(try await stage.event("plugin-host.ready", .standby).pid)
        kill(standby, SIGSTOP)
        #expect(try await stage.event("plugin-host.died", .standby).pid == standby)
        try await stage.event("plugin-host.ready", .standby, count: 2)
        #expect(!ProcessTable.exists(standby))
        try await stage.stop()
        try stage.expectWhole(try await stage.finish())
    }

    /// A segmentation fault that comes from outside is survived by Swift's crash reporter or kills: either is whole.
    @Test(arguments: ["bulkhead-encoder", "bulkhead-source", "bulkhead-plugin-host"])
    func faultedChildLosesNoFrame(name: String) async throws {
        let stage = try await Stage(seconds: 5, ["--plugin", BulkheadProgram.path("libBorder.so") + ",width=4"])
        for _ in 0..<3 { kill(try await stage.child(name), SIGSEGV) }
        let seen = try await stage.finish()
        try stage.expectWhole(seen)
        try stage.expectCount(seen, 150)
    }

    /// All three at once, and the master alone is left for a moment.
    @Test func allChildrenKilledAtOnce() async throws {
        let stage = try await Stage(seconds: 7, ["--plugin", BulkheadProgram.path("libBorder.so") + ",width=4"])
        for _ in 0..<3 {
            let names = ["bulkhead-encoder", "bulkhead-source", "bulkhead-plugin-host"]
            var pids: [Int32] = []
            for name in names { pids.append(try await stage.child(name)) }
            for pid in pids { kill(pid, SIGKILL) }
            for name in names {
                #expect(await eventually { (try? await stage.child(name)).map { !pids.contains($0) } ?? false })
            }
        }
        let seen = try await stage.finish()
        try stage.expectWhole(seen)
        try stage.expectCount(seen, 210)
    }

    /// No child outlives a master that is killed.
    @Test func childrenDieWithTheMaster() async throws {
        let stage = try await Stage(seconds: 60, [])
        var pids: [Int32] = []
        for name in ["bulkhead-encoder", "bulkhead-source", "bulkhead-plugin-host"] {
            pids.append(try await stage.child(name))
        }
        await stage.broadcast.end(signal: SIGKILL)
        for pid in pids { #expect(await eventually { !ProcessTable.exists(pid) }, "\(pid) is gone") }
        await stage.viewer.stop()
        await stage.server.end()
    }
}
