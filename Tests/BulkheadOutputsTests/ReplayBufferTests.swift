import BulkheadMedia
import BulkheadOutputs
import BulkheadWire
import Testing

/// What is kept for replays.
@Suite(.timeLimit(.minutes(1))) struct ReplayBufferTests {
    /// Pictures 20 ms apart of 100 bytes, every tenth an IDR, each followed by a sound of 10 bytes.
    private static func filled(_ count: Int64, seconds: Double, byteCount: Int? = nil) -> ReplayBuffer {
        var limits = ReplayBuffer.Limits(duration: MediaTime(nanoseconds: Int64(seconds * 1e9)))
        if let byteCount { limits.byteCount = byteCount }
        var buffer = ReplayBuffer(limits: limits)
        for number in 0..<count {
            let time = MediaTime(milliseconds: number * 20)
            let kind = Packet.Kind.video(isIDR: number % 10 == 0, isDisposable: false)
            buffer.append(Packet(kind: kind, dts: time, pts: time, bytes: [UInt8](repeating: 1, count: 100)))
            buffer.append(Packet(kind: .audio, dts: time, pts: time, bytes: [UInt8](repeating: 2, count: 10)))
        }
        return buffer
    }

    @Test func wholeGOPsOfTheWantedSpanAreKept() throws {
        for count in [101, 105, 110, 119] as [Int64] {
            let clip = try #require(Self.filled(count, seconds: 1).clip())
            // The GOP in which the span begins is whole.
            #expect(clip.firstPicture % 10 == 0 && clip.packets.first?.isIDR == true)
            #expect(clip.duration >= MediaTime(milliseconds: 1000) && clip.duration < MediaTime(milliseconds: 1200))
            #expect(clip.pictureCount == Int(count - clip.firstPicture))
            #expect(clip.packets.count == 2 * clip.pictureCount)
        }
    }

    @Test func lessThanAllCanBeTaken() throws {
        let buffer = Self.filled(101, seconds: 2)
        #expect(try #require(buffer.clip()).firstPicture == 0)
        #expect(try #require(buffer.clip(last: MediaTime(milliseconds: 400))).firstPicture == 80)
        #expect(try #require(buffer.clip(last: MediaTime(milliseconds: 401))).firstPicture == 70)
        #expect(try #require(buffer.clip(last: .zero)).firstPicture == 100)
        #expect(try #require(buffer.clip(last: MediaTime(milliseconds: 90_000))).firstPicture == 0)
    }

    @Test func commentsGoWithTheirPictures() throws {
        var buffer = Self.filled(25, seconds: 60)
        let before = buffer.byteCount
        buffer.append(RecorderComment(number: 1, time: 0, body: [UInt8](repeating: 1, count: 50)))
        #expect(buffer.byteCount == before + 50)
        #expect(try #require(buffer.clip()).comments.mapValues { $0.map(\.number) } == [24: [1]])
        var empty = Self.filled(0, seconds: 1)
        empty.append(RecorderComment(number: 1, time: 0, body: [1]))
        #expect(empty.byteCount == 0)
    }

    @Test func boundOfMemoryHolds() throws {
        // A GOP has 1100 bytes.
        let buffer = Self.filled(1000, seconds: 600, byteCount: 3500)
        #expect(buffer.byteCount <= 3500 && buffer.byteCount > 2200)
        #expect(try #require(buffer.clip()).packets.first?.isIDR == true)
        // What comes before an IDR is not kept, and a GOP that is too long by itself goes.
        #expect(Self.filled(1000, seconds: 600, byteCount: 500).clip() == nil)
        #expect(Self.filled(0, seconds: 1).clip() == nil)
    }

    @Test func nothingBeforeTheFirstIDRIsKept() throws {
        var buffer = ReplayBuffer(limits: .init(duration: MediaTime(milliseconds: 1000)))
        let kinds: [Packet.Kind] = [
            .audio, .video(isIDR: false, isDisposable: false), .video(isIDR: true, isDisposable: false), .audio,
        ]
        for (number, kind) in kinds.enumerated() {
            let time = MediaTime(milliseconds: Int64(number) * 20)
            buffer.append(Packet(kind: kind, dts: time, pts: time, bytes: [1]))
        }
        let clip = try #require(buffer.clip())
        #expect(clip.firstPicture == 1 && clip.pictureCount == 1 && clip.packets.count == 2)
        #expect(buffer.byteCount == 2)
    }
}
