import BulkheadMedia
import BulkheadSource
import BulkheadSystem
import Testing

/// When packets of a live input go to the master together.
@Suite(.timeLimit(.minutes(1))) struct CopyBatchTests {
    private static let start = MonotonicTime(nanoseconds: 1_000_000_000)

    private static func packet(_ milliseconds: Int64, isVideo: Bool) -> CopiedPacket {
        let time = MediaTime(milliseconds: milliseconds)
        return CopiedPacket(
            kind: isVideo ? .video(isIDR: false, isDisposable: false) : .audio, dts: time, pts: time, position: time,
            bytes: [])
    }

    /// Notes packets that come at their times, and says behind which of them all is sent.
    private func sent(_ packets: [(time: Int64, isVideo: Bool)], hasSound: Bool = true) -> [Int] {
        var batch = CopyBatch()
        return packets.indices.filter { index in
            let now = Self.start.advanced(by: .milliseconds(packets[index].time))
            let isDue = batch.add(
                Self.packet(packets[index].time, isVideo: packets[index].isVideo), hasSound: hasSound, at: now)
            if isDue { batch.clear() }
            return isDue
        }
    }

    @Test func aPictureTakesItsSoundAlong() {
        let packets: [(Int64, Bool)] = [
            (0, true), (0, false), (21, false), (33, true), (42, false), (64, false), (66, true), (85, false),
        ]
        #expect(sent(packets) == [1, 4, 7])
    }

    @Test func soundThatRunsAheadHoldsNoPictureUp() {
        var batch = CopyBatch()
        let first = batch.add(Self.packet(500, isVideo: false), hasSound: true, at: Self.start)
        #expect(!first)
        for time in Int64(0)..<3 {
            let isDue = batch.add(Self.packet(time * 33, isVideo: true), hasSound: true, at: Self.start)
            #expect(isDue && batch.isWhole(hasSound: true))
            batch.clear()
        }
        _ = batch.add(Self.packet(533, isVideo: true), hasSound: true, at: Self.start)
        #expect(!batch.isWhole(hasSound: true) && batch.isWhole(hasSound: false))
    }

    @Test func withoutSoundEachPictureGoesAtOnce() {
        #expect(sent([(0, true), (33, true), (66, true)], hasSound: false) == [0, 1, 2])
    }

    @Test func nothingWaitsForLong() {
        // Sound that there should be does not come; and pictures do not.
        #expect(sent([(0, true), (33, true), (66, true), (100, true), (133, true), (166, true)]) == [2, 5])
        #expect(sent([(0, false), (21, false), (42, false), (64, false), (85, false)]) == [2])
        var batch = CopyBatch()
        _ = batch.add(Self.packet(0, isVideo: true), hasSound: true, at: Self.start)
        #expect(!batch.isLate(at: Self.start.advanced(by: .milliseconds(39))))
        #expect(batch.isLate(at: Self.start.advanced(by: .milliseconds(40))))
        batch.clear()
        #expect(!batch.isLate(at: Self.start.advanced(by: .seconds(9))))
    }
}
