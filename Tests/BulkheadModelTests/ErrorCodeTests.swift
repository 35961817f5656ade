import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct ErrorCodeTests {
    /// docs/control.md: what stands before the period says the kind, and with it the exit code.
    @Test(arguments: ErrorCode.allCases) func kindStandsBeforeThePeriod(code: ErrorCode) {
        let words = code.rawValue.split(separator: ".", omittingEmptySubsequences: false)
        #expect(words.count == 2 && words.allSatisfy { !$0.isEmpty })
        let word = code.kind == .someDestinations ? "destinations" : code.kind.rawValue
        #expect(words.first.map(String.init) == word)
        #expect(code.rawValue.allSatisfy { ("a"..."z").contains($0) || $0 == "." || $0 == "-" })
        #expect(Set(code.parameters).count == code.parameters.count)
        #expect(!code.meaning.isEmpty && !code.meaning.hasSuffix("."))
    }

    @Test func everyKindHasItsGeneralCode() {
        for kind in BroadcastError.Kind.allCases {
            let code = ErrorCode(generalOf: kind)
            #expect(code.kind == kind)
            #expect(code == .someDestinations || code.rawValue.hasSuffix(".other"))
            #expect(BroadcastError(kind, "it fails").code == code)
        }
        #expect(Set(BroadcastError.Kind.allCases.map(ErrorCode.init(generalOf:))).count == 10)
    }

    @Test(arguments: [
        ("input.too-loud", ErrorCode.input), ("destinations.many-failed", .someDestinations),
        ("file.exists", .fileExists),
        ("usage.new", .usage), ("encoder.melted", .encoder), ("plugin.angry", .plugin), ("control.busy", .control),
        ("file.gone", .file), ("installation.torn", .installation), ("destination.asleep", .destination),
        // What has no kind is a fault of the sender's.
        ("moon.full", .internal), ("", .internal), (".", .internal), ("input", .input), ("Input.other", .internal),
        ("someDestinations.x", .someDestinations),
    ])
    func codesOfANewerVersionHaveTheirKind(text: String, code: ErrorCode) { #expect(ErrorCode(known: text) == code) }

    @Test func everyCodeIsKnownByItsText() {
        for code in ErrorCode.allCases { #expect(ErrorCode(known: code.rawValue) == code) }
    }
}

@Suite(.timeLimit(.minutes(1))) struct BroadcastErrorTests {
    @Test func descriptionHoldsTheAdvice() {
        let error = BroadcastError(.file, "it is full", advice: "make room")
        #expect("\(error)" == "it is full; make room" && error.code == .file && error.parameters.isEmpty)
        #expect("\(BroadcastError(.file, "it is full"))" == "it is full")
    }

    @Test(arguments: ErrorCode.allCases) func errorsSurviveALine(code: ErrorCode) throws {
        let facts = Dictionary(uniqueKeysWithValues: code.parameters.map { ($0, "a \"\($0)\"\n") })
        let error = BroadcastError(code: code, facts, "it fails: ä", advice: "do it again")
        let line = JSONLine.encode(error)
        #expect(try JSONLine.decode(BroadcastError.self, from: line) == error)
    }

    /// A master of another version sends a code, and perhaps not all that this one does.
    @Test func errorOfAnotherVersionIsRead() throws {
        let line = #"{"code":"file.on-fire","problem":"it burns","colour":"red"}"#
        let error = try JSONLine.decode(BroadcastError.self, from: Array(line.utf8))
        #expect(error == BroadcastError(.file, "it burns"))
        #expect(throws: DecodingError.self) {
            try JSONLine.decode(BroadcastError.self, from: Array(#"{"code":"file.other"}"#.utf8))
        }
    }
}
