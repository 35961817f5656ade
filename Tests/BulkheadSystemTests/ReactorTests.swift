import BulkheadSystem
import Glibc
import Synchronization
import SystemPackage
import Testing

@Suite(.timeLimit(.minutes(1))) struct ReactorTests {
    /// An actor whose code runs on a reactor, as the broadcast's does.
    private actor Tenant {
        nonisolated let reactor: Reactor
        nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }
        private(set) var notes: [String] = []

        init(_ reactor: Reactor) { self.reactor = reactor }

        func run<Result: Sendable>(_ body: @Sendable (Reactor) throws -> Result) rethrows -> Result {
            try body(reactor)
        }

        func note(_ text: String) { notes.append(text) }

        /// Waits for `fire`, which a handler of the reactor's is to call.
        func wait(_ start: @Sendable (Reactor, @escaping @Sendable () -> Void) throws -> Void) async rethrows {
            let (stream, continuation) = AsyncStream<Void>.makeStream()
            try start(reactor) { continuation.finish() }
            for await _ in stream {}
        }

        func deadlines(_ offsets: [Int], cancelling cancelled: Set<Int> = []) async -> [Int] {
            let fired = Mutex<[Int]>([])
            let start = MonotonicTime.now
            await wait { reactor, done in
                var tokens: [Int: Reactor.Token] = [:]
                for (index, offset) in offsets.enumerated() {
                    tokens[index] = reactor.schedule(at: start.advanced(by: Int64(offset) * 1_000_000)) {
                        fired.withLock { $0.append(index) }
                    }
                }
                for index in cancelled { tokens[index].map { reactor.cancel($0) } }
                let last = Int64(offsets.max() ?? 0) + 5
                reactor.schedule(at: start.advanced(by: last * 1_000_000), done)
            }
            return fired.withLock { $0 }
        }
    }

    private func withTenant(_ body: (Tenant) async throws -> Void) async throws {
        let reactor = try Reactor()
        defer { reactor.stop() }
        try await body(Tenant(reactor))
    }

    @Test func jobsRunOnItsThread() async throws {
        try await withTenant { tenant in
            #expect(!tenant.reactor.isCurrent)
            let first = await tenant.run { reactor in
                reactor.checkIsolated()
                return (reactor.isCurrent, UInt(pthread_self()))
            }
            #expect(first.0)
            for _ in 0..<50 { #expect(await tenant.run { _ in UInt(pthread_self()) } == first.1) }
        }
    }

    @Test func handlersMayAssumeTheActor() async throws {
        try await withTenant { tenant in
            await tenant.wait { reactor, done in
                reactor.schedule(at: .now) {
                    tenant.assumeIsolated { $0.note("timer") }
                    done()
                }
            }
            #expect(await tenant.notes == ["timer"])
        }
    }

    @Test func jobsOfManyTasksAllRun() async throws {
        try await withTenant { tenant in
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<500 { group.addTask { await tenant.note("\(number)") } }
            }
            #expect(await Set(tenant.notes).count == 500)
        }
    }

    @Test func timersFireInTheOrderOfTheirDeadlines() async throws {
        try await withTenant { tenant in
            #expect(await tenant.deadlines([20, 5, 15, 0, 10, 1]) == [3, 5, 1, 4, 2, 0])
        }
    }

    @Test func timersOfOneDeadlineFireInTheOrderOfTheirMaking() async throws {
        try await withTenant { tenant in
            #expect(await tenant.deadlines([3, 3, 3, 0, 0, 0]) == [3, 4, 5, 0, 1, 2])
        }
    }

    @Test func cancelledTimersDoNotFire() async throws {
        try await withTenant { tenant in
            // The first and the last of the queue, and one in the middle.
            #expect(await tenant.deadlines([2, 4, 6, 8], cancelling: [0, 2]) == [1, 3])
            #expect(await tenant.deadlines([2, 4, 6, 8], cancelling: [3, 0, 1, 2]) == [])
        }
    }

    @Test func handlerMayCancelATimerThatIsDueWithIt() async throws {
        try await withTenant { tenant in
            let fired = Mutex<[String]>([])
            await tenant.wait { reactor, done in
                let now = MonotonicTime.now
                let victim = Mutex<Reactor.Token?>(nil)
                let shared = Shared(victim)
                reactor.schedule(at: now) {
                    fired.withLock { $0.append("first") }
                    shared.value.withLock { token in token.map { reactor.cancel($0) } }
                }
                let token = reactor.schedule(at: now) { fired.withLock { $0.append("victim") } }
                shared.value.withLock { $0 = token }
                reactor.schedule(at: now.advanced(by: .milliseconds(2)), done)
            }
            #expect(fired.withLock { $0 } == ["first"])
        }
    }

    /// A handler that sets a timer for a moment gone, again and again, must not keep descriptors from their turn.
    @Test func overdueTimersDoNotStarveDescriptors() async throws {
        try await withTenant { tenant in
            let pair = try SocketPair()
            let descriptor = pair.ours.rawValue
            let stop = Shared(Mutex(false))
            await tenant.wait { reactor, done in
                Self.again(reactor, until: stop)
                _ = try? reactor.watch(descriptor, for: .writable) { _ in
                    stop.value.withLock { $0 = true }
                    done()
                }
            }
            #expect(stop.value.withLock { $0 })
            pair.close()
        }
    }

    private static func again(_ reactor: Reactor, until stop: Shared<Mutex<Bool>>) {
        guard !stop.value.withLock({ $0 }) else { return }
        reactor.schedule(at: MonotonicTime(nanoseconds: 0)) { again(reactor, until: stop) }
    }

    @Test func extremeDeadlinesAreTaken() async throws {
        try await withTenant { tenant in
            let fired = Mutex(0)
            await tenant.wait { reactor, done in
                let never = reactor.schedule(at: MonotonicTime(nanoseconds: .max)) { fired.withLock { $0 += 100 } }
                reactor.schedule(at: MonotonicTime(nanoseconds: .min)) { fired.withLock { $0 += 1 } }
                reactor.schedule(at: MonotonicTime.now.advanced(by: .milliseconds(2))) {
                    reactor.cancel(never)
                    done()
                }
            }
            #expect(fired.withLock { $0 } == 1)
        }
    }

    /// It waits for a wake that comes anyway, and for its latest time where none does.
    @Test func timerWithLeewayRunsWithTheNext() async throws {
        try await withTenant { tenant in
            let times = Mutex<[MonotonicTime]>([])
            let start = MonotonicTime.now
            let next = start.advanced(by: .milliseconds(40))
            await tenant.wait { reactor, done in
                reactor.schedule(at: start.advanced(by: .milliseconds(5)), leeway: .seconds(30)) {
                    times.withLock { $0.append(.now) }
                }
                reactor.schedule(at: next, done)
            }
            #expect(times.withLock { $0.count == 1 && $0.allSatisfy { $0 >= next } })
            await tenant.wait { reactor, done in
                reactor.schedule(at: start, leeway: .milliseconds(60)) {
                    times.withLock { $0.append(.now) }
                    done()
                }
            }
            #expect(times.withLock { $0.count } == 2)
        }
    }

    private final class Basin: Flushable {
        let onFlush: () -> Void

        init(onFlush: @escaping () -> Void) { self.onFlush = onFlush }

        func flush() { onFlush() }
    }

    /// What a handler puts off comes after it and before the next one, also where a flush puts off more.
    @Test func whatIsPutOffIsDoneAtTheEndOfTheTurn() async throws {
        try await withTenant { tenant in
            let notes = Shared(Mutex<[String]>([]))
            let note = { @Sendable (text: String) in notes.value.withLock { $0.append(text) } }
            let first = try SocketPair()
            let second = try SocketPair()
            let descriptors = [first.ours.rawValue, second.ours.rawValue]
            await tenant.wait { reactor, done in
                for (index, descriptor) in descriptors.enumerated() {
                    let token = Shared(Mutex<Reactor.Token?>(nil))
                    let watch = try? reactor.watch(descriptor, for: .writable) { _ in
                        token.value.withLock { $0.map { reactor.unwatch($0) } }
                        reactor.flushLater(
                            Basin {
                                note("flush \(index)")
                                reactor.flushLater(
                                    Basin {
                                        note("again \(index)")
                                        if notes.value.withLock({ $0.count }) == 6 { done() }
                                    })
                            })
                        note("handler \(index)")
                    }
                    token.value.withLock { $0 = watch }
                }
            }
            let seen = notes.value.withLock { $0 }
            #expect(seen.count == 6)
            for index in 0...1 {
                let start = try #require(seen.firstIndex(of: "handler \(index)"))
                #expect(Array(seen[start...].prefix(3)) == ["handler \(index)", "flush \(index)", "again \(index)"])
            }
            first.close()
            second.close()
        }
    }

    @Test func watchedDescriptorIsReportedUntilItIsUnwatched() async throws {
        try await withTenant { tenant in
            let pair = try SocketPair()
            let (ours, theirs) = (pair.ours.rawValue, pair.theirs.rawValue)
            let seen = Shared(Mutex(0))
            let token = Shared(Mutex<Reactor.Token?>(nil))
            await tenant.wait { reactor, done in
                let watch = try? reactor.watch(ours) { readiness in
                    #expect(readiness == .readable)
                    reactor.checkIsolated()
                    // Nothing is read: a level that stays is reported again.
                    let count = seen.value.withLock { count in
                        count += 1
                        return count
                    }
                    if count == 3 {
                        token.value.withLock { $0.map { reactor.unwatch($0) } }
                        done()
                    }
                }
                token.value.withLock { $0 = watch }
                #expect(write(theirs, "x", 1) == 1)
            }
            #expect(await tenant.deadlines([0, 5]) == [0, 1])
            #expect(seen.value.withLock { $0 } == 3)
            pair.close()
        }
    }

    @Test func endOfTheOtherSideCountsAsReadable() async throws {
        try await withTenant { tenant in
            let pair = try SocketPair()
            let ours = try pair.ours.duplicate()
            let descriptor = ours.rawValue
            pair.close()
            let seen = Mutex<Reactor.Readiness>([])
            await tenant.wait { reactor, done in
                let token = Shared(Mutex<Reactor.Token?>(nil))
                let watch = try? reactor.watch(descriptor) { readiness in
                    seen.withLock { $0.formUnion(readiness) }
                    token.value.withLock { $0.map { reactor.unwatch($0) } }
                    done()
                }
                token.value.withLock { $0 = watch }
            }
            #expect(seen.withLock { $0 }.contains(.readable))
            ours.close()
        }
    }

    @Test func interestMayChange() async throws {
        try await withTenant { tenant in
            let pair = try SocketPair()
            let descriptor = pair.ours.rawValue
            let seen = Mutex<[UInt32]>([])
            let token = Shared(Mutex<Reactor.Token?>(nil))
            await tenant.wait { reactor, done in
                let watch = try? reactor.watch(descriptor) { readiness in
                    seen.withLock { $0.append(readiness.rawValue) }
                    token.value.withLock { $0.map { reactor.unwatch($0) } }
                    done()
                }
                token.value.withLock { $0 = watch }
                if let watch { reactor.change(watch, to: [.readable, .writable]) }
            }
            #expect(seen.withLock { $0 } == [Reactor.Readiness.writable.rawValue])
            pair.close()
        }
    }

    @Test func watchingWhatIsNoDescriptorFails() async throws {
        try await withTenant { tenant in
            let error = await tenant.run { reactor in
                do {
                    _ = try reactor.watch(-1) { _ in }
                    return Errno?.none
                } catch { return error as? Errno }
            }
            #expect(error == .badFileDescriptor)
        }
    }

    /// A stopped reactor does the jobs at hand, ends its thread and lets go of everything, even of what its handlers hold.
    @Test func stoppedReactorGoesAway() async throws {
        weak var last: Reactor?
        weak var held: Witness?
        do {
            let reactor = try Reactor()
            let tenant = Tenant(reactor)
            let pair = try SocketPair()
            let descriptor = pair.ours.rawValue
            let witness = Witness()
            _ = try await tenant.run { reactor in
                reactor.schedule(at: MonotonicTime(nanoseconds: .max)) { _ = (reactor, witness) }
                return try reactor.watch(descriptor) { _ in _ = (reactor, witness) }
            }
            last = reactor
            held = witness
            reactor.stop()
            pair.close()
        }
        let deadline = MonotonicTime.now.advanced(by: .seconds(10))
        while last != nil || held != nil, .now < deadline { await Task.yield() }
        #expect(last == nil)
        #expect(held == nil)
    }
}

private final class Witness: Sendable {}

/// A box that several closures may share.
private final class Shared<Value: ~Copyable & Sendable>: Sendable {
    let value: Value
    init(_ value: consuming Value) { self.value = value }
}
