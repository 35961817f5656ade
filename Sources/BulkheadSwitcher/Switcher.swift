import BulkheadControl
package import BulkheadEvents
import BulkheadHTTP
package import BulkheadModel
import BulkheadRTMP
import BulkheadSwitch
import BulkheadSystem

/// A switch between push and pull that runs: it carries out what ``SwitchMachine`` decides.
///
/// In: reports of the broadcast, of the server and of a viewer of its own, calls of the server's hooks, commands. Out: a link
/// that is paused and taken back, a player or a request that makes the server pull, events.
package actor Switcher {
    enum Input: Sendable {
        case tick
        case idr
        case machine(SwitchMachine.Event)
        case hook(HookDesk.News)
        case request(SwitchRequest, @Sendable (SwitchReply) -> Void)
        case gathered(Gathering)
        case probed(String?)
        case failed(String)
        case end
    }

    /// How often time is looked at.
    private static let tick = Duration.milliseconds(100)
    /// How often it is tried whether the source could be pulled.
    private static let probeInterval = Duration.seconds(5)
    /// How often a way that is not at work is told to stop.
    private static let quietInterval = Duration.seconds(1)
    /// Without a word of the server's, a pull has ended so long after the wish.
    private static let pullFade = Duration.milliseconds(400)

    private let settings: SwitcherSettings
    private let onEvent: @Sendable (Event) -> Void
    private let inputs: AsyncStream<Input>
    private let input: AsyncStream<Input>.Continuation
    private let desk: HookDesk
    private let watch: OutputWatch
    private let trigger: PullTrigger?
    /// Of the broadcasts that push, by their ways.
    private let polls: [Way: BroadcastPolls]
    private var machine: SwitchMachine
    private var workingSince: MonotonicTime
    private var latest = Gathering(asksServer: false)
    private var isGathering = false
    private var gatheredAt: MonotonicTime?
    private var isProbing = false
    private var probedAt: MonotonicTime?
    private var sourceProblem: String?
    private var stoppedAt: MonotonicTime?
    /// The server's hook has said that its pull has ended.
    private var hasPullEnded = false
    private var hasSeenIDR = false
    private var requestFailures = 0
    private var last: SwitchTimes?
    private var troubles: Set<String> = []
    /// When a way that was not at work was told to stop once more.
    private var quietedAt: [Way: MonotonicTime] = [:]
    /// A publisher that is refused may try for ever.
    private var refusals = Budget(20, each: .seconds(60))

    /// - Parameter onEvent: called with each event, in order.
    package init(_ settings: SwitcherSettings, onEvent: @escaping @Sendable (Event) -> Void) {
        self.settings = settings
        self.onEvent = onEvent
        let (inputs, input) = AsyncStream.makeStream(of: Input.self, bufferingPolicy: .bufferingOldest(4096))
        (self.inputs, self.input) = (inputs, input)
        let token: String
        if case .trigger(let target, let secret) = settings.pull?.system {
            trigger = PullTrigger(target) { input.yield(.machine(.accepted(.pull))) }
            token = secret
        } else {
            (trigger, token) = (nil, "")
        }
        desk = HookDesk(token: token, source: settings.pull?.address ?? "") { input.yield(.hook($0)) }
        watch = OutputWatch(settings.watch) { input.yield(.idr) }
        var polls = [Way.push: BroadcastPolls(settings.push)]
        polls[.backup] = settings.backup.map { BroadcastPolls($0) }
        self.polls = polls
        machine = SwitchMachine(settings.rules, at: .now)
        workingSince = .now
    }

    /// Runs until ``end()``. The way at work goes on, as far as it does not hang on this process.
    /// - Throws: kind `control`: a socket can't be used.
    package func run() async throws(BroadcastError) {
        let input = input
        let control = try await SwitchControl(path: settings.controlPath) { input.yield(.request($0, $1)) }
        var hooks: HookServer?
        if let hook = settings.hook {
            do { hooks = try await HookServer(host: hook.host, port: hook.port, desk: desk) } catch {
                await control.stop()
                throw BroadcastError(
                    code: .addressUnusable, ["address": "\(hook.host):\(hook.port)"],
                    "\(hook.host):\(hook.port) can't be listened at: \(HTTPClient.phrase(error))",
                    advice: "name another address for the hooks")
            }
        }
        post(.ready(address: "unix:\(settings.controlPath)"))
        await work()
        await control.stop()
        await hooks?.stop()
        post(.stopped)
    }

    /// Ends ``run()``.
    package nonisolated func end() { input.yield(.end) }

    private func work() async {
        let (jobs, job) = AsyncStream.makeStream(of: Job.self)
        let saved = settings.statePath.flatMap { SwitchRecord.read($0) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [watch] in await watch.run() }
            if let trigger { group.addTask { await trigger.run() } }
            group.addTask { [input] in
                while !Task.isCancelled {
                    input.yield(.tick)
                    do { try await Task.sleep(for: Self.tick) } catch { return }
                }
            }
            group.addTask {
                await withDiscardingTaskGroup { group in
                    for await job in jobs { group.addTask { await job() } }
                    group.cancelAll()
                }
            }
            perform(machine.handle(.begin(saved: saved?.way, saved?.mode ?? .auto), at: .now), job)
            for await input in inputs {
                if case .end = input { break }
                take(input, job)
            }
            job.finish()
            group.cancelAll()
        }
    }

    private typealias Job = @Sendable () async -> Void

    private func take(_ input: Input, _ job: AsyncStream<Job>.Continuation) {
        let now = MonotonicTime.now
        switch input {
        case .tick:
            perform(machine.handle(.tick, at: now), job)
            confirmStop(at: now)
            gather(at: now, job)
            probe(at: now, job)
        case .idr:
            if machine.phase == .starting { hasSeenIDR = true }
            handle(.keyframe, job)
        case .machine(let event): handle(event, job)
        case .hook(.accepted(let way)):
            if way == .pull { hasPullEnded = false }
            handle(.accepted(way), job)
        case .hook(.stopped(let way)):
            if way == .pull { hasPullEnded = true }
            handle(.stopped(way), job)
        case .hook(.refused(let way, let peer)):
            if refusals.take(at: now) { post(.publisherRefused(peer: peer, way: way.rawValue)) }
        case .request(let request, let answer): self.answer(request, answer, job)
        case .gathered(let gathering): report(gathering, job)
        case .probed(let problem):
            isProbing = false
            sourceProblem = problem
        case .failed(let words): trouble(words)
        case .end: break
        }
    }

    private func handle(_ event: SwitchMachine.Event, _ job: AsyncStream<Job>.Continuation) {
        let now = MonotonicTime.now
        perform(machine.handle(event, at: now), job)
        // The first picture may be here before the word that the stream is taken.
        if case .accepted = event, hasSeenIDR { perform(machine.handle(.keyframe, at: now), job) }
    }

    // MARK: what the machine asks for

    private func perform(_ actions: [SwitchMachine.Action], _ job: AsyncStream<Job>.Continuation) {
        for action in actions {
            switch action {
            case .start(let way): start(way, job)
            case .stop(let way): stop(way, job)
            case .tell(let news): tell(news)
            case .save: save(job)
            }
        }
    }

    private func start(_ way: Way, _ job: AsyncStream<Job>.Continuation) {
        (hasSeenIDR, workingSince) = (false, .now)
        if way == .pull { hasPullEnded = false }
        // For the server's hook, whoever pushes is the push.
        desk.want(way == .pull ? .pull : .push)
        let input = input
        if let polls = polls[way] {
            // Another broadcast has another timeline.
            let seen = settings.backup == nil ? watch.meter.timestampMilliseconds.map { Double($0) / 1000 } : nil
            job.yield {
                if let problem = await polls.resume(from: seen) {
                    return _ = input.yield(.machine(.startFailed(way, problem)))
                }
                // Until the server has taken it, or the machine gives it up.
                for _ in 0..<100 where !Task.isCancelled {
                    if await polls.linkIsOnAir() { return _ = input.yield(.machine(.accepted(way))) }
                    do { try await Task.sleep(for: .milliseconds(100)) } catch { return }
                }
            }
            return
        }
        switch settings.pull?.system {
        case nil: break
        case .trigger: trigger?.want(true)
        case .requests(let start, _):
            job.yield {
                let event: SwitchMachine.Event =
                    await Self.send(start).map { .startFailed(.pull, $0) } ?? .accepted(.pull)
                input.yield(.machine(event))
            }
        }
    }

    private func stop(_ way: Way, _ job: AsyncStream<Job>.Continuation) {
        desk.want(nil)
        stoppedAt = .now
        let input = input
        if let polls = polls[way] {
            job.yield {
                if let problem = await polls.pause() {
                    if polls.isGone { return _ = input.yield(.machine(.stopped(way))) }
                    return _ = input.yield(.failed(problem))
                }
                for _ in 0..<50 where !Task.isCancelled {
                    if await polls.linkHasStopped() { return _ = input.yield(.machine(.stopped(way))) }
                    do { try await Task.sleep(for: .milliseconds(50)) } catch { return }
                }
            }
            return
        }
        switch settings.pull?.system {
        case nil: input.yield(.machine(.stopped(way)))
        case .trigger:
            trigger?.want(false)
            if hasPullEnded { input.yield(.machine(.stopped(.pull))) }
        case .requests(_, let stop):
            job.yield {
                guard let problem = await Self.send(stop) else { return }
                input.yield(.failed(problem))
            }
        }
    }

    /// A pull says nothing when it has ended: the server's hook or page does, or time.
    private func confirmStop(at now: MonotonicTime) {
        guard machine.phase == .stopping, machine.leaving == .pull, let stoppedAt,
            now.since(stoppedAt) >= Self.pullFade.nanoseconds
        else { return }
        if settings.statusPage != nil, latest.server?.isPulled == true,
            gatheredAt.map({ $0 > stoppedAt }) ?? false
        {
            return
        }
        input.yield(.machine(.stopped(.pull)))
    }

    /// Sends a request of the configuration.
    /// - Returns: what went wrong; nil for nothing. A path that is there already, or no more, is as wanted.
    private static func send(_ request: HTTPRequest) async -> String? {
        do throws(HTTPFailure) {
            let answer = try await HTTPClient.send(request, timeout: .seconds(5))
            if (200...299).contains(answer.status) { return nil }
            if request.method == "DELETE", answer.status == 404 { return nil }
            return "\(request.address) answers HTTP \(answer.status) to \(request.method)"
        } catch {
            return error.description
        }
    }

    private func save(_ job: AsyncStream<Job>.Continuation) {
        guard let path = settings.statePath else { return }
        let record = SwitchRecord(way: machine.way, mode: machine.mode)
        guard !record.write(path) else { return }
        trouble("the way at work can't be written to \(path): the next switch process would not know it")
    }

    // MARK: reports

    private func gather(at now: MonotonicTime, _ job: AsyncStream<Job>.Continuation) {
        let period = Duration.milliseconds(settings.rules.periodMilliseconds)
        // While a way stops or starts, the server's word is wanted soon.
        let wait = machine.phase == .working ? period : min(period, .milliseconds(200))
        guard !isGathering, gatheredAt.map({ now.since($0) >= wait.nanoseconds || isOverdue(since: $0, now) }) ?? true
        else { return }
        (isGathering, gatheredAt) = (true, now)
        let (input, push, other, page) = (input, polls[.push], polls[.backup], settings.statusPage)
        let (app, stream) = (settings.watch.app, settings.watch.key)
        job.yield {
            async let broadcast = push?.status()
            async let backup = other?.status()
            var gathering = Gathering(asksServer: page != nil)
            if let page {
                do throws(HTTPFailure) {
                    let answer = try await HTTPClient.send(page.request, timeout: .seconds(2))
                    if answer.status == 200 {
                        gathering.server = ServerStatus(page.kind, answer.body, app: app, stream: stream)
                    } else if answer.status == 404, page.kind == .mediaMTX {
                        gathering.server = ServerStatus(isPublished: false)
                    }
                    if gathering.server == nil {
                        input.yield(.failed("\(page.request.address) gives no status of \(page.kind.rawValue)"))
                    }
                } catch {
                    input.yield(.failed(error.description))
                }
            }
            gathering.broadcast = await broadcast ?? nil
            gathering.backup = await backup ?? nil
            input.yield(.gathered(gathering))
        }
    }

    /// A picture that was awaited has not come: that is no time to wait for the end of a period.
    private func isOverdue(since then: MonotonicTime, _ now: MonotonicTime) -> Bool {
        settings.rules.conditions(of: machine.way).contains { condition in
            condition.sign == .noData && watch.meter.turned(.milliseconds(condition.milliseconds), after: then, at: now)
        }
    }

    private func report(_ gathering: Gathering, _ job: AsyncStream<Job>.Continuation) {
        isGathering = false
        latest = gathering
        latest.sourceProblem = sourceProblem
        let seen = Seen(meter: watch.meter, since: workingSince, now: .now)
        for (way, status) in [(Way.push, latest.broadcast), (.backup, latest.backup)] {
            guard let polls = polls[way] else { continue }
            let report = latest.push(polls.link, of: status, isAtWork: machine.way == way, seen: seen)
            handle(.report(way, report), job)
            keepStopped(way, polls, status, job)
        }
        let isPulling = machine.way == .pull
        let problem = trigger?.problem ?? ""
        let failures = (trigger?.failures ?? 0) + requestFailures
        let pull = latest.pull(
            isAtWork: isPulling, failures: failures, problem: problem, isWanted: isPulling, seen: seen)
        if settings.pull != nil, let pull { handle(.report(.pull, pull), job) }
        if gathering.broadcast == nil {
            trouble("the broadcast at unix:\(settings.push.broadcastPath) does not answer")
        }
        if let backup = settings.backup, gathering.backup == nil {
            trouble("the broadcast at unix:\(backup.broadcastPath) does not answer")
        }
        if !watch.isConnected, !watch.problem.isEmpty { trouble("what viewers get can't be seen: \(watch.problem)") }
    }

    /// A broadcast that has just begun, or begun anew, pushes by itself: two publishers of one name would throw each other out.
    private func keepStopped(
        _ way: Way, _ polls: BroadcastPolls, _ status: BroadcastStatus??, _ job: AsyncStream<Job>.Continuation
    ) {
        let now = MonotonicTime.now
        guard machine.phase == .working, machine.way != way,
            let link = BroadcastPolls.link(polls.link, of: status ?? nil), !link.hasStopped,
            quietedAt[way].map({ now.since($0) >= Self.quietInterval.nanoseconds }) ?? true
        else { return }
        quietedAt[way] = now
        job.yield { _ = await polls.pause() }
    }

    /// Whether a pull could begin, while the push works.
    private func probe(at now: MonotonicTime, _ job: AsyncStream<Job>.Continuation) {
        guard let source = settings.pull?.source, machine.way != .pull, machine.phase == .working, !isProbing,
            probedAt.map({ now.since($0) >= Self.probeInterval.nanoseconds }) ?? true
        else { return }
        (isProbing, probedAt) = (true, now)
        let input = input
        job.yield { input.yield(.probed(await SourceProbe.problem(of: source, within: .seconds(3)))) }
    }

    // MARK: commands and news

    private func answer(
        _ request: SwitchRequest, _ answer: @Sendable (SwitchReply) -> Void, _ job: AsyncStream<Job>.Continuation
    ) {
        switch request.request {
        case .status: answer(SwitchReply(reply: .status, status: status))
        case .mode:
            if let mode = request.mode {
                if let way = mode.way, !settings.rules.ways.contains(way) {
                    let ways = settings.rules.ways.map(\.rawValue).joined(separator: ", ")
                    let error = BroadcastError(
                        .usage, "\(way.rawValue.prefix(40)) is no way of the switch", advice: "it has \(ways)")
                    return answer(SwitchReply(reply: .failed, error: error))
                }
                handle(.hand(mode), job)
            }
            answer(SwitchReply(reply: .done))
        }
    }

    private var status: SwitchStatus {
        SwitchStatus(
            name: settings.name, way: machine.way, phase: machine.phase, mode: machine.mode,
            abnormal: machine.abnormal(at: .now), push: machine.report(of: .push), pull: machine.report(of: .pull),
            backup: machine.report(of: .backup),
            last: last, pid: ProcessNumber.own)
    }

    private func tell(_ news: SwitchMachine.News) {
        switch news {
        case .abnormal(let way, let condition): post(.abnormal(way: way.rawValue, condition: "\(condition)"))
        case .clear(let way): post(.clear(way: way.rawValue))
        case .backupNotReady(let way): post(.backupNotReady(way: way.rawValue))
        case .switching(let from, let to, let cause):
            post(.switching(former: from.rawValue, way: to.rawValue, cause: cause.word))
        case .stopUnconfirmed(let way): post(.stopUnconfirmed(way: way.rawValue))
        case .working(let way, let cause, let times):
            last = times
            troubles.removeAll()
            func milliseconds(_ seconds: Double) -> Int { Int((min(seconds, 1e9) * 1000).rounded()) }
            post(
                .working(
                    way: way.rawValue, cause: cause.word, milliseconds: milliseconds(times.total),
                    detect: milliseconds(times.detect), stop: milliseconds(times.stop),
                    start: milliseconds(times.start), idr: milliseconds(times.firstIDR)))
        case .startFailed(let way, let words):
            requestFailures += way == .pull ? 1 : 0
            let problem = way == .pull ? trigger?.problem ?? "" : ""
            post(.startFailed(way: way.rawValue, text: problem.isEmpty ? words : "\(words); \(problem)"))
        case .mode(let mode): post(.mode(mode: mode.rawValue))
        }
    }

    /// Told once until a way is at work again.
    private func trouble(_ words: String) {
        guard troubles.count < 64, troubles.insert(words).inserted else { return }
        post(.trouble(text: words))
    }

    private func post(_ happening: SwitchHappening) {
        onEvent(Event(.switch(name: settings.name), .switch(happening), time: EventLog.wallClock()))
    }
}
