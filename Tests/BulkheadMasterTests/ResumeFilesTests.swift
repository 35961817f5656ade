import BulkheadInputs
import BulkheadMaster
import BulkheadMedia
import BulkheadModel
import BulkheadTestSupport
import Foundation
import Synchronization
import Testing

/// The files that a broadcast is resumed from, whole and spoiled.
@Suite(.timeLimit(.minutes(1))) struct ResumeFilesTests {
    /// As docs/service.md describes it: what a version that is not this one has written must be readable for ever.
    static let record = """
        {"bootID":"b","framesBefore":0,"gone":["jingle"],"inputs":[{"id":2,"name":"camera"}],"name":"evening",\
        "pausedLinks":["link 2"],"place":{"frame":122,"inputs":{"2":{"audioSample":195200,"entry":0,"file":"",\
        "position":4033000000,"pts":4033000000,"round":0}},"pictures":121,"time":1795923264.5},"prepared":"b",\
        "recordings":[{"high":1,"low":2,"path":"/r/show.mp4","segment":3}],"savedAt":1795923264.5,"settings":{\
        "audioBitsPerSecond":128000,"bufferMilliseconds":1000,"canvas":"320x180","children":"both",\
        "congestion":"slowest","destinations":[{"streamKey":"KEY","tlsAuthorityFile":"",\
        "url":"rtmp://127.0.0.1/live"}],"encoderThreads":0,"frameRate":"30","inputs":[{"format":"","loops":false,\
        "name":"camera","url":"/f/film.mp4"}],"isFast":false,"keyframeIntervalSeconds":2,"name":"evening",\
        "pluginIsolation":"all","plugins":[],"preset":"ultrafast","profile":"high","slateAfterSeconds":3,\
        "slatePath":"","standby":"warm","tune":"zerolatency","videoBitsPerSecond":2500000},"shown":"a",\
        "sound":{"ceiling":-1,"isLimited":true},"startedAt":1795923260.25,"version":1}

        """

    private static func folder(_ text: String?) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        if let text { try Data(text.utf8).write(to: URL(fileURLWithPath: folder.path("evening.json"))) }
        return folder
    }

    private static func files(_ folder: TemporaryFolder, _ name: String = "evening") -> ResumeFiles {
        ResumeFiles(folder: folder.path("."), name: name)
    }

    @Test func whatIsSavedIsReadAgain() throws {
        let folder = try Self.folder(Self.record)
        let record = try #require(try Self.files(folder).open().record)
        #expect(record.inputs.map(\.id) == [2] && record.shown == "a" && record.place.frame == 122)
        #expect(record.settings.destinations.first?.streamKey == "KEY" && record.isResumable)
        var changed = record
        (changed.end, changed.place.frame) = (.stopped, 130)
        let files = Self.files(folder)
        try files.save(changed)
        #expect(try files.open().record == changed)
        #expect(!changed.isResumable)
        // It holds keys.
        let mode = try FileManager.default.attributesOfItem(atPath: files.recordPath)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    /// The place is ahead of the record: it is written with each frame.
    @Test func thePlaceCountsWhereItIsOfTheSameBroadcast() throws {
        let folder = try Self.folder(Self.record)
        let files = Self.files(folder)
        let noted = ResumePlaceFile(files.placePath)
        let record = try #require(try files.open().record)
        var place = record.place
        place.frame = 150
        noted.note(place, startedAt: record.startedAt)
        #expect(files.read().record?.place.frame == 150)
        // A shorter one is written over it.
        place.inputs = [:]
        noted.note(place, startedAt: record.startedAt)
        #expect(files.read().record?.place == place)
        // One of another broadcast, and one that is older.
        noted.note(place, startedAt: record.startedAt + 1)
        #expect(files.read().record?.place.frame == 122)
        place.frame = 100
        noted.note(place, startedAt: record.startedAt)
        #expect(files.read().record?.place.frame == 122)
    }

    /// The machine goes down while the place is written: any byte of it may be the old one.
    @Test func aTornPlaceIsNoPlace() throws {
        let folder = try Self.folder(Self.record)
        let files = Self.files(folder)
        let noted = ResumePlaceFile(files.placePath)
        let record = try #require(try files.open().record)
        var place = record.place
        place.frame = 150
        noted.note(place, startedAt: record.startedAt)
        let path = folder.path("evening.place")
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for index in whole.indices {
            var torn = whole
            torn[index] ^= 1
            try torn.write(to: URL(fileURLWithPath: path))
            #expect(files.read().record?.place.frame == 122, "byte \(index)")
            try whole[..<index].write(to: URL(fileURLWithPath: path))
            #expect(files.read().record?.place.frame == 122, "cut at \(index)")
        }
    }

    static let spoiled: [(text: String, damage: String)] = [
        ("", "torn"), ("{", "torn"), ("[]", "torn"), ("\u{0}\u{0}", "torn"), ("{\"version\":1}", "torn"),
        ("{\"version\":2}", "another version"), ("{\"version\":-1}", "another version"),
        (record.replacing("\"frame\":122", with: "\"frame\":-1"), "out of range"),
        (record.replacing("\"frame\":122", with: "\"frame\":9000000000000000000"), "out of range"),
        (record.replacing("\"frame\":122", with: "\"frame\":1e300"), "torn"),
        (record.replacing("\"id\":2", with: "\"id\":9000000000000000000"), "out of range"),
        (record.replacing("\"inputs\":[{\"id\":2,\"name\":\"camera\"}]", with: "\"inputs\":[]"), "out of range"),
        (record.replacing("\"name\":\"evening\",\"p", with: "\"name\":\"morning\",\"p"), "another broadcast"),
        (record.replacing("\"videoBitsPerSecond\":2500000", with: "\"videoBitsPerSecond\":1"), "video-bitrate"),
    ]

    @Test(arguments: spoiled) func whatIsSpoiledIsSaid(text: String, damage: String) throws {
        let folder = try Self.folder(text)
        let found = try Self.files(folder).open()
        #expect(found.record == nil && found.damage?.contains(damage) == true, "\(found.damage ?? "nothing")")
    }

    @Test func anyCutIsTornAndNoCutTraps() throws {
        let folder = try Self.folder(nil)
        let files = Self.files(folder)
        for length in stride(from: 1, to: Self.record.utf8.count - 2, by: 7) {
            try Data(Self.record.utf8.prefix(length)).write(to: URL(fileURLWithPath: files.recordPath))
            #expect(files.read().damage != nil)
        }
    }

    @Test func twoDoNotHaveOneName() throws {
        let folder = try Self.folder(nil)
        let first = Self.files(folder)
        #expect(try first.open().record == nil)
        let second = Self.files(folder)
        #expect(throws: ResumeFiles.Problem.inUse) { try second.open() }
        #expect(second.isInUse && !Self.files(folder, "morning").isInUse)
        try withExtendedLifetime(first) { _ = try Self.files(folder, "morning").open() }
    }

    /// A name under which nothing is kept leaves nothing behind, and whoever waits for it is not locked out.
    @Test func theLockGoesWithTheRecord() throws {
        let folder = try Self.folder(nil)
        func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path(".")) }
        let files = Self.files(folder)
        #expect(try files.open().record == nil)
        #expect(try names() == ["evening.lock"])
        files.release()
        #expect(try names().isEmpty)
        try Data(Self.record.utf8).write(to: URL(fileURLWithPath: files.recordPath))
        #expect(try files.open().record != nil)
        files.release()
        #expect(try names().sorted() == ["evening.json", "evening.lock"])
        #expect(try files.open().record != nil)
        files.forget()
        #expect(try names().isEmpty)
        // The lock was removed between the opening and the locking: it is made anew.
        let first = Self.files(folder)
        _ = try first.open()
        try FileManager.default.removeItem(atPath: folder.path("evening.lock"))
        let second = Self.files(folder)
        _ = try second.open()
        first.release()
        #expect(try names() == ["evening.lock"] && second.isInUse)
    }

    private final class Holders: Sendable {
        let count = Mutex((now: 0, most: 0, taken: 0))
    }

    /// Many take and leave one name at once: never do two have it.
    @Test func oneAtATimeHasTheName() async throws {
        let folder = try Self.folder(nil)
        let path = folder.path(".")
        let holders = Holders()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<50 {
                        let files = ResumeFiles(folder: path, name: "evening")
                        guard (try? files.open()) != nil else { continue }
                        holders.count.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.taken + 1) }
                        holders.count.withLock { $0.now -= 1 }
                        files.release()
                    }
                }
            }
        }
        #expect(holders.count.withLock { $0.most == 1 && $0.taken > 0 })
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
    }

    /// What a broadcast of the same name would have thrown away can still be looked at, and is forgotten with the rest.
    @Test func whatIsReplacedIsKeptAside() throws {
        let folder = try Self.folder(Self.record)
        let files = Self.files(folder)
        let found = try files.open()
        let path = try #require(files.keepBefore(found))
        files.forgetRecord()
        #expect(path == files.recordPath + ".before" && files.isThere)
        #expect(ResumeFiles.names(in: folder.path(".")).isEmpty)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        // Back in its place, it is resumed.
        try FileManager.default.moveItem(atPath: path, toPath: files.recordPath)
        #expect(files.read().record == found.record)
        // One that is torn is moved as it is.
        try Data("{".utf8).write(to: URL(fileURLWithPath: files.recordPath))
        #expect(files.keepBefore(files.read()) == path)
        files.forget()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path(".")).isEmpty && !files.isThere)
    }

    @Test func howFarLinksWereReachedIsKept() throws {
        let older = try Self.folder(Self.record)
        #expect(
            Self.files(older).read().record.map { $0.reach == nil } == true, "a record of before says nothing of it")
        let reach = #""reach":{"link 1":"held","link 2":"started"},"#
        let folder = try Self.folder(
            Self.record.replacing(#""recordings":[{"#, with: reach + #""recordings":[{"#))
        let files = Self.files(folder)
        try files.save(try #require(files.read().record))
        #expect(try String(contentsOfFile: files.recordPath, encoding: .utf8).contains(reach))
    }

    @Test func allNamesAreListed() throws {
        let folder = try Self.folder(Self.record)
        for name in ["b.json", ".c.json", "d.json.damaged", "e.lock", "f g.json"] {
            try Data().write(to: URL(fileURLWithPath: folder.path(name)))
        }
        #expect(ResumeFiles.names(in: folder.path(".")) == ["b", "evening"])
        #expect(ResumeFiles.names(in: folder.path("none")).isEmpty)
    }
}
