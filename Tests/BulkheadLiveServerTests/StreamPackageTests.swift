import BulkheadFLV
import BulkheadLiveServer
import BulkheadMP4
import BulkheadMedia
import BulkheadRTMP
import NIOCore
import Testing

/// The packages of a stream, without a socket and without a clock.
@Suite(.timeLimit(.minutes(1))) struct StreamPackageTests {
    private static let start: Int64 = 1_790_000_030_000

    /// An AVCDecoderConfigurationRecord of 640x360 pictures, as x264 writes it (High, level 3.0).
    private static let record: [UInt8] = [
        0x01, 0x64, 0x00, 0x1E, 0xFF, 0xE1, 0x00, 0x19, 0x67, 0x64, 0x00, 0x1E, 0xAC, 0xD9, 0x40, 0xA0, 0x2F, 0xF9,
        0x70, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0F, 0x16, 0x2D, 0x96, 0x01, 0x00,
        0x06, 0x68, 0xEB, 0xE3, 0xCB, 0x22, 0xC0,
    ]

    private static func video(_ header: [UInt8], _ data: [UInt8], at time: Int64 = 0) -> Message {
        Message(
            type: .video, timestampMilliseconds: UInt32(truncatingIfNeeded: time),
            payload: ByteBuffer(bytes: header + data))
    }

    private static func picture(_ number: Int, gop: Int = 50, at time: Int64) -> Message {
        video([number % gop == 0 ? 0x17 : 0x27, 1, 0, 0, 0], [0, 0, 0, 2, 0x65, UInt8(number % 250)], at: time)
    }

    private static let sound = Message(type: .audio, payload: ByteBuffer(bytes: [0xAF, 0, 0x11, 0x90]))

    /// The parts of `count` pictures that last `step` milliseconds each, the last GOP's end left out.
    private static func parts(_ count: Int, step: Int64 = 40, gop: Int = 50, from first: Int = 0) -> (
        [MediaPart], PackagedTracks?
    ) {
        var packager = Packager()
        var outputs = packager.take(video([0x17, 0, 0, 0, 0], record), at: 0)
        outputs += packager.take(sound, at: 0)
        for number in first..<first + count {
            let time = Int64(number) * step
            outputs += packager.take(picture(number, gop: gop, at: time), at: time)
            outputs += packager.take(
                Message(type: .audio, payload: ByteBuffer(bytes: [0xAF, 1, 0x21, 0x10])), at: time)
        }
        var (parts, tracks): ([MediaPart], PackagedTracks?) = ([], nil)
        for output in outputs {
            switch output {
            case .part(let part): parts.append(part)
            case .tracks(let found): tracks = found
            }
        }
        return (parts, tracks)
    }

    @Test func partsAreWholeFramesAndBeginAtEachIDR() throws {
        let (parts, tracks) = Self.parts(151)
        #expect(tracks?.codecs == "avc1.64001E,mp4a.40.2")
        #expect(tracks?.video?.width == 640 && tracks?.video?.height == 360)
        #expect(parts.allSatisfy { $0.duration <= Packager.partMilliseconds })
        #expect(zip(parts, parts.dropFirst()).allSatisfy { $0.start + $0.duration == $1.start })
        #expect(parts.filter(\.isIndependent).map(\.start) == [0, 2000, 4000])
        // 6 frames of 40 ms, but 2 at the end of a GOP of 50.
        #expect(Set(parts.map(\.duration)) == [240, 80])
    }

    @Test func withoutSoundPicturesAloneAreTaken() {
        var packager = Packager()
        var outputs = packager.take(Self.video([0x17, 0, 0, 0, 0], Self.record), at: 0)
        for number in 0..<40 {
            outputs += packager.take(Self.picture(number, at: Int64(number) * 40), at: Int64(number) * 40)
        }
        guard case .tracks(let tracks)? = outputs.first else {
            Issue.record("\(outputs)")
            return
        }
        #expect(tracks.sound == nil && tracks.codecs == "avc1.64001E" && packager.obstacle == nil)
        let durations = outputs.compactMap { if case .part(let part) = $0 { part.duration } else { nil } }
        #expect(durations.count >= 5 && durations.allSatisfy { $0 == 240 })
    }

    @Test func codingsWithoutAPlaceAreNamed() {
        var packager = Packager()
        // VP9 in the enhanced form, and Sorenson's.
        _ = packager.take(Self.video([0x90, 0x76, 0x70, 0x30, 0x39], [1]), at: 0)
        #expect(packager.obstacle == .pictures("vp09"))
        _ = packager.take(Self.video([0x12], [1]), at: 0)
        #expect(packager.obstacle == .pictures("codec 2"))
    }

    /// ISO/IEC 14496-15, annex E.3, and the AV1 binding, section 5: examples worked out from the records' fields.
    @Test func codecStringsOfOtherCodings() {
        var packager = Packager()
        var metadata = ByteBuffer()
        metadata.writeAMF0("onMetaData")
        metadata.writeAMF0(.ecmaArray(["width": 1280, "height": 720]))
        _ = packager.take(Message(type: .data, payload: metadata), at: 0)
        let hevc: [UInt8] =
            [1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93] + [UInt8](repeating: 0, count: 10)
        var outputs = packager.take(Self.video([0x90, 0x68, 0x76, 0x63, 0x31], hevc), at: 0)
        for number in 0..<40 {
            let time = Int64(number) * 40
            outputs += packager.take(
                Self.video([number % 25 == 0 ? 0x91 : 0xA1, 0x68, 0x76, 0x63, 0x31, 0, 0, 0], [0, 0, 0, 1, 2]), at: time
            )
        }
        guard case .tracks(let tracks)? = outputs.first else {
            Issue.record("\(outputs)")
            return
        }
        #expect(tracks.codecs == "hvc1.1.6.L93.90" && tracks.video?.width == 1280)
        outputs = packager.restart() + packager.take(Message(type: .data, payload: metadata), at: 0)
        outputs += packager.take(Self.video([0x90, 0x61, 0x76, 0x30, 0x31], [0x81, 0x08, 0x0C, 0]), at: 0)
        for number in 0..<40 {
            outputs += packager.take(Self.video([0x91, 0x61, 0x76, 0x30, 0x31], [1, 2]), at: Int64(number) * 40)
        }
        let codecs = outputs.compactMap { if case .tracks(let tracks) = $0 { tracks.codecs } else { nil } }
        #expect(codecs == ["av01.0.08M.08"])
    }

    // MARK: segments

    private static func timeline(at wallClock: Int64 = start) -> StreamTimeline {
        var timeline = StreamTimeline()
        timeline.publisherCame()
        _ = timeline.time(of: 0, at: wallClock)
        return timeline
    }

    private static func window(_ parts: [MediaPart], _ tracks: PackagedTracks?, _ timeline: StreamTimeline) throws
        -> SegmentWindow
    {
        var window = SegmentWindow(byteLimit: 1 << 20)
        window.take(try #require(tracks))
        for part in parts { window.take(part, on: timeline) }
        return window
    }

    private static func numbers(_ window: SegmentWindow) -> [Int] {
        (window.playlist ?? "").matches(of: /\ns(\d+)\.m4s/).compactMap { Int($0.1) }
    }

    /// What a server that was restarted makes of the rest of a stream has the same names, and the same bytes but for the
    /// fragments' own count.
    @Test(arguments: [0, 120, -700, 1300] as [Int64])
    func aRestartedServerGoesOnWithTheNumbers(jitter: Int64) throws {
        let (all, tracks) = Self.parts(601)
        let before = try Self.window(all, tracks, Self.timeline())
        let (rest, _) = Self.parts(401, from: 200)
        var timeline = StreamTimeline()
        timeline.publisherCame()
        _ = timeline.time(of: 8000, at: Self.start + 8000 + jitter)
        let after = try Self.window(rest, tracks, timeline)
        #expect(Self.numbers(before).suffix(5) == Self.numbers(after).suffix(5))
        #expect(before.next?.segment == after.next?.segment && before.next?.part == after.next?.part)
        #expect([before, after].allSatisfy { $0.playlist?.contains("#EXT-X-DISCONTINUITY\n") == false })
        let number = try #require(Self.numbers(after).last.map { Int64($0) })
        #expect(before.segment(number)?.parts.map(\.start) == after.segment(number)?.parts.map(\.start))
    }

    @Test func longGOPsMakeLongSegments() throws {
        let (parts, tracks) = Self.parts(601, gop: 125)
        let window = try Self.window(parts, tracks, Self.timeline())
        let playlist = try #require(window.playlist)
        #expect(playlist.contains("#EXT-X-TARGETDURATION:5\n") && playlist.contains("#EXTINF:5.000,\n"))
        let numbers = Self.numbers(window)
        #expect(numbers == Array(numbers[0]..<numbers[0] + numbers.count))
    }

    @Test func shortGOPsAreJoined() throws {
        let (parts, tracks) = Self.parts(301, gop: 12)
        let window = try Self.window(parts, tracks, Self.timeline())
        let times = try #require(window.playlist).matches(of: /#EXTINF:([\d.]+)/).compactMap { Double($0.1) }
        #expect(times.count > 3 && times.allSatisfy { $0 > 1.4 && $0 < 2.5 }, "\(times)")
    }

    @Test func windowIsBoundedByItsBytes() throws {
        let (parts, tracks) = Self.parts(901)
        var window = try Self.window(parts, tracks, Self.timeline())
        window.byteLimit = 1
        #expect(Self.numbers(window).count <= 1)
    }

    /// Another stream under the same name: what was before is left, and nothing is counted backwards.
    @Test func anotherTimelineIsADiscontinuity() throws {
        var timeline = Self.timeline()
        let (parts, tracks) = Self.parts(301)
        var window = try Self.window(parts, tracks, timeline)
        let last = try #require(Self.numbers(window).last)
        timeline.publisherCame()
        let (time, isBroken) = timeline.time(of: 3_000_000, at: Self.start + 12_000)
        #expect(isBroken && time == 12_000)
        window.breakOff()
        let part = try #require(parts.first)
        for index in 0..<20 {
            window.take(
                MediaPart(
                    bytes: part.bytes, start: 30_000 + Int64(index) * 240, duration: 240, isIndependent: index % 9 == 0,
                    isBehindGap: index == 0), on: timeline)
        }
        let numbers = Self.numbers(window)
        #expect(numbers.allSatisfy { $0 > last } && !numbers.isEmpty)
    }

    // MARK: time

    @Test func timeGoesOnOverThePublishers() {
        var timeline = Self.timeline()
        #expect(timeline.time(of: 5000, at: Self.start + 5000).milliseconds == 5000)
        // It comes back with the same timestamps.
        timeline.publisherCame()
        let back = timeline.time(of: 9000, at: Self.start + 9000)
        #expect(back.milliseconds == 9000 && !back.isBroken)
        // Another one begins at 0.
        timeline.publisherCame()
        let other = timeline.time(of: 0, at: Self.start + 12_000)
        #expect(other.milliseconds == 12_000 && other.isBroken)
        #expect(timeline.time(of: 40, at: Self.start + 12_040).milliseconds == 12_040)
        #expect(timeline.wallClock(at: 12_040) == Self.start + 12_040)
    }

    /// An encoder hangs and is replaced: its pictures come seconds behind sound, and are the same stream.
    @Test func picturesMayLieBehindSound() {
        var timeline = Self.timeline()
        #expect(timeline.time(of: 5000, at: Self.start + 5000).milliseconds == 5000)
        #expect(!timeline.time(of: 5020, at: Self.start + 5020, isPicture: false).isBroken)
        #expect(!timeline.time(of: 8000, at: Self.start + 8000, isPicture: false).isBroken)
        let late = timeline.time(of: 5040, at: Self.start + 8010)
        #expect(late.milliseconds == 5040 && !late.isBroken)
        // One that goes back behind its own is another stream.
        let other = timeline.time(of: 3000, at: Self.start + 8020)
        #expect(other.isBroken && other.milliseconds > 8000)
        #expect(!timeline.time(of: 3040, at: Self.start + 8060).isBroken)
        #expect(!timeline.time(of: 3020, at: Self.start + 8060, isPicture: false).isBroken)
    }

    /// A link that was cut off gives a restarted server first what it kept meanwhile, all at once.
    @Test(arguments: [0, 3000, 9000] as [Int64]) func whatIsSentAgainDoesNotMakeTheClockLate(age: Int64) {
        let restart = Self.start + 20_000
        var timeline = StreamTimeline()
        timeline.publisherCame()
        var dates: [Int64] = []
        for time in stride(from: 20_000 - age, through: 24_000, by: 40) {
            // A quarter of a millisecond each, up to what is new.
            let wallClock = max(restart + (time - 20_000 + age) / 160, Self.start + time)
            _ = timeline.time(of: UInt32(time), at: wallClock)
            dates.append(timeline.wallClock(at: time))
        }
        // What was kept had no more than the time that sending it took.
        #expect(timeline.wallClock(at: 0) - Self.start <= 0)
        #expect(zip(dates, dates.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(timeline.number(at: 24_000, target: 2000) == Self.timeline().number(at: 24_000, target: 2000))
        // Later nothing is believed: the publisher's clock may be fast, and the wall clock may be set.
        _ = timeline.time(of: 40_000, at: Self.start + 38_000)
        #expect(timeline.wallClock(at: 0) == Self.start)
    }

    @Test func timestampsMayWrap() {
        var timeline = StreamTimeline()
        let first = timeline.time(of: .max - 10, at: Self.start)
        let next = timeline.time(of: 29, at: Self.start + 40)
        #expect(next.milliseconds - first.milliseconds == 40 && !next.isBroken)
    }
}

@Suite(.timeLimit(.minutes(1))) struct HTTPRouteTests {
    private static let stream = StreamName(app: "live", name: "key")
    static let routes: [(String, HTTPRoute)] = [
        ("/", .page(file: "index.html")), ("/page/player.js", .page(file: "player.js")), ("/status", .status),
        ("/live/key.flv", .flv(stream)), ("/live/key.mp4", .mp4(stream)),
        ("/live/key.m3u8", .playlist(stream)), ("/live/key/index.m3u8", .multivariantPlaylist(stream)),
        ("/live/key/live.m3u8", .mediaPlaylist(stream)), ("/live/key/init-a1.mp4", .header(stream, name: "a1")),
        ("/live/key/s12.m4s", .segment(stream, 12)), ("/live/key/p12.3.m4s", .part(stream, 12, part: 3)),
        ("/a/b/c.flv", .flv(StreamName(app: "a/b", name: "c"))),
        ("/live/a%2Fb%20c.flv", .flv(StreamName(app: "live", name: "a/b c"))),
        ("/live/a.b.flv", .flv(StreamName(app: "live", name: "a.b"))),
    ]

    @Test(arguments: routes) func pathsLeadToStreams(path: String, route: HTTPRoute) throws {
        #expect(try HTTPRoute(path: path) == route)
    }

    @Test(arguments: [
        "", "live/key.flv", "/%zz", "/live/%00.flv", "/live/%ff.flv", "/live", "/live/.flv", "/key.flv",
        "/live/key.exe",
        "/live/key/s.m4s", "/live/key/p1.m4s", "/live/key/s99999999999999999999.m4s",
        "/" + String(repeating: "a", count: 9000),
    ])
    func otherPathsAreRefused(path: String) { #expect(throws: HTTPRoute.Refusal.self) { try HTTPRoute(path: path) } }

    /// RFC 9110, 14.1.2.
    @Test func rangesOfBytes() {
        #expect(ByteRange.range("bytes=0-499", of: 10_000) == 0..<500)
        #expect(ByteRange.range("bytes=9500-", of: 10_000) == 9500..<10_000)
        #expect(ByteRange.range("bytes=-500", of: 10_000) == 9500..<10_000)
        #expect(ByteRange.range("bytes=0-9223372036854775807", of: 10) == 0..<10)
        #expect(ByteRange.range("bytes=10-", of: 10)?.isEmpty == true)
        for all in [nil, "lines=1-2", "bytes=1-2,4-5", "bytes=5-4", "bytes=x-"] {
            #expect(ByteRange.range(all, of: 10) == nil)
        }
    }
}
