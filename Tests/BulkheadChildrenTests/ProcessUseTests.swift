import BulkheadChildren
import Glibc
import Testing

@Suite(.timeLimit(.minutes(1))) struct ProcessUseTests {
    @Test func memoryThatIsSharedWithNobodyIsCounted() throws {
        let use = try #require(
            ProcessUse(
                status: "Name:\tx\nVmRSS:\t  900 kB\nRssAnon:\t     100 kB\nRssShmem:\t 700 kB\nVmPTE:\t      4 kB\n"
                    + "VmSwap:\t       20 kB\nThreads:\t12\n"))
        #expect(use.privateByteCount == 124 << 10 && use.threadCount == 12)
    }

    @Test(
        arguments: [
            "", "RssAnon: 5 kB\n", "Threads: 5\n", "RssAnon: x kB\nThreads: 1\n", "RssAnon: -1 kB\nThreads: 1\n",
            "RssAnon: 99999999999999999999 kB\nThreads: 1\n", "RssAnon: 9223372036854775807 kB\nThreads: 1\n",
        ])
    func whatIsNoStatusIsNothing(text: String) { #expect(ProcessUse(status: text) == nil) }

    @Test(arguments: [("T (stopped)", true), ("t (tracing stop)", false), ("S (sleeping)", false)])
    func stopIsSeen(state: String, isStopped: Bool) throws {
        let use = try #require(ProcessUse(status: "Name:\tT\nState:\t\(state)\nRssAnon:\t1 kB\nThreads:\t1\n"))
        #expect(use.isStopped == isStopped)
    }

    @Test func thisProcessHasSome() throws {
        let use = try #require(ProcessUse(of: getpid()))
        #expect(use.privateByteCount > 0 && use.threadCount > 0)
        #expect(ProcessUse(of: 0) == nil)
    }
}
