import BulkheadTestSupport
import Foundation
import Testing

/// A broadcast with two inputs and two scenes, its server, and a control room.
final class ControlRoomStage: Sendable {
    static let password = "correct horse battery"
    /// Of those who may only look.
    static let lookPassword = "eyes only, please"
    /// What no answer may hold.
    static let key = "live-key-that-nobody-may-see"

    let folder: TemporaryFolder
    let server: EmbeddedServer
    let broadcast: RunningProcess
    /// Nil where it is the broadcast's own.
    let room: RunningProcess?
    let port: Int
    private let scheme: String

    /// - Parameters:
    ///   - isOwn: the control room is a child of the broadcast.
    ///   - allowsDrills: people may kill its processes.
    ///   - isSecure: it speaks HTTPS, with a certificate of its own.
    init(isOwn: Bool = false, allowsDrills: Bool = false, isSecure: Bool = false) async throws {
        folder = try TemporaryFolder()
        server = try await EmbeddedServer()
        let configuration = """
            inputs:
              - input: test
                name: camera
              - input: "color:#1d3557"
                name: slides
            scenes:
              - name: wide
                items: [{input: camera}]
              - name: both
                items: [{input: camera, width: 50%}, {input: slides, x: 50%, width: 50%}]
            room: show
            """
        try configuration.write(toFile: folder.path("show.yml"), atomically: true, encoding: .utf8)
        let passwordPath = folder.path("password")
        #expect(
            FileManager.default.createFile(
                atPath: passwordPath, contents: Data(Self.password.utf8), attributes: [.posixPermissions: 0o600]))
        let socket = "unix:\(folder.path("m.sock"))"
        broadcast = try BulkheadProgram.start(
            [
                "broadcast", "--config", folder.path("show.yml"), "--to", server.url(Self.key), "--size", "320x180",
                "--fps", "25", "--preset", "ultrafast", "--video-bitrate", "400k", "--control", socket, "--json",
            ] + (isOwn ? ["--control-room", "127.0.0.1:0", "--control-room-password", passwordPath] : []),
            // Its live room is nobody else's.
            environment: ["XDG_STATE_HOME": folder.path("state")])
        if isOwn {
            room = nil
        } else {
            let lookPath = folder.path("look")
            #expect(
                FileManager.default.createFile(
                    atPath: lookPath, contents: Data(Self.lookPassword.utf8), attributes: [.posixPermissions: 0o600]))
            let tls = isSecure ? try await Self.certificate(in: folder) : []
            room = try BulkheadProgram.start(
                [
                    "control", "--listen", "127.0.0.1:0", "--attach", socket, "--password-file", passwordPath,
                    "--look-password-file", lookPath,
                ] + (allowsDrills ? ["--allow-drills"] : []) + tls)
        }
        scheme = isSecure ? "https" : "http"
        let (broadcast, room) = (broadcast, room)
        func text() -> String { room?.outputText ?? broadcast.outputText }
        #expect(
            await eventually(within: .seconds(30)) { Self.port(in: text()) != nil },
            "\(room?.errorText ?? broadcast.errorText)")
        port = try #require(Self.port(in: text()))
        #expect(await eventually(within: .seconds(30)) { broadcast.outputText.contains(#""link.accepted""#) })
    }

    /// A certificate of its own for 127.0.0.1: the flags that use it.
    static func certificate(in folder: TemporaryFolder) async throws -> [String] {
        let openssl = try RunningProcess(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder.path("key.pem"),
                "-out", folder.path("cert.pem"),
            ])
        #expect(await openssl.wait() == 0, "\(openssl.errorText)")
        return ["--tls-cert", folder.path("cert.pem"), "--tls-key", folder.path("key.pem")]
    }

    /// Of the last control room that was ready.
    static func port(in text: String) -> Int? {
        text.matches(of: /(?:Ready: |"address":")https?:\/\/127\.0\.0\.1:(\d+)\//).last.flatMap { Int($0.1) }
    }

    func end() async {
        await room?.end()
        await broadcast.end()
        await server.end()
    }

    // MARK: HTTP

    /// Asks by curl: the status, and what came.
    func ask(
        _ path: String, _ arguments: [String] = [], password: String? = ControlRoomStage.password
    ) async throws -> (status: Int, text: String) {
        let login = password.map { ["-u", "any:\($0)"] } ?? []
        let curl = try RunningProcess(
            "curl",
            ["-s", "-m", "20", "-w", "\n%{http_code}"] + login + arguments
                + (scheme == "https" ? ["--cacert", folder.path("cert.pem")] : []) + [
                    "\(scheme)://127.0.0.1:\(port)\(path)"
                ])
        await curl.wait(timeout: .seconds(30))
        let text = curl.outputText
        let end = text.lastIndex(of: "\n") ?? text.startIndex
        return (Int(text[end...].dropFirst()) ?? 0, String(text[..<end]))
    }

    func post(_ line: String, _ arguments: [String] = []) async throws -> (status: Int, text: String) {
        try await ask("/api/requests", ["-H", "Content-Type: application/json", "-d", line] + arguments)
    }

    // MARK: clients of others

    /// Runs a script of `Tests/ControlPeers`, and returns what its steps came to.
    func peer(_ name: String, password: String = ControlRoomStage.password) async throws -> [String: String] {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let packages = tests.deletingLastPathComponent().appendingPathComponent(".build/python").path
        try #require(
            FileManager.default.fileExists(atPath: packages + "/obsws_python"),
            "the peers of Packaging/test-requirements.txt are missing: run make test-deps")
        let script = tests.appendingPathComponent("ControlPeers/\(name).py").path
        let peer = try RunningProcess(
            "env",
            [
                "PYTHONPATH=\(packages)", "PYTHONDONTWRITEBYTECODE=1", "python3", script, "\(port)", password,
            ])
        #expect(await peer.wait(timeout: .seconds(120)) == 0, "\(peer.errorText.suffix(2000))")
        var steps: [String: String] = [:]
        for line in peer.outputText.split(separator: "\n") {
            guard let pair = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [Any], pair.count == 2,
                let step = pair[0] as? String
            else { continue }
            let value = try JSONSerialization.data(withJSONObject: [pair[1]], options: .withoutEscapingSlashes)
            let text = String(String(decoding: value, as: UTF8.self).dropFirst().dropLast())
            steps[step] = steps[step].map { "\($0) \(text)" } ?? text
        }
        #expect(!peer.outputText.contains(Self.key))
        return steps
    }
}
