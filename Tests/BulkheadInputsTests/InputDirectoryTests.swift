import BulkheadInputs
import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct InputDirectoryTests {
    private static func directory() throws -> InputDirectory {
        var directory = InputDirectory()
        for name in [nil, "Guest", nil] as [String?] {
            _ = try directory.add(InputSettings(url: "test", name: name), isAlone: false)
        }
        return directory
    }

    @Test(arguments: [
        ("1", 1), ("source 1", 1), ("Source 1", 1), ("input 1", 1), ("guest", 2), ("GUEST", 2), ("2", 2),
        ("source 2", 2),
        ("source 3", 3),
    ])
    func inputsGoByNumberAndName(word: String, number: Int) throws {
        #expect(try Self.directory().find(word).id == InputID(number))
    }

    @Test(arguments: ["", "4", "gue", "source", "source 2 "]) func unknownOnesAreNamedWithThoseThereAre(word: String)
        throws
    {
        let directory = try Self.directory()
        let error = #expect(throws: BroadcastError.self) { try directory.find(word) }
        #expect(error?.code == .unknownInput)
        #expect(error?.advice == "there are: source 1, 2 (Guest), source 3")
    }

    @Test func oneAloneNeedsNoNumber() throws {
        var directory = InputDirectory()
        let entry = try directory.add(InputSettings(url: "test"), isAlone: true)
        #expect(entry.name == "source")
        #expect(try directory.find("source").id == 1)
    }

    @Test(arguments: [
        "", " ", "12", "a,b", "guest", "source 1", "1", "\u{7}bell", "ends ", String(repeating: "n", count: 65),
    ])
    func namesThatCanNotBe(name: String) throws {
        var directory = try Self.directory()
        let added = #expect(throws: BroadcastError.self) {
            try directory.add(InputSettings(url: "test", name: name), isAlone: false)
        }
        #expect(added?.code == .inputName)
        #expect(directory.entries.count == 3)
        let renamed = #expect(throws: BroadcastError.self) { try directory.rename(3, to: name) }
        #expect(renamed?.code == .inputName)
        #expect(directory[3]?.name == "source 3")
    }

    @Test func numbersAreNeverGivenTwice() throws {
        var directory = try Self.directory()
        directory.remove(3)
        #expect(try directory.add(InputSettings(url: "test"), isAlone: false).id == 4)
        try directory.rename(2, to: "Gast")
        try directory.rename(2, to: "gast")
        #expect(try directory.find("gast").id == 2)
        #expect(throws: BroadcastError.self) { try directory.find("guest") }
    }
}
