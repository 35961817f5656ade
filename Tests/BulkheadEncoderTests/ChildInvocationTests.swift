import BulkheadChildRuntime
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(2))) struct ChildInvocationTests {
    static let lines: [([String], ChildInvocation)] = [
        (["--socket-fd", "3"], .socket(descriptor: 3)),
        (["--socket-fd=4"], .socket(descriptor: 4)),
        (["--connect", "unix:/run/b.sock"], .connect(path: "/run/b.sock")),
        (["--connect", "/run/b.sock"], .connect(path: "/run/b.sock")),
        (["--connect=unix:b=c"], .connect(path: "b=c")),
        (["--version"], .version), (["--help"], .help), (["-h"], .help),
    ]

    @Test(arguments: lines)
    func commandLinesAreRead(_ arguments: [String], _ expected: ChildInvocation) throws {
        #expect(try ChildInvocation(arguments: arguments) == expected)
    }

    static let wrong: [([String], ChildInvocation.UsageError)] = [
        ([], .nothingAsked),
        (["--socket-fd"], .valueMissing(option: "--socket-fd")),
        (["--socket-fd", "x"], .noDescriptor("x")),
        (["--socket-fd", "2"], .noDescriptor("2")),
        (["--connect", "unix:"], .noPath("unix:")),
        (["--what"], .unknownArgument("--what")),
        (["--version", "3"], .unknownArgument("3")),
    ]

    @Test(arguments: wrong)
    func wrongCommandLinesAreNamed(_ arguments: [String], _ expected: ChildInvocation.UsageError) {
        #expect(throws: expected) { try ChildInvocation(arguments: arguments) }
    }
}
