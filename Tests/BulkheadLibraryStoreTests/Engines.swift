import BulkheadLibraryProtocol
import BulkheadLibraryStore
import BulkheadLibraryTestSupport
import BulkheadTestSupport
import Testing

/// The engines that a library may have: each test is one for both.
enum Engine: String, CaseIterable, CustomTestStringConvertible {
    case sqlite, postgres

    var testDescription: String { rawValue }

    /// A database that goes away, under a name by which it can be opened again.
    final class Place {
        let engine: Engine
        let name: String
        private let folder: TemporaryFolder?

        init(_ engine: Engine) throws {
            self.engine = engine
            switch engine {
            case .sqlite:
                let folder = try TemporaryFolder()
                (self.folder, name) = (folder, folder.path("database.sqlite"))
            case .postgres:
                folder = nil
                name = try PostgresCluster.shared.get().makeDatabase()
            }
        }

        func node() throws -> any NodeStore {
            switch engine {
            case .sqlite: try SQLiteStores.node(at: name)
            case .postgres: try PostgresStores.node(name)
            }
        }

        func central() throws -> any CentralStore {
            switch engine {
            case .sqlite: try SQLiteStores.central(at: name)
            case .postgres: try PostgresStores.central(name)
            }
        }
    }
}

/// Records for tests.
enum Sample {
    static func record(
        _ id: String, name: String? = nil, bytes: Int64 = 1, started: Int64 = 0
    ) throws -> VideoRecord {
        let (known, path) = (try #require(VideoID(id)), try #require(MediaPath("\(id).mp4")))
        return try #require(
            VideoRecord(
                id: known, name: name ?? id, path: path, byteCount: bytes, durationMilliseconds: 1500, width: 1280,
                height: 720, codecs: "avc1.64001f,mp4a.40.2",
                startedMilliseconds: started))
    }
}
