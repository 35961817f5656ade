import BulkheadTestSupport
import Foundation
import Testing

/// Changes on air: the viewer sees every frame, and players are told of new parameter sets once, where they begin.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ChangeTests {
    /// `newHeaders`: what differs in the parameter sets. The distance of IDRs and the bitrate do not stand in them.
    @Test(arguments: [
        (["video-bitrate=400k"], false, 0), (["preset=superfast"], true, 1), (["keyframe-interval=1"], false, 1),
        (["tune=none", "bframes=2", "preset=veryfast"], true, 1), (["audio-bitrate=96k"], false, 1),
        (["video-bitrate=1M", "profile=main", "preset=faster"], true, 1),
    ])
    func settingsChangeWithoutALoss(words: [String], newHeaders: Bool, takeovers: Int) async throws {
        let stage = try await Stage(seconds: nil, [])
        await stage.more()
        try await stage.expect(["set"] + words)
        await stage.more()
        try await stage.stop()
        try stage.expectWhole(try await stage.finish())
        #expect(stage.events("encoder.changed").count == takeovers)
        let headers = stage.sequenceHeaders
        #expect(headers.count == (newHeaders ? 2 : 1))
        #expect(headers.first?.picturesBefore == 0)
        if newHeaders, headers.count == 2 {
            #expect(headers[0].bytes != headers[1].bytes)
            let frame = stage.events("encoder.changed").first?.number("frame").map { Int($0) }
            // The run begins with the frame that is given next; one may just have been given.
            #expect(abs(headers[1].picturesBefore - (try #require(frame))) <= 1)
        }
    }

    /// There and back again, with the same parameter sets as at first, and a standby that is opened for each.
    @Test func sizeChangesWithoutALoss() async throws {
        let stage = try await Stage(seconds: nil, [])
        for (round, size) in ["320x180", "640x360"].enumerated() {
            _ = try await stage.pair()
            try await stage.expect(["set", "size=\(size)"])
            await stage.more()
            #expect(stage.events("encoder.changed").count == round + 1)
        }
        try await stage.stop()
        let seen = try await stage.finish()
        try stage.expectWhole(seen)
        let headers = stage.sequenceHeaders.map(\.bytes)
        #expect(headers.count == 3 && headers.first == headers.last && headers[0] != headers[1])
        #expect(stage.events("encoder.died").isEmpty && stage.events("encoder.died", .standby).isEmpty)
    }

    @Test func restartsLoseNothing() async throws {
        let stage = try await Stage(seconds: nil, ["--plugin", BulkheadProgram.path("libBorder.so") + ",width=4"])
        let before = try await stage.pair()
        for part in ["encoder", "plugins", "source"] {
            try await stage.expect(["restart", part])
            await stage.more()
        }
        #expect(try await stage.event("plugin-host.took-over").string("was") == "next")
        #expect(stage.encoderOnAir != before.onAir)
        // The old one has ended by itself.
        #expect(await eventually { !ProcessTable.exists(before.onAir) })
        try await stage.stop()
        try stage.expectWhole(try await stage.finish())
        #expect(stage.sequenceHeaders.count == 1)
        #expect(!stage.events.contains { $0.code.hasSuffix(".died") && $0.code != "source.died" })
    }

    /// What can't be done leaves everything as it was.
    @Test func refusalChangesNothing() async throws {
        let stage = try await Stage(seconds: nil, [])
        let before = try await stage.pair()
        for words in [["preset=nosuch"], ["tune=film,grain"], ["profile=baseline", "tune=nosuch"]] {
            let (text, status) = try await stage.command(["set"] + words)
            #expect(status == 65, "\(words): \(text)")
            #expect(text.contains("everything stays as it was"))
        }
        for words in [["set", "fps=60"], ["set", "size=1x1"], ["set"], ["restart", "master"]] {
            #expect(try await stage.command(words).status == 64, "\(words)")
        }
        await stage.more()
        #expect(stage.encoderOnAir == before.onAir)
        #expect(stage.events("encoder.not-changed").count == 3)
        #expect(stage.events("encoder.changed").isEmpty)
        // And what can be done still works.
        try await stage.expect(["set", "preset=superfast"])
        await stage.more()
        try await stage.stop()
        try stage.expectWhole(try await stage.finish())
        #expect(stage.sequenceHeaders.count == 2)
    }

    /// The encoder on air, or the one that is opened, is killed in the middle of a change: no frame is lost, and whoever
    /// asked gets an answer.
    @Test(arguments: [true, false], ["preset=superfast", "size=320x180"])
    func deathInTheMiddleOfAChange(ofTheOld: Bool, change: String) async throws {
        let stage = try await Stage(seconds: nil, [])
        let (onAir, _) = try await stage.pair()
        let asking = Task { try await stage.command(["set", change]) }
        let next = try #require(try await stage.event("encoder.started", .next).pid)
        kill(ofTheOld ? onAir : next, SIGKILL)
        let (text, status) = try await asking.value
        // Killed before it was open, nothing has changed; killed later, it was on air already or is replaced.
        #expect(status == 0 || (!ofTheOld && status == 65), "\(text)")
        await stage.more()
        try await stage.stop()
        let seen = try await stage.finish()
        try stage.expectWhole(seen)
    }

    /// Pictures of the new size are on their way when the encoder for them dies: another one takes them.
    @Test func deathBeforeTheFirstPictureOfTheNewSize() async throws {
        let stage = try await Stage(seconds: nil, [])
        await stage.more()
        let asking = Task { try await stage.command(["set", "size=320x180"]) }
        let source = try #require(try await stage.event("source.started", count: 2).pid)
        // The picture waits until the encoder is gone.
        kill(source, SIGSTOP)
        kill(try #require(stage.events("encoder.started", .next).last?.pid), SIGKILL)
        try await stage.event("encoder.started", .next, count: 2)
        kill(source, SIGCONT)
        let (text, status) = try await asking.value
        #expect(status == 0, "\(text)")
        await stage.more()
        try await stage.stop()
        let seen = try await stage.finish()
        try stage.expectWhole(seen)
        #expect(stage.sequenceHeaders.count == 2)
        #expect(stage.events("encoder.died").isEmpty)
    }

    /// The end comes before the change: whoever asked is told, and the end is not held up.
    @Test func endInTheMiddleOfAChange() async throws {
        let stage = try await Stage(seconds: nil, [])
        await stage.more()
        let asking = Task { try await stage.command(["set", "size=320x180"]) }
        let next = try #require(try await stage.event("encoder.started", .next).pid)
        // It can't be ready now.
        kill(next, SIGSTOP)
        try await stage.stop()
        #expect(await stage.broadcast.wait(timeout: .seconds(20)) == 0)
        let answer = try await asking.value
        #expect(answer.status == 75 || answer.status == 0, "\(answer.text)")
        try stage.expectWhole(try await stage.finish())
        #expect(stage.events("timeline.gave-up").isEmpty)
    }
}
