import BulkheadDrill
import BulkheadModel
import BulkheadProbe
import Testing

@Suite(.timeLimit(.minutes(1))) struct DrillSettingsTests {
    private func standard(_ faults: [String], link: Int = 1, hasNumbers: Bool = true) throws -> [String] {
        var read: [Fault] = []
        for word in faults { read.append(try Fault(word)) }
        return DrillSettings.standardExpectations(read, link: link, hasNumbers: hasNumbers).map { "\($0)" }
    }

    @Test func nothingShowsOfACrash() throws {
        #expect(try standard(["encoder:kill@5s"]) == ["lost=0", "disorder=0", "backwards=0", "connections=1"])
    }

    @Test func serverTakesItsConnectionWithIt() throws {
        let faults = ["server:kill@5s,link=2"]
        #expect(try standard(faults, link: 1).contains("connections=1"))
        #expect(try !standard(faults, link: 2).contains("connections=1"))
    }

    /// The picture notices nothing of a chat, and of the chat nothing is missing.
    @Test func aChatLosesNothing() throws {
        #expect(
            try standard(["chat:kill@5s"]) == [
                "lost=0", "disorder=0", "backwards=0", "connections=1", "comments-lost=0", "comments-twice=0",
            ])
    }

    @Test func scenesAreJudgedByTheNumbersOfEachInput() throws {
        let standard = DrillSettings.standardExpectations(
            [try Fault("source=2:kill@5s")], link: 1, hasNumbers: true, hasScenes: true)
        #expect(standard.map { "\($0)" } == ["missing=0", "input-lost=0", "backwards=0", "connections=1"])
    }

    /// In a file's pictures there are no numbers that could be missed.
    @Test func filesAreJudgedByTheirTimestamps() throws {
        #expect(
            try standard(["encoder:kill@5s"], hasNumbers: false) == ["backwards=0", "jumps=0", "connections=1"])
    }
}
