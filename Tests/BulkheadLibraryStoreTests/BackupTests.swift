import BulkheadLibraryProtocol
import BulkheadLibraryStore
import BulkheadTestSupport
import Foundation
import Testing

/// A copy of a node's database that is made while it is used and put back later, by the commands of docs/library.md.
@Suite(.timeLimit(.minutes(2))) struct BackupTests {
    private func run(_ program: String, _ arguments: [String]) async throws {
        let process = try RunningProcess(program, arguments)
        #expect(await process.wait(timeout: .seconds(60)) == 0, "\(program): \(process.errorText)")
    }

    @Test(arguments: Engine.allCases) func databaseComesBackAsItWasAndBeginsAnEpoch(engine: Engine) async throws {
        let place = try Engine.Place(engine)
        let folder = try TemporaryFolder()
        let backup = folder.path("backup")
        var store: (any NodeStore)? = try place.node()
        let old = try Sample.record("a")
        #expect(try store?.save(old) == true)
        let before = try #require(try store?.counters())
        switch engine {
        case .sqlite: try await run("sqlite3", [place.name, ".backup '\(backup)'"])
        case .postgres:
            try await run("pg_dump", ["--schema=bulkhead_node", "--format=custom", "--file=\(backup)", place.name])
        }
        #expect(try store?.save(try Sample.record("b")) == true)
        #expect(try store?.delete(old.id) == true)
        store = nil
        switch engine {
        case .sqlite:
            for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: place.name + suffix) }
            try FileManager.default.copyItem(atPath: backup, toPath: place.name)
        case .postgres: try await run("pg_restore", ["--clean", "--if-exists", "--dbname=\(place.name)", backup])
        }
        let restored = try place.node()
        #expect(try restored.counters() == before)
        let epoch = try restored.beginEpoch(insteadOf: nil)
        #expect(epoch != before.epoch)
        let page = try restored.page(after: 0, limit: 10, isWhole: true)
        #expect(page.rows.map(\.record) == [old] && page.rows.allSatisfy { !$0.isDeleted })
        #expect(try restored.save(try Sample.record("c")) == true)
    }
}
