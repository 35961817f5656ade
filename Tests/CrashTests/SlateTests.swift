import BulkheadTestSupport
import Foundation
import Testing

/// No encoder can be started: the slate, encoded beforehand, goes on air on the same connection.
@Suite(.serialized, .timeLimit(.minutes(3))) struct SlateTests {
    /// On air, with the slate encoded.
    private func stage(_ helpers: Helpers, _ arguments: [String] = []) async throws -> Stage {
        let stage = try await Stage(seconds: nil, ["--libexec", helpers.folder.url.path] + arguments)
        let maker = try #require(try await stage.event("slate-encoder.started").pid)
        #expect(await eventually(within: .seconds(20)) { !ProcessTable.exists(maker) })
        return stage
    }

    /// Takes the helpers away, ends all encoders, and waits for the slate.
    private func takeEncodersAway(_ helpers: Helpers, _ stage: Stage) async throws {
        try helpers.takeAway()
        #expect(
            await eventually(within: .seconds(20)) {
                for pid in stage.encoders { kill(pid, SIGKILL) }
                return !stage.events("encoder.slate-began").isEmpty
            })
        let death = try #require(stage.events("encoder.died").last?.mediaSeconds)
        let slate = try #require(stage.events("encoder.slate-began").first?.mediaSeconds)
        #expect(slate - death <= 4, "from \(death) to \(slate)")
    }

    @Test func slateStandsInUntilAnEncoderWorks() async throws {
        let helpers = try Helpers()
        let stage = try await stage(helpers)
        _ = try await stage.pair()
        try await takeEncodersAway(helpers, stage)
        await stage.more()
        let (text, status) = try await stage.command(["status"])
        #expect(status == 0 && text.contains("slate without an encoder"), "\(text)")
        // What can't be done now changes nothing, and is said at once.
        #expect(try await stage.command(["set", "preset=superfast"]).status == 72)
        try helpers.putBack()
        try await stage.event("encoder.slate-ended", within: .seconds(30))
        await stage.more()
        try await stage.stop()
        let seen = try await stage.finish()
        #expect(try seen.isInOrder && seen.lost <= stage.figures().framesSkipped)
        #expect(seen.unreadable >= 10, "the slate has no number")
        #expect(seen.numbers.first == 0)
        // The slate has taken the place of as many frames, and the picture is back where the timeline is.
        let last = try #require(seen.numbers.last ?? nil)
        // A slow machine leaves some out before it comes so far.
        #expect(Int(last) + 1 + seen.repeated >= seen.numbers.count - 2 && Int(last) < seen.numbers.count + 60)
        #expect(stage.sequenceHeaders.count <= 3)
    }

    @Test func stopWhileTheSlateIsOnAir() async throws {
        let helpers = try Helpers()
        let stage = try await stage(helpers)
        try await takeEncodersAway(helpers, stage)
        await stage.more()
        try await stage.stop()
        let seen = try await stage.finish()
        #expect(try seen.isInOrder && seen.lost <= stage.figures().framesSkipped && seen.numbers.last == .some(nil))
        #expect(stage.events("timeline.gave-up").isEmpty)
    }

    /// The end comes when no encoder is there and the slate is not on air yet: it stands in for what waits.
    @Test func stopBeforeTheSlateIsOnAir() async throws {
        let helpers = try Helpers()
        let stage = try await stage(helpers, ["--standby", "off"])
        try helpers.takeAway()
        for pid in stage.encoders { kill(pid, SIGKILL) }
        try await stage.event("encoder.died")
        try await stage.stop()
        let seen = try await stage.finish()
        #expect(try seen.isInOrder && seen.lost <= stage.figures().framesSkipped)
        #expect(stage.events("timeline.gave-up").isEmpty)
    }

    /// `set` while the slate is on air: with an encoder to be had it is the way off the slate.
    @Test func changeEndsTheSlate() async throws {
        let helpers = try Helpers()
        let stage = try await stage(helpers)
        try await takeEncodersAway(helpers, stage)
        try helpers.putBack()
        _ = try await stage.command(["set", "preset=superfast"])
        try await stage.event("encoder.slate-ended", within: .seconds(30))
        await stage.more()
        try await stage.stop()
        let seen = try await stage.finish()
        #expect(try seen.isInOrder && seen.lost <= stage.figures().framesSkipped)
        let last = try #require(seen.numbers.last ?? nil)
        #expect(last > 30)
    }

    /// The user's own slate, a magenta picture, is what the viewer sees.
    @Test func slateOfTheUser() async throws {
        let helpers = try Helpers()
        let picture = helpers.folder.path("slate.png")
        let painter = try RunningProcess(
            "ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "color=magenta:s=320x240", "-frames:v", "1", picture])
        #expect(await painter.wait() == 0)
        let stage = try await stage(helpers, ["--slate", picture])
        try await takeEncodersAway(helpers, stage)
        await stage.more()
        try await stage.stop()
        _ = try await stage.finish()
        // The last picture's middle: magenta in limited-range BT.601 or BT.709 has more of both colours than any grey.
        let ffmpeg = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-i", stage.viewer.path, "-an", "-fps_mode", "passthrough", "-vf",
                "crop=64:64:288:148,scale=2:2,format=yuv444p", "-f", "rawvideo", "-",
            ])
        #expect(await ffmpeg.wait(timeout: .seconds(60)) == 0, "\(ffmpeg.errorText)")
        let last = [UInt8](ffmpeg.output.suffix(12))
        #expect(last.count == 12 && last[4] > 180 && last[8] > 180, "\(last)")
    }
}
