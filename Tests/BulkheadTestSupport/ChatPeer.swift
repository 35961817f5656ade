import Foundation
import Testing

/// A server, or a client, of `Tests/ChatPeers`: a script that prints what is asked of it.
package final class ChatPeer: Sendable {
    private let process: RunningProcess

    /// Starts `name.py`.
    /// - Parameter identity: what it shows with TLS.
    package init(_ name: String, _ arguments: [String] = [], identity: TLSIdentity? = nil) throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let packages = tests.deletingLastPathComponent().appendingPathComponent(".build/python").path
        try #require(
            FileManager.default.fileExists(atPath: packages + "/aiodouyu"),
            "the peers of Packaging/test-requirements.txt are missing: run make test-deps")
        let script = tests.appendingPathComponent("ChatPeers/\(name).py").path
        let paths = identity.map { [$0.certificate, $0.key] } ?? []
        process = try RunningProcess(
            "env", ["PYTHONPATH=\(packages)", "PYTHONUNBUFFERED=1", "python3", script] + paths + arguments)
    }

    /// What it has printed.
    package var lines: [String] { process.outputText.split(separator: "\n").map(String.init) }
    package var errorText: String { process.errorText }

    /// Where it listens, as its first line says.
    package var port: UInt16 {
        get async throws {
            let isThere = await eventually(within: .seconds(60)) { [self] in lines.first?.hasPrefix("port ") ?? false }
            #expect(isThere, "\(errorText)")
            let word = lines.first?.dropFirst(5) ?? ""
            return try #require(UInt16(word))
        }
    }
}

/// A key for TLS, and a certificate for `localhost` that nobody but a test vouches for.
package struct TLSIdentity: Sendable {
    /// The paths of both, in PEM.
    package let key: String
    package let certificate: String

    package init(in folder: TemporaryFolder) async throws {
        (key, certificate) = (folder.path("key.pem"), folder.path("cert.pem"))
        let openssl = try RunningProcess(
            "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            ])
        try #require(await openssl.wait(timeout: .seconds(60)) == 0, "\(openssl.errorText)")
    }
}
