import BulkheadTestSupport
import Foundation
import Testing

/// The helpers of a broadcast, in a folder of its own from which they can be taken away, and where others can be put.
struct Helpers {
    private static let names = [
        "bulkhead-encoder", "bulkhead-mixer", "bulkhead-plugin-host", "bulkhead-recorder", "bulkhead-source",
    ]
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try putBack()
    }

    func putBack() throws {
        for name in Self.names {
            try FileManager.default.createSymbolicLink(
                atPath: folder.path(name), withDestinationPath: BulkheadProgram.path(name))
        }
    }

    func takeAway() throws {
        for name in Self.names { try FileManager.default.removeItem(atPath: folder.path(name)) }
    }

    /// Puts another build of the program `name` in its place: the same code, which says that it is `build`.
    func install(_ name: String, build: String) throws {
        let mark = Data("bulkhead build: ".utf8)
        var program = try Data(contentsOf: URL(fileURLWithPath: BulkheadProgram.path(name)))
        let place = try #require(program.range(of: mark), "\(name) has no mark of its build")
        let field = place.upperBound..<(place.lowerBound + 48)
        program.replaceSubrange(field, with: Data(build.utf8) + Data(count: field.count - build.utf8.count))
        let draft = folder.path(name + ".new")
        try program.write(to: URL(fileURLWithPath: draft))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: draft)
        try #require(rename(draft, folder.path(name)) == 0)
    }
}
