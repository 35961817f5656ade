import BulkheadChain
package import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
import BulkheadInputs
import BulkheadMedia
package import BulkheadModel
import BulkheadRoom
package import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// Opens the inputs of a broadcast as the broadcast would, decodes the first picture and the first sound of what it would
/// use, and says what it would be. Nothing is published, and no file is written.
package actor DryRun {
    package nonisolated let reactor: Reactor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }

    private let programs: Programs
    private let events = EventLog()
    private lazy var context = RoomContext(reactor: reactor, pools: FramePools(), programs: programs, events: events)
    private var inputs: Inputs?
    private var failure: BroadcastError?
    /// What each source has said, by its input's number.
    private var notices: [Int: [String]] = [:]
    private var waiting: CheckedContinuation<Void, Never>?
    /// What is used of the inputs has to show within so long.
    private static let lookPatience = Duration.seconds(10)

    /// - Parameter programs: where the children's programs lie.
    package init(programs: Programs) throws(BroadcastError) {
        ProcessSetup.ignoreWriteSignals()
        do { reactor = try Reactor() } catch {
            throw BroadcastError(.internal, "the master's thread can't be started: \(error)")
        }
        self.programs = programs
    }

    /// Opens the inputs and finds the plugins.
    /// - Throws: what the broadcast would fail with at its start.
    package func forecast(_ settings: BroadcastSettings) async throws(BroadcastError) -> Forecast {
        try DescriptorBudget.reserve(for: settings)
        if settings.children != .encoder {
            _ = try await PluginFinder(programs: programs).findAll(try PluginChoice.named(settings.plugins)).get()
        }
        let listener = events.listen { [weak self] event in self?.assumeIsolated { $0.note(event) } }
        defer { events.unlisten(listener) }
        let inputs = Inputs(
            context, canvas: settings.canvas, frameRate: settings.frameRate,
            deinterlacing: settings.deinterlacing ?? .auto,
            onFailed: { [weak self] error in self?.assumeIsolated { $0.fail(error) } })
        self.inputs = inputs
        inputs.onDescribed = { [weak self] in self?.assumeIsolated { $0.goOn() } }
        inputs.onEmpty = { [weak self] in self?.assumeIsolated { $0.goOn() } }
        // What can't be opened is to be said: nothing stands in for it here.
        let alone = settings.inputs.map { input in
            var input = input
            input.backup = nil
            return input
        }
        do throws(BroadcastError) { try inputs.open(alone) } catch { fail(error) }
        watch()
        while failure == nil, inputs.descriptions(isPatient: true).contains(where: { $0 == nil }) { await pause() }
        let found = inputs.descriptions(isPatient: true).compactMap { $0 }
        if failure == nil {
            await look(at: inputs, as: Forecast(settings, found, notices: []), slate: settings.slatePath)
        }
        await end()
        if let failure { throw failure }
        return Forecast(settings, found, notices: settings.inputs.indices.map { notices[$0 + 1] ?? [] })
    }

    /// Waits until there is something of all that would be used.
    private func look(at inputs: Inputs, as forecast: Forecast, slate: String) async {
        let uses = forecast.inputs.enumerated().map { index, input in
            (InputID(index + 1), MediaUse(pictures: input.givesPicture, sound: input.givesSound))
        }
        let look = FirstLook(
            Dictionary(uniqueKeysWithValues: uses), pools: context.pools,
            ask: { [weak inputs] demand, id in inputs?.demand(demand, of: id) },
            onDone: { [weak self] in self?.assumeIsolated { $0.goOn() } },
            onStillFailed: { [weak self] path, reason in
                self?.assumeIsolated {
                    $0.fail(
                        BroadcastError(
                            .input, "the slate \(path) can't be used: \(reason)",
                            advice: "name a picture, such as a PNG file"))
                }
            })
        inputs.play(forecast.canvas, forecast.frameRate, to: look)
        if !slate.isEmpty {
            look.awaitsStill = true
            do throws(BroadcastError) { try inputs.read(slate: slate, canvas: forecast.canvas) } catch { fail(error) }
        }
        let deadline = MonotonicTime.now.advanced(by: Self.lookPatience)
        let timer = reactor.schedule(at: deadline) { [weak self] in self?.assumeIsolated { $0.goOn() } }
        while failure == nil, !look.missing.isEmpty || look.awaitsStill, .now < deadline { await pause() }
        reactor.cancel(timer)
        for id in look.missing {
            notices[id.number, default: []].append("nothing of it has come within \(Self.lookPatience.inWords)")
        }
        for id in look.givenUp.sorted() {
            notices[id.number, default: []].append("its reader ends over it, again and again")
        }
    }

    private func note(_ event: Event) {
        guard case .child(.said(let text, _)) = event.happening, event.part.role == .source else { return }
        notices[event.part.id, default: []].append(text)
    }

    private func fail(_ error: BroadcastError) {
        if failure == nil { failure = error }
        goOn()
    }

    /// Looks after deadlines that show only as time passing.
    private func watch() {
        guard !context.isOver else { return }
        inputs?.watch()
        reactor.schedule(at: .now.advanced(by: .milliseconds(80))) { [weak self] in self?.assumeIsolated { $0.watch() }
        }
    }

    private func pause() async { await withCheckedContinuation { waiting = $0 } }

    private func goOn() { waiting.take()?.resume() }

    /// Ends the sources, and waits until they are gone.
    private func end() async {
        context.close()
        inputs?.hangUp()
        let timer = reactor.schedule(at: .now.advanced(by: .seconds(2))) { [weak self] in
            self?.assumeIsolated { $0.inputs?.dismiss("it did not end when asked") }
        }
        while let inputs, !inputs.isEmpty { await pause() }
        reactor.cancel(timer)
    }
}
