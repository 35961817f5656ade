import BulkheadFrames
import BulkheadMedia
import BulkheadTimeline
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(10))) struct SlateLoopTests {
    private static func units(_ count: Int64, idrs: Set<Int64> = [0]) -> [AccessUnit] {
        (0..<count).map {
            AccessUnit(frame: $0, isIDR: idrs.contains($0), isDisposable: $0 % 2 == 1, bytes: [UInt8($0 & 0xFF)])
        }
    }

    private static func configuration() throws -> StreamConfiguration {
        StreamConfiguration(
            canvas: try #require(Canvas(width: 64, height: 64)), frameRate: try #require(FrameRate(30)),
            videoBitsPerSecond: 1, audioBitsPerSecond: 1, avcConfiguration: [1], audioSpecificConfig: [2])
    }

    private static func loop(_ units: [AccessUnit], silence: [UInt8] = [0x21]) throws -> SlateLoop? {
        SlateLoop(units: units, silence: silence, configuration: try configuration())
    }

    /// Each round begins with the IDR; each unit stands for the frame that it is asked for, and is never left out.
    @Test(arguments: [1, 2, 60, 300] as [Int64])
    func goesRound(count: Int64) throws {
        let loop = try #require(try Self.loop(Self.units(count)))
        for index in 0..<Int(count) * 3 {
            let unit = loop.unit(at: index, for: 5000 + Int64(index))
            #expect(unit.frame == 5000 + Int64(index))
            #expect(unit.isIDR == (index % Int(count) == 0))
            #expect(!unit.isDisposable)
            #expect(unit.bytes == [UInt8(Int64(index) % count & 0xFF)])
        }
    }

    @Test func whatCanNotBeLoopedIsRefused() throws {
        #expect(try Self.loop([]) == nil)
        #expect(try Self.loop(Self.units(5, idrs: [])) == nil)
        #expect(try Self.loop(Self.units(5, idrs: [1])) == nil)
        #expect(try Self.loop(Self.units(5), silence: []) == nil)
        // Reordered, or one frame twice.
        let units = Self.units(4)
        #expect(try Self.loop([units[0], units[3], units[1], units[2]]) == nil)
        #expect(try Self.loop([units[0], units[1], units[1]]) == nil)
    }

    /// The ledger takes the loop like any encoder's answers, from whatever frame on.
    @Test func ledgerCommitsIt() throws {
        let loop = try #require(try Self.loop(Self.units(3)))
        var ledger = CommitLedger()
        var committed: [FrameNumber] = []
        for index in 0..<10 {
            let frame = 700 + FrameNumber(index) * 2
            ledger.give(frame, in: SlotReference(pool: 0, slot: 0))
            committed += try ledger.answer(loop.unit(at: index, for: frame)).map(\.unit.frame)
        }
        #expect(committed == (0..<10).map { 700 + $0 * 2 })
        #expect(ledger.uncommitted.isEmpty)
    }
}
