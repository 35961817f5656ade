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
        #expect(known.count > 40 && Set(known.values) == [1, 2, 3])
    }

    /// A delta update has all of the playlist but whole segments from before the skip boundary, six targets from its end
    /// (draft-pantos-hls-rfc8216bis, 4.4.5.2 and 6.2.5.1).
    @Test func deltaUpdatesLeaveOutWhatPlayersHave() throws {
        var timeline = StreamTimeline()
        _ = timeline.time(of: 0, at: 1_700_000_000_000)
        var window = SegmentWindow(byteLimit: 1 << 20)
        window.take(PackagedTracks(video: nil, sound: nil))
        var skippedCounts: Set<Int> = []
        for index in 0..<120 {
            window.take(
                MediaPart(
                    bytes: ByteBuffer(string: "part"), start: Int64(index) * 250, duration: 250,
                    isIndependent: index % 8 == 0, isBehindGap: index == 72), on: timeline)
            guard let whole = window.playlist, let delta = window.playlist(skipping: true) else { continue }
            #expect(whole.contains(",CAN-SKIP-UNTIL=12.000,"))
            let skipped = delta.firstMatch(of: /\n#EXT-X-SKIP:SKIPPED-SEGMENTS=(\d+)\n/).flatMap { Int($0.1) } ?? 0
            skippedCounts.insert(skipped)
            guard skipped > 0 else {
                #expect(delta == whole)
                continue
            }
            #expect(delta.hasPrefix("#EXTM3U\n#EXT-X-VERSION:9\n"))
            // What is left out, and what is not, make up the whole.
            let (left, right) = (Self.segments(whole), Self.segments(delta))
            #expect(Array(left.dropFirst(skipped)) == right)
            let rest = whole.matches(of: /(?:EXTINF|EXT-X-PART):(?:DURATION=)?([\d.]+)/).compactMap { Double($0.1) }
            #expect(rest.reduce(0, +) >= 12)
            let after = right.joined().matches(of: /EXTINF:([\d.]+)/).compactMap { Double($0.1) }.reduce(0, +)
            #expect(after >= 10)
        }
        #expect(skippedCounts.contains(1))
    }

    /// What a playlist says of each segment and of what follows the last one; the map is said once.
    private static func segments(_ playlist: String) -> [String] {
        var pieces: [String] = [""]
        let lines = playlist.split(separator: "\n").drop {
            !$0.contains("DATE-TIME") && $0 != "#EXT-X-DISCONTINUITY"
        }
        for line in lines where !line.hasPrefix("#EXT-X-MAP") {
            pieces[pieces.count - 1] += line + "\n"
            if line.hasPrefix("s") { pieces.append("") }
        }
        return pieces
    }
}
