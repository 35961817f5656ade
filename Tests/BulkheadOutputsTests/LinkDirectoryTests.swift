import BulkheadModel
import BulkheadOutputs
import Testing

@Suite(.timeLimit(.minutes(1))) struct LinkDirectoryTests {
    private static func destination(_ name: String = "") -> DestinationSettings {
        var destination = DestinationSettings(url: "rtmp://host/app")
        destination.name = name
        return destination
    }

    @Test func linksAreNamedForPeople() throws {
        var alone = LinkDirectory()
        #expect(try alone.add(Self.destination(), isAlone: true).name == "link")
        var several = LinkDirectory()
        #expect(try several.add(Self.destination(), isAlone: false).name == "link 1")
        #expect(try several.add(Self.destination("main"), isAlone: false).name == "link main")
        #expect(several.main == 1)
    }

    static let words: [(String, LinkID)] = [
        ("1", 1), ("link 1", 1), ("LINK 1", 1), ("2", 2), ("link 2", 2), ("main", 2), ("Main", 2), ("link main", 2),
    ]

    @Test(arguments: words)
    func wordsBecomeIdentities(word: String, id: LinkID) throws {
        var directory = LinkDirectory()
        _ = try directory.add(Self.destination(), isAlone: false)
        _ = try directory.add(Self.destination("main"), isAlone: false)
        #expect(try directory.find(word).id == id)
    }

    @Test func unknownWordIsAnsweredWithTheNames() throws {
        var directory = LinkDirectory()
        _ = try directory.add(Self.destination(), isAlone: false)
        _ = try directory.add(Self.destination("main"), isAlone: false)
        let expected = BroadcastError(
            code: .unknownLink, ["name": "3"], "there is no link 3", advice: "there are: link 1, link main")
        #expect(throws: expected) { try directory.find("3") }
    }

    @Test func numbersAreNeverGivenAgain() throws {
        var directory = LinkDirectory()
        _ = try directory.add(Self.destination("a"), isAlone: false)
        let second = try directory.add(Self.destination("b"), isAlone: false)
        directory.remove(second.id)
        #expect(try directory.add(Self.destination("b"), isAlone: false).id == 3)
        #expect(directory[second.id] == nil && directory[3]?.name == "link b")
        // The next one declared is the main one where the first is gone.
        directory.remove(1)
        #expect(directory.main == 3)
    }

    @Test func nameIsTakenOnce() throws {
        var directory = LinkDirectory()
        _ = try directory.add(Self.destination("a"), isAlone: false)
        let error = BroadcastError(code: .linkNameTwice, ["name": "a"], "there are two links with the name a")
        #expect(throws: error) {
            try directory.add(Self.destination("a"), isAlone: false)
        }
        #expect(directory.entries.count == 1)
    }
}
