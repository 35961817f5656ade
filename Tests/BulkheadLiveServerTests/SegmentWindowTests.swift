import BulkheadLiveServer
import NIOCore
import Testing

/// What HLS players may count on from one playlist to the next.
@Suite(.timeLimit(.minutes(1))) struct SegmentWindowTests {
    /// The number of discontinuities before each segment that a playlist names (RFC 8216, 6.2.2 and 4.3.3.3).
    private static func discontinuities(_ playlist: String) -> [(name: String, count: Int)] {
        var count = 0
        var named: [(String, Int)] = []
        for line in playlist.split(separator: "\n") {
            if let match = line.firstMatch(of: /^#EXT-X-DISCONTINUITY-SEQUENCE:(\d+)/) { count = Int(match.1) ?? 0 }
            if line == "#EXT-X-DISCONTINUITY" { count += 1 }
            if line.hasSuffix(".m4s"), !line.hasPrefix("#") { named.append((String(line), count)) }
        }
        return named
    }

    /// The first part of a stream is behind a gap, and some in the midst are.
    @Test func segmentsKeepTheirDiscontinuitySequence() throws {
        var timeline = StreamTimeline()
        _ = timeline.time(of: 0, at: 1_700_000_000_000)
        var window = SegmentWindow(byteLimit: 1 << 20)
        window.take(PackagedTracks(video: nil, sound: nil))
        var known: [String: Int] = [:]
        for index in 0..<400 {
            window.take(
                MediaPart(
                    bytes: ByteBuffer(string: "part"), start: Int64(index) * 250, duration: 250,
                    isIndependent: index % 8 == 0, isBehindGap: [0, 80, 160].contains(index)), on: timeline)
            for (name, count) in Self.discontinuities(window.playlist ?? "") {
                #expect(known[name] ?? count == count, "\(name)")
                known[name] = count
            }
        }
        #expect(known.count > 40 && Set(known.values) == [0, 1, 2])
    }
}
