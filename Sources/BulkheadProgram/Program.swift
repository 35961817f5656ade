import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
package import BulkheadMedia
package import BulkheadModel
package import BulkheadRoom
package import BulkheadSystem
package import BulkheadTimeline
package import BulkheadWire

/// Makes one program of the inputs: the timeline, with a tick for each frame, which waits for nothing.
///
/// In: pictures and sound of each input (``MediaOutlet``), a slate, and how much is on its way behind this room
/// (`FrameLoad`). Out: frames and blocks of sound, in order and each once, to a `FrameOutlet`; and how far each input may
/// be ahead, to a `MediaSupply`. In real time the clock drives the ticks, and a tick takes what is there. Where the
/// picture is live, a tick comes as soon as its picture is there, and waits for one that is late (`Cadence`): the clock
/// is then only the latest time for it. With `--fast` the rooms drive them: a tick comes as soon as the inputs have all that it
/// can need and there is room behind. What is due and what stands in a frame is decided by ``ProgramMachine``; the only
/// timer of the timeline is here, and nothing outside may touch it.
package final class Program {

    /// Told how far inputs may be ahead. They know the program, so that it holds them weakly.
    package weak var supply: (any MediaSupply)?

    private let context: RoomContext
    private let outlet: any FrameOutlet
    /// Between the timeline and the outlet: all frames pass it, and those that show several inputs are mixed there.
    private let mixer: Mixer
    private let requests: Requests
    private var machine: ProgramMachine
    private var book: SceneBook
    private let desk: PictureDesk
    /// The inputs that have backups.
    private var groups = InputGroups()
    private var timer: Reactor.Token?
    /// A tick is being carried out, and what comes of it must not begin another.
    private var isTicking = false

    /// - Parameter madeAt: since when inputs are waited for.
    package init(
        _ context: RoomContext, _ settings: ProgramSettings, madeAt: MonotonicTime, outlet: any FrameOutlet,
        requests: Requests
    ) throws(BroadcastError) {
        self.context = context
        self.outlet = outlet
        self.requests = requests
        mixer = Mixer(
            canvas: settings.canvas, terms: MixerMachine.Terms(settings.frameRate, isPatient: settings.isFast),
            in: context, outlet: outlet, progressed: requests.progressed)
        desk = PictureDesk(mixer, in: context.pools)
        book = try SceneBook(settings.scenes, inputs: settings.inputNames)
        machine = ProgramMachine(settings, at: madeAt)
        if let target = settings.loudnessTarget { aim(atLoudness: target) }
    }

    // MARK: requests

    /// Draws the built-in slate in the size of pictures from now on.
    /// - Throws: a `BroadcastError`; the slate stays as it is then.
    package func drawSlate(_ canvas: Canvas) throws(BroadcastError) {
        let former = desk.canvas ?? machine.settings.canvas
        try desk.drawSlate(canvas)
        book.resized(from: former, to: canvas)
        mixer.change(canvas)
        perform(machine.handle(.resized(canvas), at: .now))
        wantMixers()
        tellOfSlate()
    }

    /// Begins where everything is ready for it. To be called when that may have become so, and as time passes.
    package func beginIfPossible() {
        // Where the first frame is mixed, the first mixer is waited for.
        guard !hasBegun, requests.mayBegin(), !(machine.isMixed && mixer.isStarting) else { return }
        perform(machine.handle(.begin, at: .now))
    }

    /// There is more room behind the program, or more of an input: asks inputs for more.
    package func askInputs() { perform(machine.demands()) }

    /// With `--fast`: ticks as long as everything is there for them.
    package func pump() {
        guard machine.settings.isFast else { return }
        runTicks()
    }

    /// Changes what is shown.
    /// - Returns: the first frame that shows it; nil where what is shown stays.
    /// - Throws: kind `usage` or `control`, with nothing changed.
    package func change(_ change: SceneChange) throws(BroadcastError) -> FrameNumber? {
        switch change {
        case .take(let word, let transition):
            let name = try book.next(word, of: machine)
            try transition.check()
            return take(try book.stage(called: name, of: machine), by: transition, isSwap: word == nil)
        case .prepare(let name): book.prepare(try book.stage(called: name, of: machine).name)
        case .add(let scene):
            try book.add(scene, inputs: machine.names)
            wantMixers()
        case .set(let scene):
            let scene = try book.set(scene)
            if book.shown == scene.name { return take((scene.name, .scene(scene)), by: .cut) }
        case .remove(let name): try book.remove(name)
        }
        return nil
    }

    /// What a change of what is shown would do.
    /// - Throws: why it would be refused.
    package func foresee(_ change: SceneChange) throws(BroadcastError) -> ChangeOutcome {
        try book.foresee(change, of: machine)
    }

    /// Lays all inputs out, as a setting says; nil for the first with a picture alone.
    /// - Returns: the first frame that shows it.
    @discardableResult
    package func show(_ layout: SceneLayout?) -> FrameNumber {
        take((layout?.rawValue ?? "", layout.map { .layout($0) } ?? .selected), by: .cut)
    }

    private func take(
        _ named: (name: String, stage: Staging.Stage), by transition: Transition, isSwap: Bool = false
    ) -> FrameNumber {
        let frame = nextFrame
        perform(machine.handle(.take(named.stage, transition), at: .now))
        if isSwap { book.swap(in: named.name) } else { book.show(named.name) }
        wantMixers()
        if case .scene(let scene) = named.stage {
            for input in book.inputs(lackingIn: scene, of: machine) {
                context.post(.timeline, .timeline(.sceneLacks(scene: scene.name, input: input)))
            }
        }
        if hasBegun { context.post(.timeline, .timeline(.taken(scene: named.name, frame: frame))) }
        return frame
    }

    /// What the program begins with where no layout is named: the first scene.
    package func showFirstScene() {
        // One that shows nothing that there is stays where it is in the list, and the first input is shown.
        if let scene = book.scenes.first { _ = try? change(.take(scene.name, .cut)) }
    }

    /// Checks whether an input can be called `name`.
    /// - Throws: kind `usage`, where a scene is called so.
    package func checkInputName(_ name: String) throws(BroadcastError) { try book.checkInputName(name) }

    /// What is done with the sound of an input from the start on, whether it is open yet or not. What it makes room for is
    /// looked for when it comes.
    package func prepare(_ strip: StripSettings, of input: InputID) { machine.prepare(strip, of: input) }

    /// Has a fresh mixer take over, without a frame that is not mixed.
    /// - Throws: kind `control`, where none is at work.
    package func restartMixer() throws(BroadcastError) { try mixer.restart() }

    /// Changes how the program sounds.
    /// - Returns: the first frame that is heard so.
    /// - Throws: kind `usage` or `control`, with nothing changed.
    package func change(_ change: SoundChange) throws(BroadcastError) -> FrameNumber {
        let heardFrom = machine.nextHeardFrame
        switch change {
        case .strip(let word, let settings):
            let (input, key) = try check(settings, of: word)
            machine.desk.set(settings, of: input, duckedUnder: key)
        case .program(let settings):
            try settings.check()
            machine.desk.set(settings)
        }
        return heardFrom
    }

    /// What a change of the sound would do.
    /// - Throws: why it would be refused.
    package func foresee(_ change: SoundChange) throws(BroadcastError) -> ChangeOutcome {
        switch change {
        case .strip(let word, let settings):
            _ = try check(settings, of: word)
            return ChangeOutcome("sound of \(word)", .inPlace)
        case .program(let settings):
            try settings.check()
            return ChangeOutcome("sound of the program", .inPlace)
        }
    }

    /// - Returns: the input that `word` stands for, and the one that it makes room for.
    private func check(_ settings: StripSettings, of word: String) throws(BroadcastError) -> (InputID, InputID?) {
        let input = try input(called: word)
        try settings.check()
        let key = try settings.ducking.map { (ducking) throws(BroadcastError) in
            let key = try self.input(called: ducking.under)
            guard key != input else {
                throw BroadcastError(.usage, "\(ducking.under) can't make room for itself")
            }
            return key
        }
        return (input, key)
    }

    /// Brings the program slowly to a loudness; silence leaves it as loud as it is.
    package func aim(atLoudness loudness: Decibels) {
        var settings = machine.desk.programSettings
        settings.target = nil
        if loudness != .silence {
            var target = LoudnessTarget()
            target.loudness = loudness
            settings.target = target
        }
        machine.desk.set(settings)
    }

    /// Called with each input's own sound, block by block and beside the program's; set it before the first.
    package var onTracks: ((TrackBlock) -> Void)? { didSet { machine.desk.isTapped = onTracks != nil } }

    /// Called behind each frame that is given, with its number and where inputs go on behind it; set it before the first.
    package var onFrame: ((FrameNumber, [InputID: FeedPlace]) -> Void)?

    // MARK: inputs with backups

    /// These inputs stand in for another where it can't be shown.
    package func back(_ input: InputID, by backups: [InputID], _ settings: BackupSettings) {
        perform(machine.handle(.inputBacked(input, by: backups), at: .now))
        groups.add(input, by: backups, settings, at: .now)
    }

    /// A person chooses what is shown of an input and its backups, or lets conditions choose.
    /// - Throws: kind `usage` or `control`, with nothing changed.
    package func choose(_ mode: SwitchMode, of word: String) throws(BroadcastError) {
        let place = try check(mode, of: word)
        perform(groups.set(mode, of: place, at: .now), of: place)
    }

    /// Whether ``choose(_:of:)`` would take `mode`.
    /// - Returns: which of the groups is meant.
    /// - Throws: why it would be refused.
    @discardableResult
    package func check(_ mode: SwitchMode, of word: String) throws(BroadcastError) -> Int {
        try groups.check(mode, of: try input(called: word), called: word)
    }

    private func beginGroups() {
        for place in groups.places {
            perform(groups.begin(place, at: .now) { machine.state(of: $0) }, of: place)
        }
    }

    private func lookAtGroups() {
        guard machine.isRunning else { return }
        let rate = machine.settings.frameRate.framesPerSecond
        for place in groups.places {
            perform(groups.look(place, rate: rate, at: .now) { machine.state(of: $0) }, of: place)
        }
    }

    private func perform(_ actions: [InputGroup.Action], of place: Int) {
        let main = groups.main(of: place)
        for action in actions {
            switch action {
            case .show(let member): perform(machine.handle(.stand(member, for: main), at: .now))
            case .wake(let member): supply?.wake(member)
            case .rest(let member): supply?.rest(member)
            case .tell(let news): if let happening = news.happening { post(happening, of: main) }
            }
        }
    }

    private func post(_ happening: SwitchHappening, of input: InputID) {
        context.post(.switch(name: machine.name(of: input) ?? "source \(input)"), .switch(happening))
    }

    /// Somebody looks at the sound's levels: they are measured for a while.
    package func watchSound() { machine.desk.watched(at: .now) }

    private func input(called word: String) throws(BroadcastError) -> InputID {
        if let input = machine.input(called: word) { return input }
        throw BroadcastError(
            code: .unknownInput, ["name": word], "there is no input \(word)",
            advice: "there are: \(machine.names.joined(separator: ", "))")
    }

    /// The end depends on ``seen(from:)``.
    package var awaitsViewers: Bool { machine.awaitsViewers }

    /// A destination was sent a picture for the first time, of this time on the timeline.
    package func seen(from time: MediaTime) { perform(machine.handle(.seen(from: time), at: .now)) }

    /// Ends the program with the frame before this moment's.
    package func end() { perform(machine.handle(.end, at: .now)) }

    /// Stops the clock, whatever is under way.
    package func close() {
        stopTicks()
        mixer.close()
    }

    private func stopTicks() {
        if let timer { context.reactor.cancel(timer) }
        timer = nil
    }

    // MARK: what it is like

    /// The frame of the next tick.
    package var nextFrame: FrameNumber { machine.clock.nextFrame }
    /// Where the timeline stands; nil before it has begun.
    package var mediaTime: MediaTime? { hasBegun ? machine.clock.nextTime : nil }
    /// The slate's picture; its slot is held by the program.
    package var slate: SlotReference? { desk.slateSlot }

    package var snapshot: ProgramSnapshot {
        ProgramSnapshot(
            nextFrame: nextFrame, nextBlock: machine.nextBlock, isRunning: machine.isRunning,
            showing: machine.shown, selection: machine.selection, framesRepeated: machine.framesRepeated,
            framesLeftOut: machine.framesLeftOut, framesSkipped: machine.framesSkipped, scenes: book.statuses,
            scene: book.shown, prepared: book.prepared, seen: machine.seen, missing: machine.missing,
            heard: Set(machine.heard),
            sound: machine.soundStatus,
            backups: groups.statuses(at: .now),
            mixer: mixer.snapshot)
    }

    // MARK: ticks

    /// Carries out the ticks that are due.
    private func runTicks() {
        guard !isTicking else { return }
        while machine.isDue(mixer.load, at: .now) { tick() }
    }

    private func tick() {
        isTicking = true
        defer { isTicking = false }
        let frame = nextFrame
        perform(machine.handle(.tick(mixer.load), at: .now))
        if let onFrame, nextFrame > frame { onFrame(frame, machine.places) }
        lookAtGroups()
    }

    private func timerFired() {
        timer = nil
        perform(machine.handle(.timer, at: .now))
        runTicks()
        armTimer()
    }

    private func armTimer() {
        stopTicks()
        guard machine.isRunning, !machine.settings.isFast, let due = machine.nextDue else { return }
        timer = context.schedule(at: due) { [weak self] in self?.timerFired() }
    }

    /// The ticks for which a live picture has just come.
    private func tickEarly() {
        guard !machine.settings.isFast, machine.isRunning, !isTicking, machine.isDue(mixer.load, at: .now) else {
            return
        }
        runTicks()
        armTimer()
    }

    private func begin() {
        requests.began()
        beginGroups()
        if machine.settings.isFast { pump() } else { timerFired() }
    }

    // MARK: what is done

    private func perform(_ actions: [ProgramMachine.Action]) {
        for action in actions {
            switch action {
            case .begin: begin()
            case .give(let frame, let slot): desk.give(frame, slot)
            case .mix(let frame, let composition, let instead): desk.mix(frame, composition, instead: instead)
            case .giveSlate(let frame): desk.giveSlate(frame)
            case .giveSound(let block): outlet.take(block)
            case .giveTracks(let block): onTracks?(block)
            case .release(let slot): context.pools.release(slot)
            case .demand(let input, let demand): supply?.demand(demand, of: input)
            case .use(let input, let use): supply?.use(use, of: input)
            case .post(let happening): context.post(.timeline, .timeline(happening))
            case .tell(let input, let happening):
                context.post(.source(input, name: machine.name(of: input) ?? "source \(input)"), .source(happening))
            case .end:
                stopTicks()
                requests.ended()
            }
        }
    }

    private func tellOfSlate() {
        if let slot = desk.still, let canvas = desk.canvas { requests.slateChanged(slot, canvas) }
    }

    // MARK: mixers

    /// A mixer stands ready where there is more than one picture that could be shown, or a scene that could, and a card for each
    /// input.
    private func wantMixers() {
        let mayMix = machine.mayMix || !book.scenes.isEmpty
        mixer.want(mayMix)
        if mayMix, desk.prepareNames() { supply?.wantNames() }
    }

    /// No frame is being mixed.
    package var isDrained: Bool { mixer.isDrained }
    /// No mixer is left.
    package var isEmpty: Bool { mixer.isEmpty }

    /// Called when the last mixer has ended.
    package var onEmpty: (() -> Void)? {
        get { mixer.onEmpty }
        set { mixer.onEmpty = newValue }
    }

    /// No frame comes from this pool any more.
    package func drop(pool: UInt32) { mixer.drop(pool: pool) }

    /// No mixer is started any more.
    package func endMixers() { mixer.end() }

    /// Lets all mixers end by themselves.
    package func hangUp() { mixer.hangUp() }

    /// Ends all mixers.
    package func dismiss(_ reason: String) { mixer.dismiss(reason) }
}

/// What inputs have read.
extension Program: MediaOutlet {
    package var hasBegun: Bool { machine.clock.origin != nil }

    package var slotCount: Int { machine.slotCount(behind: outlet.load.limit) }

    package func expect(_ input: InputID, name: String, isKept: Bool) {
        perform(machine.handle(.inputExpected(input, name: name, isKept: isKept), at: .now))
    }

    package func renamed(_ input: InputID, to name: String) {
        if let former = machine.name(of: input) { book.renamed(former, to: name) }
        perform(machine.handle(.inputRenamed(input, name: name), at: .now))
    }

    package func opened(_ input: InputID, _ description: SourceDescription) {
        perform(machine.handle(.inputOpened(input, description), at: .now))
        wantMixers()
    }

    package func goesOn(_ input: InputID, from sample: Int64) {
        perform(machine.handle(.inputGoesOn(input, from: sample), at: .now))
    }

    package func take(_ picture: Picture, of input: InputID) -> Bool {
        var released: [SlotReference] = []
        groups.tookPicture(of: input, at: .now) { context.pools.sample(picture.slot) }
        guard machine.push(picture, of: input, at: .now, release: { released.append($0) }) else { return false }
        if !released.isEmpty {
            for slot in released { context.pools.release(slot) }
            // A backlog comes faster than ticks ask for more.
            askInputs()
        }
        beginIfPossible()
        tickEarly()
        pump()
        return true
    }

    package func take(sound samples: [Float], from start: Int64, of input: InputID) -> Int64 {
        groups.tookSound(samples, from: start, of: input, at: .now)
        let next = machine.push(sound: samples, from: start, of: input, at: .now)
        beginIfPossible()
        pump()
        return next
    }

    package func counted(_ arrival: InputArrival, of input: InputID) { groups.counted(arrival, of: input) }

    package func caughtUp(_ input: InputID) { perform(machine.handle(.inputCaughtUp(input), at: .now)) }

    package func interrupted(_ input: InputID) {
        groups.interrupted(input)
        perform(machine.handle(.inputInterrupted(input), at: .now))
    }

    package func beganAnew(_ input: InputID) { perform(machine.handle(.inputBeganAnew(input), at: .now)) }

    package func removed(_ input: InputID) {
        if let name = machine.name(of: input) { book.forget(input: name) }
        groups.remove(input)
        perform(machine.handle(.inputRemoved(input), at: .now))
        desk.removeName(of: input)
        wantMixers()
        pump()
    }

    package func ended(_ input: InputID) {
        perform(machine.handle(.inputEnded(input), at: .now))
        beginIfPossible()
        pump()
    }

    package func take(_ picture: StillPicture, for still: Still) {
        switch still {
        case .slateFile, .slate: if desk.takeSlate(picture) { tellOfSlate() }
        case .name(let input):
            guard machine.name(of: input) != nil else { return context.pools.release(picture.slot) }
            desk.takeName(picture, of: input)
        }
    }

    package func failed(_ still: Still, _ failure: StillFailure) {
        let isOnAir = hasBegun || machine.settings.isResumed
        switch StillTrouble(still, failure, isOnAir: isOnAir) {
        case .told(let happening): context.post(.timeline, .timeline(happening))
        case .fatal(let error): requests.failed(error)
        case .none: break
        }
    }

    package func noted(_ still: Still, _ text: String) {
        context.post(.timeline, .timeline(.cardNoted(text: text)))
    }
}
