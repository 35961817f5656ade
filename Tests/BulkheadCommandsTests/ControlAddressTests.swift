import BulkheadCommands
import BulkheadMaster
import BulkheadModel
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct ControlAddressTests {
    @Test func addressesAreUnixPaths() throws {
        #expect(try ControlAddress.path(from: "unix:/tmp/a.sock", flag: "--attach") == "/tmp/a.sock")
        for address in ["/tmp/a.sock", "unix:", "tcp:1", "unix:/" + String(repeating: "x", count: 107)] {
            let error = #expect(throws: BroadcastError.self) {
                try ControlAddress.path(from: address, flag: "--attach")
            }
            #expect(error?.kind == .usage)
            #expect(error?.description.contains("--attach") == true)
        }
    }

    /// A service has no XDG_RUNTIME_DIR, a shell of the same user has one: each must find the other's master.
    @Test func mastersOfOtherSessionsAreLookedFor() {
        let folders = ControlAddress.folders
        #expect(folders.first == ControlAddress.folder)
        #expect(folders.contains("/run/user/\(getuid())/bulkhead") && folders.contains("/tmp/bulkhead-\(getuid())"))
        #expect(Set(folders).count == folders.count)
    }

    @Test func socketsOfDeadMastersAreNotFoundAndRemoved() throws {
        let folder = try TemporaryFolder()
        chmod(folder.path, 0o700)
        // Process ids stay below 2^22.
        let stale = try folder.write("", to: "4194304.sock")
        let other = try folder.write("", to: "notes.txt")
        #expect(ControlAddress.running(in: folder.path).isEmpty)
        #expect(!FileManager.default.fileExists(atPath: stale))
        #expect(FileManager.default.fileExists(atPath: other))
    }

    @Test func foldersThatOthersMayWriteToAreNotTrusted() throws {
        let folder = try TemporaryFolder()
        chmod(folder.path, 0o777)
        let stale = try folder.write("", to: "4194304.sock")
        #expect(ControlAddress.running(in: folder.path).isEmpty)
        #expect(FileManager.default.fileExists(atPath: stale))
    }
}
