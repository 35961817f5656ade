import BulkheadEvents
import BulkheadModel
import BulkheadSystem
import BulkheadTestSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(2))) struct DeathRecordTests {
    private static func moment(_ milliseconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: 1_000_000_000 + milliseconds * 1_000_000)
    }

    /// As it stands in a file: other versions must go on reading it.
    private static func record(_ pid: Int, part: String = "encoder", text: String = "") throws -> DeathRecord {
        let json = """
            {"time":1.5,"mediaSeconds":2.5,"part":{"role":"\(part)","id":1,"name":"\(part)","duty":"on-air"},"pid":\(pid),"cause":"signal 9","frame":75,\
            "detectedWithinMilliseconds":0.25,"framesLate":3,"standardError":"\(text)"}
            """
        return try JSONLine.decode(DeathRecord.self, from: Array(json.utf8))
    }

    // MARK: of a broadcast

    private static let encoder = DeathRecords.Place(1, .onAir)
    private static let source = DeathRecords.Place(2, .onAir)

    @Test func successorsWorkClosesTheRecordsOfItsPart() throws {
        var records = DeathRecords()
        records.add(try Self.record(1), at: Self.encoder, Self.moment(0))
        records.add(try Self.record(2, part: "source"), at: Self.source, Self.moment(10))
        records.add(try Self.record(3), at: Self.encoder, Self.moment(20))
        #expect(records.unrecovered.map(\.pid) == [1, 2, 3])
        let closed = records.close(Self.encoder, Self.moment(50))
        #expect(closed.map(\.pid) == [1, 3])
        #expect(closed.map(\.recoveredAfterMilliseconds) == [50, 30])
        #expect(records.unrecovered.map(\.pid) == [2])
        #expect(records.all.map(\.recoveredAfterMilliseconds) == [50, nil, 30])
        #expect(records.close(Self.encoder, Self.moment(60)).isEmpty)
    }

    /// However many die, and whether or not their successors work: so many are kept, and the right ones are closed.
    @Test func areBounded() throws {
        var records = DeathRecords()
        for pid in 0..<1000 {
            let isSource = pid % 3 == 0
            records.add(
                try Self.record(pid, part: isSource ? "source" : "encoder"),
                at: isSource ? Self.source : Self.encoder, Self.moment(Int64(pid)))
            if pid % 7 == 0 {
                #expect(
                    records.close(Self.encoder, Self.moment(Int64(pid))).allSatisfy { $0.part.role == .encoder }
                )
            }
        }
        #expect(records.count == 1000)
        #expect(records.all.count == DeathRecords.limit)
        #expect(records.all.map(\.pid) == (800..<1000).map { Int32($0) })
        #expect(records.unrecovered.allSatisfy { $0.recoveredAfterMilliseconds == nil })
        let sources = records.close(Self.source, Self.moment(2000)).map(\.pid)
        let expected: [Int32] = (800..<1000).filter { $0 % 3 == 0 }
        #expect(sources == expected)
    }

    // MARK: the file

    private static func archive(_ folder: TemporaryFolder) -> DeathArchive {
        DeathArchive(path: folder.path("state/bulkhead/deaths.jsonl"))
    }

    @Test func recordsComeBackInOrder() throws {
        let folder = try TemporaryFolder()
        // It would go with its last use, and the archive would make it anew.
        defer { withExtendedLifetime(folder) {} }
        let archive = Self.archive(folder)
        #expect(archive.records().isEmpty)
        archive.append([try Self.record(1), try Self.record(2, text: "two\\nlines \\\"quoted\\\"")])
        archive.append([])
        archive.append([try Self.record(3)])
        #expect(archive.records().map(\.pid) == [1, 2, 3])
        #expect(archive.records()[1].standardError == "two\nlines \"quoted\"")
        let mode = try FileManager.default.attributesOfItem(atPath: archive.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func unreadableLinesAreLeftOut() throws {
        let folder = try TemporaryFolder()
        // It would go with its last use, and the archive would make it anew.
        defer { withExtendedLifetime(folder) {} }
        let archive = Self.archive(folder)
        archive.append([try Self.record(1)])
        let handle = try #require(FileHandle(forWritingAtPath: archive.path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("\n\n{\"half\":\nnonsense \u{FF}\n[]\n".utf8))
        try handle.close()
        archive.append([try Self.record(2)])
        #expect(archive.records().map(\.pid) == [1, 2])
    }

    /// A long file is cut down to the newest records, again and again.
    @Test func fileIsBounded() throws {
        let folder = try TemporaryFolder()
        // It would go with its last use, and the archive would make it anew.
        defer { withExtendedLifetime(folder) {} }
        let archive = Self.archive(folder)
        let text = String(repeating: "x", count: 4000)
        for batch in 0..<14 {
            archive.append(try (0..<50).map { try Self.record(batch * 50 + $0, text: text) })
            let size = try FileManager.default.attributesOfItem(atPath: archive.path)[.size] as? Int
            // One batch may stand beyond the limit.
            #expect(try #require(size) < (1 << 20) + 50 * 4300)
        }
        let kept = archive.records()
        #expect(kept.last?.pid == 699)
        #expect(kept.count >= 200 && kept.count < 350)
        #expect(zip(kept, kept.dropFirst()).allSatisfy { $0.pid + 1 == $1.pid })
    }

    /// Several masters of one user write at once: every line is whole.
    @Test func severalWritersShareIt() async throws {
        let folder = try TemporaryFolder()
        // It would go with its last use, and the archive would make it anew.
        defer { withExtendedLifetime(folder) {} }
        let archive = Self.archive(folder)
        let text = String(repeating: "y", count: 3000)
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for index in 0..<20 {
                        guard let record = try? Self.record(writer * 100 + index, text: text) else { continue }
                        DeathArchive(path: archive.path).append([record])
                    }
                }
            }
        }
        let pids = archive.records().map(\.pid)
        #expect(Set(pids).count == 160)
        for writer in 0..<8 as Range<Int32> {
            let own = pids.filter { $0 / 100 == writer }
            #expect(own == own.sorted())
        }
    }

    /// No disk, no right, no room, something else in its place: nothing is kept, and nothing breaks or waits.
    @Test func whatCanNotBeWrittenIsLost() throws {
        let record = try Self.record(1)
        let folder = try TemporaryFolder()
        // It would go with its last use, and the archive would make it anew.
        defer { withExtendedLifetime(folder) {} }
        try FileManager.default.createDirectory(atPath: folder.path("folder"), withIntermediateDirectories: true)
        symlink(folder.path("elsewhere"), folder.path("link"))
        mkfifo(folder.path("fifo"), 0o600)
        try Data().write(to: URL(fileURLWithPath: folder.path("file")))
        let start = ContinuousClock.now
        for path in [
            "/proc/deaths.jsonl", "/dev/full", folder.path("folder"), folder.path("link"), folder.path("fifo"),
            folder.path("file") + "/deaths.jsonl", "", "/",
        ] {
            DeathArchive(path: path).append([record])
        }
        for path in ["/proc/deaths.jsonl", folder.path("folder"), folder.path("link"), "", "/"] {
            #expect(DeathArchive(path: path).records().isEmpty, "\(path)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path("elsewhere")), "a link is not followed")
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    /// Another process that never lets go of the file holds nobody up for long.
    @Test func lockedFileIsGivenUp() throws {
        let folder = try TemporaryFolder()
        // It would go with its last use, and the archive would make it anew.
        defer { withExtendedLifetime(folder) {} }
        let archive = Self.archive(folder)
        archive.append([try Self.record(1)])
        let holder = open(archive.path, O_RDONLY | O_CLOEXEC)
        defer { close(holder) }
        #expect(flock(holder, LOCK_EX) == 0)
        let start = ContinuousClock.now
        archive.append([try Self.record(2)])
        #expect(ContinuousClock.now - start < .seconds(5))
        flock(holder, LOCK_UN)
        archive.append([try Self.record(3)])
        #expect(archive.records().map(\.pid) == [1, 3])
    }
}
