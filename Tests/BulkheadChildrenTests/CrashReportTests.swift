import BulkheadChildren
import Testing

@Suite(.timeLimit(.minutes(2))) struct CrashReportTests {
    private static let report = """
        it says (something) first
        crashed by SIGABRT, sent by a process
        /lib/libc.so.6(abort+0xd3)[0x7f497aed1472]
        /home/a (1)/ghost.so(+0x1174)[0x7f497b16e174]
        /usr/lib/other.so(run+0x5)[0x7f497b16e174]
        /lib/libc.so.6(__clone+0x40)[0x7f497afb3b50]
        """

    @Test(
        arguments: [
            (["/home/a (1)/ghost.so", "/usr/lib/other.so"], "/home/a (1)/ghost.so"),
            (["/usr/lib/other.so"], "/usr/lib/other.so"), (["/x.so"], nil), ([], nil),
        ] as [(Set<String>, String?)])
    func theInnermostLibraryIsNamed(libraries: Set<String>, expected: String?) {
        #expect(CrashReport.library(in: Self.report, among: libraries) == expected)
    }

    /// What stands before the report, a plugin may have printed; without a report nothing is said.
    @Test(arguments: ["", "/x.so(+0x1)", "/x.so(+0x1)\ncrashed by SIGSEGV", "crashed by SIGSEGV\n/x.so"])
    func onlyTheReportCounts(text: String) { #expect(CrashReport.library(in: text, among: ["/x.so"]) == nil) }
}
