import BulkheadChildRuntime
import BulkheadDrill
import BulkheadEvents
import BulkheadModel
import BulkheadRTMP
import BulkheadWire
import Foundation
import Testing

/// What a plan promises, whatever its seed and its words.
@Suite(.timeLimit(.minutes(1))) struct PlanPropertyTests {
    // MARK: words

    /// Everything that can be done to a part, at several moments, is shown in words that are read as the same.
    @Test func everyFaultIsReadAsItIsShown() throws {
        let signals: [Fault.Kind] = Fault.Signal.allCases.map { .signal($0) }
        let armed: [Fault.Kind] = [
            .armed(.trap), .armed(.exit), .armed(.garbage), .armed(.leak), .armed(.slow(milliseconds: 1)),
            .armed(.flood), .armed(.loot),
            .armed(.slow(milliseconds: 60_000)),
        ]
        let paths: [Fault.Kind] = Fault.PathFault.allCases.flatMap { path in
            [0, 1, 250, 60_000].map { Fault.Kind.path(path, milliseconds: $0) }
        }
        let servers: [Fault.Kind] = [
            .serverKill, .serverStop(milliseconds: 0), .serverStop(milliseconds: 1), .serverStop(milliseconds: 60_000),
            .serverHang(milliseconds: 1500), .serverAcknowledgements(.increments), .serverAcknowledgements(.none),
        ]
        let kinds: [Fault.Part: [Fault.Kind]] = [
            .encoder: signals + armed, .source: signals + armed, .mixer: signals + armed,
            .recorder: signals + armed,
            .plugins: signals + armed, .standby: signals,
            .server: servers + paths,
            .disk: [
                .diskFull(milliseconds: nil), .diskFull(milliseconds: 3000), .disk(.quota, milliseconds: 3000),
                .disk(.eio, milliseconds: nil),
                .disk(.readonly, milliseconds: nil), .disk(.hang, milliseconds: 1), .disk(.slow, milliseconds: 60_000),
                .disk(.gone, milliseconds: nil),
            ],
        ]
        let moments: [Fault.Moment] = [
            .frame(0), .frame(300), .seconds(0), .seconds(2.5), .seconds(1.075), .seconds(3600),
        ]
        for (part, kinds) in kinds {
            for kind in kinds {
                for moment in moments {
                    for link in part == .server ? [1, 2, 16] : [1] {
                        let fault = Fault(part, kind, moment, link: link)
                        #expect(try Fault("\(fault)") == fault, "\(fault)")
                    }
                }
            }
        }
    }

    @Test(arguments: [
        (Fault.Moment.seconds(5), "5s"), (.seconds(2.5), "2.5s"), (.seconds(1.075), "1.075s"),
        (.seconds(0.001), "0.001s"),
        (.seconds(59.9996), "60s"), (.frame(300), "frame=300"),
    ]) func momentsAreShort(moment: Fault.Moment, text: String) { #expect("\(moment)" == text) }

    @Test func framesBecomeSecondsByTheRate() {
        #expect(Fault.Moment.frame(300).seconds(at: 30) == 10 && Fault.Moment.frame(300).seconds(at: 60) == 5)
        #expect(Fault.Moment.seconds(7).seconds(at: 25) == 7)
    }

    /// The advice names what the part knows, and all that it names can be written.
    @Test(arguments: Fault.Part.allCases) func adviceNamesWhatCanBeWritten(part: Fault.Part) throws {
        let error = #expect(throws: BroadcastError.self) { try Fault("\(part.rawValue):dance@5s") }
        let advice = try #require(error?.advice)
        let list = try #require(advice.components(separatedBy: " it knows ").last)
        let kinds = list.components(separatedBy: ", ").map { $0.replacing("[=TIME]", with: "") }
        #expect(!kinds.isEmpty)
        for kind in kinds {
            #expect(throws: Never.self, "\(part.rawValue):\(kind)") { try Fault("\(part.rawValue):\(kind)@5s") }
        }
    }

    // MARK: parts

    /// Which part of a broadcast a fault is done to: that of the right role and duty, and no other.
    static let parts: [(BulkheadModel.Part, [Fault.Part])] = [
        (.encoder(1), [.encoder]), (.encoder(2, .standby), [.standby]), (.encoder(2, .twin), [.standby]),
        (.encoder(3, .next), []), (.encoder(3, .retired), []), (.slateEncoder(4), []),
        (.source(1, name: "source 1"), [.source]), (.pluginHost(5), [.plugins]), (.pluginHost(6, .standby), []),
        (.mixer(7), [.mixer]), (.mixer(8, .standby), [.mixer]),
        (.recorder(9, name: "recorder of recording"), [.recorder]), (.recording(1, name: "recording"), [.disk]),
        (.link(1, name: "a"), [.server, .disk]), (.timeline, []), (.master, []), (.plugin(1, name: "logo"), []),
        (.viewer(1), []), (.server, []), (.reporter, []), (.chat(3), [.chat]), (.channel(1, name: "chat a"), [.chat]),
    ]

    @Test(arguments: parts) func faultsFindTheirPart(part: BulkheadModel.Part, faults: [Fault.Part]) {
        for fault in Fault.Part.allCases { #expect(fault.isPart(part) == faults.contains(fault), "\(fault) \(part)") }
    }

    @Test func serversOfOtherLinksAreLeftAlone() {
        let second = BulkheadModel.Part.link(2, name: "link 2")
        #expect(Fault.Part.server.isPart(second, link: 2) && !Fault.Part.server.isPart(second, link: 1))
        #expect(
            Fault.Part.allCases.filter(\.isChild) == [.encoder, .standby, .source, .mixer, .recorder, .plugins, .chat])
    }

    /// What is armed for a child is read by that child's program, for the frame of the moment.
    @Test(arguments: [
        ("encoder:trap@2s", Role.encoder), ("source:slow=750ms@2s", .source), ("plugins:garbage@2s", .pluginHost),
        ("encoder:leak@frame=50", .encoder), ("source:exit@2.0001s", .source),
        ("mixer:exit@2s", .mixer), ("recorder:trap@2s", .recorder),
    ]) func armedFaultsReachTheirProgram(word: String, role: Role) throws {
        let fault = try Fault(word)
        let text = try #require(fault.armedWord(rate: 25))
        var armed = try #require(ArmedFaults(text, role: role, claims: nil))
        #expect(armed.due(at: 49).isEmpty)
        let due = armed.due(at: 50)
        #expect(due.map { Fault.Kind.armed($0) } == [fault.kind])
        for other in Role.allCases where other != role { #expect(ArmedFaults(text, role: other, claims: nil) == nil) }
    }

    // MARK: random plans

    @Test(arguments: [0, 1, 42, .max] as [UInt64]) func randomFaultsKeepToTheirTimes(seed: UInt64) {
        for seconds in [5.1, 6, 12, 60, 600] {
            for kills in [nil, 1, 7, 50] {
                let faults = RandomPlan.faults(seed: seed, seconds: seconds, kills: kills, parts: [.encoder, .standby])
                let times = faults.map { $0.moment.seconds(at: 30) }
                #expect(times.allSatisfy { (2.0...seconds - 3 + 0.001).contains($0) })
                #expect(times == times.sorted())
                #expect(faults.allSatisfy { $0.part == .encoder || $0.part == .standby })
                #expect(kills == nil || faults.count == kills)
                // All of them can be given again.
                for fault in faults { #expect((try? Fault("\(fault)")) == fault) }
            }
        }
        #expect(RandomPlan.faults(seed: seed, seconds: 60, parts: []).isEmpty)
        #expect(RandomPlan.faults(seed: seed, seconds: -5).isEmpty)
    }

    @Test(arguments: [0, 1, 42, .max] as [UInt64]) func randomFaultsOfLinksAreOverBeforeTheNext(seed: UInt64) {
        for (seconds, count) in [(12.0, 3), (60, 10), (600, 40)] {
            let faults = RandomPlan.linkFaults(seed: seed, seconds: seconds, count: count)
            #expect(faults.count == count)
            for (fault, next) in zip(faults, faults.dropFirst()) {
                let duration: Double =
                    switch fault.kind {
                    case .serverStop(let milliseconds), .serverHang(let milliseconds), .path(_, let milliseconds):
                        Double(milliseconds) / 1000
                    default: 0
                    }
                #expect(duration <= 2)
                let end = fault.moment.seconds(at: 30) + duration
                #expect(end <= next.moment.seconds(at: 30), "\(fault) \(next)")
            }
            #expect(faults.last.map { $0.moment.seconds(at: 30) <= seconds - 3 } == true)
        }
        #expect(RandomPlan.linkFaults(seed: seed, seconds: 60, count: 0).isEmpty)
        #expect(RandomPlan.linkFaults(seed: seed, seconds: 4, count: 3).isEmpty)
    }

    /// Over many seeds, every part and every kind is drawn.
    @Test func nothingIsNeverDrawn() {
        let faults = (0..<50 as Range<UInt64>).flatMap { RandomPlan.faults(seed: $0, seconds: 60) }
        #expect(Set(faults.map(\.part)) == [.encoder, .source, .plugins])
        let kinds = Set(faults.map(\.kind))
        #expect(kinds == Set([Fault.Signal.kill, .segv, .abrt, .term, .hang].map { Fault.Kind.signal($0) }))
    }

    // MARK: verdict

    @Test func lastWordsAreThoseOfTheDeath() {
        var record = FaultRecord(fault: "encoder:kill@3s", isDone: true, action: "killed", seconds: 3, frame: 90)
        #expect(record.lastWords.isEmpty && record.link == 1 && !record.isServers)
        func died(_ words: String?) -> Event {
            Event(
                .encoder(1),
                .child(
                    .died(
                        pid: 7, cause: "SIGKILL", frame: 90, uncommitted: 2, plugin: nil, call: nil,
                        standardError: words)), time: 0)
        }
        record.death = died("Fatal error")
        #expect(record.lastWords == "Fatal error")
        record.death = died(nil)
        #expect(record.lastWords.isEmpty)
    }
}
