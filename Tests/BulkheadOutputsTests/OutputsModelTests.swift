import BulkheadEvents
import BulkheadLinks
import BulkheadModel
import BulkheadOutputs
import BulkheadSystem
import BulkheadTestSupport
import Testing

/// The fan-out under any order of requests, ends and time.
@Suite(.timeLimit(.minutes(1))) struct OutputsModelTests {
    /// What a link's sink would be told, and what it is then allowed to be told.
    private struct Sink {
        var isRunning = false
        var isFinishing = false
        var isAborted = false
        var isRetired = false
        let hasServers: Bool
    }

    private struct Studio {
        var machine = OutputsMachine()
        var sinks: [LinkID: Sink] = [:]
        var forgotten: Set<LinkID> = []
        var now = MonotonicTime(nanoseconds: 5_000_000_000)
        var wakes: [MonotonicTime] = []
        var isClosed = false
        var hasFailed = false
        var isFinished = false
        var isAborted = false
        var lastID = 0

        /// Carries actions out as the room does, and holds them to what a sink can be told.
        mutating func perform(_ actions: [OutputsMachine.Action]) {
            for action in actions {
                switch action {
                case .run(let id):
                    #expect(sinks[id]?.isRunning == false, "a link runs once at a time")
                    sinks[id]?.isRunning = true
                    sinks[id]?.isFinishing = false
                    sinks[id]?.isAborted = false
                case .pause(let id, _), .tryAgain(let id): #expect(sinks[id]?.hasServers == true)
                case .retire(let id):
                    #expect(sinks[id]?.isRetired == false)
                    sinks[id]?.isRetired = true
                case .finish(let id):
                    #expect(sinks[id]?.isRunning == true)
                    sinks[id]?.isFinishing = true
                case .abort(let id):
                    #expect(sinks[id]?.isRunning == true)
                    sinks[id]?.isAborted = true
                case .forget(let id):
                    #expect(sinks[id]?.isRetired == true && sinks[id]?.isRunning == false)
                    sinks[id] = nil
                    forgotten.insert(id)
                case .post(let id, _): #expect(sinks[id] != nil)
                case .fail:
                    #expect(!hasFailed || !isFinished)
                    #expect(!sinks.values.contains { $0.isRunning && !$0.isRetired })
                    hasFailed = true
                case .wake(let at):
                    #expect(at > now)
                    wakes.append(at)
                case .close:
                    #expect(!sinks.values.contains { $0.isRunning }, "nothing runs at the close")
                    #expect(isFinished || isAborted)
                    isClosed = true
                }
            }
            for (id, sink) in sinks {
                #expect(machine.isRunning(id) == (sink.isRunning && !sink.isRetired), "link \(id)")
            }
        }

        mutating func end(_ id: LinkID, _ error: BroadcastError?) {
            sinks[id]?.isRunning = false
            let actions = machine.handle(.ended(id, error), at: now)
            perform(actions)
        }

        mutating func step(_ random: inout SeededGenerator) {
            now = now.advanced(by: .milliseconds(Int64.random(in: 0...1500, using: &random)))
            while let index = wakes.firstIndex(where: { $0 <= now }) {
                wakes.remove(at: index)
                perform(machine.handle(.timePassed, at: now))
            }
            let known = sinks.keys.sorted()
            let id = known.isEmpty ? 99 : known[Int.random(in: known.indices, using: &random)]
            switch Int.random(in: 0..<10, using: &random) {
            case 0,
                1 where !isFinished && !isAborted:
                lastID += 1
                let hasServers = Bool.random(using: &random)
                sinks[LinkID(lastID)] = Sink(hasServers: hasServers)
                if let actions = try? machine.handle(.add(LinkID(lastID), hasServers: hasServers), at: now) {
                    perform(actions)
                }
            case 2: request(.remove(id))
            case 3: request(.pause(id))
            case 4 where !isFinished && !isAborted: request(.retry(id))
            case 5, 6: if sinks[id]?.isRunning == true { end(id, BroadcastError(.destination, "it said no")) }
            case 7: if sinks[id]?.isRunning == true { end(id, nil) }
            case 8:
                // A sink that was asked to finish or aborted ends at some time.
                for id in known where sinks[id]?.isAborted == true || sinks[id]?.isFinishing == true {
                    if sinks[id]?.isRunning == true { end(id, nil) }
                }
            default: perform(machine.handle(.timePassed, at: now))
            }
        }

        private mutating func request(_ request: OutputsMachine.Request) {
            let before = machine
            do throws(OutputsMachine.Refusal) {
                let actions = try machine.handle(request, at: now)
                perform(actions)
            } catch {
                // Nothing has changed.
                for id in sinks.keys { #expect(before.isRunning(id) == machine.isRunning(id)) }
                if case .remove(let id) = request, error == .lastLink {
                    #expect(!sinks.contains { $0.key != id && $0.value.isRunning && !$0.value.isRetired })
                }
            }
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64]) func anyOrderOfEventsIsCarriedOut(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<30 {
            var studio = Studio()
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                studio.lastID += 1
                let id = LinkID(studio.lastID)
                studio.sinks[id] = Sink(hasServers: true)
                studio.perform(studio.machine.handle(.declared(id, hasServers: true), at: studio.now))
            }
            for _ in 0..<80 { studio.step(&random) }
            // The end, one way or the other, and every sink ends when it is asked to.
            if Bool.random(using: &random) {
                studio.isFinished = true
                studio.perform(studio.machine.handle(.finish, at: studio.now))
                for _ in 0..<10 { studio.step(&random) }
            }
            studio.isAborted = true
            studio.perform(studio.machine.handle(.abort, at: studio.now))
            for id in studio.sinks.keys.sorted() where studio.sinks[id]?.isRunning == true { studio.end(id, nil) }
            #expect(studio.isClosed)
        }
    }

    /// At the end, every link has ten seconds, and no link keeps the broadcast longer: docs/links.md.
    @Test(arguments: [1, 2, 3] as [UInt64]) func endOfABroadcastIsBounded(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            var studio = Studio()
            for number in 1...Int.random(in: 1...5, using: &random) {
                studio.sinks[LinkID(number)] = Sink(hasServers: true)
                studio.perform(studio.machine.handle(.declared(LinkID(number), hasServers: true), at: studio.now))
            }
            studio.isFinished = true
            let start = studio.now
            studio.perform(studio.machine.handle(.finish, at: start))
            #expect(studio.wakes == [start.advanced(by: .seconds(10))])
            for id in studio.sinks.keys.sorted() where Bool.random(using: &random) { studio.end(id, nil) }
            studio.now = start.advanced(by: .seconds(10))
            studio.perform(studio.machine.handle(.timePassed, at: studio.now))
            for id in studio.sinks.keys.sorted() where studio.sinks[id]?.isRunning == true {
                #expect(studio.sinks[id]?.isAborted == true)
                studio.end(id, nil)
            }
            #expect(studio.isClosed)
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct LinkDirectoryModelTests {
    private static func destination(_ name: String = "") -> DestinationSettings {
        var destination = DestinationSettings(url: "rtmp://a/b")
        destination.name = name
        return destination
    }

    /// Whatever comes and goes: numbers are never given again, names are unique, and every way to call a link finds it.
    @Test(arguments: [1, 2, 3] as [UInt64]) func linksAreFoundByNumberAndName(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var directory = LinkDirectory()
        var given: Set<LinkID> = []
        for _ in 0..<300 {
            if Bool.random(using: &random) || directory.entries.isEmpty {
                let name = ["", "", "main", "backup", "north"][Int.random(in: 0..<5, using: &random)]
                let taken = directory.entries.contains { $0.name == "link \(name)" }
                if let entry = try? directory.add(Self.destination(name), isAlone: false) {
                    #expect(given.insert(entry.id).inserted && !taken)
                    #expect(directory.entries.last?.id == entry.id)
                } else {
                    #expect(taken)
                }
            } else {
                let index = Int.random(in: directory.entries.indices, using: &random)
                directory.remove(directory.entries[index].id)
            }
            #expect(Set(directory.entries.map(\.name)).count == directory.entries.count)
            #expect(directory.main == directory.entries.first?.id)
            for entry in directory.entries {
                for word in ["\(entry.id)", "link \(entry.id)", entry.name, entry.name.uppercased()] {
                    #expect(try directory.find(word).id == entry.id, "\(word)")
                }
                #expect(directory[entry.id]?.name == entry.name)
            }
            let error = #expect(throws: BroadcastError.self) { try directory.find("nowhere") }
            for entry in directory.entries { #expect(error?.advice.contains(entry.name) == true) }
        }
    }

    /// A link that a user has called by a number takes the name of the one with that number.
    @Test func namesThatAreNumbersAreToldInTheRefusal() throws {
        var directory = LinkDirectory()
        _ = try directory.add(Self.destination("2"), isAlone: false)
        let error = #expect(throws: BroadcastError.self) { try directory.add(Self.destination(), isAlone: false) }
        #expect(error?.kind == .usage && error?.problem == "there are two links with the name 2")
    }
}

/// The bitrate stays within what the user allows, whatever links say.
@Suite(.timeLimit(.minutes(1))) struct BitrateModelTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func bitrateStaysWithinItsBounds(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for rule in CongestionRule.allCases {
            var settings = BitrateMachine.Settings(wanted: 2_500_000, sound: 128_000, rule: rule)
            var machine = BitrateMachine(settings)
            var now = MonotonicTime(nanoseconds: 1_000_000_000)
            for _ in 0..<1500 {
                now = now.advanced(by: CongestionController.interval)
                switch Int.random(in: 0..<40, using: &random) {
                case 0:
                    settings.wanted = UInt32.random(in: 20_000...8_000_000, using: &random)
                    settings.minimum =
                        Bool.random(using: &random) ? UInt32.random(in: 20_000...4_000_000, using: &random) : nil
                    _ = machine.handle(.changed(settings), at: now)
                case 1:
                    let actions = machine.handle(.setByHand, at: now)
                    #expect(actions == [.encode(bitsPerSecond: settings.wanted)])
                default: break
                }
                #expect(machine.isDue(at: now))
                let actions = machine.handle(.loads([], main: nil), at: now)
                #expect(!machine.isDue(at: now))
                let rates = actions.compactMap { if case .encode(let rate) = $0 { rate } else { nil } }
                #expect(rates == [machine.bitsPerSecond])
                let floor = min(settings.minimum ?? max(20_000, settings.wanted / 4), settings.wanted)
                #expect((floor...settings.wanted).contains(machine.bitsPerSecond))
                #expect(machine.streamBitsPerSecond == Int(machine.bitsPerSecond) + 128_000)
                // Without a link that is congested, nothing is lowered or shed.
                #expect(!actions.contains { if case .tellCongested = $0 { true } else { false } })
                #expect(!actions.contains { if case .shed = $0 { true } else { false } })
            }
        }
    }
}
