import BulkheadSource
import Testing

@Suite(.timeLimit(.minutes(2))) struct TimestampRepairTests {
    private static let frame: Int64 = 40_000_000
    private static let second: Int64 = 1_000_000_000
    private static let streams = [
        0: TimestampRepair.Stream(step: frame, isSteady: false), 1: TimestampRepair.Stream(step: frame, isSteady: true),
    ]

    /// The times that all of `stamps` get, when the input is read as far ahead as is asked for.
    private static func place(
        _ stamps: [PacketStamp], forwardLimit: Int64 = second, isLive: Bool = false
    ) throws -> [PlacedTimes] {
        var repair = TimestampRepair(streams: streams, forwardLimit: forwardLimit, isLive: isLive)
        var placed: [PlacedTimes] = []
        var end = 0
        for index in stamps.indices {
            end = max(end, index + 1)
            while true {
                let following = stamps[(index + 1)..<end]
                let isFull = following.count >= (isLive ? 24 : 512)
                let lookahead: Lookahead = end == stamps.count ? .end : isFull ? .full : .more
                if let times = repair.place(stamps[index], following: following, lookahead) {
                    placed.append(times)
                    break
                }
                try #require(lookahead == .more, "what can't be seen is not asked for")
                end += 1
            }
        }
        return placed
    }

    /// Picture and sound, a packet of each every 40 ms, from `start` on.
    private static func both(_ count: Int64, from start: Int64 = 0) -> [PacketStamp] {
        (0..<count).flatMap { index -> [PacketStamp] in
            let time = start + index * frame
            return [PacketStamp(stream: 0, dts: time, pts: time), PacketStamp(stream: 1, dts: time, pts: time)]
        }
    }

    private static func moved(_ stamp: PacketStamp, by offset: Int64) -> PacketStamp {
        PacketStamp(stream: stamp.stream, dts: stamp.dts.map { $0 + offset }, pts: stamp.pts.map { $0 + offset })
    }

    @Test(arguments: [false, true]) func goodTimesStayAsTheyAre(isLive: Bool) throws {
        let stamps = Self.both(100, from: 7 * Self.second)
        #expect(try Self.place(stamps, isLive: isLive).map(\.dts) == stamps.map(\.dts))
    }

    /// Wherever it stands, whichever stream it is of, however far it is off.
    @Test(arguments: [0, 1, 2, 3, 100, 101, 196, 197, 198, 199], [-3600, -10, -5, 2, 5, 12, 3600] as [Int64])
    func strayIsPutInItsPlace(index: Int, seconds: Int64) throws {
        let good = Self.both(100)
        var stamps = good
        stamps[index] = Self.moved(stamps[index], by: seconds * Self.second)
        for limit in [Self.second, 10 * Self.second] {
            #expect(try Self.place(stamps, forwardLimit: limit).map(\.dts) == good.map(\.dts))
            #expect(try Self.place(stamps, forwardLimit: limit).map(\.pts) == good.map(\.pts))
        }
    }

    /// One packet of MPEG-TS holds many of sound, which all follow from its one time.
    @Test(arguments: [0, 40, 92]) func strayRunIsPutInItsPlace(start: Int) throws {
        let good = Self.both(100)
        var stamps = good
        for index in start..<start + 8 {
            stamps[2 * index + 1] = Self.moved(stamps[2 * index + 1], by: 5 * Self.second)
        }
        #expect(try Self.place(stamps).map(\.dts) == good.map(\.dts))
    }

    /// Only the time of its showing is wrong: the decoder makes one of the time of its decoding.
    @Test func strayTimeOfShowingIsLeftOut() throws {
        var stamps = Self.both(50)
        stamps[40] = PacketStamp(stream: 0, dts: stamps[40].dts, pts: 20 * Self.second)
        let placed = try Self.place(stamps)
        #expect(placed[40] == PlacedTimes(dts: stamps[40].dts, pts: nil))
        #expect(placed[42].pts == stamps[42].pts)
    }

    /// What an ffmpeg program makes of a stray: all that follow have about the same time.
    @Test(arguments: [0, 20, 80]) func crowdIsSpread(start: Int) throws {
        let good = Self.both(100)
        var stamps = good
        for index in start..<100 {
            let time = 12 * Self.second + Int64(index) * 11_111
            stamps[2 * index] = PacketStamp(stream: 0, dts: time, pts: time)
        }
        #expect(try Self.place(stamps).map(\.dts) == good.map(\.dts))
    }

    @Test(arguments: [3600, -3600, 2, 100] as [Int64], [false, true])
    func jumpIsTakenOutForBothAlike(seconds: Int64, isLive: Bool) throws {
        let start = 10_000 * Self.second
        let stamps = Self.both(50, from: start) + Self.both(50, from: start + (seconds + 2) * Self.second)
        let placed = try Self.place(stamps, isLive: isLive).compactMap(\.dts)
        #expect(placed == Self.both(100, from: start).compactMap(\.dts))
    }

    /// Where streams of an old part end behind the jump of the other, they keep their old place.
    @Test(arguments: [3600, -3600] as [Int64]) func streamsMayJumpOneAfterTheOther(seconds: Int64) throws {
        let start = 10_000 * Self.second
        let picture = (0..<100).map { Self.both(100, from: start)[2 * $0] }
        let sound = (0..<100).map { Self.both(100, from: start)[2 * $0 + 1] }
        let jump = seconds * Self.second
        var stamps: [PacketStamp] = []
        var good: [Int64?] = []
        // Sound comes ten packets later than its picture.
        for index in 0..<110 {
            if index < 100 {
                stamps.append(index < 50 ? picture[index] : Self.moved(picture[index], by: jump))
                good.append(picture[index].dts)
            }
            if index >= 10 {
                stamps.append(index < 60 ? sound[index - 10] : Self.moved(sound[index - 10], by: jump))
                good.append(sound[index - 10].dts)
            }
        }
        #expect(try Self.place(stamps).map(\.dts) == good)
    }

    @Test func gapThatTheOtherStreamFillsIsNoJump() throws {
        let stamps = Self.both(300).enumerated().filter { $0.offset % 2 == 0 || !(20..<500).contains($0.offset) }
            .map(\.element)
        #expect(try Self.place(stamps).map(\.dts) == stamps.map(\.dts))
    }

    @Test func shortGapOfAFileIsKept() throws {
        let stamps = Self.both(50) + Self.both(50, from: 8 * Self.second)
        #expect(try Self.place(stamps, forwardLimit: 10 * Self.second).map(\.dts) == stamps.map(\.dts))
    }

    @Test func badInterleavingIsNoJump() throws {
        let stamps = Self.both(250).enumerated().sorted { ($0.offset % 2, $0.offset) < ($1.offset % 2, $1.offset) }
            .map(\.element)
        #expect(try Self.place(stamps).map(\.dts) == stamps.map(\.dts))
    }

    @Test func liveGapOfTheTimeThatPassedIsKept() throws {
        var stamps = Self.both(10)
        stamps.append(PacketStamp(stream: 0, dts: 5 * Self.second, pts: nil, elapsed: 5 * Self.second))
        #expect(try Self.place(stamps, isLive: true).last?.dts == 5 * Self.second)
    }

    /// Pauses below a second, as where a publisher goes and the next one comes at once, are no distance from picture to picture:
    /// what follows keeps its own.
    @Test(
        arguments: [[840], [840, 840], [840, 840, 840, 840], [-840], [840, -840], [840, 840, -840, 700, 700]]
            as [[Int64]], [false, true])
    func pausesAreNotLearned(milliseconds: [Int64], isLive: Bool) throws {
        var stamps: [PacketStamp] = []
        var (time, index) = (Self.second, 0)
        for pause in milliseconds + [0] {
            for stamp in Self.both(index == 0 || pause == 0 ? 60 : 1, from: time) { stamps.append(stamp) }
            time = (stamps.last?.dts ?? 0) + Self.frame + pause * 1_000_000
            index += 1
        }
        stamps += Self.both(200, from: time)
        for stream in 0...1 {
            let placed = try Self.place(stamps, isLive: isLive)
            let times = zip(stamps, placed).filter { $0.0.stream == stream }.compactMap(\.1.dts)
            let steps = zip(times, times.dropFirst()).map { $1 - $0 }
            #expect(times.count == stamps.count / 2 && steps.suffix(199).allSatisfy { $0 == Self.frame }, "\(steps)")
            // No pause becomes longer than it is.
            #expect((times.last ?? 0) - (times.first ?? 0) <= time + 200 * Self.frame + 4 * Self.second)
        }
    }

    @Test func foreignNumbersDoNotTrap() throws {
        let times: [Int64?] = [.max, .min, nil, 0, .min + 1, -1, 1 << 59, -1 << 59, 1 << 60, nil, 5]
        var stamps: [PacketStamp] = []
        for (index, dts) in times.enumerated() {
            for pts in times { stamps.append(PacketStamp(stream: index % 2, dts: dts, pts: pts, elapsed: .max)) }
        }
        for isLive in [false, true] { #expect(try Self.place(stamps, isLive: isLive).count == stamps.count) }
        #expect(try Self.place(stamps + stamps.reversed(), forwardLimit: .max / 4).count == 2 * stamps.count)
    }
}
