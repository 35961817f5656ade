import BulkheadTestSupport
import BulkheadWire
import Testing

/// What a user may write for a parameter: docs/plugins.md, and `bulkhead plugin info`.
@Suite(.timeLimit(.minutes(1))) struct PluginParameterTests {
    private static func parameter(
        _ kind: PluginParameter.Kind, minimum: Double? = nil, maximum: Double? = nil, unit: String = "",
        choices: [String] = []
    ) -> PluginParameter {
        PluginParameter(
            name: "p", kind: kind, unit: unit, defaultText: "", minimum: minimum, maximum: maximum, choices: choices)
    }

    static let taken: [(PluginParameter, String, PluginParameter.Value)] = [
        (parameter(.integer), "-7", .integer(-7)), (parameter(.integer, minimum: 0, maximum: 10), "0", .integer(0)),
        (parameter(.integer, minimum: 0, maximum: 10), "10", .integer(10)),
        (parameter(.integer), "9223372036854775807", .integer(.max)),
        (parameter(.number), "1.5", .number(1.5)), (parameter(.number), "-1e-3", .number(-0.001)),
        (parameter(.number, minimum: -90), "-90", .number(-90)), (parameter(.number, maximum: 1), "1", .number(1)),
        (parameter(.boolean), "true", .integer(1)), (parameter(.boolean), "yes", .integer(1)),
        (parameter(.boolean), "on", .integer(1)), (parameter(.boolean), "1", .integer(1)),
        (parameter(.boolean), "false", .integer(0)), (parameter(.boolean), "no", .integer(0)),
        (parameter(.boolean), "off", .integer(0)), (parameter(.boolean), "0", .integer(0)),
        (parameter(.color), "#FF8000", .integer(0xFF8000)), (parameter(.color), "ff8000", .integer(0xFF8000)),
        (parameter(.color), "#000000", .integer(0)),
        (parameter(.choice, choices: ["add", "screen"]), "screen", .integer(1)),
        (parameter(.text), "", .text("")), (parameter(.text), "a = b", .text("a = b")),
        (parameter(.file), "", .text("")), (parameter(.file), "/a/b.png", .text("/a/b.png")),
        (parameter(.position), "0.5/0.25", .position(x: 0.5, y: 0.25)),
        (parameter(.position), "-1/2", .position(x: -1, y: 2)),
    ]

    @Test(arguments: taken.indices) func valuesAreRead(row: Int) throws {
        let (parameter, text, value) = Self.taken[row]
        #expect(try parameter.value(text) == value, "\(parameter.kind) \(text)")
    }

    static let refused: [(PluginParameter, String)] = [
        (parameter(.integer), ""), (parameter(.integer), "1.5"), (parameter(.integer), "9223372036854775808"),
        (parameter(.integer, minimum: 0), "-1"), (parameter(.integer, maximum: 10), "11"),
        (parameter(.number), ""), (parameter(.number), "nan"), (parameter(.number), "inf"),
        (parameter(.number), "1e999"),
        (parameter(.number, minimum: 0, maximum: 1), "1.0001"), (parameter(.number), "1,5"),
        (parameter(.boolean), "True"), (parameter(.boolean), ""), (parameter(.boolean), "2"),
        (parameter(.color), "#FF800"), (parameter(.color), "#FF80000"), (parameter(.color), "orange"),
        (parameter(.color), "#+F8000"), (parameter(.color), "#-00001"), (parameter(.color), "##F8000"),
        (parameter(.choice, choices: ["add"]), "Add"), (parameter(.choice), ""),
        (parameter(.file), "a.png"), (parameter(.file), "./a.png"),
        (parameter(.position), "0.5"), (parameter(.position), "0.5/"), (parameter(.position), "1/2/3"),
        (parameter(.position), "nan/0"), (parameter(.position), "0/inf"),
    ]

    @Test(arguments: refused.indices) func nonsenseIsRefused(row: Int) {
        let (parameter, text) = Self.refused[row]
        let refusal = #expect(throws: Refusal.self, "\(parameter.kind) \(text)") { try parameter.value(text) }
        #expect(refusal?.code == .settings && refusal?.description.hasPrefix("parameter p can't be ") == true)
        #expect(refusal?.description.contains(text.isEmpty ? "empty" : text) == true)
    }

    @Test(
        arguments: [
            (nil, nil, "", ""), (0, 1, "dB", " from 0 to 1 dB"), (0, 1, "", " from 0 to 1"),
            (-0.5, nil, "", " from -0.5 on"),
            (nil, 20, "Hz", " up to 20 Hz"), (1, nil, "s", " from 1 s on"),
        ] as [(Double?, Double?, String, String)])
    func limitsAreWrittenForPeople(minimum: Double?, maximum: Double?, unit: String, text: String) {
        #expect(Self.parameter(.number, minimum: minimum, maximum: maximum, unit: unit).limits == text)
    }

    @Test(arguments: [(1.0, "1"), (-90, "-90"), (0.5, "0.5"), (1e300, "1e+300"), (0, "0"), (-0.0, "0")])
    func wholeNumbersHaveNoPoint(number: Double, text: String) { #expect(PluginParameter.shown(number) == text) }

    @Test(arguments: [
        ("Gain (dB)", "gain-db"), ("gain", "gain"), ("  Blur  Amount ", "blur-amount"), ("X-Position", "x-position"),
        ("ÄÖ 2", "äö-2"), ("", ""), ("%%%", ""), ("a__b", "a-b"),
    ]) func namesAreMadePlain(printed: String, name: String) {
        #expect(PluginParameter.normalized(printed) == name)
        #expect(PluginParameter.normalized(name) == name)
    }

    private static let chain = [
        PluginParameter(name: "gain-db", printedName: "Gain (dB)", kind: .number, defaultText: "0.5"),
        PluginParameter(name: "mode", printedName: "gain-db", kind: .choice, defaultText: "a", choices: ["a", "b"]),
    ]

    /// A parameter's own name goes before the one that the library prints.
    @Test(
        arguments: [("gain-db", 0), ("Gain (dB)", 0), ("GAIN DB", 0), ("mode", 1), ("Mode", 1), ("none", nil)]
            as [(String, Int?)])
    func parametersAreFoundByName(name: String, index: Int?) { #expect(Self.chain.index(called: name) == index) }

    @Test func valuesAreGivenOrStandard() throws {
        #expect(try Self.chain.values(given: [:]) == [.number(0.5), .integer(0)])
        #expect(try Self.chain.values(given: ["mode": "b"]) == [.number(0.5), .integer(1)])
        #expect(try Self.chain.values(given: ["Gain (dB)": "2"]) == [.number(2), .integer(0)])
    }

    @Test func unknownAndDoubleNamesAreRefused() {
        let unknown = #expect(throws: Refusal.self) { try Self.chain.values(given: ["colour": "1"]) }
        #expect(unknown?.description == "parameter colour isn't known: there are gain-db, mode")
        let none = #expect(throws: Refusal.self) { try [PluginParameter]().values(given: ["x": "1"]) }
        #expect(none?.description.contains("there are none") == true)
        let twice = #expect(throws: Refusal.self) {
            try Self.chain.values(given: ["gain-db": "1", "Gain (dB)": "2"])
        }
        #expect(twice?.description.contains("twice") == true)
    }

    /// No text that a person can type traps, and every number that is taken lies within the limits.
    @Test func everyTextIsAValueOrRefused() {
        var random = SeededGenerator(seed: 21)
        let letters = Array("0123456789.-+eE#/ abcdefnixtruyFN٣é")
        for _ in 0..<4000 {
            let text = String(
                (0..<Int.random(in: 0...9, using: &random)).map { _ in
                    letters[Int.random(in: letters.indices, using: &random)]
                })
            for kind in PluginParameter.Kind.allCases {
                let parameter = Self.parameter(kind, minimum: -5, maximum: 1000, choices: ["a", "e"])
                switch try? parameter.value(text) {
                case .integer(let value) where kind == .integer: #expect((-5...1000).contains(value))
                case .integer(let value) where kind == .color: #expect((0...0xFF_FFFF).contains(value), "\(text)")
                case .integer(let value): #expect((0...1).contains(value))
                case .number(let value): #expect((-5...1000).contains(value))
                case .position(let x, let y): #expect(x.isFinite && y.isFinite)
                case .text(let value): #expect(value == text)
                case nil: break
                }
            }
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct PluginCheckTimesTests {
    @Test func medianAndPercentileOfAHundred() throws {
        let times = try #require(
            PluginCheckTimes(nanoseconds: (1...100).reversed().map { Int64($0) * 1000 }, interval: 33_333))
        #expect(times.count == 100 && times.longest == 100 && times.interval == 33_333)
        #expect((50...51).contains(times.median) && (99...100).contains(times.p99))
    }

    @Test func oneAndNone() throws {
        #expect(PluginCheckTimes(nanoseconds: [], interval: 1) == nil)
        let one = try #require(PluginCheckTimes(nanoseconds: [1500], interval: 1))
        #expect(one.median == 1.5 && one.p99 == 1.5 && one.longest == 1.5)
    }

    @Test func testsHaveTheirNames() {
        #expect("\(PluginCheckTest(.pictures, width: 64, height: 36))" == "pictures 64x36")
        #expect("\(PluginCheckTest(.sound))" == "sound")
    }

    @Test func abilitiesAreThoseOfTheDescription() {
        var plugin = PluginDescription(identity: "a", kind: .bulkhead, path: "/a.so", name: "A", version: "1")
        #expect(plugin.abilities.isEmpty)
        plugin.takesVideo = true
        plugin.takesEvents = true
        #expect(plugin.abilities == [.video, .events])
        plugin.takesAudio = true
        #expect(plugin.abilities == [.video, .audio, .events])
    }
}

@Suite(.timeLimit(.minutes(1))) struct PluginBreadcrumbTests {
    private func withMemory<Result>(_ body: (UnsafeMutableRawPointer) throws -> Result) rethrows -> Result {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: PluginBreadcrumb.byteCount, alignment: 4096)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: PluginBreadcrumb.byteCount)
        return try body(memory)
    }

    @Test func freshMemoryHoldsNoCall() {
        withMemory { memory in
            #expect(
                PluginBreadcrumb(in: memory)
                    == PluginBreadcrumb(sequence: 0, plugin: 0, call: .none, startNanoseconds: 0))
        }
    }

    @Test(arguments: PluginBreadcrumb.Call.allCases) func notesAreReadBack(call: PluginBreadcrumb.Call) {
        let note = PluginBreadcrumb(
            sequence: .max, plugin: call == .none ? 0 : 7, call: call, startNanoseconds: .min)
        withMemory { memory in
            note.write(to: memory)
            #expect(PluginBreadcrumb(in: memory) == note)
        }
        #expect(!"\(call)".isEmpty)
    }

    /// Plugins can write to this memory: what makes no sense is no note.
    @Test(arguments: [(0, 5), (7, 0), (7, 8), (7, .max), (0, .max)] as [(UInt32, UInt32)])
    func nonsenseIsNoNote(plugin: UInt32, call: UInt32) {
        withMemory { memory in
            memory.storeBytes(of: plugin, toByteOffset: 8, as: UInt32.self)
            memory.storeBytes(of: call, toByteOffset: 12, as: UInt32.self)
            #expect(PluginBreadcrumb(in: memory) == nil)
        }
    }
}
