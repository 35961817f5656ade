import BulkheadMedia
import BulkheadOutputs
import BulkheadWire
import Testing

/// Where the own sounds of inputs stand among what is recorded.
@Suite(.timeLimit(.minutes(1))) struct TrackMergeTests {
    /// Pictures 40 ms apart, shown 80 ms after they are decoded.
    private static func picture(_ number: Int64) -> TrackMerge.Item {
        let time = MediaTime(milliseconds: number * 40)
        return .packet(
            Packet(
                kind: .video(isIDR: number % 25 == 0, isDisposable: false), dts: time,
                pts: time + MediaTime(milliseconds: 80), bytes: [1]))
    }

    /// `7` for a picture, `a3` for a block of the first track.
    private static func words(_ items: [TrackMerge.Item]) -> [String] {
        items.map { item in
            switch item {
            case .packet(let packet): return "\(packet.dts.milliseconds / 40)"
            case .note(let note): return note.text
            case .comment(let comment): return String(decoding: comment.body, as: UTF8.self)
            case .track(let track, let packet):
                let block = ((packet.dts - MediaTime(milliseconds: 80)).seconds * 48_000 / 1024).rounded()
                return "\(["a", "b"][track])\(Int(block))"
            }
        }
    }

    @Test func programWaitsForItsTracks() {
        var merge = TrackMerge()
        // Before a track has begun nothing waits for it; its times are not known before the first picture.
        #expect(merge.take(block: 0, track: 0, bytes: [9]).isEmpty)
        #expect(Self.words(merge.take(Self.picture(0))) == ["0"])
        #expect(Self.words(merge.take(Self.picture(1)) + merge.take(Self.picture(2))) == ["1", "2"])
        // Block 0 is at 80 ms, and so is the second picture: what is after it waits.
        #expect(Self.words(merge.take(Self.picture(3))).isEmpty)
        #expect(Self.words(merge.take(.note(RecordNote(.mark, "note", wallClock: 0)))).isEmpty)
        #expect(
            Self.words(merge.take(.comment(RecorderComment(number: 1, time: 0, body: Array("{c}".utf8))))).isEmpty)
        #expect(Self.words(merge.take(block: 1, track: 0, bytes: [9])) == ["a0", "a1", "3", "note", "{c}"])
        #expect(Self.words(merge.take(block: 2, track: 0, bytes: [9])).isEmpty)
        #expect(Self.words(merge.take(Self.picture(4)) + merge.takeRest()) == ["a2", "4"])
    }

    @Test func slowestTrackIsWaitedForButNotForEver() {
        var merge = TrackMerge()
        var items = merge.take(Self.picture(0)) + merge.take(block: 0, track: 0, bytes: [9])
        items += merge.take(block: 0, track: 1, bytes: [9])
        for block in 1..<200 as Range<Int64> { items += merge.take(block: block, track: 0, bytes: [9]) }
        for number in 1..<80 as Range<Int64> { items += merge.take(Self.picture(number)) }
        // The second track has come to 101 ms, and three seconds are as much as is waited.
        #expect(Self.words(items).filter { Int($0) != nil }.last == "3")
        items += merge.take(Self.picture(80))
        #expect(Self.words(items).last == "4")
        // What comes late comes behind, in its own order, and the program catches up.
        for block in 1..<200 as Range<Int64> { items += merge.take(block: block, track: 1, bytes: [9]) }
        let words = Self.words(items + merge.takeRest())
        #expect(words.filter { Int($0) != nil } == (0...80).map { "\($0)" })
        for track in ["a", "b"] {
            #expect(words.filter { $0.hasPrefix(track) } == (0..<200).map { "\(track)\($0)" })
        }
    }

    /// All of the first file is there before the next begins.
    @Test func whatIsBeforeAPictureIsGivenBeforeIt() {
        var merge = TrackMerge()
        var items: [TrackMerge.Item] = []
        for number in 0..<100 as Range<Int64> {
            items += merge.take(Self.picture(number))
            for block in number * 2..<number * 2 + 2 { items += merge.take(block: block, track: 0, bytes: [9]) }
        }
        items += merge.takeRest()
        var newest = MediaTime(milliseconds: -1)
        for item in items {
            switch item {
            case .packet(let packet): newest = packet.dts
            case .track(_, let packet): #expect(packet.dts >= newest)
            case .note, .comment: break
            }
        }
        #expect(items.count == 300)
    }
}
