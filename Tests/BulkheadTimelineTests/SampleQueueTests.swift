import BulkheadFrames
import BulkheadMedia
import BulkheadTestSupport
import BulkheadTimeline
import Testing

@Suite(.timeLimit(.minutes(10))) struct SampleQueueTests {
    /// Sample pair `index` as (index, -index), so that each tells where it belongs.
    private static func samples(_ range: Range<Int64>) -> [Float] { range.flatMap { [Float($0), -Float($0)] } }

    @Test func whatGoesInComesOut() {
        var queue = SampleQueue()
        queue.push(Self.samples(0..<5000), at: 0)
        #expect(queue.start == 0 && queue.end == 5000)
        #expect(queue.take(1024, from: 0) == Self.samples(0..<1024))
        #expect(queue.take(1024, from: 1024) == Self.samples(1024..<2048))
        #expect(queue.start == 2048)
        #expect(queue.take(1000, from: 3000) == Self.samples(3000..<4000))
    }

    @Test func firstSamplesSetTheStart() {
        var queue = SampleQueue()
        queue.push(Self.samples(700..<800), at: 700)
        #expect(queue.start == 700 && queue.end == 800)
        // Before them there is silence.
        #expect(
            queue.take(200, from: 650, isOver: true) == [Float](repeating: 0, count: 100) + Self.samples(700..<800)
                + [Float](repeating: 0, count: 100))
    }

    @Test func gapsAreFilledWithSilence() {
        var queue = SampleQueue()
        queue.push(Self.samples(0..<100), at: 0)
        queue.push(Self.samples(150..<200), at: 150)
        #expect(queue.end == 200)
        #expect(
            queue.take(200, from: 0) == Self.samples(0..<100) + [Float](repeating: 0, count: 100)
                + Self.samples(150..<200))
    }

    @Test func overlapsAreLeftOut() {
        var queue = SampleQueue()
        queue.push(Self.samples(0..<100), at: 0)
        queue.push([Float](repeating: 9, count: 80), at: 80)
        #expect(queue.end == 120)
        queue.push([Float](repeating: 8, count: 20), at: 20)
        #expect(queue.end == 120)
        #expect(queue.take(120, from: 0) == Self.samples(0..<100) + [Float](repeating: 9, count: 40))
    }

    @Test func jumpsStartAfresh() {
        for jump in [480_001, -480_001] as [Int64] {
            var queue = SampleQueue()
            queue.push(Self.samples(1_000_000..<1_000_100), at: 1_000_000)
            let there = 1_000_100 + jump
            queue.push(Self.samples(there..<there + 10), at: there)
            #expect(queue.start == there && queue.end == there + 10)
        }
        var nearly = SampleQueue()
        nearly.push([1, 1], at: 0)
        nearly.push([2, 2], at: 480_001)
        #expect(nearly.start == 0 && nearly.end == 480_002)
    }

    @Test func whatIsTakenLateIsSilence() {
        var queue = SampleQueue()
        queue.push(Self.samples(0..<100), at: 0)
        #expect(queue.take(100, from: 1000) == nil)
        #expect(queue.start == 100)
        // Too late for that block, but in time for the next.
        queue.push(Self.samples(100..<1300), at: 100)
        #expect(queue.take(100, from: 1100) == Self.samples(1100..<1200))
        // A block that lies wholly before what is here takes nothing away.
        #expect(queue.take(50, from: 0) == nil)
        #expect(queue.take(100, from: 1200) == Self.samples(1200..<1300))
    }

    @Test func emptyPushesAndTakesAreHarmless() {
        var queue = SampleQueue()
        #expect(queue.copy(0, from: 0) == [])
        #expect(queue.copy(2, from: 5) == [0, 0, 0, 0])
        #expect(queue.take(0, from: 0) == nil && queue.take(2, from: 5) == nil)
        queue.push([], at: 10)
        #expect(queue.end == 10)
        queue.push([], at: 20)
        #expect(queue.end == 20)
    }

    /// Where sound breaks off and comes again it fades; where it begins and ends by itself it is as it is.
    @Test func soundFadesAtTheBordersOfGaps() {
        var queue = SampleQueue()
        func ones(_ count: Int) -> [Float] { [Float](repeating: 1, count: 2 * count) }
        queue.push(ones(1500), at: 100)
        // Its beginning.
        #expect(queue.take(1000, from: 0) == [Float](repeating: 0, count: 200) + ones(900))
        let broken = queue.take(1000, from: 1000)
        #expect(broken?.prefix(2 * 120).allSatisfy { $0 == 1 } == true)
        #expect(broken.map { zip($0, $0.dropFirst(2)).allSatisfy { abs($0 - $1) < 0.003 } } == true)
        #expect(broken?[1199] ?? 1 < 0.002 && broken?.suffix(800).allSatisfy { $0 == 0 } == true)
        // It comes again right at a block, and late in one.
        queue.push(ones(500), at: 2000)
        let again = queue.take(400, from: 2000)
        #expect(again?[0] ?? 1 < 0.002 && again?[798] ?? 0 > 0.8)
        #expect(queue.take(100, from: 2400) == ones(100))
        queue.push(ones(2000), at: 12_000_000)
        let late = queue.take(1000, from: 11_999_900)
        #expect(late?[200] ?? 1 < 0.002 && late?.suffix(400).allSatisfy { $0 == 1 } == true)
        // Its end.
        #expect(queue.take(1500, from: 12_000_900, isOver: true)?[2199] == 1)
        #expect(queue.take(1500, from: 12_002_400, isOver: true) == nil)
    }

    /// Positions that no child would send unless it lies.
    @Test func extremePositionsDoNotTrap() {
        let extremes: [Int64] = [.min, .min + 1, -(1 << 62), -1, 0, 1, 1 << 61, 1 << 62, .max - 1, .max]
        for first in extremes {
            for second in extremes {
                var queue = SampleQueue()
                queue.push([1, 2], at: first)
                queue.push([3, 4], at: second)
                for position in extremes { #expect(queue.take(4, from: position)?.count ?? 8 == 8) }
                #expect(queue.end >= queue.start)
            }
        }
    }

    /// Random pushes and takes against a model that keeps every sample by its position.
    @Test func blocksFollowASimpleModel() {
        var random = SeededGenerator(seed: 77)
        for _ in 0..<30 {
            var queue = SampleQueue()
            var model: [Int64: Float] = [:]
            var end: Int64?
            var taken: Int64 = 0
            for _ in 0..<200 {
                if Bool.random(using: &random) {
                    let from = max(0, (end ?? taken) + .random(in: -300...300, using: &random))
                    let count = Int64.random(in: 0...900, using: &random)
                    queue.push(Self.samples(from..<from + count), at: from)
                    // Only what comes after everything that came before counts.
                    for position in max(from, end ?? from)..<max(from + count, max(from, end ?? from)) {
                        model[position] = Float(position)
                    }
                    end = max(end ?? from, from + count)
                } else {
                    taken += .random(in: 0...200, using: &random)
                    let count = Int.random(in: 1...500, using: &random)
                    let block = queue.copy(count, from: taken)
                    let isHere = queue.take(count, from: taken) != nil
                    #expect(isHere || block.allSatisfy { $0 == 0 })
                    let expected = (0..<Int64(count)).flatMap { index -> [Float] in
                        let value = model[taken + index] ?? 0
                        return [value, value == 0 ? 0 : -value]
                    }
                    #expect(block == expected)
                    taken += Int64(count)
                }
            }
        }
    }

    #if DEBUG
        private static let minutes: Int64 = 1
    #else
        private static let minutes: Int64 = 5
    #endif

    /// As much sound as is kept, in pieces of 20 ms, then cut into blocks. A queue that moved what waits again and again would
    /// move a hundred gigabytes.
    @Test(.timeLimit(.minutes(1))) func muchSoundIsCutQuickly() {
        var queue = SampleQueue()
        let piece = [Float](repeating: 0.5, count: 960 * 2)
        for index in 0..<Self.minutes * 3000 { queue.push(piece, at: index * 960) }
        #expect(queue.end == Self.minutes * 2_880_000)
        let start = ContinuousClock.now
        for block in 0..<Self.minutes * 2812 { #expect(queue.take(1024, from: block * 1024)?[2047] == 0.5) }
        #expect(ContinuousClock.now - start < .seconds(5))
    }
}
