import BulkheadChain
import BulkheadTestSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct DataWatchTests {
    @Test func allThatLiesBelowIsCounted() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path("a"), withIntermediateDirectories: false)
        for name in ["one", "a/two"] {
            try Data(repeating: 1, count: 1 << 20).write(to: URL(fileURLWithPath: folder.path(name)))
        }
        // A link to all files of the machine is a link.
        try FileManager.default.createSymbolicLink(atPath: folder.path("root"), withDestinationPath: "/")
        let byteCount = DataWatch.byteCount(below: folder.url.path)
        #expect((2 << 20..<3 << 20).contains(byteCount))
        #expect(DataWatch.byteCount(below: folder.path("nowhere")) == 0)
    }

    @Test func aLookIsAnsweredByTheNext() async throws {
        let folder = try TemporaryFolder()
        try Data(repeating: 1, count: 1 << 20).write(to: URL(fileURLWithPath: folder.path("one")))
        let watch = DataWatch()
        #expect(watch.look(at: folder.url.path) == 0)
        #expect(await eventually { watch.look(at: folder.url.path) >= 1 << 20 })
    }
}
