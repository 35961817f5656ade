import BulkheadControl
import BulkheadModel
import BulkheadSystem
import BulkheadTestSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct ControlClientTests {
    /// What is at the path, if anything is, decides what a person does next.
    @Test func whereNoMasterListensIsToldApart() throws {
        let folder = try TemporaryFolder()
        #expect(throws: Never.self) { try Data().write(to: folder.url.appending(path: "file")) }
        let listener = try LocalSocket.listen(at: folder.path("dead"))
        listener.close()
        for (name, code) in [("none", ErrorCode.noMaster), ("dead", .noMaster), ("file", .addressNotSocket)] {
            let error = #expect(throws: BroadcastError.self) { try ControlClient(path: folder.path(name)) }
            #expect(error?.code == code, "\(name): \(String(describing: error))")
        }
    }

    /// A master that is stopped: its socket takes connections and what they hold, and nothing is read.
    @Test func masterThatReadsNothingIsNotWaitedForForEver() throws {
        let folder = try TemporaryFolder()
        let listener = try LocalSocket.listen(at: folder.path("sock"))
        let client = try ControlClient(path: folder.path("sock"))
        client.limitWaiting(toSeconds: 1)
        let error = #expect(throws: BroadcastError.self) {
            for _ in 0..<10_000 { try client.send(.status) }
        }
        #expect(error?.problem.hasSuffix("does not answer") == true)
        let silence = #expect(throws: BroadcastError.self) { try client.receive() }
        #expect(silence?.problem.hasSuffix("does not answer") == true)
        listener.close()
    }
}
