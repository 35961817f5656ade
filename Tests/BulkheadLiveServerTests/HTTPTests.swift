import BulkheadLiveServer
import BulkheadMedia
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadTestSupport
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing

private let group = MultiThreadedEventLoopGroup.singleton

/// A stream at our server, and viewers over HTTP: raw ones, FFmpeg and ffprobe.
@Suite(.timeLimit(.minutes(2))) struct HTTPTests {
    /// A server with a clip that is published at its own pace, over and over.
    private func withStream(
        seconds: Int = 2, _ change: (inout LiveServerOptions) -> Void = { _ in },
        _ body: (LiveServer, MediaClip, EventLog) async throws -> Void
    ) async throws {
        let clip = try await MediaClip.make(seconds: seconds)
        let log = EventLog()
        var options = LiveServerOptions()
        change(&options)
        let server = try await LiveServer.start(port: 0, options: options, onEvent: log.append)
        let publisher = try await RTMPPublisher.connect(
            to: IngestTarget("\(server.address)/live", key: "key"), group: group)
        let sending = Task { try await publish(clip, with: publisher) }
        try await body(server, clip, log)
        sending.cancel()
        await publisher.close(goodbye: true)
        await server.stop()
    }

    private static func probe(_ url: String, _ more: [String] = []) async throws -> (streams: String, error: String) {
        let process = try RunningProcess(
            "ffprobe",
            [
                "-v", "error", "-analyzeduration", "1500000", "-show_entries", "stream=codec_name,width,height", "-of",
                "csv=p=0",
            ] + more + [url])
        #expect(await process.wait() == 0, "\(process.errorText)")
        return (process.outputText, process.errorText)
    }

    /// The DTS of the pictures that FFmpeg's demuxer gives in `seconds` of the stream, in seconds.
    private static func pictureTimes(_ url: String, seconds: Int) async throws -> [Double] {
        let process = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-copyts", "-t", "\(seconds)", "-i", url, "-map", "0:v", "-c", "copy", "-f",
                "framecrc", "-",
            ])
        #expect(await process.wait() == 0, "\(process.errorText)")
        #expect(process.errorText.isEmpty, "\(process.errorText)")
        var scale = 1.0
        var times: [Double] = []
        for line in process.outputText.split(separator: "\n") {
            if let match = line.firstMatch(of: /#tb 0: (\d+)\/(\d+)/) {
                scale = (Double(match.1) ?? 1) / (Double(match.2) ?? 1)
            }
            let fields = line.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            if fields.count > 2, let dts = Double(fields[1]) { times.append(dts * scale) }
        }
        return times
    }

    @Test(arguments: ["key.flv", "key.mp4", "key/index.m3u8", "key.m3u8"])
    func ffprobeReadsEachWay(name: String) async throws {
        try await withStream { server, _, _ in
            // A segment has to be complete before there is a playlist.
            let (streams, error) = try await Self.probe("\(server.httpAddress)/live/\(name)")
            #expect(streams.contains("h264,320,180"), "\(error)")
            #expect(streams.contains("aac"))
            #expect(error.isEmpty)
        }
    }

    /// 25 a second, 40 ms apart: none is missing and none comes twice.
    @Test(arguments: ["key.flv", "key.mp4", "key/index.m3u8"])
    func everyPictureArrivesOnce(name: String) async throws {
        try await withStream { server, _, _ in
            let times = try await Self.pictureTimes("\(server.httpAddress)/live/\(name)", seconds: 3)
            #expect(times.count > 50)
            #expect(zip(times, times.dropFirst()).allSatisfy { abs($1 - $0 - 0.04) < 0.0015 }, "\(times)")
        }
    }

    @Test func rawRequestsAreAnswered() async throws {
        try await withStream { server, _, _ in
            let raw = RawHTTP(port: server.port)
            let head = try await raw.ask("HEAD /live/key.flv HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && head.contains("Content-Type: video/x-flv"))
            #expect(head.contains("Access-Control-Allow-Origin: *") && head.hasSuffix("\r\n\r\n"))
            let options = try await raw.ask("OPTIONS /live/key.mp4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(options.hasPrefix("HTTP/1.1 204") && options.contains("Access-Control-Allow-Headers: Range"))
            let missing = try await raw.ask("GET /live/other.mp4 HTTP/1.0\r\n\r\n")
            #expect(missing.contains(" 404 ") && missing.contains("Retry-After: 1"))
            #expect(missing.hasSuffix("Nobody publishes this stream at the moment.\n"))
            let post = try await raw.ask(
                "POST /live/key.flv HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")
            #expect(post.contains(" 405 ") && post.contains("Allow: GET, HEAD, OPTIONS"))
            let long = "/" + String(repeating: "a", count: 9000)
            #expect(try await raw.ask("GET \(long) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").contains(" 414 "))
            #expect(try await raw.ask("GET /%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").contains(" 400 "))
            #expect(
                try await raw.ask("GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").contains(
                    " 404 "))
            // Two requests in one: the answers come one after the other.
            let two = try await raw.ask(
                "GET /status HTTP/1.1\r\nHost: a\r\n\r\nGET /status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(two.components(separatedBy: "HTTP/1.1 200 OK").count == 3)
            #expect(two.contains(#""app":"live","name":"key""#))
            // No HTTP at all.
            #expect(try await raw.ask("GARBAGE\r\n\r\n").contains(" 400 "))
        }
    }

    @Test func playlistsBlockAndPartsJoinIntoSegments() async throws {
        try await withStream { server, _, _ in
            let raw = RawHTTP(port: server.port)
            let master = try await raw.get("/live/key/index.m3u8")
            #expect(try await raw.get("/status").contains(#""codecs":"avc1."#))
            #expect(master.contains(#"CODECS="avc1."#) && master.contains("RESOLUTION=320x180"), "\(master)")
            let first = try await raw.get("/live/key/live.m3u8")
            let next = try #require(first.firstMatch(of: /PRELOAD-HINT:TYPE=PART,URI="p(\d+)\.(\d+)\.m4s"/))
            let (number, part) = (try #require(Int(next.1)), try #require(Int(next.2)))
            // Held until the part is there, which it then names.
            let held = try await raw.get("/live/key/live.m3u8?_HLS_msn=\(number)&_HLS_part=\(part)")
            #expect(held.contains("p\(number).\(part).m4s\""), "\(held)")
            #expect(held.contains("#EXT-X-PROGRAM-DATE-TIME:20"))
            for bad in ["_HLS_part=1", "_HLS_msn=\(number + 3)", "_HLS_msn=x", "_HLS_msn=-1"] {
                #expect(
                    try await raw.ask("GET /live/key/live.m3u8?\(bad) HTTP/1.0\r\n\r\n").contains(" 400 "), "\(bad)")
            }
            // The hinted part is held as well.
            let hinted = try await raw.bytes("/live/key/p\(number).\(part + 1).m4s")
            #expect(hinted.dropFirst(4).starts(with: "moof".utf8))
            _ = try await raw.get("/live/key/live.m3u8?_HLS_msn=\(number + 1)")
            let segment = try await raw.bytes("/live/key/s\(number).m4s")
            let list = try await raw.get("/live/key/live.m3u8")
            var joined = Data()
            for match in list.matches(of: /URI="(p(\d+)\.\d+\.m4s)",?(INDEPENDENT)?/) where Int(match.2) == number {
                joined += try await raw.bytes("/live/key/\(match.1)")
            }
            #expect(joined == segment)
            let range = try await raw.ask("GET /live/key/s\(number).m4s HTTP/1.0\r\nRange: bytes=4-7\r\n\r\n")
            #expect(range.contains(" 206 ") && range.hasSuffix("moof") && range.contains("bytes 4-7/\(segment.count)"))
            let beyond = try await raw.ask("GET /live/key/s\(number).m4s HTTP/1.0\r\nRange: bytes=99999999-\r\n\r\n")
            #expect(beyond.contains(" 416 "))
            #expect(try await raw.ask("GET /live/key/p\(number + 9).0.m4s HTTP/1.0\r\n\r\n").contains(" 404 "))
        }
    }

    /// Each numbered part is no longer than announced, and each segment begins with one that stands by itself.
    @Test func playlistKeepsItsWord() async throws {
        try await withStream { server, _, _ in
            let raw = RawHTTP(port: server.port)
            var list = try await raw.get("/live/key/live.m3u8")
            for _ in 0..<2 {
                let next = try #require(list.firstMatch(of: /PRELOAD-HINT:TYPE=PART,URI="p(\d+)/).flatMap { Int($0.1) })
                list = try await raw.get("/live/key/live.m3u8?_HLS_msn=\(next)")
            }
            #expect(list.contains("#EXT-X-TARGETDURATION:2\n"))
            let durations = list.matches(of: /EXT-X-PART:DURATION=([\d.]+)/).compactMap { Double($0.1) }
            #expect(durations.count > 8 && durations.allSatisfy { $0 <= 0.25 }, "\(durations)")
            let times = list.matches(of: /#EXTINF:([\d.]+)/).compactMap { Double($0.1) }
            #expect(times.count >= 3 && times.allSatisfy { abs($0 - 2) < 0.05 }, "\(times)")
            #expect(list.matches(of: /URI="p\d+\.0\.m4s",INDEPENDENT=YES/).count >= 2)
            // The wall clock, at the picture.
            let date = try #require(list.matches(of: /DATE-TIME:([^\n]+)/).last.map { String($0.1) })
            let said = try #require(
                try? Date(date, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
            #expect(abs(Date().timeIntervalSince(said)) < 5)
        }
    }

    /// A server that has been given a whole clip at once.
    private func serverWithClip(
        _ clip: MediaClip
    ) async throws -> (server: LiveServer, publisher: RTMPPublisher, log: EventLog, raw: RawHTTP) {
        let log = EventLog()
        let server = try await LiveServer.start(port: 0, onEvent: log.append)
        let publisher = try await RTMPPublisher.connect(
            to: IngestTarget("\(server.address)/live", key: "key"), group: group)
        publisher.send(configuration: clip.configuration)
        for packet in clip.packets { publisher.send(packet: packet) }
        return (server, publisher, log, RawHTTP(port: server.port))
    }

    /// A player that comes back says up to where it has the stream, and is given what follows, if it is that timeline still.
    @Test func whoComesBackIsGivenWhatFollows() async throws {
        let clip = try await MediaClip.make(seconds: 6)
        let (server, publisher, _, raw) = try await serverWithClip(clip)
        /// The number that tells a response's fragments apart: when the first one begins, in ticks of 90 kHz.
        func begin(_ query: String) async throws -> (tick: UInt64?, zero: String) {
            let bytes = try await raw.first(20_000, of: "/live/key.mp4\(query)")
            let head = String(decoding: bytes.prefix(2000), as: UTF8.self)
            let zero = try #require(head.firstMatch(of: /Bulkhead-Time-Zero: (\d+)/))
            let tick = bytes.firstRange(of: Data("tfdt".utf8)).map { place in
                bytes[(place.upperBound + 4)..<(place.upperBound + 12)].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
            }
            return (tick, String(zero.1))
        }
        // All has come: the GOP of the last second is the newest.
        #expect(try await eventually { try await begin("").tick ?? 0 >= 90 * 4900 })
        let (newest, zero) = try await begin("")
        // Parts are a quarter of a second long: one begins at or just behind what is asked for.
        for milliseconds in [2100, 3000, 3900] as [UInt64] {
            let tick = try #require(try await begin("?after=\(milliseconds)&zero=\(zero)").tick)
            #expect((milliseconds * 90..<(milliseconds + 300) * 90).contains(tick), "\(milliseconds): \(tick / 90)")
        }
        for query in ["?after=2100", "?after=2100&zero=1", "?after=-5&zero=\(zero)", "?after=x&zero=\(zero)"] {
            #expect(try await begin(query).tick == newest, "\(query)")
        }
        await publisher.close(goodbye: true)
        await server.stop()
    }

    @Test func viewersMayWaitForThePublisher() async throws {
        let clip = try await MediaClip.make()
        let log = EventLog()
        let server = try await LiveServer.start(port: 0, onEvent: log.append)
        let raw = RawHTTP(port: server.port)
        async let waiting = raw.first(4096, of: "/live/key.flv?wait=20")
        #expect(try await raw.ask("GET /live/key.flv HTTP/1.0\r\n\r\n").contains(" 404 "))
        let publisher = try await RTMPPublisher.connect(
            to: IngestTarget("\(server.address)/live", key: "key"), group: group)
        let sending = Task { try await publish(clip, with: publisher) }
        let bytes = try await waiting
        #expect(bytes.firstRange(of: Data("FLV\u{1}\u{5}".utf8)) != nil)
        sending.cancel()
        await publisher.close(goodbye: true)
        await server.stop()
    }

    /// The publisher's end is the end of the response, and of the playlist.
    @Test func endsAreSaid() async throws {
        let clip = try await MediaClip.make(seconds: 3)
        let (server, publisher, log, raw) = try await serverWithClip(clip)
        async let stream = raw.ask("GET /live/key.mp4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", isBinary: true)
        #expect(await eventually { log.playCount == 1 })
        await publisher.close(goodbye: true)
        #expect(try await stream.hasSuffix("\r\n0\r\n\r\n"))
        let list = try await raw.get("/live/key/live.m3u8")
        #expect(list.hasSuffix("#EXT-X-ENDLIST\n"), "\(list)")
        #expect(!list.contains("PRELOAD-HINT"))
        let count = try await Self.pictureTimes("\(server.httpAddress)/live/key/index.m3u8", seconds: 10).count
        #expect(count == clip.videoCount)
        await server.stop()
    }

    /// A viewer that reads nothing costs the others nothing, and is closed.
    @Test func slowViewersAreShedAndCounted() async throws {
        try await withStream({ options in
            options.gopByteLimit = 200_000
            options.playerQueueByteLimit = 50_000
            options.playerStallTimeout = .seconds(2)
            options.connectionLimit = 100
            options.addressConnectionLimit = 100
        }) { server, _, log in
            var slow: [any Channel] = []
            for index in 0..<40 {
                let channel = try await ClientBootstrap(group: group).channelOption(.autoRead, value: false)
                    .channelOption(.socketOption(.so_rcvbuf), value: 4096)
                    .connect(host: "127.0.0.1", port: server.port).get()
                let name = ["key.flv", "key.mp4"][index % 2]
                try await channel.writeAndFlush(
                    ByteBuffer(string: "GET /live/\(name) HTTP/1.1\r\nHost: a\r\n\r\n")
                ).get()
                slow.append(channel)
            }
            let times = try await Self.pictureTimes("\(server.httpAddress)/live/key.flv", seconds: 4)
            #expect(zip(times, times.dropFirst()).allSatisfy { abs($1 - $0 - 0.04) < 0.0015 })
            for channel in slow { try? await channel.close() }
            #expect(
                await eventually {
                    log.count { if case .playEnded = $0 { true } else { false } } >= 40
                })
        }
    }

    /// Connections that say nothing are closed, and disturb nobody meanwhile.
    @Test func halfOpenConnectionsDisturbNobody() async throws {
        try await withStream({ options in
            options.setupTimeout = .seconds(1)
            options.connectionLimit = 400
            options.addressConnectionLimit = 400
        }) { server, _, log in
            async let watched = Self.pictureTimes("\(server.httpAddress)/live/key.flv", seconds: 4)
            #expect(await eventually { log.playCount == 1 })
            var silent: [any Channel] = []
            for _ in 0..<300 {
                let bootstrap = ClientBootstrap(group: group)
                silent.append(try await bootstrap.connect(host: "127.0.0.1", port: server.port).get())
            }
            for channel in silent { try await channel.closeFuture.get() }
            // They broke no rule: whoever comes from the same address is let in.
            let page = try await RawHTTP(port: server.port).ask("GET /status HTTP/1.0\r\n\r\n")
            #expect(page.contains(" 200 "))
            let times = try await watched
            #expect(times.count > 50)
            #expect(zip(times, times.dropFirst()).allSatisfy { abs($1 - $0 - 0.04) < 0.0015 })
        }
    }

    @Test func keysHoldOverHTTPAsWell() async throws {
        let server = try await LiveServer.start(
            port: 0,
            options: {
                var options = LiveServerOptions()
                options.streamKeys = ["secret"]
                return options
            }())
        let raw = RawHTTP(port: server.port)
        let publisher = try await RTMPPublisher.connect(
            to: IngestTarget("\(server.address)/live", key: "secret"), group: group)
        #expect(try await raw.ask("GET /live/guess.mp4 HTTP/1.0\r\n\r\n").contains("may be played here"))
        #expect(try await !raw.get("/status").contains("secret"))
        await publisher.close(goodbye: true)
        await server.stop()
    }
}

/// HTTP as a person types it.
struct RawHTTP: Sendable {
    let port: Int

    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let bytes = Mutex(Data())
        let limit: Int

        init(limit: Int) { self.limit = limit }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let count = bytes.withLock { bytes in
                bytes.append(contentsOf: unwrapInboundIn(data).readableBytesView)
                return bytes.count
            }
            if count >= limit { context.close(promise: nil) }
        }
    }

    /// All that comes, or the first bytes of it.
    func exchange(_ request: String, limit: Int = .max) async throws -> Data {
        let collector = Collector(limit: limit)
        let channel = try await ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(collector) }
            }
            .connect(host: "127.0.0.1", port: port).get()
        try await channel.writeAndFlush(ByteBuffer(string: request)).get()
        try await channel.closeFuture.get()
        return collector.bytes.withLock { $0 }
    }

    /// All that comes until the server closes.
    func ask(_ request: String, isBinary: Bool = false) async throws -> String {
        let data = try await exchange(request)
        return isBinary ? String(data.map { Character(Unicode.Scalar($0)) }) : String(decoding: data, as: UTF8.self)
    }

    func bytes(_ path: String) async throws -> Data {
        let data = try await exchange("GET \(path) HTTP/1.0\r\n\r\n")
        let end = try #require(data.firstRange(of: Data("\r\n\r\n".utf8)))
        #expect(
            data.starts(with: Data("HTTP/1.0 200".utf8)),
            "\(path): \(String(decoding: data.prefix(300), as: UTF8.self))")
        return Data(data[end.upperBound...])
    }

    func get(_ path: String) async throws -> String { String(decoding: try await bytes(path), as: UTF8.self) }

    /// The first bytes of what does not end.
    func first(_ count: Int, of path: String) async throws -> Data {
        try await exchange("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n", limit: count)
    }
}
