import BulkheadLibraryProtocol
import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// Clocks that jump and disks that are full: nothing is lost, and what goes on is said.
@Suite(.serialized, .timeLimit(.minutes(3))) struct FaultTests {
    #if arch(x86_64)
        private static let architecture = "x86_64"
    #else
        private static let architecture = "aarch64"
    #endif
    private static let fakeTime = "/usr/lib/\(architecture)-linux-gnu/faketime/libfaketimeMT.so.1"

    private func names(_ stage: LibraryStage) async -> [String] {
        let list = try? await LibraryUnderTest.get(stage.address("centre") + "/api/videos").list()
        return (list ?? []).compactMap { $0["name"] as? String }.sorted()
    }

    /// A node or a centre whose wall clock jumps an hour ahead, and back: nobody believes the other one meanwhile, nothing is
    /// lost, and when the clocks agree again, all is published. Leases count on the tracker's own clock, which is never set.
    ///
    /// The library that fakes the clock moves timers with it: an hour behind they would not fire for an hour, as no kernel does.
    @Test(.enabled(if: access(fakeTime, R_OK) == 0), arguments: ["berlin", "centre"])
    func clockThatJumpsLosesNothing(part: String) async throws {
        let stage = try LibraryStage(["berlin"])
        try stage.configure()
        let clock = stage.folder.path("clock")
        try Data("+0".utf8).write(to: URL(fileURLWithPath: clock))
        for name in stage.parts {
            try stage.start(
                name,
                environment: name != part
                    ? [:]
                    : [
                        "LD_PRELOAD": Self.fakeTime, "FAKETIME_TIMESTAMP_FILE": clock, "FAKETIME_NO_CACHE": "1",
                        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
                    ])
        }
        try MadeRecording(seconds: 1).write(to: stage.folder.path("berlin"), named: "before.mp4")
        #expect(await eventually(within: .seconds(20)) { await names(stage) == ["before"] })
        try Data("+1h".utf8).write(to: URL(fileURLWithPath: clock))
        let isSaid = await eventually(within: .seconds(20)) {
            stage.processes["berlin"]?.outputText.contains("compare the keys and the clocks") == true
        }
        #expect(isSaid, "\(stage.processes["berlin"]?.outputText ?? "")")
        try MadeRecording(seconds: 1).write(to: stage.folder.path("berlin"), named: "meanwhile.mp4")
        let store = try #require(stage.nodeStore("berlin"))
        #expect(
            try await eventually(within: .seconds(20)) {
                try store.page(after: 0, limit: 9, isWhole: true).rows.count == 2
            })
        #expect(await names(stage) == ["before"])
        try Data("+0".utf8).write(to: URL(fileURLWithPath: clock))
        #expect(await eventually(within: .seconds(60)) { await names(stage) == ["before", "meanwhile"] })
        _ = try await stage.find("meanwhile", nodes: 1)
        await stage.killAll()
    }

    /// The central database's disk is full: nothing is confirmed that is not saved, and all comes when there is room.
    @Test(.enabled(if: geteuid() == 0)) func fullDiskOfTheCentreLosesNothing() async throws {
        let stage = try LibraryStage(["berlin"])
        try stage.configure()
        // A small disk that nobody else sees, and that goes away with the centre.
        let own = stage.folder.path("centre")
        mkdir(own, 0o755)
        try stage.start(
            "centre",
            prefix: [
                "unshare", "-m", "sh", "-c", #"mount -t tmpfs -o size=640k none "$0" && exec "$@""#, own,
            ])
        try stage.start("berlin")
        let made = try (0..<20).map { _ in try MadeRecording(seconds: 1) }
        try made[0].write(to: stage.folder.path("berlin"), named: "r0.mp4")
        #expect(await eventually(within: .seconds(20)) { await names(stage) == ["r0"] })
        let centre = try #require(stage.processes["centre"])
        let filler = "/proc/\(centre.pid)/root\(own)/filler"
        try #require(fill(filler))
        for (number, recording) in made.enumerated().dropFirst() {
            try recording.write(to: stage.folder.path("berlin"), named: "r\(number).mp4")
        }
        let isSaid = await eventually(within: .seconds(30)) {
            centre.outputText.contains("berlin can't be read: the database refuses")
        }
        #expect(isSaid, "\(centre.outputText)")
        let store = try #require(stage.nodeStore("berlin"))
        let rows = try store.page(after: 0, limit: 100, isWhole: true).rows
        let known = await names(stage)
        for row in rows where row.isPublished { #expect(known.contains(row.record.name)) }
        #expect(unlink(filler) == 0)
        let isAll = await eventually(within: .seconds(60)) {
            let page = try? store.page(after: 0, limit: 100, isWhole: true)
            return await names(stage).count == 20 && page?.rows.allSatisfy(\.isPublished) == true
        }
        let last = await names(stage)
        #expect(isAll, "\(last) \(centre.outputText)")
        await stage.killAll()
    }

    /// Writes until there is no room.
    private func fill(_ path: String) -> Bool {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        defer { close(file) }
        let bytes = [UInt8](repeating: 1, count: 4096)
        for _ in 0..<10_000 where write(file, bytes, bytes.count) < bytes.count { return true }
        return false
    }
}
