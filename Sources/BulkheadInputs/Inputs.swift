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
    /// One input. Not a value: it is looked at several times a frame, and a copy costs more than a look.
    private final class Line {
        let post: PostID
        var machine: InputMachine
        /// To be called once the input has been opened, or can't be; nil where no request waits for that.
        var answer: Answer?
        /// A request has added it, and it has not been open yet.
        var isNew: Bool
        /// The input that it is a backup of; nil for none.
        var main: InputID?
        /// It is a backup that is opened only where it is needed.
        var isCold = false
        var count = InputCount()
        /// Of requests for another file of a list that the process has not answered yet.
        var skips: [Answer] = []

        init(post: PostID, machine: InputMachine, answer: Answer? = nil, isNew: Bool = false) {
            self.post = post
            self.machine = machine
            self.answer = answer
            self.isNew = isNew
        }
    }

    /// Called once: with nil when a change is in effect, with an error when nothing has changed.
    package typealias Answer = (BroadcastError?) -> Void

    /// What becomes of the inputs.
    private struct Play {
        /// What pictures are to come out as, from the next process on.
        var canvas: Canvas
        let frameRate: FrameRate
        let outlet: any MediaOutlet
    }

    private let context: RoomContext
    /// The broadcast can't go on.
    private let onFailed: (BroadcastError) -> Void
    /// What cameras are asked for.
    private let wanted: (canvas: Canvas, frameRate: FrameRate)
    private let deinterlacing: Deinterlacing
    /// Packets are passed on as they are.
    private let copies: Bool
    /// Paths of files that the broadcast writes: no playlist plays them.
    private let written: [String]
    /// Nil as long as inputs are only opened.
    private var play: Play?
    private var directory = InputDirectory()
    private var lines: [InputID: Line] = [:]
    /// Pictures of the inputs' names are wanted.
    private var drawsNames = false
    private lazy var stills = StillReader(context, wanted.frameRate) { [weak self] in self?.play?.outlet }
    private var stubs: [ChildID: SourceStub] = [:]
    /// Called when the last process has ended.
    package var onEmpty: (() -> Void)?
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
        wanted = (canvas, frameRate)
        self.deinterlacing = deinterlacing
        self.copies = copies
        self.written = written
        self.onFailed = onFailed
        stills.onEmpty = { [weak self] in if self?.isEmpty == true { self?.onEmpty?() } }
    }

    // MARK: requests

    /// Opens the inputs that a broadcast begins with.
    /// - Parameter places: of the same inputs, where they go on as an earlier broadcast left them.
    /// - Throws: a `BroadcastError` when a process can't be started.
    package func open(_ inputs: [InputSettings], at places: [InputPlace] = []) throws(BroadcastError) {
        var backed: [(InputDirectory.Entry, BackupSettings)] = []
        for (index, settings) in inputs.enumerated() {
            let place = places.indices.contains(index) ? places[index] : nil
            if let place { directory.skip(to: place.id) }
            var entry = try directory.add(settings, isAlone: inputs.count == 1)
            if let place, settings.name == nil, place.name != entry.name {
                try directory.rename(entry.id, to: place.name)
                entry = directory[entry.id] ?? entry
            }
            let machine = makeMachine(
                entry, isResumed: place != nil, isPatient: settings.backup != nil, place?.resume)
            lines[entry.id] = Line(post: context.nextPostID(), machine: machine)
            try launch(entry.id)
            if let backup = settings.backup { backed.append((entry, backup)) }
        }
        // Their numbers follow those of the inputs that people have named.
        for (main, backup) in backed { try open(backup, of: main) }
    }

    private func open(_ backup: BackupSettings, of main: InputDirectory.Entry) throws(BroadcastError) {
        for (index, settings) in backup.inputs.enumerated() {
            var settings = settings
            settings.backup = nil
            settings.name = settings.name ?? "\(main.name) backup" + (index == 0 ? "" : " \(index + 1)")
            settings.strip = settings.strip ?? main.settings.strip
            let entry = try directory.add(settings, isAlone: false)
            let line = Line(post: context.nextPostID(), machine: makeMachine(entry, isPatient: true))
            (line.main, line.isCold) = (main.id, backup.isCold)
            lines[entry.id] = line
            if !backup.isCold { try launch(entry.id) }
        }
    }

    /// The inputs that have backups, with these in their order.
    package var backed: [(input: InputID, backups: [InputID], settings: BackupSettings)] {
        directory.entries.compactMap { entry in
            guard let settings = entry.settings.backup else { return nil }
            return (entry.id, backups(of: entry.id), settings)
        }
    }

    private func backups(of main: InputID) -> [InputID] {
        lines.filter { $0.value.main == main }.keys.sorted()
    }

    private func makeMachine(
        _ entry: InputDirectory.Entry, isResumed: Bool = false, isPatient: Bool = false,
        _ continued: SourceResume? = nil
    ) -> InputMachine {
        InputMachine(
            entry.id, loops: entry.settings.loops, interval: (play?.frameRate ?? wanted.frameRate).interval,
            isResumed: isResumed, isPatient: isPatient, continuing: continued)
    }

    /// Where each input goes on in a later broadcast; those that would begin, or are live, are left out.
    /// - Parameter places: how far the program has shown and heard them.
    package func resumes(behind places: [InputID: FeedPlace]) -> [InputID: SourceResume] {
        lines.reduce(into: [:]) { $0[$1.key] = $1.value.machine.resume(behind: places[$1.key]) }
    }

    /// What the inputs are that were opened, in the order in which they were named; nil for one that is not open yet.
    /// - Parameter isPatient: an input that is not open yet is waited for; else its backup stands in for it.
    package func descriptions(isPatient: Bool) -> [SourceDescription?] {
        lines.filter { $0.value.main == nil }.sorted { $0.key < $1.key }.map { id, line in
            if isPatient || line.machine.description != nil { return line.machine.description }
            return backups(of: id).lazy.compactMap { self.lines[$0]?.machine.description }.first
        }
    }

    /// From now on the inputs are read for a timeline of `frameRate`, as pictures of `canvas`, and go to `outlet`.
    package func play(_ canvas: Canvas, _ frameRate: FrameRate, to outlet: any MediaOutlet) {
        play = Play(canvas: canvas, frameRate: frameRate, outlet: outlet)
        let ids = lines.keys.sorted()
        // One that has a name is to be called by it, whether it is shown at first or not.
        for id in ids { outlet.expect(id, name: name(id), isKept: isKept(id)) }
        for id in ids {
            lines[id]?.machine.interval = frameRate.interval
            if lines[id]?.machine.isEnded == true, lines[id]?.machine.description == nil { outlet.ended(id) }
            guard let machine = lines[id]?.machine, let description = machine.description else { continue }
            if machine.isOpen, let child = machine.child { begin(child) }
            outlet.opened(id, description)
            if let continued = machine.continued { outlet.goesOn(id, from: continued.audioSample) }
            if !machine.isOpen { outlet.interrupted(id) }
        }
    }

    /// One that has a name may be wanted later, and one with backups is gone back to.
    private func isKept(_ id: InputID) -> Bool {
        guard let settings = directory[id]?.settings else { return false }
        return settings.name != nil || settings.backup != nil
    }

    /// Lets a process that has opened its input go on. Where packets are passed on, the outlet says how far.
    private func begin(_ child: ChildID) {
        guard let play, !copies else { return }
        stubs[child]?.play(play.canvas, play.frameRate, slotCount: play.outlet.slotCount)
    }

    /// Reads the picture of the file `path`, to be the slate; it goes to the outlet, or why it does not come.
    /// - Throws: a `BroadcastError` when a process can't be started.
    package func read(slate path: String, canvas: Canvas) throws(BroadcastError) {
        try stills.read(path, canvas: canvas)
    }

    /// Draws the slate; it goes to the outlet, or why it does not come.
    /// - Throws: a `BroadcastError` when a process can't be started.
    package func draw(slate card: Card, canvas: Canvas) throws(BroadcastError) {
        try stills.draw(slate: card, canvas: canvas)
    }

    /// Draws the name of an input, where such pictures are wanted.
    private func drawName(_ id: InputID) {
        guard drawsNames, let canvas = play?.canvas, let name = directory[id]?.name else { return }
        stills.draw(name: name, of: id, canvas: canvas)
    }

    /// Has every input read by another process, one after the other, which goes on where the last one was.
    package func restart() {
        for id in lines.keys.sorted() {
            guard let line = lines[id], line.machine.child != nil else { continue }
            context.post(part(id), .child(.restarting))
            handle(.replace, of: id)
        }
    }

    /// Changes the inputs of a broadcast on air.
    package func change(_ change: InputChange, answer: @escaping Answer) {
        do throws(BroadcastError) {
            switch change {
            case .add(let settings): return try add(settings, answer)
            case .remove(let word): remove(try directory.find(word).id)
            case .rename(let word, let name):
                let entry = try directory.find(word)
                try directory.rename(entry.id, to: name)
                play?.outlet.renamed(entry.id, to: name)
                drawName(entry.id)
                context.post(part(entry.id), .source(.renamed(former: entry.name)))
            case .reopen(let word): return try reopen(try directory.find(word), answer)
            case .skip(let word, let file):
                let entry = if let word { try directory.find(word) } else { try onlyPlaylist() }
                return try skip(entry, to: file ?? "", answer)
            // What is shown is the program's to choose.
            case .choose: break
            }
            answer(nil)
        } catch { answer(error) }
    }

    /// What an input with these settings would be called; whether it can be opened shows when it is.
    /// - Throws: why it would be refused.
    package func foresee(adding settings: InputSettings) throws(BroadcastError) -> String {
        try check(settings)
        var directory = directory
        return try directory.add(settings, isAlone: false).name
    }

    private func check(_ settings: InputSettings) throws(BroadcastError) {
        guard lines.count < SettingRange.mostInputs else {
            throw BroadcastError(
                code: .tooManyInputs, ["maximum": "\(SettingRange.mostInputs)"],
                "the broadcast has \(SettingRange.mostInputs) inputs already", advice: "remove one first")
        }
        guard settings.backup == nil else {
            throw BroadcastError(
                .usage, "an input that is added on air can't have backups",
                advice: "begin the next broadcast with them")
        }
        guard settings.url != "-" else {
            throw BroadcastError(.usage, "standard input can't be added on air", advice: "name a file or a pipe")
        }
    }

    private func add(_ settings: InputSettings, _ answer: @escaping Answer) throws(BroadcastError) {
        try check(settings)
        let entry = try directory.add(settings, isAlone: false)
        try open(entry, as: context.nextPostID(), answer)
    }

    private func remove(_ id: InputID) {
        for backup in backups(of: id) { remove(backup) }
        context.post(part(id), .source(.removed))
        let (answer, name) = (lines[id]?.answer, directory[id]?.name ?? "")
        handle(.finish, of: id)
        lines[id] = nil
        directory.remove(id)
        play?.outlet.removed(id)
        answer?(
            BroadcastError(
                code: .inputRemoved, ["name": name], "the input was removed before it had been opened"))
    }

    /// An input that is at its end, or of which nothing was used, is opened as one that is added.
    private func reopen(_ entry: InputDirectory.Entry, _ answer: @escaping Answer) throws(BroadcastError) {
        guard let line = lines[entry.id], line.machine.isEnded else {
            if lines[entry.id]?.machine.isOpen == true { context.post(part(entry.id), .child(.restarting)) }
            handle(.reopen, of: entry.id)
            return answer(nil)
        }
        try open(entry, as: line.post, answer)
    }

    /// The playlist that is meant where none is named.
    private func onlyPlaylist() throws(BroadcastError) -> InputDirectory.Entry {
        let playlists = directory.entries.filter { lines[$0.id]?.machine.playlist != nil }
        guard let entry = playlists.first, playlists.count == 1 else {
            guard !playlists.isEmpty else {
                throw BroadcastError(
                    code: .notInList, ["name": ""], "no input is a playlist",
                    advice: "add a folder or a list as an input")
            }
            let names = playlists.map(\.name).joined(separator: ", ")
            throw BroadcastError(
                code: .notInList, ["name": names], "several inputs are playlists", advice: "name one of them: \(names)")
        }
        return entry
    }

    /// Has another file of a list played; the process knows which there are.
    private func skip(_ entry: InputDirectory.Entry, to file: String, _ answer: @escaping Answer) throws(BroadcastError)
    {
        guard let line = lines[entry.id], let child = line.machine.child, line.machine.isOpen else {
            throw BroadcastError(
                code: .inputNotOpen, ["name": entry.name], "input \(entry.name) is not open",
                advice: "try again when it is")
        }
        guard line.machine.playlist != nil else {
            throw BroadcastError(
                code: .notInList, ["name": entry.name], "input \(entry.name) is no playlist",
                advice: "its files are skipped; an input of another kind can be reopened or removed")
        }
        line.skips.append(answer)
        stubs[child]?.skip(to: file)
    }

    /// What a process has not answered any more.
    private func settleSkips(of id: InputID, _ error: BroadcastError?) {
        guard let line = lines[id] else { return }
        let answers = line.skips
        line.skips = []
        for answer in answers { answer(error) }
    }

    /// Opens an input for a request, which is answered when that has happened.
    private func open(
        _ entry: InputDirectory.Entry, as post: PostID, _ answer: @escaping Answer
    ) throws(BroadcastError) {
        let former = lines[entry.id]
        lines[entry.id] = Line(post: post, machine: makeMachine(entry), answer: answer, isNew: former == nil)
        do throws(BroadcastError) { try launch(entry.id) } catch {
            lines[entry.id] = former
            if former == nil { directory.remove(entry.id) }
            throw error
        }
    }

    /// An input that was opened for a request can't be opened.
    private func refuse(_ id: InputID, _ answer: Answer, _ error: BroadcastError) {
        handle(.refusedRequest(error.problem), of: id)
        lines[id]?.answer = nil
        // One that was there before stays, and can be reopened.
        if lines[id]?.isNew == true {
            lines[id] = nil
            directory.remove(id)
            play?.outlet.removed(id)
        } else {
            play?.outlet.ended(id)
        }
        answer(error)
    }

    /// From now on pictures are to come out as `canvas`.
    package func change(canvas: Canvas) {
        play?.canvas = canvas
        for id in lines.keys.sorted() {
            if !readAgain(id) { handle(.replace, of: id) }
            drawName(id)
        }
    }

    /// Reads a still picture again that is at its end: it is shown in the size that it was read for.
    /// - Returns: false where the input is none.
    private func readAgain(_ id: InputID) -> Bool {
        guard let line = lines[id], line.machine.isEnded, let description = line.machine.description,
            description.hasVideo, description.duration == 0, let entry = directory[id]
        else { return false }
        // What can't be read again stays as it is.
        try? open(entry, as: line.post) { _ in }
        return true
    }

    /// No more is wanted of any input.
    package func finish() {
        for id in lines.keys.sorted() { handle(.finish, of: id) }
    }

    // MARK: the end

    /// Lets all processes end.
    package func hangUp() {
        finish()
        for id in lines.keys {
            guard let answer = lines[id]?.answer.take() else { continue }
            answer(BroadcastError(code: .broadcastOver, "the broadcast ended before the change was made"))
        }
        for stub in stubs.values { stub.hangUp() }
        stills.hangUp()
    }

    /// Ends all processes.
    package func dismiss(_ reason: String) {
        for stub in stubs.values { stub.dismiss(reason) }
        stills.dismiss(reason)
    }

    /// No process is left.
    package var isEmpty: Bool { stubs.isEmpty && stills.isEmpty }

    // MARK: time

    /// Looks after what shows only as time passing.
    package func watch() {
        let now = MonotonicTime.now
        for stub in stubs.values { stub.checkDeadline(at: now) }
        stills.watch(at: now)
    }

    // MARK: processes

    private func employ(_ stub: SourceStub, as child: ChildID) {
        stubs[child] = stub
        stub.activate()
    }

    private func launch(_ id: InputID) throws(BroadcastError) {
        guard let line = lines[id], let settings = directory[id]?.settings, line.machine.awaitsLaunch else { return }
        var wanted = SourceSettings(
            url: settings.url, inputFormat: settings.format, canvas: play?.canvas ?? wanted.canvas,
            frameRate: play?.frameRate ?? wanted.frameRate, loops: settings.loops, deinterlacing: deinterlacing,
            resume: line.machine.resume)
        (wanted.video, wanted.audio) = (settings.video ?? .automatic, settings.audio ?? .automatic)
        wanted.copies = copies
        wanted.playlist.files = settings.files ?? []
        wanted.playlist.shuffleSeed = settings.shuffleSeed
        wanted.playlist.avoided = written + line.machine.avoided
        let stub = try SourceStub(launching: wanted, in: context)
        let child = context.nextChildID()
        stub.onReport = { [weak self] in self?.take($0, from: child, of: id) }
        handle(.launched(child), of: id)
        employ(stub, as: child)
        context.post(part(id), .child(.started(pid: stub.pid, isForeign: false)))
    }

    private func forget(_ child: ChildID) {
        stubs[child] = nil
        if isEmpty { onEmpty?() }
    }

    // MARK: what they say

    private func take(_ report: SourceStub.Report, from child: ChildID, of id: InputID) {
        switch report {
        case .opened(let description):
            begin(child)
            handle(.opened(child, description), of: id)
        case .picture(let picture):
            // What a cold backup still gives that was told to rest is not wanted any more.
            if lines[id]?.isCold == true, lines[id]?.machine.child != child {
                return context.pools.release(picture.slot)
            }
            guard play?.outlet.take(picture, of: id) ?? false else {
                context.pools.release(picture.slot)
                stubs[child]?.dismiss("it sent a picture that does not come after the last one")
                return
            }
            handle(.picture(child, pts: picture.pts, position: picture.position), of: id)
            settle(id)
        case .sound(let start, let samples):
            guard let outlet = play?.outlet, lines[id]?.isCold != true || lines[id]?.machine.child == child else {
                return
            }
            handle(.sound(child, soundEnd: outlet.take(sound: samples, from: start, of: id)), of: id)
            settle(id)
        case .copies(let format):
            if let complaint = play?.outlet.take(format, of: id) { stubs[child]?.dismiss(complaint) }
        case .copied(let packet): take(packet, from: child, of: id)
        case .entered(let place, let start): handle(.entered(child, place, at: start), of: id)
        case .preparing(let file): handle(.preparing(child, file: file), of: id)
        case .prepared(let next): handle(.prepared(child, next: next), of: id)
        case .leftOut(let file, let refusal):
            guard lines[id] != nil else { return }
            context.post(part(id), .source(.leftOut(file: ListCourse.name(file), reason: refusal.reason)))
        case .skipping(let refusal):
            guard let line = lines[id], !line.skips.isEmpty else { return }
            line.skips.removeFirst()(
                refusal.map { BroadcastError(code: .notInList, ["name": name(id)], $0.description) })
        case .counted(let figures):
            lines[id]?.count.take(figures, at: .now)
            if let arrival = lines[id]?.count.arrival { play?.outlet.counted(arrival, of: id) }
        case .caughtUp: play?.outlet.caughtUp(id)
        case .notice(let text):
            if lines[id] != nil { context.post(part(id), .child(.said(text: text, severity: .warning))) }
        case .atEnd:
            handle(.atEnd(child), of: id)
            settle(id)
        case .refused(let refusal):
            let hasBegun = play?.outlet.hasBegun ?? false
            handle(.refused(child, refusal, hasBegun: hasBegun && lines[id]?.answer == nil), of: id)
        case .ended(let end):
            settleSkips(
                of: id,
                BroadcastError(
                    code: .inputNotOpen, ["name": name(id)], "input \(name(id)) is being opened again",
                    advice: "try again when it is open"))
            lines[id]?.count = InputCount()
            handle(.ended(child, end), of: id)
            forget(child)
        }
    }

    private func take(_ packet: CopiedPacket, from child: ChildID, of id: InputID) {
        guard let outlet = play?.outlet else { return }
        if let complaint = outlet.take(packet, of: id) {
            stubs[child]?.dismiss(complaint)
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
        guard let actions = lines[id]?.machine.handle(event, at: .now) else { return }
        for action in actions { perform(action, of: id) }
    }

    private func perform(_ action: InputMachine.Action, of id: InputID) {
        guard let line = lines[id] else { return }
        let part = part(id)
        switch action {
        case .launch(let delay):
            // Whoever asked for the input waits.
            if let answer = line.answer, line.machine.record.restarts >= InputMachine.mostDeathsBeforeOpening {
                let cause = line.machine.record.lastEnd
                let problem = "\(name(id)) can't be read: its source ended again and again (\(cause))"
                return refuse(id, answer, BroadcastError(.input, problem))
            }
            context.launch(after: delay) { [weak self] () throws(BroadcastError) in try self?.launch(id) }
        case .dismiss(let child, let reason): stubs[child]?.dismiss(reason)
        case .hangUp(let child): stubs[child]?.hangUp()
        case .open(let description):
            guard let play else { return onDescribed?() ?? () }
            if line.answer != nil { play.outlet.expect(id, name: name(id), isKept: true) }
            drawName(id)
            play.outlet.opened(id, description)
            if let continued = line.machine.continued { play.outlet.goesOn(id, from: continued.audioSample) }
            // A file shows at once whether it can be decoded; what is live may begin later.
            if description.isLive { settle(id) }
        case .interrupt: play?.outlet.interrupted(id)
        case .beginAnew: play?.outlet.beganAnew(id)
        case .finish: play?.outlet.ended(id)
        case .post(let happening): context.post(part, .source(happening))
        case .died(let child, let end):
            context.died(
                part, at: line.post, end,
                RoomContext.Death(pid: stubs[child]?.pid ?? 0, lastSign: stubs[child]?.lastSign))
        case .recovered: context.recovered(part, at: line.post)
        case .fail(let error): if let answer = line.answer { refuse(id, answer, error) } else { onFailed(error) }
        case .giveUp(let error): giveUp(id, error)
        case .leaveOut(let error): leaveOut(id, error)
        }
    }

    /// An input that was opened for a request is there.
    private func settle(_ id: InputID) {
        guard let answer = lines[id]?.answer.take() else { return }
        if lines[id]?.isNew == true, let settings = directory[id]?.settings { onAdded?(id, settings) }
        lines[id]?.isNew = false
        answer(nil)
    }

    /// Nothing has ever come of an input, and it is tried no more. A broadcast without any other has nothing to show.
    private func giveUp(_ id: InputID, _ error: BroadcastError) {
        if let answer = lines[id]?.answer { return refuse(id, answer, error) }
        context.post(part(id), .source(.gaveUp(reason: Reason(error.code.rawValue, error.problem))))
        guard lines.contains(where: { !$0.value.machine.isEnded }) else { return onFailed(error) }
        play?.outlet.ended(id)
    }

    /// The broadcast goes on without an input that an earlier one had, as long as there is another.
    private func leaveOut(_ id: InputID, _ error: BroadcastError) {
        context.post(.master, .master(.notResumed(input: name(id), text: error.problem)))
        guard lines.contains(where: { !$0.value.machine.isEnded }) else {
            return onFailed(
                BroadcastError(
                    code: error.code, error.parameters, "no input is left to go on with: \(error.problem)",
                    advice: "put it back where it was, and resume again"))
        }
        play?.outlet.ended(id)
        onDescribed?()
    }

    private func name(_ id: InputID) -> String { directory[id]?.name ?? "source \(id)" }

    private func part(_ id: InputID) -> Part { .source(id, name: name(id)) }

}

/// The program says how far each input may be ahead.
extension Inputs: MediaSupply {
    package func demand(_ demand: MediaDemand, of input: InputID) {
        guard let child = lines[input]?.machine.child else { return }
        stubs[child]?.ask(demand)
    }

    package func use(_ use: MediaUse, of input: InputID) {
        if let child = lines[input]?.machine.child, !use.isNothing { stubs[child]?.use(use) }
        handle(.restricted(use), of: input)
    }

    package func wake(_ input: InputID) {
        guard let line = lines[input], line.isCold, line.machine.child == nil, let entry = directory[input] else {
            return
        }
        if line.machine.isEnded { line.machine = makeMachine(entry, isPatient: true) }
        context.launch(after: .zero) { [weak self] () throws(BroadcastError) in try self?.launch(input) }
    }

    package func rest(_ input: InputID) {
        guard let line = lines[input], line.isCold, !line.machine.isEnded else { return }
        handle(.finish, of: input)
        play?.outlet.beganAnew(input)
    }

    package func copy(until time: MediaTime, of input: InputID) {
        guard let child = lines[input]?.machine.child else { return }
        stubs[child]?.copy(until: time)
    }

    package func wantNames() {
        guard !drawsNames else { return }
        drawsNames = true
        for id in lines.keys.sorted() { drawName(id) }
    }
}

extension Inputs {
    package var snapshot: InputsSnapshot {
        InputsSnapshot(
            inputs: directory.entries.compactMap { entry in
                guard let line = lines[entry.id] else { return nil }
                let record = line.machine.record
                let stub = line.machine.child.flatMap { stubs[$0] }
                return InputsSnapshot.Input(
                    id: entry.id, name: entry.name, settings: entry.settings,
                    summary: line.machine.description?.summary,
                    hasPicture: line.machine.description?.hasVideo, failure: line.machine.failure,
                    child: ChildStatus(
                        part: part(entry.id), pid: stub?.pid, state: record.state, restarts: record.restarts,
                        lastEnd: record.lastEnd, build: stub?.build),
                    playlist: line.machine.playlist, backupOf: line.main,
                    bitsPerSecond: line.count.arrival?.bitsPerSecond, packetsDropped: line.count.arrival?.drops,
                    roundTripMilliseconds: line.count.roundTripMilliseconds, srt: line.count.srt,
                    resume: line.machine.resume)
            })
    }
}
