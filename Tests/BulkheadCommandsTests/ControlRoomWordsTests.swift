import BulkheadCommands
import BulkheadModel
import Foundation
import Testing

/// `--control-room` and `--control-room-password`.
@Suite(.timeLimit(.minutes(1))) struct ControlRoomWordsTests {
    private static let broadcast = ["test", "--to", "rtmp://127.0.0.1/live/key"]

    @Test func addressOfThisComputerIsEnough() throws {
        let settings = try BroadcastPlanTests.plan(
            "test", "--to", "rtmp://127.0.0.1/live/key", "--control-room", "127.0.0.1:8087"
        ).settings
        #expect(settings.controlRoom == "127.0.0.1:8087" && settings.controlRoomPasswordPath == nil)
        try settings.checkRanges()
    }

    @Test(arguments: [
        (["--control-room", ":8087"], "needs a password"),
        (["--control-room", "127.evil.example:8087"], "needs a password"),
        (["--control-room", "8087"], "no address"), (["--control-room-password", "/p"], "there is none"),
        (["--control-room", ":8087", "--control-room-password", "/nowhere/p"], "can't be read"),
    ]) func whatWouldLetOthersInIsRefused(flags: [String], words: String) throws {
        let error = try BroadcastPlanTests.failure(Self.broadcast + flags)
        #expect(error?.kind == .usage && error?.problem.contains(words) == true, "\(error?.problem ?? "none")")
    }

    /// What another program asks a master for is held to the same.
    @Test func masterRefusesAnOpenRoomWithoutAPassword() throws {
        var settings = try BroadcastPlanTests.plan("test", "--to", "rtmp://127.0.0.1/live/key").settings
        settings.controlRoom = "0.0.0.0:8087"
        #expect(throws: BroadcastError.self) { try settings.checkRanges() }
        settings.controlRoomPasswordPath = "/home/me/password"
        try settings.checkRanges()
    }

    @Test func passwordIsReadFromAnywhereWhereTheFileIs() throws {
        let folder = try TemporaryFolder()
        try "a long password".write(toFile: folder.path + "/p", atomically: true, encoding: .utf8)
        let settings = try BroadcastPlanTests.plan(
            "test", "--to", "rtmp://127.0.0.1/live/key", "--control-room", "0.0.0.0:8087", "--control-room-password",
            folder.path + "/p"
        ).settings
        #expect(settings.controlRoomPasswordPath == folder.path + "/p")
    }
}
