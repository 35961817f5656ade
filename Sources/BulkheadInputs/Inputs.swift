import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
package import BulkheadMedia
package import BulkheadModel
package import BulkheadRoom
import BulkheadSystem
package import BulkheadTimeline
package import BulkheadWire

/// Reads the inputs of a broadcast.
///
/// In: what a user names (files, URLs, devices), and how far each input may be ahead (``MediaSupply``). Out: first what
/// the inputs are (``descriptions``), then, once it is known what is to be made of them, pictures and sound of each input,
/// in order, to a `MediaOutlet`; a picture's slot is held once, for the receiver. Source processes
/// are talked to here and nowhere else; what happens when one dies is decided by ``InputMachine``, one for each input,
/// which has no clock and no process. Pictures of files that are shown instead of an input, such as the slate's, are read
/// by a process of the same kind, once (``StillReader``). An input has its ``InputID`` for good, whichever process reads
/// it. Nothing outside may touch a process, and nothing here knows frames, the timeline or what an input is used for.
package final class Inputs {

    /// Called once: with nil when a change is in effect, with an error when nothing has changed.
    package typealias Answer = (BroadcastError?) -> Void

    private let context: RoomContext
    /// The broadcast can't go on.
    private let onFailed: (BroadcastError) -> Void
    /// How inputs are read, by processes from now on.
    private var terms: SourceTerms
    /// Nil as long as inputs are only opened.
    private var outlet: (any MediaOutlet)?
    private var roster = InputRoster()
    /// Pictures of the inputs' names are wanted.
    private var drawsNames = false
    private lazy var processes = SourceProcesses(
        stills: StillReader(context, terms.frameRate) { [weak self] in self?.outlet })
    /// Called when an input has been opened, before it is known what is to be made of it.
    package var onDescribed: (() -> Void)?
    /// An input that a request has added is open.
    package var onAdded: ((InputID, InputSettings) -> Void)?

    /// - Parameters:
    ///   - canvas: what cameras are asked for, and so with `frameRate`.
    ///   - deinterlacing: which pictures are taken apart into their fields.
    ///   - copies: packets are passed on as they are, and nothing is decoded.
    ///   - written: paths of files that the broadcast writes, and that no playlist is to play.
    package init(
        _ context: RoomContext, canvas: Canvas, frameRate: FrameRate, deinterlacing: Deinterlacing = .auto,
        copies: Bool = false, written: [String] = [], onFailed: @escaping (BroadcastError) -> Void
    ) {
        self.context = context
        terms = SourceTerms(
            canvas: canvas, frameRate: frameRate, deinterlacing: deinterlacing, copies: copies, written: written)
        self.onFailed = onFailed
    }

    // MARK: what they are

    /// The inputs that have backups, with these in their order.
    package var backed: [(input: InputID, backups: [InputID], settings: BackupSettings)] { roster.backed }

    /// Where each input goes on in a later broadcast; those that would begin, or are live, are left out.
    /// - Parameter places: how far the program has shown and heard them.
    package func resumes(behind places: [InputID: FeedPlace]) -> [InputID: SourceResume] {
        roster.resumes(behind: places)
    }

    /// What the inputs are that were opened, in the order in which they were named; nil for one that is not open yet.
    /// - Parameter isPatient: an input that is not open yet is waited for; else its backup stands in for it.
    package func descriptions(isPatient: Bool) -> [SourceDescription?] { roster.descriptions(isPatient: isPatient) }

    /// What an input with these settings would be called; whether it can be opened shows when it is.
    /// - Throws: why it would be refused.
    package func foresee(adding settings: InputSettings) throws(BroadcastError) -> String {
        try roster.foresee(adding: settings)
    }

    package var snapshot: InputsSnapshot { roster.snapshot { processes[$0] } }

    // MARK: requests

    /// Opens the inputs that a broadcast begins with.
    /// - Parameter places: of the same inputs, where they go on as an earlier broadcast left them.
    /// - Throws: a `BroadcastError` when a process can't be started.
    package func open(_ inputs: [InputSettings], at places: [InputPlace] = []) throws(BroadcastError) {
        var backed: [(InputDirectory.Entry, BackupSettings)] = []
        for (index, settings) in inputs.enumerated() {
            let place = places.indices.contains(index) ? places[index] : nil
            if let place { roster.directory.skip(to: place.id) }
            var entry = try roster.directory.add(settings, isAlone: inputs.count == 1)
            if let place, settings.name == nil, place.name != entry.name {
                try roster.directory.rename(entry.id, to: place.name)
                entry = roster.directory[entry.id] ?? entry
            }
            let machine = makeMachine(
                entry, isResumed: place != nil, isPatient: settings.backup != nil, place?.resume)
            roster[entry.id] = InputLine(post: context.nextPostID(), machine: machine)
            try launch(entry.id)
            if let backup = settings.backup { backed.append((entry, backup)) }
        }
        // Their numbers follow those of the inputs that people have named.
        for (main, backup) in backed { try open(backup, of: main) }
    }

    private func open(_ backup: BackupSettings, of main: InputDirectory.Entry) throws(BroadcastError) {
        for (index, settings) in backup.inputs.enumerated() {
            let settings = settings.asBackup(index, of: main)
            let entry = try roster.directory.add(settings, isAlone: false)
            let line = InputLine(post: context.nextPostID(), machine: makeMachine(entry, isPatient: true))
            (line.main, line.isCold) = (main.id, backup.isCold)
            roster[entry.id] = line
            if !backup.isCold { try launch(entry.id) }
        }
    }

    private func makeMachine(
        _ entry: InputDirectory.Entry, isResumed: Bool = false, isPatient: Bool = false,
        _ continued: SourceResume? = nil
    ) -> InputMachine {
        InputMachine(
            entry.id, loops: entry.settings.loops, interval: terms.frameRate.interval,
            isResumed: isResumed, isPatient: isPatient, continuing: continued)
    }

    /// From now on the inputs are read for a timeline of `frameRate`, as pictures of `canvas`, and go to `outlet`.
    package func play(_ canvas: Canvas, _ frameRate: FrameRate, to outlet: any MediaOutlet) {
        (terms.canvas, terms.frameRate) = (canvas, frameRate)
        self.outlet = outlet
        let ids = roster.ids
        // One that has a name is to be called by it, whether it is shown at first or not.
        for id in ids { outlet.expect(id, name: roster.name(id), isKept: roster.isKept(id)) }
        for id in ids {
            roster[id]?.machine.interval = frameRate.interval
            if roster[id]?.machine.isEnded == true, roster[id]?.machine.description == nil { outlet.ended(id) }
            guard let machine = roster[id]?.machine, let description = machine.description else { continue }
            if machine.isOpen, let child = machine.child { begin(child) }
            outlet.opened(id, description)
            if let continued = machine.continued { outlet.goesOn(id, from: continued.audioSample) }
            if !machine.isOpen { outlet.interrupted(id) }
        }
    }

    /// Lets a process that has opened its input go on. Where packets are passed on, the outlet says how far.
    private func begin(_ child: ChildID) {
        guard let outlet, !terms.copies else { return }
        processes[child]?.play(terms.canvas, terms.frameRate, slotCount: outlet.slotCount)
    }

    /// Reads the picture of the file `path`, to be the slate; it goes to the outlet, or why it does not come.
    /// - Throws: a `BroadcastError` when a process can't be started.
    package func read(slate path: String, canvas: Canvas) throws(BroadcastError) {
        try processes.stills.read(path, canvas: canvas)
    }

    /// Draws the slate; it goes to the outlet, or why it does not come.
    /// - Throws: a `BroadcastError` when a process can't be started.
    package func draw(slate card: Card, canvas: Canvas) throws(BroadcastError) {
        try processes.stills.draw(slate: card, canvas: canvas)
    }

    /// Draws the name of an input, where such pictures are wanted.
    private func drawName(_ id: InputID) {
        guard drawsNames, outlet != nil, let name = roster.directory[id]?.name else { return }
        processes.stills.draw(name: name, of: id, canvas: terms.canvas)
    }

    /// Has every input read by another process, one after the other, which goes on where the last one was.
    package func restart() {
        for id in roster.ids {
            guard let line = roster[id], line.machine.child != nil else { continue }
            context.post(roster.part(id), .child(.restarting))
            handle(.replace, of: id)
        }
    }

    /// Changes the inputs of a broadcast on air.
    package func change(_ change: InputChange, answer: @escaping Answer) {
        do throws(BroadcastError) {
            switch change {
            case .add(let settings): return try add(settings, answer)
            case .remove(let word): remove(try roster.directory.find(word).id)
            case .rename(let word, let name):
                let entry = try roster.directory.find(word)
                try roster.directory.rename(entry.id, to: name)
                outlet?.renamed(entry.id, to: name)
                drawName(entry.id)
                context.post(roster.part(entry.id), .source(.renamed(former: entry.name)))
            case .reopen(let word): return try reopen(try roster.directory.find(word), answer)
            case .skip(let word, let file):
                let entry = if let word { try roster.directory.find(word) } else { try roster.onlyPlaylist() }
                return try skip(entry, to: file ?? "", answer)
            // What is shown is the program's to choose.
            case .choose: break
            }
            answer(nil)
        } catch { answer(error) }
    }

    /// What a change of the inputs would do.
    /// - Throws: why it would be refused.
    package func foresee(_ change: InputChange) throws(BroadcastError) -> ChangeOutcome { try roster.foresee(change) }

    private func add(_ settings: InputSettings, _ answer: @escaping Answer) throws(BroadcastError) {
        try roster.check(settings)
        let entry = try roster.directory.add(settings, isAlone: false)
        try open(entry, as: context.nextPostID(), answer)
    }

    private func remove(_ id: InputID) {
        for backup in roster.backups(of: id) { remove(backup) }
        context.post(roster.part(id), .source(.removed))
        let (answer, name) = (roster[id]?.answer, roster.directory[id]?.name ?? "")
        handle(.finish, of: id)
        roster[id] = nil
        roster.directory.remove(id)
        outlet?.removed(id)
        answer?(
            BroadcastError(
                code: .inputRemoved, ["name": name], "the input was removed before it had been opened"))
    }

    /// An input that is at its end, or of which nothing was used, is opened as one that is added.
    private func reopen(_ entry: InputDirectory.Entry, _ answer: @escaping Answer) throws(BroadcastError) {
        guard let line = roster[entry.id], line.machine.isEnded else {
            if roster[entry.id]?.machine.isOpen == true { context.post(roster.part(entry.id), .child(.restarting)) }
            handle(.reopen, of: entry.id)
            return answer(nil)
        }
        try open(entry, as: line.post, answer)
    }

    /// Has another file of a list played; the process knows which there are.
    private func skip(_ entry: InputDirectory.Entry, to file: String, _ answer: @escaping Answer) throws(BroadcastError)
    {
        let (line, child) = try roster.playlist(entry)
        line.skips.append(answer)
        processes[child]?.skip(to: file)
    }

    /// Opens an input for a request, which is answered when that has happened.
    private func open(
        _ entry: InputDirectory.Entry, as post: PostID, _ answer: @escaping Answer
    ) throws(BroadcastError) {
        let former = roster[entry.id]
        roster[entry.id] = InputLine(post: post, machine: makeMachine(entry), answer: answer, isNew: former == nil)
        do throws(BroadcastError) { try launch(entry.id) } catch {
            roster[entry.id] = former
            if former == nil { roster.directory.remove(entry.id) }
            throw error
        }
    }

    /// An input that was opened for a request can't be opened.
    private func refuse(_ id: InputID, _ answer: Answer, _ error: BroadcastError) {
        handle(.refusedRequest(error.problem), of: id)
        roster[id]?.answer = nil
        // One that was there before stays, and can be reopened.
        if roster[id]?.isNew == true {
            roster[id] = nil
            roster.directory.remove(id)
            outlet?.removed(id)
        } else {
            outlet?.ended(id)
        }
        answer(error)
    }

    /// From now on pictures are to come out as `canvas`.
    package func change(canvas: Canvas) {
        if outlet != nil { terms.canvas = canvas }
        for id in roster.ids {
            if !readAgain(id) { handle(.replace, of: id) }
            drawName(id)
        }
    }

    /// Reads a still picture again that is at its end: it is shown in the size that it was read for.
    /// - Returns: false where the input is none.
    private func readAgain(_ id: InputID) -> Bool {
        guard let line = roster[id], line.machine.isEnded, let description = line.machine.description,
            description.hasVideo, description.duration == 0, let entry = roster.directory[id]
        else { return false }
        // What can't be read again stays as it is.
        try? open(entry, as: line.post) { _ in }
        return true
    }

    /// No more is wanted of any input.
    package func finish() {
        for id in roster.ids { handle(.finish, of: id) }
    }

    // MARK: the end

    /// Lets all processes end.
    package func hangUp() {
        finish()
        for id in roster.ids {
            guard let answer = roster[id]?.answer.take() else { continue }
            answer(BroadcastError(code: .broadcastOver, "the broadcast ended before the change was made"))
        }
        processes.hangUp()
    }

    /// Ends all processes.
    package func dismiss(_ reason: String) { processes.dismiss(reason) }

    /// No process is left.
    package var isEmpty: Bool { processes.isEmpty }

    /// Called when the last process has ended.
    package var onEmpty: (() -> Void)? {
        get { processes.onEmpty }
        set { processes.onEmpty = newValue }
    }

    // MARK: time

    /// Looks after what shows only as time passing.
    package func watch() { processes.watch(at: .now) }

    // MARK: processes

    private func launch(_ id: InputID) throws(BroadcastError) {
        guard let line = roster[id], let settings = roster.directory[id]?.settings, line.machine.awaitsLaunch else {
            return
        }
        let stub = try SourceStub(launching: terms.settings(for: settings, line.machine), in: context)
        let child = context.nextChildID()
        stub.onReport = { [weak self] in self?.take($0, from: child, of: id) }
        handle(.launched(child), of: id)
        processes.employ(stub, as: child)
        context.post(roster.part(id), .child(.started(pid: stub.pid, isForeign: false)))
    }

    // MARK: what they say

    private func take(_ report: SourceStub.Report, from child: ChildID, of id: InputID) {
        switch report {
        case .opened(let description):
            begin(child)
            handle(.opened(child, description), of: id)
        case .picture(let picture):
            // What a cold backup still gives that was told to rest is not wanted any more.
            if roster[id]?.isCold == true, roster[id]?.machine.child != child {
                return context.pools.release(picture.slot)
            }
            guard outlet?.take(picture, of: id) ?? false else {
                context.pools.release(picture.slot)
                processes[child]?.dismiss("it sent a picture that does not come after the last one")
                return
            }
            handle(.picture(child, pts: picture.pts, position: picture.position), of: id)
            settle(id)
        case .sound(let start, let samples):
            guard let outlet, roster[id]?.isCold != true || roster[id]?.machine.child == child else {
                return
            }
            handle(.sound(child, soundEnd: outlet.take(sound: samples, from: start, of: id)), of: id)
            settle(id)
        case .copies(let format):
            if let complaint = outlet?.take(format, of: id) { processes[child]?.dismiss(complaint) }
        case .copied(let packet): take(packet, from: child, of: id)
        case .entered(let place, let start): handle(.entered(child, place, at: start), of: id)
        case .preparing(let file): handle(.preparing(child, file: file), of: id)
        case .prepared(let next): handle(.prepared(child, next: next), of: id)
        case .leftOut(let file, let refusal):
            guard roster[id] != nil else { return }
            context.post(roster.part(id), .source(.leftOut(file: ListCourse.name(file), reason: refusal.reason)))
        case .skipping(let refusal):
            guard let line = roster[id], !line.skips.isEmpty else { return }
            line.skips.removeFirst()(
                refusal.map { BroadcastError(code: .notInList, ["name": roster.name(id)], $0.description) })
        case .counted(let figures):
            roster[id]?.count.take(figures, at: .now)
            if let arrival = roster[id]?.count.arrival { outlet?.counted(arrival, of: id) }
        case .thumbnail(let bytes): roster[id]?.thumbnail = bytes
        case .caughtUp: outlet?.caughtUp(id)
        case .notice(let text):
            if roster[id] != nil { context.post(roster.part(id), .child(.said(text: text, severity: .warning))) }
        case .atEnd:
            handle(.atEnd(child), of: id)
            settle(id)
        case .refused(let refusal):
            let hasBegun = outlet?.hasBegun ?? false
            handle(.refused(child, refusal, hasBegun: hasBegun && roster[id]?.answer == nil), of: id)
        case .ended(let end):
            roster[id]?.settleSkips(
                BroadcastError(
                    code: .inputNotOpen, ["name": roster.name(id)], "input \(roster.name(id)) is being opened again",
                    advice: "try again when it is open"))
            roster[id]?.count = InputCount()
            handle(.ended(child, end), of: id)
            processes.forget(child)
        }
    }

    private func take(_ packet: CopiedPacket, from child: ChildID, of id: InputID) {
        guard let outlet else { return }
        if let complaint = outlet.take(packet, of: id) {
            processes[child]?.dismiss(complaint)
            return
        }
        if packet.isVideo {
            handle(.picture(child, pts: packet.dts, position: packet.position), of: id)
        } else {
            handle(.sound(child, soundEnd: packet.dts.sampleIndex), of: id)
        }
        settle(id)
    }

    // MARK: what is done about it

    private func handle(_ event: InputMachine.Event, of id: InputID) {
        guard let actions = roster[id]?.machine.handle(event, at: .now) else { return }
        for action in actions { perform(action, of: id) }
    }

    private func perform(_ action: InputMachine.Action, of id: InputID) {
        guard let line = roster[id] else { return }
        let part = roster.part(id)
        switch action {
        case .launch(let delay):
            // Whoever asked for the input waits.
            if let answer = line.answer, line.machine.record.restarts >= InputMachine.mostDeathsBeforeOpening {
                let cause = line.machine.record.lastEnd
                let problem = "\(roster.name(id)) can't be read: its source ended again and again (\(cause))"
                return refuse(id, answer, BroadcastError(.input, problem))
            }
            context.launch(after: delay) { [weak self] () throws(BroadcastError) in try self?.launch(id) }
        case .dismiss(let child, let reason): processes[child]?.dismiss(reason)
        case .hangUp(let child): processes[child]?.hangUp()
        case .open(let description):
            guard let outlet else { return onDescribed?() ?? () }
            if line.answer != nil { outlet.expect(id, name: roster.name(id), isKept: true) }
            drawName(id)
            outlet.opened(id, description)
            if let continued = line.machine.continued { outlet.goesOn(id, from: continued.audioSample) }
            // A file shows at once whether it can be decoded; what is live may begin later.
            if description.isLive { settle(id) }
        case .interrupt: outlet?.interrupted(id)
        case .beginAnew: outlet?.beganAnew(id)
        case .finish: outlet?.ended(id)
        case .post(let happening): context.post(part, .source(happening))
        case .died(let child, let end):
            context.died(
                part, at: line.post, end,
                RoomContext.Death(pid: processes[child]?.pid ?? 0, lastSign: processes[child]?.lastSign))
        case .recovered: context.recovered(part, at: line.post)
        case .fail(let error): if let answer = line.answer { refuse(id, answer, error) } else { onFailed(error) }
        case .giveUp(let error): giveUp(id, error)
        case .leaveOut(let error): leaveOut(id, error)
        }
    }

    /// An input that was opened for a request is there.
    private func settle(_ id: InputID) {
        guard let answer = roster[id]?.answer.take() else { return }
        if roster[id]?.isNew == true, let settings = roster.directory[id]?.settings { onAdded?(id, settings) }
        roster[id]?.isNew = false
        answer(nil)
    }

    /// Nothing has ever come of an input, and it is tried no more. A broadcast without any other has nothing to show.
    private func giveUp(_ id: InputID, _ error: BroadcastError) {
        if let answer = roster[id]?.answer { return refuse(id, answer, error) }
        context.post(roster.part(id), .source(.gaveUp(reason: Reason(error.code.rawValue, error.problem))))
        guard !roster.hasEnded else { return onFailed(error) }
        outlet?.ended(id)
    }

    /// The broadcast goes on without an input that an earlier one had, as long as there is another.
    private func leaveOut(_ id: InputID, _ error: BroadcastError) {
        context.post(.master, .master(.notResumed(input: roster.name(id), text: error.problem)))
        guard !roster.hasEnded else {
            return onFailed(
                BroadcastError(
                    code: error.code, error.parameters, "no input is left to go on with: \(error.problem)",
                    advice: "put it back where it was, and resume again"))
        }
        outlet?.ended(id)
        onDescribed?()
    }

}

/// The program says how far each input may be ahead.
extension Inputs: MediaSupply {
    package func demand(_ demand: MediaDemand, of input: InputID) {
        guard let child = roster[input]?.machine.child else { return }
        processes[child]?.ask(demand)
    }

    package func use(_ use: MediaUse, of input: InputID) {
        if let child = roster[input]?.machine.child, !use.isNothing { processes[child]?.use(use) }
        handle(.restricted(use), of: input)
    }

    package func wake(_ input: InputID) {
        guard let line = roster[input], line.isCold, line.machine.child == nil, let entry = roster.directory[input]
        else {
            return
        }
        if line.machine.isEnded { line.machine = makeMachine(entry, isPatient: true) }
        context.launch(after: .zero) { [weak self] () throws(BroadcastError) in try self?.launch(input) }
    }

    package func rest(_ input: InputID) {
        guard let line = roster[input], line.isCold, !line.machine.isEnded else { return }
        handle(.finish, of: input)
        outlet?.beganAnew(input)
    }

    package func copy(until time: MediaTime, of input: InputID) {
        guard let child = roster[input]?.machine.child else { return }
        processes[child]?.copy(until: time)
    }

    package func wantNames() {
        guard !drawsNames else { return }
        drawsNames = true
        for id in roster.ids { drawName(id) }
    }
}

extension Inputs {
    /// Small pictures of the inputs, as JPEGs, in their order, and where in each of them the input's own picture lies, in pixels of the
    /// canvas. Newer ones are made, to be had the next time.
    package func thumbnails() -> [(input: InputID, jpeg: [UInt8], content: PixelRectangle, canvas: Canvas)] {
        guard outlet != nil else { return [] }
        return roster.ids.compactMap { id in
            guard let line = roster[id] else { return nil }
            if let child = line.machine.child { processes[child]?.askForThumbnail() }
            guard let jpeg = line.thumbnail, let description = line.machine.description else { return nil }
            return (id, jpeg, description.content(on: terms.canvas), terms.canvas)
        }
    }
}
