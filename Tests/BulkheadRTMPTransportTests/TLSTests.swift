import BulkheadLiveServer
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadTestSupport
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Testing

private let group = MultiThreadedEventLoopGroup.singleton

/// A certificate authority of a test's own, and a server certificate of it for `name`.
private struct Authority {
    let folder: TemporaryFolder
    var authorityPath: String { folder.path("ca.pem") }

    /// - Parameter days: how long the certificate is valid; below 0 it has expired.
    init(serverName: String, days: Int = 2) async throws {
        folder = try TemporaryFolder()
        let script = """
            set -e
            openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=TestCA 2>/dev/null
            openssl req -newkey rsa:2048 -nodes -keyout key.pem -out request.pem -subj /CN=server 2>/dev/null
            printf 'subjectAltName=\(serverName)' > names
            openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days \(days) -extfile names \
              -out certificate.pem 2>/dev/null
            """
        let process = try RunningProcess("sh", ["-c", script], in: folder.url)
        try #require(await process.wait() == 0)
    }

    func server() async throws -> ScriptedServer {
        let configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(folder.path("certificate.pem")).map {
                .certificate($0)
            },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: folder.path("key.pem"), format: .pem)))
        let context = try NIOSSLContext(configuration: configuration)
        return try await ScriptedServer(script: ScriptedServer.welcome) { channel in
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct TLSTests {
    private func error(of address: String, authorityPath: String?, verifies: Bool = true) async throws -> PublishError?
    {
        var options = PublishOptions()
        options.connection.tls.authoritiesPath = authorityPath
        options.connection.tls.verifiesServer = verifies
        let target = try IngestTarget(address)
        do throws(PublishError) {
            let publisher = try await RTMPPublisher.connect(to: target, options: options, group: group)
            await publisher.close(goodbye: true)
            return nil
        } catch {
            return error
        }
    }

    @Test func certificateIsVerified() async throws {
        let authority = try await Authority(serverName: "DNS:localhost")
        let server = try await authority.server()
        let address = "rtmps://localhost:\(server.port)/app/key"
        #expect(try await error(of: address, authorityPath: authority.authorityPath) == nil)
        #expect(server.names.last == "deleteStream")
        #expect(
            try await error(of: address, authorityPath: nil)
                == .tlsFailed(server: "localhost:\(server.port)", .unknownAuthority))
        #expect(
            try await error(of: "rtmps://127.0.0.1:\(server.port)/app/key", authorityPath: authority.authorityPath)
                == .tlsFailed(server: "127.0.0.1:\(server.port)", .wrongName))
        #expect(
            try await error(of: "rtmps://127.0.0.1:\(server.port)/app/key", authorityPath: nil, verifies: false) == nil)
        await server.stop()
    }

    /// Players are told as publishers are.
    @Test func playerSaysWhyACertificateIsNotTrusted() async throws {
        for (name, days, failure) in [
            ("DNS:localhost", 2, TLSFailure.unknownAuthority), ("DNS:localhost", -1, .expiredCertificate),
        ] {
            let authority = try await Authority(serverName: name, days: days)
            let server = try await authority.server()
            let target = try IngestTarget("rtmps://localhost:\(server.port)/app/key")
            let error = await #expect(throws: PlayError.self) {
                try await RTMPPlayer.play(target, group: group) { _ in }
            }
            #expect(error == .notConnected(.tlsFailed(server: "localhost:\(server.port)", failure)))
            #expect(error?.isDistrust == true)
            await server.stop()
        }
    }

    @Test func addressInTheCertificateIsEnough() async throws {
        let authority = try await Authority(serverName: "IP:127.0.0.1")
        let server = try await authority.server()
        #expect(
            try await error(of: "rtmps://127.0.0.1:\(server.port)/app/key", authorityPath: authority.authorityPath)
                == nil)
        await server.stop()
    }

    @Test func expiredCertificateIsNamed() async throws {
        let authority = try await Authority(serverName: "DNS:localhost", days: -1)
        let server = try await authority.server()
        #expect(
            try await error(of: "rtmps://localhost:\(server.port)/app/key", authorityPath: authority.authorityPath)
                == .tlsFailed(server: "localhost:\(server.port)", .expiredCertificate))
        await server.stop()
    }

    @Test func plainServerIsNamed() async throws {
        // nginx and most others wait for a handshake that TLS's first bytes are not, and close.
        let server = try await ScriptedServer(raw: [3] + [UInt8](repeating: 0, count: 3072))
        #expect(
            try await error(of: "rtmps://127.0.0.1:\(server.port)/app/key", authorityPath: nil)
                == .tlsFailed(server: "127.0.0.1:\(server.port)", .notTLS))
        await server.stop()
    }

    @Test func missingAuthoritiesAreNamed() async throws {
        #expect(
            try await error(of: "rtmps://127.0.0.1:1/app/key", authorityPath: "/nowhere.pem")
                == .tlsFailed(server: "127.0.0.1:1", .invalidAuthorities(path: "/nowhere.pem")))
    }
}
