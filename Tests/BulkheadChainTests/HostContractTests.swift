import BulkheadChain
import BulkheadModel
import BulkheadSystem
import BulkheadWire
import Testing

/// What a plugin host owes, and which of its answers it had no right to.
@Suite(.timeLimit(.minutes(1))) struct HostContractTests {
    private static let moment = Sample.moment

    /// With a host that has loaded plugins 1 to `count`, at 0.
    private static func loaded(_ count: Int = 2) throws -> HostContract {
        var contract = HostContract((1...count).map { PluginID($0) }, at: moment(0))
        contract.becameReady()
        for id in 1...count { try contract.noteLoaded(PluginID(id), [.video]) }
        let isLoaded = contract.takeLoaded()
        #expect(isLoaded)
        return contract
    }

    // MARK: loading

    @Test func chainIsLoadedOnceWhenEachPluginHasAnsweredAndTheHostIsReady() throws {
        var contract = HostContract([1, 2], at: Self.moment(0))
        #expect(contract.owesSince == Self.moment(0) && !contract.takesPicture)
        try contract.noteLoaded(1, [.video])
        let refused = try contract.refused(2)
        #expect(refused == .plugin)
        var isLoaded = [contract.takeLoaded()]
        contract.becameReady()
        for _ in 0..<2 { isLoaded.append(contract.takeLoaded()) }
        #expect(isLoaded == [false, true, false])
        #expect(contract.isLoaded && contract.takesPicture && contract.owesSince == nil)
        #expect(contract.loaded == [1: [.video]])
    }

    @Test func aPluginAnswersOnceAndOnlyWhereItIsInTheChain() throws {
        var contract = HostContract([1], at: Self.moment(0))
        try contract.noteLoaded(1, [])
        #expect(throws: HostContract.Breach.pluginNotAsked(1)) { try contract.noteLoaded(1, []) }
        #expect(throws: HostContract.Breach.pluginNotAsked(1)) { _ = try contract.refused(1) }
        #expect(throws: HostContract.Breach.pluginNotAsked(3)) { try contract.noteLoaded(3, []) }
    }

    // MARK: work

    @Test func onePictureIsInHandAtATime() throws {
        var contract = try Self.loaded()
        contract.gave(7, result: 3, at: Self.moment(10))
        #expect(!contract.takesPicture && contract.owesSince == Self.moment(10))
        #expect(throws: HostContract.Breach.pictureNotGiven(8)) { _ = try contract.processed(8) }
        let slot = try contract.processed(7)
        #expect(slot == 3 && contract.takesPicture && contract.owesSince == nil)
        #expect(throws: HostContract.Breach.pictureNotGiven(7)) { _ = try contract.processed(7) }
    }

    @Test func soundIsAnsweredInItsOrderAndASecondMayWait() throws {
        var unloaded = HostContract([1], at: Self.moment(0))
        var isTaken = unloaded.gaveSound(at: 0, now: Self.moment(0))
        #expect(!isTaken)
        var contract = try Self.loaded()
        for block in 0..<Int64(HostContract.mostSounds) {
            isTaken = contract.gaveSound(at: block * 1024, now: Self.moment(block))
            #expect(isTaken)
        }
        isTaken = contract.gaveSound(at: 1 << 20, now: Self.moment(99))
        #expect(!isTaken)
        #expect(throws: HostContract.Breach.soundOutOfTurn(position: 1024)) { try contract.processedSound(at: 1024) }
        try contract.processedSound(at: 0)
        #expect(contract.owesSince == Self.moment(1), "since the next one was given")
    }

    /// Whatever was given first.
    @Test func theOldestDebtCounts() throws {
        var contract = try Self.loaded()
        contract.asked(.parameter("gain"), of: 1, at: Self.moment(5))
        contract.gave(1, result: 0, at: Self.moment(3))
        _ = contract.gaveSound(at: 0, now: Self.moment(4))
        #expect(contract.owesSince == Self.moment(3))
        _ = try contract.processed(1)
        #expect(contract.owesSince == Self.moment(4))
        try contract.processedSound(at: 0)
        #expect(contract.owesSince == Self.moment(5))
    }

    // MARK: changes

    @Test func changesAreAnsweredInTheirOrder() throws {
        var contract = try Self.loaded()
        contract.asked(.parameter("gain"), of: 1, at: Self.moment(1))
        contract.asked(.removal, of: 2, at: Self.moment(2))
        contract.asked(.parameter("tone"), of: 1, at: Self.moment(3))
        #expect(throws: HostContract.Breach.pluginNotAsked(2)) { try contract.unloaded(2) }
        #expect(throws: HostContract.Breach.pluginNotAsked(1)) { try contract.parameterSet("tone", of: 1) }
        #expect(contract.loaded.count == 2, "a lie changes nothing")
        try contract.parameterSet("gain", of: 1)
        // A plugin can't refuse to be taken out.
        #expect(throws: HostContract.Breach.pluginNotAsked(2)) { _ = try contract.refused(2) }
        try contract.unloaded(2)
        let refused = try contract.refused(1)
        #expect(refused == .change && contract.loaded == [1: [.video]] && contract.owesSince == nil)
    }

    @Test func orderIsBroughtAboutByMoves() throws {
        var contract = try Self.loaded(4)
        var moves = contract.arrange([4, 1, 9, 2, 3])
        #expect(moves.map(\.plugin) == [4] && moves.map(\.position) == [0], "what is not loaded has no place")
        moves = contract.arrange([4, 1, 2, 3])
        #expect(moves.isEmpty)
        contract.asked(.removal, of: 1, at: Self.moment(0))
        moves = contract.arrange([3, 1, 2, 4])
        #expect(moves.map(\.plugin) == [3, 2] && moves.map(\.position) == [0, 1], "one that goes has none either")
    }

    // MARK: lines

    @Test func linesHaveALimitInEachSecond() throws {
        var contract = try Self.loaded()
        var kept = 0
        for _ in 0..<HostContract.floodLines { if try contract.said(at: Self.moment(100)) { kept += 1 } }
        #expect(kept == HostContract.mostLines)
        #expect(throws: HostContract.Breach.flood) { _ = try contract.said(at: Self.moment(101)) }
        let isKept = try contract.said(at: Self.moment(2000))
        #expect(isKept, "another second")
    }
}
