import BulkheadEvents
import BulkheadModel
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct HappeningTests {
    /// One of each case, with the role that it is posted for.
    static let samples: [(role: Part.Role, happening: Happening)] =
        Part.Role.allCases.filter(\.isChild).flatMap { role in
            ChildHappening.samples.map { (role, .child($0)) }
        }
        + MasterHappening.samples.map { (.master, .master($0)) }
        + TimelineHappening.samples.map { (.timeline, .timeline($0)) }
        + EncoderHappening.samples.map { (.encoder, .encoder($0)) }
        + SourceHappening.samples.map { (.source, .source($0)) }
        + PluginHostHappening.samples.map { (.pluginHost, .pluginHost($0)) }
        + PluginHappening.samples.map { (.plugin, .plugin($0)) }
        + LinkHappening.samples.map { (.link, .link($0)) }
        + RecordingHappening.samples.map { (.recording, .recording($0)) }
        + ViewerHappening.samples.map { (.viewer, .viewer($0)) }
        + ServerHappening.samples.map { (.server, .server($0)) }
        + ReporterHappening.samples.map { (.reporter, .reporter($0)) }
        + NotifierHappening.samples.map { (.notifier, .notifier($0)) }
        + RoomHappening.samples.map { (.room, .room($0)) }
        + ChannelHappening.samples.map { (.channel, .channel($0)) }
        + SwitchHappening.samples.map { (.switch, .switch($0)) }
        + OutputHappening.samples.map { (.output, .output($0)) }
        + TimetableHappening.samples.map { (.timetable, .timetable($0)) }

    @Test func codesAreUnique() {
        let codes = Self.samples.map { $0.happening.code(for: $0.role) }
        #expect(Set(codes).count == codes.count)
    }

    @Test(arguments: samples)
    func codesAreDottedAndLowerCase(role: Part.Role, happening: Happening) {
        let code = happening.code(for: role)
        let words = code.split(separator: ".", omittingEmptySubsequences: false)
        #expect(words.count == 2 && words.first == Substring(role.rawValue), "\(code)")
        #expect(code.allSatisfy { $0 == "." || $0 == "-" || ("a"..."z").contains($0) }, "\(code)")
    }

    @Test(arguments: samples)
    func levelAndValuesAreAsDeclared(role: Part.Role, happening: Happening) throws {
        let code = happening.code(for: role)
        let word = try #require(code.split(separator: ".").last)
        let names = role.isChild ? [code, "*.\(word)"] : [code]
        let meaning = try #require(Happening.all.first { names.contains($0.code) }).meaning
        #expect(meaning.levels.contains(happening.level), "\(code)")
        #expect(happening.values.keys == Set(meaning.keys) && meaning.keys.count == Set(meaning.keys).count, "\(code)")
        #expect(!meaning.text.isEmpty)
    }

    @Test(arguments: samples)
    func happeningsSurviveJSON(role: Part.Role, happening: Happening) throws {
        let json = try JSONEncoder().encode(happening.values)
        let values = try JSONDecoder().decode(Values.self, from: json)
        #expect(try Happening(code: happening.code(for: role), values: values) == happening)
    }

    @Test func everyCodeHasASample() {
        let sampled = Set(Self.samples.map { $0.happening.code(for: $0.role) })
        let declared = Happening.all.flatMap { description in
            guard description.code.hasPrefix("*") else { return [description.code] }
            return Part.Role.allCases.filter(\.isChild).map { $0.rawValue + description.code.dropFirst() }
        }
        #expect(sampled == Set(declared) && declared.count == Set(declared).count)
    }

    @Test func everyKeyIsUsed() {
        #expect(Set(Happening.all.flatMap(\.meaning.keys)) == Set(Key.allCases))
    }

    @Test func codesOfTheWorkedExamples() {
        #expect(Happening.child(.ready(pid: 12, plugins: nil)).code(for: .pluginHost) == "plugin-host.ready")
        #expect(Happening.link(.congested(bitsPerSecond: 1, wanted: 2)).code(for: .link) == "link.congested")
        #expect(Happening.child(.tookOver(pid: 1, was: .twin, frame: nil)).code(for: .encoder) == "encoder.took-over")
    }

    @Test func optionalValuesAreLeftOut() throws {
        let death = Happening.child(
            .died(
                pid: nil, cause: "SIGSEGV", frame: nil, uncommitted: nil, plugin: nil, call: nil, standardError: nil))
        #expect(death.values.keys == [.cause])
        #expect(try Happening(code: "source.died", values: death.values) == death)
    }

    // MARK: levels that depend on values

    @Test func savedStateWarnsWithFewerThanTwoOfSeveralServers() {
        func level(_ servers: Int, _ answering: Int) -> Happening.Level {
            Happening.link(.saved(servers: servers, answering: answering, file: nil)).level
        }
        #expect(level(1, 0) == .notice && level(3, 2) == .notice && level(2, 1) == .warning)
    }

    @Test func slateWarnsOnlyInPlaceOfAnInput() {
        #expect(Happening.timeline(.showing(picture: .slate, isStandIn: true)).level == .warning)
        #expect(Happening.timeline(.showing(picture: .slate, isStandIn: false)).level == .notice)
    }

    // MARK: what another process sends

    @Test(arguments: ["encoder", "encoder.", "encoder.flew", "nobody.died", "link.died", ".", "", "encoder.died.twice"])
    func unknownCodesAreRefused(code: String) {
        #expect(throws: HappeningError.unknownCode(code)) { try Happening(code: code, values: [:]) }
    }

    @Test func missingAndWrongValuesAreNamed() {
        #expect(throws: HappeningError.missingValue(.pid)) {
            try Happening(code: "encoder.ready", values: [:])
        }
        #expect(throws: HappeningError.wrongValue(.pid)) {
            try Happening(code: "encoder.ready", values: [.pid: Int64.max])
        }
        #expect(throws: HappeningError.wrongValue(.was)) {
            try Happening(code: "encoder.took-over", values: [.pid: 1, .was: "elsewhere"])
        }
    }

    @Test func keysOfAnotherVersionArePassedOver() throws {
        let values = try JSONDecoder().decode(Values.self, from: Data(#"{"pid":12,"moonPhase":"full"}"#.utf8))
        #expect(values == [.pid: 12])
    }
}
