import BulkheadFLV
import BulkheadLiveServer
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadTestSupport
import Foundation
import NIOCore
import NIOPosix
import Testing

private let group = MultiThreadedEventLoopGroup.singleton

/// H.265 and AV1 from an enhanced publisher, as FFmpeg reads them from MP4 and HLS; and the same port under TLS.
@Suite(.timeLimit(.minutes(2))) struct CodingTests {
    struct Coding: CustomTestStringConvertible, Sendable {
        let name: String
        let encoder: String
        /// The box with the configuration.
        let box: String
        let fourCC: [UInt8]
        /// What stands before an access unit.
        let header: [UInt8]

        var testDescription: String { name }
    }

    static let codings = [
        Coding(
            name: "hevc", encoder: "libx265", box: "hvcC", fourCC: Array("hvc1".utf8),
            header: [0x91] + Array("hvc1".utf8) + [0, 0, 0]),
        Coding(
            name: "av1", encoder: "libaom-av1", box: "av1C", fourCC: Array("av01".utf8),
            header: [0x91] + Array("av01".utf8)),
    ]

    /// The configuration and one picture that stands by itself, 320x180, by FFmpeg's own encoder and writer.
    private static func clip(_ coding: Coding) async throws -> (configuration: [UInt8], picture: [UInt8]) {
        let folder = try TemporaryFolder()
        let path = folder.path("clip.mp4")
        let process = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-frames:v", "1",
                "-pix_fmt",
                "yuv420p", "-c:v", coding.encoder, "-tag:v", String(decoding: coding.fourCC, as: UTF8.self), path,
            ])
        try #require(await process.wait() == 0, "\(process.errorText)")
        let file = try Data(contentsOf: URL(fileURLWithPath: path))
        return (try body(of: coding.box, in: file), try body(of: "mdat", in: file))
    }

    private static func body(of box: String, in file: Data) throws -> [UInt8] {
        let name = try #require(file.firstRange(of: Data(box.utf8)))
        let size = file[(name.lowerBound - 4)..<name.lowerBound].reduce(0) { $0 << 8 | Int($1) }
        return Array(file[name.upperBound..<(name.lowerBound - 4 + size)])
    }

    /// The beginning of a publisher's connection, without what it would read.
    private static func greeting() throws -> ByteBuffer {
        var bytes = ByteBuffer(bytes: [3] + [UInt8](repeating: 0, count: 2 * 1536))
        var encoder = ChunkEncoder()
        for (command, streamID) in [
            (Command("connect", transactionID: 1, .object(["app": "live"])), MessageStreamID(0)),
            (Command("createStream", transactionID: 2, .null), 0),
            (Command("publish", transactionID: 3, .null, "key", "live"), 1),
        ] {
            try encoder.encode(command.message(on: streamID), on: .command, into: &bytes)
        }
        return bytes
    }

    @Test(arguments: codings) func otherCodingsGoOutAsMP4AndHLS(coding: Coding) async throws {
        let (configuration, picture) = try await Self.clip(coding)
        let server = try await LiveServer.start(port: 0)
        let peer = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: server.port).get()
        var first = try Self.greeting()
        var encoder = ChunkEncoder()
        var metadata = ByteBuffer()
        metadata.writeAMF0("@setDataFrame")
        metadata.writeAMF0("onMetaData")
        metadata.writeAMF0(.ecmaArray(["width": 320, "height": 180]))
        try encoder.encode(
            Message(type: .data, streamID: 1, timestampMilliseconds: 0, payload: metadata), on: .data, into: &first)
        let start = ByteBuffer(bytes: [0x90] + coding.fourCC + configuration)
        try encoder.encode(
            Message(type: .video, streamID: 1, timestampMilliseconds: 0, payload: start), on: .video, into: &first)
        try await peer.writeAndFlush(first).get()
        // At its own pace, until the viewers have seen enough.
        let sending = Task {
            var encoder = ChunkEncoder()
            let began = ContinuousClock.now
            for number in 0..<1000 {
                try await ContinuousClock().sleep(until: began + .milliseconds(number * 40))
                var bytes = ByteBuffer()
                let payload = ByteBuffer(bytes: coding.header + picture)
                let message = Message(
                    type: .video, streamID: 1, timestampMilliseconds: UInt32(number * 40), payload: payload)
                try encoder.encode(message, on: .video, into: &bytes)
                try await peer.writeAndFlush(bytes).get()
            }
        }
        let raw = RawHTTP(port: server.port)
        #expect(
            await eventually(within: .seconds(20)) {
                (try? await raw.get("/status").contains(
                    "\"codecs\":\"\(String(decoding: coding.fourCC, as: UTF8.self)).")) ?? false
            })
        for name in ["key.mp4", "key/index.m3u8"] {
            let probe = try RunningProcess(
                "ffprobe",
                [
                    "-v", "error", "-analyzeduration", "1000000", "-show_entries", "stream=codec_name,width,height",
                    "-of",
                    "csv=p=0", "\(server.httpAddress)/live/\(name)",
                ])
            #expect(await probe.wait() == 0)
            #expect(
                probe.outputText.contains("\(coding.name),320,180"), "\(name): \(probe.outputText)\(probe.errorText)")
        }
        try await Self.expectAsItCame(
            Array(start.readableBytesView), coding.header + picture, at: server, raw)
        sending.cancel()
        try? await peer.close()
        await server.stop()
    }

    /// Players by RTMP and of FLV are given what the publisher sent, the configuration first.
    private static func expectAsItCame(
        _ configuration: [UInt8], _ picture: [UInt8], at server: LiveServer, _ raw: RawHTTP
    ) async throws {
        let target = try IngestTarget("\(server.address)/live", key: "key")
        let played = try await RTMPPlayer.play(target, group: group) { events in
            var payloads: [[UInt8]] = []
            while payloads.count < 4, let event = try await events.next() {
                guard case .media(let message) = event else { continue }
                payloads.append(Array(message.message.payload.readableBytesView))
            }
            return payloads
        }
        #expect(played.count == 4 && played.dropFirst() == [configuration, picture, picture])
        let file = try await raw.first(2000 + configuration.count + picture.count * 3, of: "/live/key.flv")
        let header = try #require(file.firstRange(of: Data(configuration)))
        let first = try #require(file.firstRange(of: Data(picture)))
        #expect(header.upperBound <= first.lowerBound)
        // The header of an FLV file says that there are pictures, and no sound (annex E.2).
        #expect(file.firstRange(of: Data("FLV\u{1}\u{1}".utf8)) != nil)
    }

    private static let noStreams = "{\"namesAreHidden\":false,\"streams\":[]}\n"

    /// TLS and plain text on one port, for RTMP and HTTP; a certificate that has changed is used.
    @Test func onePortTakesTLSAsWell() async throws {
        let folder = try TemporaryFolder()
        func make(_ name: String) async throws {
            let process = try RunningProcess(
                "openssl",
                [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "certificate.pem",
                    "-days", "2", "-subj", "/CN=\(name)", "-addext", "subjectAltName=IP:127.0.0.1",
                ], in: folder.url)
            try #require(await process.wait() == 0)
        }
        func status(_ scheme: String, _ port: Int) async throws -> String {
            let curl = try RunningProcess(
                "curl",
                [
                    "-sS", "--max-time", "10", "--cacert", folder.path("certificate.pem"),
                    "\(scheme)://127.0.0.1:\(port)/status",
                ])
            _ = await curl.wait()
            return curl.outputText
        }
        try await make("one")
        var options = LiveServerOptions()
        options.tls = .init(certificate: folder.path("certificate.pem"), key: folder.path("key.pem"))
        let log = EventLog()
        let server = try await LiveServer.start(port: 0, options: options, onEvent: log.append)
        #expect(try await status("https", server.port) == Self.noStreams)
        #expect(try await status("http", server.port) == Self.noStreams)
        #expect(server.address.hasPrefix("rtmps://") && server.httpAddress.hasPrefix("https://"))
        // Who does not trust the certificate is told of once, in words.
        let stranger = try RunningProcess(
            "curl", ["-sS", "--max-time", "10", "https://127.0.0.1:\(server.port)/status"])
        #expect(await stranger.wait() != 0)
        let complaints: @Sendable () -> [String] = {
            log.all.compactMap { event in if case .connectionFailed(_, let reason) = event { reason } else { nil } }
        }
        #expect(await eventually(within: .seconds(20)) { !complaints().isEmpty })
        #expect(
            complaints() == ["the TLS handshake failed: the peer broke it off; it may not trust the certificate"],
            "\(complaints())")
        try await make("two")
        // Files are looked at once a second: until then the old certificate is not the one that curl trusts.
        #expect(
            await eventually(within: .seconds(20)) { (try? await status("https", server.port)) == Self.noStreams }
        )
        #expect(log.count { $0 == .certificateRead(problem: nil) } == 1)
        // One that is no certificate changes nothing.
        let good = try Data(contentsOf: URL(fileURLWithPath: folder.path("certificate.pem")))
        try Data("none".utf8).write(to: URL(fileURLWithPath: folder.path("certificate.pem")))
        #expect(
            await eventually(within: .seconds(20)) {
                _ = try? await status("https", server.port)
                return log.count { if case .certificateRead(.some) = $0 { true } else { false } } == 1
            })
        try good.write(to: URL(fileURLWithPath: folder.path("certificate.pem")))
        #expect(try await status("https", server.port) == Self.noStreams)
        await server.stop()
        options.tls?.key = folder.path("missing.pem")
        await #expect(throws: LiveServerError.self) { try await LiveServer.start(port: 0, options: options) }
    }
}
