import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// Who comes into the control room, and how far: by password, by certificate, as one of a group. What nobody may do to it.
@Suite(.serialized, .timeLimit(.minutes(4))) struct ControlRoomAccessTests {
    // MARK: obs-websocket

    /// The password for looking opens obs-websocket, and whoever has it changes nothing.
    @Test func decksThatLookChangeNothing() async throws {
        let stage = try await ControlRoomStage()
        let looker = try await stage.peer("looker", password: ControlRoomStage.lookPassword)
        for (step, value) in [
            "version": #""30.2.3""#, "scenes": "4", "scene": #""wide""#, "picture": #""data:image/png;base64,""#,
            "take": "205", "mute": "205", "stop": "205 400", "studio": "205", "unknown": "204", "missing field": "300",
            "still": #""wide""#, "identified": "true", "batch": "[100,205]", "deaths": "100", "keyframe": "205",
        ] { #expect(looker[step] == value, "\(step)") }
        let status = try await stage.ask("/api/status").text
        #expect(status.contains(#""scene":"wide""#) && !status.contains(#""isMuted":true"#))
        await stage.end()
    }

    // MARK: certificates

    /// An authority, and a certificate of it for somebody.
    private static func authority(_ name: String, in folder: TemporaryFolder) async throws {
        let path = folder.path(name)
        let script = """
            set -e
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=\(name)" \
                -keyout "\(path).ca.key" -out "\(path).ca.pem"
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=ann" -keyout "\(path).key" \
                -out "\(path).csr"
            openssl x509 -req -in "\(path).csr" -CA "\(path).ca.pem" -CAkey "\(path).ca.key" -days 2 -out "\(path).pem"
            """
        let shell = try RunningProcess("sh", ["-c", script])
        #expect(await shell.wait() == 0, "\(shell.errorText)")
    }

    /// A broadcast's own control room, all of it set in a file: who shows a certificate of its authority steers; who shows none, or
    /// another one's, needs a password.
    @Test func certificatesOfTheAuthorityLetClientsIn() async throws {
        let folder = try TemporaryFolder()
        try await Self.authority("ours", in: folder)
        try await Self.authority("theirs", in: folder)
        let tls = try await ControlRoomStage.certificate(in: folder)
        let look = folder.path("look")
        #expect(
            FileManager.default.createFile(
                atPath: look, contents: Data("eyes only, please".utf8), attributes: [.posixPermissions: 0o600]))
        try """
        input: test
        size: 320x180
        fps: 25
        preset: ultrafast
        control-room: 127.0.0.1:0
        control-room-look-password: \(look)
        control-room-tls-cert: \(tls[1])
        control-room-tls-key: \(tls[3])
        control-room-client-ca: \(folder.path("ours.ca.pem"))
        control-room-drills: true
        """.write(toFile: folder.path("show.yml"), atomically: true, encoding: .utf8)
        let broadcast = try BulkheadProgram.start([
            "broadcast", "--config", folder.path("show.yml"), "--to", "file:\(folder.path("a.flv"))", "--json",
            "--control", "unix:\(folder.path("m.sock"))",
        ])
        #expect(
            await eventually(within: .seconds(30)) { ControlRoomStage.port(in: broadcast.outputText) != nil },
            "\(broadcast.outputText) \(broadcast.errorText)")
        let port = try #require(ControlRoomStage.port(in: broadcast.outputText))
        func access(_ arguments: [String]) async throws -> (exit: Int32, text: String) {
            let curl = try RunningProcess(
                "curl", ["-s", "-m", "20", "--cacert", tls[1]] + arguments + ["https://127.0.0.1:\(port)/api/access"])
            return (await curl.wait(timeout: .seconds(30)), curl.outputText)
        }
        func shows(_ name: String) -> [String] {
            ["--cert", folder.path("\(name).pem"), "--key", folder.path("\(name).key")]
        }
        #expect(try await access(shows("ours")).text.contains(#"{"mayDrill":true,"maySteer":true}"#))
        #expect(try await access(shows("theirs")).exit != 0, "another authority's ends the handshake")
        #expect(try await access(["-u", "a:eyes only, please"]).text.contains(#"{"mayDrill":false,"maySteer":false}"#))
        for arguments in [[], ["-u", "a:wrong password"]] {
            #expect(try await access(arguments).text.contains("wants its password"))
        }
        await broadcast.end()
    }

    @Test func filesThatCanNotBeUsedEndIt() async throws {
        let folder = try TemporaryFolder()
        let (bad, socket) = (folder.path("bad.pem"), ["--attach", "unix:\(folder.path("none.sock"))"])
        try "no certificate".write(toFile: bad, atomically: true, encoding: .utf8)
        let tls = ["--tls-cert", bad, "--tls-key", bad]
        for (arguments, words) in [
            (["control", "--no-password"] + tls + socket, "can't be used"),
            (["control", "--client-ca", bad] + socket, "is for TLS"),
            (["control", "--no-password", "--client-ca", bad] + tls + socket, "leave one out"),
            (["serve", "--listen", "127.0.0.1:0"] + tls, "can't be used"),
            (["library", "serve", "--folder", folder.path("films"), "--listen", "127.0.0.1:0"] + tls, "can't be used"),
        ] {
            let program = try BulkheadProgram.start(arguments)
            #expect(await program.wait() == 64, "\(arguments) \(program.errorText)")
            #expect(program.errorText.contains(words), "\(program.errorText)")
        }
    }

    // MARK: bodies

    /// Sends the head of a request with a body of a gigabyte and no more, and returns what comes.
    private static func ask(_ port: Int, _ head: String) async throws -> String {
        let script = """
            import socket, sys
            peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
            peer.sendall(sys.argv[2].encode())
            # Head and body may come apart.
            while piece := peer.recv(65536):
                print(piece.decode("latin-1"), end="")
            """
        let peer = try RunningProcess(
            "python3", ["-c", script, "\(port)", head.replacing("\n", with: "\r\n") + "\r\n\r\n"])
        #expect(await peer.wait(timeout: .seconds(30)) == 0, "\(peer.errorText)")
        return peer.outputText
    }

    /// Nobody is waited for who says that more is to come than is taken.
    @Test func bodiesThatAreTooLongAreRefusedAtOnce() async throws {
        let stage = try await ControlRoomStage()
        let length = "Host: 127.0.0.1\nContent-Length: 1000000000"
        let login = "Authorization: Basic \(Data("a:\(ControlRoomStage.password)".utf8).base64EncodedString())"
        let room = try await Self.ask(
            stage.port, "POST /api/requests HTTP/1.1\n\(login)\nContent-Type: application/json\n\(length)")
        #expect(room.hasPrefix("HTTP/1.1 413 ") && room.contains("65536 bytes"), "\(room)")
        #expect(try await stage.ask("/api/status").status == 200)
        await stage.end()

        let serve = try BulkheadProgram.start(["serve", "--listen", "127.0.0.1:0", "--json"])
        #expect(await eventually(within: .seconds(20)) { serve.outputText.contains("server.ready") })
        let port = try #require(serve.outputText.firstMatch(of: /127\.0\.0\.1:(\d+)/).flatMap { Int($0.1) })
        for line in ["POST /api/relays HTTP/1.1", "GET / HTTP/1.1"] {
            let answer = try await Self.ask(port, "\(line)\n\(length)")
            #expect(answer.hasPrefix("HTTP/1.1 413 "), "\(line): \(answer)")
        }
        await serve.end()
    }

    // MARK: groups

    /// Another user, by groups alone: nobody, in groups that have no name here. It takes root to be one.
    @Test(.enabled(if: getuid() == 0)) func usersOfAGroupLookOrSteer() async throws {
        let folder = try TemporaryFolder()
        // Others may pass to the socket, and run a client that can be read.
        chmod(folder.url.path, 0o711)
        let socket = folder.path("m.sock")
        let server = try await EmbeddedServer()
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--to", server.url(ControlRoomStage.key), "--size", "320x180", "--fps", "25",
            "--preset",
            "ultrafast", "--control", "unix:\(socket)", "--control-look", "54321", "--control-steer", "54322", "--json",
        ])
        #expect(await eventually(within: .seconds(30)) { broadcast.outputText.contains(#""link.accepted""#) })
        let client = """
            import json, socket, sys
            peer = socket.socket(socket.AF_UNIX)
            try:
                peer.connect(sys.argv[1])
            except OSError as error:
                sys.exit("not let in: " + error.strerror)
            lines = peer.makefile("rw")
            for line in [{"bulkhead-control": 1}] + [json.loads(line) for line in sys.argv[2:]]:
                lines.write(json.dumps(line) + "\\n")
            lines.flush()
            print(lines.readline(), end="")
            # Events come between the answers, and an answer may overtake another.
            answers = {}
            while len(answers) < len(sys.argv[2:]):
                line = lines.readline()
                answer = json.loads(line)
                if answer["reply"] != "event":
                    answers[answer["id"]] = line
            for _, line in sorted(answers.items()):
                print(line, end="")
            """
        // The system's own Python: another one may lie where only root gets to.
        func ask(_ door: String, groups: String) async throws -> [String] {
            let requests = ["status", "events", "thumbnails", "keyframe", "stop"].enumerated().map {
                #"{"request":"\#($1)","id":\#($0)}"#
            }
            let peer = try RunningProcess(
                "setpriv",
                [
                    "--reuid=65534", "--regid=65534", "--groups=\(groups)", "/usr/bin/python3", "-c", client,
                    socket + door,
                ]
                    + requests)
            let code = await peer.wait(timeout: .seconds(30))
            #expect(!peer.outputText.contains(ControlRoomStage.key))
            guard code == 0 else { return [peer.errorText.trimmingCharacters(in: .whitespacesAndNewlines)] }
            return peer.outputText.split(separator: "\n").dropFirst().map { line in
                let text = String(line)
                let code = text.firstMatch(of: /"code":"(control\.[a-z-]+)"/).map { String($0.1) }
                let word = text.firstMatch(of: /"reply":"([a-z]+)"/).map { String($0.1) }
                return code ?? word ?? text
            }
        }
        let no = "control.not-allowed"
        #expect(try await ask(".look", groups: "54321") == ["status", "done", "thumbnails", no, no])
        #expect(try await ask(".steer", groups: "54322") == ["status", "done", "thumbnails", "done", no])
        let refused = ["not let in: Permission denied"]
        for (door, group) in [("", "54321"), ("", "54322"), (".steer", "54321"), (".look", "54322"), (".look", "7")] {
            #expect(try await ask(door, groups: group) == refused, "\(door) \(group)")
        }
        #expect(broadcast.isRunning)
        await broadcast.end()
        for door in ["", ".look", ".steer"] { #expect(access(socket + door, F_OK) != 0, "\(door)") }
        await server.end()
    }

    /// A control room at the socket of a group can do what the group may.
    @Test func controlRoomOfAGroupLooks() async throws {
        let folder = try TemporaryFolder()
        let socket = folder.path("m.sock")
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--to", "file:\(folder.path("a.flv"))", "--size", "320x180", "--fps", "25", "--preset",
            "ultrafast", "--control", "unix:\(socket)", "--control-look", "\(getgid())", "--json",
        ])
        #expect(await eventually(within: .seconds(30)) { broadcast.outputText.contains(#""timeline.on-air""#) })
        let room = try BulkheadProgram.start([
            "control", "--listen", "127.0.0.1:0", "--no-password", "--attach", "unix:\(socket).look",
        ])
        #expect(await eventually(within: .seconds(20)) { ControlRoomStage.port(in: room.outputText) != nil })
        let port = try #require(ControlRoomStage.port(in: room.outputText))
        func curl(_ arguments: [String]) async throws -> String {
            let curl = try RunningProcess("curl", ["-s", "-m", "20"] + arguments)
            await curl.wait(timeout: .seconds(30))
            return curl.outputText
        }
        let address = "http://127.0.0.1:\(port)"
        #expect(try await curl([address + "/api/status"]).contains(#""state":"on air""#))
        let answer = try await curl([
            "-H", "Content-Type: application/json", "-d", #"{"request":"keyframe"}"#, address + "/api/requests",
        ])
        #expect(answer.contains("control.not-allowed") && answer.contains("for looking"), "\(answer)")
        await room.end()
        await broadcast.end()
    }

    // MARK: pictures of inputs

    /// Small pictures, of what is shown and of what is not, as JPEGs; a source that dies is asked no more, and its successor is.
    @Test func thumbnailsAreThoseOfTheInputs() async throws {
        let stage = try await ControlRoomStage()
        struct Answer: Decodable {
            struct Picture: Decodable {
                let input: Int
                let jpeg: Data
                let content: [Double]
            }
            let thumbnails: [Picture]
        }
        var pictures: [Answer.Picture] = []
        #expect(
            try await eventually(within: .seconds(20)) {
                let text = try await stage.ask("/api/thumbnails").text
                pictures = try JSONDecoder().decode(Answer.self, from: Data(text.utf8)).thumbnails
                return pictures.count == 2
            })
        for picture in pictures {
            let path = stage.folder.path("\(picture.input).jpg")
            try picture.jpeg.write(to: URL(fileURLWithPath: path))
            let probe = try RunningProcess(
                "ffprobe", ["-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0", path])
            #expect(await probe.wait() == 0 && probe.outputText.contains("mjpeg,320,180"), "\(probe.outputText)")
            #expect(picture.content == [0, 0, 1, 1])
        }
        // The slides are #1d3557 all over, as everybody sees them.
        let pixel = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-i", stage.folder.path("2.jpg"), "-vf", "scale=1:1", "-f", "rawvideo", "-pix_fmt",
                "rgb24",
                stage.folder.path("pixel"),
            ])
        #expect(await pixel.wait() == 0, "\(pixel.errorText)")
        let color = try Data(contentsOf: URL(fileURLWithPath: stage.folder.path("pixel")))
        #expect(zip(color, [0x1D, 0x35, 0x57]).allSatisfy { abs(Int($0) - $1) <= 6 }, "\(Array(color))")

        let source = try #require(
            ProcessTable.children(of: stage.broadcast.pid, named: "bulkhead-source").first)
        kill(source, SIGKILL)
        #expect(await eventually(within: .seconds(20)) { stage.broadcast.outputText.contains(#""source.recovered""#) })
        // The test picture moves: another one comes.
        let former = pictures.first?.jpeg
        #expect(
            try await eventually(within: .seconds(20)) {
                let text = try await stage.ask("/api/thumbnails").text
                let now = try JSONDecoder().decode(Answer.self, from: Data(text.utf8)).thumbnails
                return now.count == 2 && now.first?.jpeg != former
            })
        #expect(try await stage.ask("/api/status").text.contains(#""framesSlated":0"#))
        await stage.end()
    }
}
