import BulkheadCommands
import BulkheadControl
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
        #expect(settings.controlRoom == ControlRoomSettings("127.0.0.1:8087"))
        try settings.checkRanges()
    }

    @Test(arguments: [
        (["--control-room", ":8087"], "needs a password"),
        (["--control-room", "127.evil.example:8087"], "needs a password"),
        (["--control-room", "8087"], "no address"), (["--control-room-password", "/p"], "there is none"),
        (["--control-room-drills"], "there is none"), (["--control-room-client-ca", "/ca.pem"], "there is none"),
        (["--control-room", "127.0.0.1:8087", "--control-room-client-ca", "/etc/passwd"], "is for TLS"),
        (["--control-room", "127.0.0.1:8087", "--control-room-tls-cert", "/etc/passwd"], "go together"),
        (["--control-room", "127.0.0.1:8087", "--control-room-look-password", "/nowhere/p"], "can't be read"),
        (["--control-room", ":8087", "--control-room-password", "/nowhere/p"], "can't be read"),
    ]) func whatWouldLetOthersInIsRefused(flags: [String], words: String) throws {
        let error = try BroadcastPlanTests.failure(Self.broadcast + flags)
        #expect(error?.kind == .usage && error?.problem.contains(words) == true, "\(error?.problem ?? "none")")
    }

    /// What another program asks a master for is held to the same.
    @Test func masterRefusesAnOpenRoomWithoutAPassword() throws {
        var settings = try BroadcastPlanTests.plan("test", "--to", "rtmp://127.0.0.1/live/key").settings
        var room = ControlRoomSettings("0.0.0.0:8087")
        settings.controlRoom = room
        #expect(throws: BroadcastError.self) { try settings.checkRanges() }
        room.passwordPath = "/home/me/password"
        settings.controlRoom = room
        try settings.checkRanges()
        // Without TLS nobody can show a certificate.
        (room.passwordPath, room.clientAuthorityPath) = (nil, "/home/me/ca.pem")
        settings.controlRoom = room
        #expect(throws: BroadcastError.self) { try settings.checkRanges() }
        room.certificate = CertificateFiles(certificate: "/c.pem", key: "/k.pem")
        settings.controlRoom = room
        try settings.checkRanges()
        for path in ["relative", "/a\0b"] {
            room.lookPasswordPath = path
            settings.controlRoom = room
            #expect(throws: BroadcastError.self) { try settings.checkRanges() }
        }
    }

    @Test func passwordIsReadFromAnywhereWhereTheFileIs() throws {
        let folder = try TemporaryFolder()
        try "a long password".write(toFile: folder.path + "/p", atomically: true, encoding: .utf8)
        let settings = try BroadcastPlanTests.plan(
            "test", "--to", "rtmp://127.0.0.1/live/key", "--control-room", "0.0.0.0:8087", "--control-room-password",
            folder.path + "/p"
        ).settings
        #expect(settings.controlRoom?.passwordPath == folder.path + "/p")
    }

    /// On the command line and in a file: the same.
    @Test func allOfItCanBeSaid() throws {
        let folder = try TemporaryFolder()
        for name in ["p", "look", "cert.pem", "key.pem", "ca.pem"] {
            try "a long password".write(toFile: folder.path + "/\(name)", atomically: true, encoding: .utf8)
        }
        var expected = ControlRoomSettings("0.0.0.0:8087")
        (expected.passwordPath, expected.lookPasswordPath) = (folder.path + "/p", folder.path + "/look")
        expected.certificate = CertificateFiles(certificate: folder.path + "/cert.pem", key: folder.path + "/key.pem")
        (expected.clientAuthorityPath, expected.allowsDrills) = (folder.path + "/ca.pem", true)
        let flags = try BroadcastPlanTests.plan(
            "test", "--to", "rtmp://127.0.0.1/live/key", "--control-room", "0.0.0.0:8087", "--control-room-password",
            folder.path + "/p", "--control-room-look-password", folder.path + "/look", "--control-room-tls-cert",
            folder.path + "/cert.pem", "--control-room-tls-key", folder.path + "/key.pem", "--control-room-client-ca",
            folder.path + "/ca.pem", "--control-room-drills")
        #expect(flags.settings.controlRoom == expected)
    }

    /// Sockets for groups stand where others can reach them.
    @Test func groupsAreNamedBesideASocket() throws {
        let plan = try BroadcastPlanTests.plan(
            "test", "--to", "rtmp://127.0.0.1/live/key", "--control", "unix:/run/show.sock", "--control-look", "root",
            "--control-steer", "4711")
        #expect(plan.doors == [ControlDoor(role: .look, group: 0), ControlDoor(role: .steer, group: 4711)])
        #expect(
            plan.doors.map { $0.path(beside: "/run/show.sock") } == ["/run/show.sock.look", "/run/show.sock.steer"])
        for (flags, words) in [
            (["--control-look", "root"], "needs a socket"),
            (["--control", "unix:/a", "--control-steer", "no-such-group"], "no such group"),
            (["--attach", "unix:/a", "--control-look", "root"], "does not go with --attach"),
        ] {
            let error = try BroadcastPlanTests.failure(Self.broadcast + flags)
            #expect(error?.kind == .usage && error?.problem.contains(words) == true, "\(error?.problem ?? "none")")
        }
    }
}
