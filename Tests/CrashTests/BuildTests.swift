import BulkheadTestSupport
import Foundation
import Testing

/// A new version of a child goes on air beside a master that keeps running: the promise of `bulkhead restart`.
@Suite(.serialized, .timeLimit(.minutes(5))) struct BuildTests {
    @Test func aNewBuildOfTheEncoderGoesOnAir() async throws {
        let helpers = try Helpers()
        let stage = try await Stage(seconds: nil, ["--libexec", helpers.folder.url.path])
        let before = try await stage.pair()
        try helpers.install("bulkhead-encoder", build: "99.1.0-new")
        try await stage.expect(["restart", "encoder"])
        await stage.more()
        #expect(await eventually(within: .seconds(20)) { !ProcessTable.exists(before.onAir) })
        let (text, status) = try await stage.command(["status"])
        #expect(status == 0 && text.contains("version 99.1.0-new"), "\(text)")
        // Its standby is a new one, too; and both go on from each other as encoders of one build do.
        let (onAir, _) = try await stage.pair()
        kill(onAir, SIGKILL)
        await stage.more()
        try await stage.stop()
        try stage.expectWhole(try await stage.finish())
        #expect(stage.sequenceHeaders.count == 1)
    }
}
