import BulkheadEncoding
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct EncoderTableTests {
    private static func state(pid: Int32) throws -> EncoderState {
        let wanted = WantedEncoding(
            BroadcastSettings(
                inputs: [], destinations: [], canvas: try #require(Canvas(width: 64, height: 64)),
                frameRate: try #require(FrameRate(25))))
        return EncoderState(pid: pid, EncodingTerms(wanted).settings, at: .now)
    }

    @Test func statesAreKeptInOrderWhateverTheOrderOfTheirComing() throws {
        var table = EncoderTable()
        for child in [5, 2, 9, 7] { table[ChildID(child)] = try Self.state(pid: Int32(child)) }
        #expect(table.ids == [2, 5, 7, 9] && table.states.map(\.pid) == [2, 5, 7, 9])
        table[7] = nil
        table[1] = nil
        #expect(table.ids == [2, 5, 9] && table.place(of: 9) == 2 && table.place(of: 7) == nil)
        table[5] = try Self.state(pid: 50)
        #expect(table.ids.count == 3 && table[5]?.pid == 50 && table[7] == nil)
    }

    @Test func aStateIsChangedWhereItLies() throws {
        var table = EncoderTable()
        for child in 1...3 { table[ChildID(child)] = try Self.state(pid: Int32(child)) }
        let place = try #require(table.place(of: 2))
        table.states[place].gaveSound()
        table[3]?.configuration = 4
        #expect(table.states.map(\.wasUsed) == [false, true, false] && table[3]?.configuration == 4)
    }
}
