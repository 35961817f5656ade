import BulkheadSystem
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct ProgramArgumentsTests {
    /// What the kernel says of this very program.
    @Test func argumentsAreThoseOfTheKernel() throws {
        let line = try Data(contentsOf: URL(fileURLWithPath: "/proc/self/cmdline"))
        let words = line.split(separator: 0, omittingEmptySubsequences: false).dropLast()
        #expect(ProgramArguments.all == words.map { String(decoding: $0, as: UTF8.self) })
        let file = URL(fileURLWithPath: ProgramArguments.executable).resolvingSymlinksInPath().path
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        #expect(file == own)
    }
}
