package import BulkheadDanmaku
import BulkheadEvents
package import BulkheadLinks
package import BulkheadMedia
package import BulkheadModel
package import BulkheadRoom
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// Sends the program to every destination: the last of the five rooms.
///
/// In: committed packets, in DTS order and each once, and what players must know for them, from the encoding
/// (``PacketOutlet``); a user's changes of links. Out: packets to every sink, which never waits and sheds by itself.
/// Backwards: capacity (``hasRoom``, ``onRoom``) for a broadcast in no hurry, and the bitrate that links can carry
/// (``onBitrate``).
///
/// Sinks are talked to here and nowhere else. Which of them run is decided by ``OutputsMachine``, at what bitrate by
/// ``BitrateMachine``; neither has a sink or a clock. The words of a request become identities in ``LinkDirectory``. The
/// room lives on the reactor's thread; what a sink's own tasks have to say comes back through ``run(on:)``.
package final class Outputs: PacketOutlet {
    /// What sinks' tasks tell the room, from any thread.
    private enum Signal: Sendable {
        case run(LinkID)
        case ended(LinkID, BroadcastError?)
        case hasRoom
        case record(RecorderSink)
        case recorded(RecorderSink)
    }

    /// What is to be recorded from the next IDR on.
    private struct RecordingChange {
        let wanted: [RecordingSettings]
        let continuation: CheckedContinuation<Void, Never>
        /// Runs out where no IDR comes.
        var timer: Reactor.Token?
    }

    package typealias Maker = (
        _ entry: LinkDirectory.Entry, _ awaitsIDR: Bool, _ onRoom: @escaping @Sendable () -> Void
    ) throws(BroadcastError) -> Output

    private let context: RoomContext
    private let make: Maker
    private var directory = LinkDirectory()
    private var machine = OutputsMachine()
    private var bitrate: BitrateMachine
    /// Those that packets go to.
    private var outputs: [LinkID: Output] = [:]
    /// Besides the links; they count for none of them.
    private var recordings = Recordings()
    private var recordingChange: RecordingChange?
    /// Pictures that have been recorded, or would have been.
    private var pictureCount: Int64 = 0
    private var replays: Replays?
    private var origin: OriginSink?
    /// For those who look at the program through the control socket.
    private var feed = ProgramFeed()
    private var viewers: [Int: (ProgramNews) -> Void] = [:]
    /// Called with what viewers write on the watch page.
    package var onSaid: ((ViewerComment) -> Void)?
    /// News of the room for a server that is not there yet.
    private var waitingNews: [RoomNews] = []
    private static let mostWaitingNews = 500
    /// How long other recordings wait for the IDR that they begin with.
    private static let changePatience = Duration.seconds(10)
    /// How long a recording that was taken out may take to write what waits.
    private static let recordingPatience = Duration.seconds(10)
    /// Something of what is recorded can hold marks.
    private(set) package var keepsMarks = false
    private var notes = RecordingNotes()
    private var entries: [RoomEntry] = []
    /// How comments are shown, for recordings that begin later.
    private var room: RecorderComment?
    private var tracks: [String] = []
    private var merge = TrackMerge()
    private var notesListener: Int?
    /// Of links that are forgotten.
    private var firstSentByFormer: MediaTime?
    /// Removed, with something to send.
    private var leaving: [LinkID: (name: String, output: Output)] = [:]
    private var configurations: [(number: Int, configuration: StreamConfiguration)] = []
    /// A packet has come: a link that is added joins in the middle.
    private var hasBegun = false
    private let signals = AsyncStream<Signal>.makeStream()
    /// Those that have not run out.
    private var timers: [(due: MonotonicTime, token: Reactor.Token)] = []
    private var networkTimer: Reactor.Token?

    /// A sink that had no room has some again.
    package var onRoom: () -> Void = {}
    /// Pictures should be encoded at so many bits a second from now on. Called with each look at the links: encoders
    /// that have come meanwhile are to be told as well.
    package var onBitrate: (UInt32) -> Void = { _ in }
    /// All links have failed.
    package var onFailure: (BroadcastError) -> Void = { _ in }

    /// - Parameter patience: how long servers are tried that were never reached.
    package convenience init(_ context: RoomContext, bitrate: BitrateMachine.Settings, patience: Duration) {
        self.init(context, bitrate: bitrate) { entry, awaitsIDR, onRoom throws(BroadcastError) in
            try Output.make(entry, patience: patience, in: context, awaitsIDR: awaitsIDR, onRoom: onRoom)
        }
    }

    /// - Parameter make: makes the sinks; tests give others.
    package init(_ context: RoomContext, bitrate: BitrateMachine.Settings, make: @escaping Maker) {
        self.context = context
        self.bitrate = BitrateMachine(bitrate)
        self.make = make
    }

    // MARK: the links that a broadcast begins with

    /// - Throws: kind `usage` for a destination that can't be used.
    package func declare(_ destinations: [DestinationSettings]) throws(BroadcastError) {
        for destination in destinations {
            let (id, output) = try enter(destination, isAlone: destinations.count == 1)
            perform(machine.handle(.declared(id, hasServers: output.servers != nil), at: .now))
        }
    }

    /// How far the servers of links have let the stream come, by the links' names; without those that were not reached.
    package var reach: [String: LinkPatience.Reach] {
        directory.entries.reduce(into: [:]) { $0[$1.name] = outputs[$1.id]?.servers?.reach }
    }

    /// Before they run: an earlier broadcast had the stream so far with the servers of these links. Nil: as far as can be, with
    /// all of them.
    package func goOn(from reach: [String: LinkPatience.Reach]?) {
        for entry in directory.entries {
            guard let reach = reach.map({ $0[entry.name] }) ?? .held else { continue }
            outputs[entry.id]?.servers?.goOn(from: reach)
        }
    }

    /// Begins what is recorded and kept besides the links.
    /// - Parameters:
    ///   - places: of the same recordings, which an earlier broadcast has begun.
    ///   - firstPicture: how many pictures came before, in earlier broadcasts.
    package func record(
        _ settings: BroadcastSettings, goingOn places: [RecordingPlace] = [], firstPicture: Int64 = 0
    ) {
        let entries = settings.recordings ?? []
        replays = Replays(settings, in: context)
        if let address = settings.origin.flatMap({ ListenAddress($0, anyHost: ListenAddress.everywhere) }) {
            let origin = OriginSink(address, certificate: settings.originCertificate, in: context)
            origin.onSaid = { [weak self] in self?.onSaid?($0) }
            self.origin = origin
            for (number, configuration) in configurations { origin.configure(configuration, number: number) }
            for news in waitingNews { origin.tell(news) }
        }
        waitingNews = []
        for (number, configuration) in configurations { replays?.configure(configuration, number: number) }
        if let room { replays?.tell(room) }
        pictureCount = firstPicture
        for (index, entry) in entries.enumerated() {
            let place = places.indices.contains(index) ? places[index] : nil
            recordings.append(make(entry, number: index + 1, isAlone: entries.count == 1, goingOn: place))
        }
        keepMarks()
    }

    private func make(
        _ settings: RecordingSettings, number: Int, isAlone: Bool, goingOn place: RecordingPlace?
    ) -> Recordings.Entry {
        let recording = Output.make(
            settings, number: number, isAlone: isAlone, goingOn: place, firstPicture: pictureCount,
            awaitsIDR: hasBegun, in: context,
            onRoom: { [signals] in signals.continuation.yield(.hasRoom) },
            onHappening: { [weak self] name, happening in self?.tellServers(happening, of: name) })
        for (number, configuration) in configurations {
            recording.configure(withTracks(configuration), number: number)
        }
        if let room { recording.tell(room) }
        signals.continuation.yield(.record(recording))
        return Recordings.Entry(settings: settings, number: number, sink: recording)
    }

    private func keepMarks() {
        keepsMarks = replays != nil || recordings.keepsMarks
        if keepsMarks, notesListener == nil { listenForNotes() }
    }

    /// Has `wanted` recorded from the next IDR on; what is recorded otherwise up to then ends with the picture before it.
    /// Returns when that is so.
    package func change(recordings wanted: [RecordingSettings], on owner: isolated any Actor) async {
        changeRecordings()
        await withCheckedContinuation { continuation in
            recordingChange = RecordingChange(wanted: wanted, continuation: continuation)
            recordingChange?.timer = context.schedule(after: Self.changePatience) { [weak self] in
                self?.recordingChange?.timer = nil
                self?.changeRecordings()
            }
        }
    }

    private func changeRecordings() {
        guard let change = recordingChange.take() else { return }
        if let timer = change.timer { context.reactor.cancel(timer) }
        firstSentByFormer = firstSent
        let made = recordings.coming(change.wanted).map { coming in
            let former = recordings.entries.first { $0.number == coming.former }
            return make(
                coming.settings, number: coming.number, isAlone: change.wanted.count == 1,
                goingOn: former?.sink.place)
        }
        for entry in recordings.change(to: change.wanted, made) {
            entry.sink.finish()
            // A disk that takes nothing must not keep it.
            _ = context.schedule(after: Self.recordingPatience) { [weak self] in
                if self?.recordings.leaving.contains(where: { $0.sink === entry.sink }) == true { entry.sink.abort() }
            }
        }
        keepMarks()
        change.continuation.resume()
    }

    /// One that was taken out has ended, and what was wrong with it is nobody's trouble any more.
    private func forget(_ recording: RecorderSink) {
        guard let entry = recordings.ended(recording) else { return }
        for trouble in recording.recordingStatus.troubles {
            context.post(
                .recording(entry.number, name: recording.name),
                .recording(
                    .cleared(
                        trouble: trouble.trouble, subject: trouble.subject, path: trouble.path,
                        seconds: trouble.seconds)))
        }
    }

    /// Recordings have these further tracks of sound; where that changes, from their next files on.
    package func record(tracks: [String]) {
        self.tracks = Array(tracks.prefix(StreamConfiguration.mostTracks))
        guard let (number, configuration) = configurations.last else { return }
        for recording in recordings.sinks { recording.configure(withTracks(configuration), number: number) }
    }

    private func withTracks(_ configuration: StreamConfiguration) -> StreamConfiguration {
        var configuration = configuration
        configuration.tracks = tracks
        return configuration
    }

    /// An AAC frame of a further track, which stands for a block of the timeline.
    package func take(block: Int64, track: Int, bytes: [UInt8]) {
        record(merge.take(block: block, track: track, bytes: bytes))
    }

    /// What is recorded of the program, which waits for its tracks where there are some.
    private func record(_ item: TrackMerge.Item) { record(tracks.isEmpty ? [item] : merge.take(item)) }

    private func record(_ items: [TrackMerge.Item]) {
        for item in items {
            if case .packet(let packet) = item, packet.isVideo {
                if packet.isIDR { changeRecordings() }
                pictureCount += 1
            }
            for recording in recordings.sinks {
                switch item {
                case .packet(let packet): recording.offer(packet)
                case .note(let note): recording.note(note)
                case .comment(let comment): recording.offer(comment)
                case .track(let track, let packet): recording.offer(packet, track: track)
                }
            }
        }
    }

    /// What belongs into recordings happens in other rooms, on the same thread.
    private func listenForNotes() {
        let bound = ReactorBound({ [weak self] (event: Event) in self?.notes.take(event) }, context.reactor)
        notesListener = context.events.listen { event in
            if event.isForRecordings { bound.value(event) }
        }
    }

    private func note(_ notes: [RecordNote]) {
        for note in notes {
            replays?.note(note)
            record(.note(note))
        }
    }

    /// A comment of the room, to stand beside what is recorded.
    /// - Parameters:
    ///   - number: among the comments of the room, from 1, and higher than that of the last.
    ///   - time: when it came, on the timeline.
    ///   - body: all else of it: a JSON object in one line, without the line's end.
    package func record(comment number: Int64, at time: MediaTime, _ body: [UInt8]) {
        guard replays != nil || !recordings.sinks.isEmpty, body.count <= RecorderComment.longestBody else { return }
        notes.take(RecorderComment(number: number, time: time.nanoseconds, body: body))
    }

    /// Something of the live room that viewers of the broadcast's own server are told.
    package func tell(_ news: RoomNews) {
        if let origin { return origin.tell(news) }
        // The room is there before the server.
        guard !hasBegun, waitingNews.count < Self.mostWaitingNews else { return }
        waitingNews.append(news)
    }

    /// How the room shows comments from `time` on, as such an object.
    package func record(roomAt time: MediaTime, _ body: [UInt8]) {
        guard body.count <= RecorderComment.longestBody else { return }
        let room = RecorderComment(number: 0, time: time.nanoseconds, body: body)
        for recording in recordings.sinks { recording.tell(room) }
        replays?.tell(room)
        self.room = room
    }

    private func record(_ comments: [RecorderComment]) {
        for comment in comments {
            replays?.take(comment)
            record(.comment(comment))
        }
    }

    /// What the metadata of streams say besides from now on: of links that are, and of those that come.
    package func extend(_ entries: [RoomEntry]) {
        self.entries = entries
        for output in outputs.values { output.servers?.extend(entries) }
    }

    /// What happens to recordings goes to the servers of links that ask for it.
    private func tellServers(_ happening: RecordingHappening, of recording: String) {
        for entry in directory.entries where entry.destination.hasScriptData {
            outputs[entry.id]?.servers?.tell(happening, of: recording)
        }
    }

    /// How far the recordings have come, in order, for a later broadcast.
    package var recordingPlaces: [RecordingPlace] { recordings.sinks.map(\.place) }

    /// As they are declared now, in order.
    package var destinations: [DestinationSettings] { directory.entries.map(\.destination) }

    private func enter(_ destination: DestinationSettings, isAlone: Bool) throws(BroadcastError) -> (LinkID, Output) {
        // A destination that can't be used takes no number.
        var directory = directory
        let entry = try directory.add(destination, isAlone: isAlone)
        let output = try make(entry, hasBegun) { [signals] in signals.continuation.yield(.hasRoom) }
        for (number, configuration) in configurations { output.sink.configure(configuration, number: number) }
        if !entries.isEmpty { output.servers?.extend(entries) }
        self.directory = directory
        outputs[entry.id] = output
        return (entry.id, output)
    }

    // MARK: packets

    package func configure(_ configuration: StreamConfiguration, number: Int) {
        configurations.append((number, configuration))
        for output in outputs.values { output.sink.configure(configuration, number: number) }
        for recording in recordings.sinks { recording.configure(withTracks(configuration), number: number) }
        replays?.configure(configuration, number: number)
        origin?.configure(configuration, number: number)
        feed.configure(configuration, number: number)
        notes.frameRate = configuration.frameRate
    }

    package func take(_ packet: Packet) {
        hasBegun = true
        for output in outputs.values { output.sink.offer(packet) }
        replays?.take(packet)
        origin?.offer(packet)
        for piece in feed.take(packet) { viewers[piece.viewer]?(.piece(piece.bytes)) }
        record(.packet(packet))
        note(notes.due(behind: packet))
        record(notes.dueComments(behind: packet))
    }

    /// What links are sent at the moment; nil before anything is.
    package var picture: StreamConfiguration? { configurations.last?.configuration }

    /// What those are told who look at the program.
    package enum ProgramNews: Sendable {
        /// The next bytes of it, as an FLV file has them.
        case piece([UInt8])
        /// There is no more.
        case end
    }

    /// Gives somebody the program from its newest IDR on.
    /// - Parameters:
    ///   - viewer: a number of its own.
    ///   - tell: does not wait.
    package func show(to viewer: Int, tell: @escaping (ProgramNews) -> Void) {
        guard viewers[viewer] == nil else { return tell(.end) }
        viewers[viewer] = tell
        tell(.piece(feed.add(viewer).bytes))
    }

    /// The viewer has gone.
    package func hide(from viewer: Int) {
        viewers[viewer] = nil
        feed.remove(viewer)
    }

    /// Saves the last `seconds`, or all that is kept, as a file of its own.
    /// - Parameter path: an absolute path with the fields of strftime(3); nil for the broadcast's own.
    /// - Throws: what the file fails with; kind `control`, where nothing is kept or too much is being saved.
    package func saveReplay(to path: String?, last seconds: Double?) async throws(BroadcastError) -> SavedReplay {
        guard let replays else {
            throw BroadcastError(
                code: .noReplay, "this broadcast keeps nothing for replays",
                advice: "begin the next one with the setting replay, such as 60s")
        }
        return try await replays.save(to: path, last: seconds)
    }

    package var hasRoom: Bool {
        outputs.values.allSatisfy { $0.sink.hasRoom } && recordings.sinks.allSatisfy { $0.hasRoom }
    }

    /// The time of the first picture that any destination was sent; nil before.
    package var firstSent: MediaTime? {
        let sinks = outputs.values.map(\.sink) + leaving.values.map(\.output.sink)
        return
            (sinks.compactMap(\.firstSent) + recordings.sinks.compactMap(\.firstSent)
            + [firstSentByFormer].compactMap { $0 })
            .min()
    }

    // MARK: their course

    /// Runs the sinks; returns after ``finish()`` or ``abort()``, when all of them have ended.
    /// - Parameter owner: lives on the reactor. A task group's body runs on the caller's actor only where it captures it.
    package func run(on owner: isolated any Actor) async {
        let watch = watchNetwork()
        await withTaskGroup(of: Void.self) { group in
            _ = owner
            for await signal in signals.stream {
                switch signal {
                case .run(let id):
                    guard let sink = (outputs[id] ?? leaving[id]?.output)?.sink else { continue }
                    let ended = signals.continuation
                    group.addTask {
                        do throws(BroadcastError) {
                            try await sink.run()
                            ended.yield(.ended(id, nil))
                        } catch { ended.yield(.ended(id, error)) }
                    }
                case .record(let recording):
                    let ended = signals.continuation
                    // It ends with the broadcast, or is taken out; what is wrong with it is told by itself.
                    group.addTask {
                        try? await recording.run()
                        ended.yield(.recorded(recording))
                    }
                case .recorded(let recording): forget(recording)
                case .ended(let id, let error): perform(machine.handle(.ended(id, error), at: .now))
                case .hasRoom: onRoom()
                }
            }
        }
        watch?.close()
        for (viewer, tell) in viewers {
            if let rest = feed.rest(of: viewer) { tell(.piece(rest.bytes)) }
            tell(.end)
            feed.remove(viewer)
        }
        viewers = [:]
        if let listener = notesListener.take() { context.events.unlisten(listener) }
        for timer in timers { context.reactor.cancel(timer.token) }
        if let networkTimer { context.reactor.cancel(networkTimer) }
        timers.removeAll()
    }

    /// No more packets come: the sinks send what they have, as far as servers take it in time.
    package func finish() {
        finishRecordings()
        perform(machine.handle(.finish, at: .now))
    }

    /// The broadcast has failed: links end now, and what is recorded is brought to its end.
    package func breakOff() {
        finishRecordings()
        perform(machine.handle(.abort, at: .now))
    }

    private func finishRecordings() {
        let rest = notes.takeRest()
        note(rest.notes)
        record(rest.comments)
        record(merge.takeRest())
        // What was to be recorded from an IDR on that does not come any more is not.
        if let change = recordingChange.take() {
            if let timer = change.timer { context.reactor.cancel(timer) }
            change.continuation.resume()
        }
        for recording in recordings.sinks { recording.finish() }
        origin?.finish()
        if !recordings.allSinks.isEmpty { wake(at: .now.advanced(by: OutputsMachine.ending), aborting: true) }
    }

    /// Ends all sinks now.
    package func abort() {
        for recording in recordings.allSinks { recording.abort() }
        origin?.finish()
        perform(machine.handle(.abort, at: .now))
    }

    // MARK: changes on air

    /// Changes the links; what takes time goes on by itself.
    /// - Throws: kind `control` or `usage`, when nothing has been changed.
    package func change(_ change: LinkChange) throws(BroadcastError) {
        switch change {
        case .add(let destination):
            try check(destination)
            let (id, output) = try enter(destination, isAlone: false)
            try ask(.add(id, hasServers: output.servers != nil), of: nil)
        case .remove(let word):
            let entry = try directory.find(word)
            try ask(.remove(entry.id), of: entry)
        case .pause(let word):
            let entry = try directory.find(word)
            try ask(.pause(entry.id), of: entry)
        case .move(let word, let server):
            let entry = try directory.find(word)
            guard machine.isRunning(entry.id), let servers = outputs[entry.id]?.servers else {
                throw Self.withoutServers(entry.name)
            }
            try servers.move(to: server)
        case .retry(let word, let from):
            let entry = try directory.find(word)
            if let from, from.isFinite {
                let milliseconds = Int64((min(max(0, from), 1e9) * 1000).rounded())
                outputs[entry.id]?.servers?.resume(from: MediaTime(milliseconds: milliseconds))
            }
            try ask(.retry(entry.id), of: entry)
        }
    }

    /// What a link to `destination` would be called.
    /// - Throws: why it would be refused.
    package func foresee(adding destination: DestinationSettings) throws(BroadcastError) -> String {
        try check(destination)
        var directory = directory
        return try directory.add(destination, isAlone: false).name
    }

    /// What a change of a link that is there would do.
    /// - Throws: why it would be refused.
    package func foresee(_ change: LinkChange) throws(BroadcastError) -> ChangeOutcome {
        let (word, way): (String, ChangeOutcome.Way)
        let request: (LinkID) -> OutputsMachine.Request?
        switch change {
        case .add(let destination): return ChangeOutcome(try foresee(adding: destination), .added)
        case .remove(let link): (word, way, request) = (link, .removed, { .remove($0) })
        case .pause(let link): (word, way, request) = (link, .inPlace, { .pause($0) })
        case .retry(let link, _): (word, way, request) = (link, .inPlace, { .retry($0) })
        case .move(let link, _): (word, way, request) = (link, .takeover, { _ in nil })
        }
        let entry = try directory.find(word)
        if let request = request(entry.id) {
            var machine = machine
            do throws(OutputsMachine.Refusal) { _ = try machine.handle(request, at: .now) } catch {
                throw Self.error(error, entry.name)
            }
        } else if !machine.isRunning(entry.id) || outputs[entry.id]?.servers == nil {
            throw Self.withoutServers(entry.name)
        }
        return ChangeOutcome(entry.name, way)
    }

    private static func withoutServers(_ name: String) -> BroadcastError {
        BroadcastError(code: .linkWithoutServers, "\(name) has no servers, or has ended")
    }

    private func check(_ destination: DestinationSettings) throws(BroadcastError) {
        guard destination.isInRange else {
            throw BroadcastError(
                code: .settingOutOfRange, ["setting": "to"], "the new link is outside what a broadcast takes")
        }
        guard directory.entries.count < SettingRange.mostLinks else {
            throw BroadcastError(
                code: .tooManyLinks, ["maximum": "\(SettingRange.mostLinks)"],
                "the broadcast has \(SettingRange.mostLinks) links already", advice: "remove one first")
        }
    }

    private func ask(_ request: OutputsMachine.Request, of entry: LinkDirectory.Entry?) throws(BroadcastError) {
        let name = entry?.name ?? "the link"
        do throws(OutputsMachine.Refusal) { perform(try machine.handle(request, at: .now)) } catch {
            throw Self.error(error, name)
        }
    }

    private static func error(_ refusal: OutputsMachine.Refusal, _ name: String) -> BroadcastError {
        switch refusal {
        case .unknown: BroadcastError(code: .unknownLink, "there is no such link")
        case .lastLink:
            BroadcastError(
                code: .lastLink, "\(name) is the last link of the broadcast", advice: "add another one first")
        case .noServers:
            BroadcastError(
                code: .linkWithoutServers, "a file can't be paused", advice: "remove it and add another one")
        case .over: BroadcastError(code: .linkOver, "\(name) has ended")
        }
    }

    private func perform(_ actions: [OutputsMachine.Action]) {
        for action in actions {
            switch action {
            case .run(let id): signals.continuation.yield(.run(id))
            case .pause(let id, let isPaused): outputs[id]?.servers?.pause(isPaused)
            case .tryAgain(let id): outputs[id]?.servers?.retry()
            case .retire(let id):
                guard let output = outputs.removeValue(forKey: id) else { continue }
                leaving[id] = (directory[id]?.name ?? "link \(id)", output)
                directory.remove(id)
            case .finish(let id): (outputs[id] ?? leaving[id]?.output)?.sink.finish()
            case .abort(let id): (outputs[id] ?? leaving[id]?.output)?.sink.abort()
            case .forget(let id):
                firstSentByFormer = firstSent
                leaving[id] = nil
            case .post(let id, let happening): context.post(part(id), .link(happening))
            case .fail(let error): onFailure(error)
            case .wake(let time): wake(at: time)
            case .close: signals.continuation.finish()
            }
        }
    }

    private func part(_ id: LinkID) -> Part {
        .link(id, name: directory[id]?.name ?? leaving[id]?.name ?? "link \(id)")
    }

    /// Not by the context's clock: the last deadline comes when all else is over.
    private func wake(at time: MonotonicTime, aborting: Bool = false) {
        let work = ReactorBound(
            { [weak self] () -> Void in
                if aborting { self?.recordings.allSinks.forEach { $0.abort() } }
                self?.timePassed()
            }, context.reactor)
        timers.append((time, context.reactor.schedule(at: time) { work.value() }))
    }

    private func timePassed() {
        let now = MonotonicTime.now
        timers.removeAll { $0.due <= now }
        perform(machine.handle(.timePassed, at: now))
    }

    // MARK: what they carry

    /// What encoders are told for pictures, in bits a second.
    package var videoBitsPerSecond: UInt32 { bitrate.bitsPerSecond }

    /// What the user wants has changed.
    /// - Parameter isSetByHand: it is tried at once, whatever the links could carry before.
    package func change(_ settings: BitrateMachine.Settings, isSetByHand: Bool) {
        perform(bitrate.handle(.changed(settings), at: .now))
        if isSetByHand { perform(bitrate.handle(.setByHand, at: .now)) }
    }

    /// Looks how the links are doing, now and then; for a broadcast on air that does not wait for its links.
    package func watchCongestion() {
        let now = MonotonicTime.now
        guard bitrate.isDue(at: now) else { return }
        let bitsPerSecond = bitrate.streamBitsPerSecond
        let loads = outputs.values.flatMap { $0.servers?.loads(bitsPerSecond: bitsPerSecond) ?? [] }
        perform(bitrate.handle(.loads(loads, main: directory.main), at: now))
    }

    private func perform(_ actions: [BitrateMachine.Action]) {
        for action in actions {
            switch action {
            case .encode(let bitsPerSecond): onBitrate(bitsPerSecond)
            case .tellCongested(let lane, let bitsPerSecond, let wanted):
                context.post(part(lane), .link(.congested(bitsPerSecond: bitsPerSecond, wanted: wanted)))
            case .tellRaised(let bitsPerSecond, let wanted):
                context.post(.encoder, .encoder(.bitrateRaised(bitsPerSecond: bitsPerSecond, wanted: wanted)))
            case .shed(let sheds): for output in outputs.values { output.servers?.shed(sheds) }
            }
        }
    }

    private func part(_ lane: LinkLane) -> Part {
        let isRedundant = directory[lane.link]?.destination.isRedundant ?? false
        return .link(lane.link, name: part(lane.link).name, lane: isRedundant ? lane.lane + 1 : nil)
    }

    // MARK: servers and the network

    /// What a link, or each of all that have servers, knows of them; with `isMeasured` after a handshake with each.
    package func servers(of word: String?, isMeasured: Bool) async throws(BroadcastError) -> [LinkServersReport] {
        let asked = if let word { [try directory.find(word)] } else { directory.entries }
        // The group's body runs anywhere: it knows the servers alone.
        let servers = asked.compactMap { entry in outputs[entry.id]?.servers.map { (id: entry.id, servers: $0) } }
        var reports = await withTaskGroup(of: (LinkID, LinkServersReport).self) { group in
            for (id, servers) in servers {
                group.addTask { (id, await servers.report(isMeasured: isMeasured)) }
            }
            return await group.reduce(into: [LinkID: LinkServersReport]()) { $0[$1.0] = $1.1 }
        }
        if word != nil {
            for entry in asked where reports[entry.id] == nil {
                reports[entry.id] = LinkServersReport(
                    link: entry.name, rule: "", servers: [], choice: nil, reason: "it is a file")
            }
        }
        return asked.compactMap { reports[$0.id] }
    }

    /// Links that wait for the network hear of it when something has changed there. Where the system does not tell, they
    /// ask, which is slower.
    private func watchNetwork() -> NetworkWatch? {
        try? NetworkWatch(on: context.reactor) { [weak self] in self?.networkChanged() }
    }

    /// Changes come in swarms: one word to the links for all of them.
    private func networkChanged() {
        guard networkTimer == nil else { return }
        networkTimer = context.schedule(after: .milliseconds(50)) { [weak self] in
            guard let self else { return }
            self.networkTimer = nil
            for output in self.outputs.values { output.servers?.networkChanged() }
        }
    }

    // MARK: state

    private var recorders: [RecorderSink] {
        recordings.allSinks + directory.entries.compactMap { outputs[$0.id]?.sink as? RecorderSink }
    }

    package var snapshot: OutputsSnapshot {
        OutputsSnapshot(
            links: directory.entries.map { entry in
                .init(
                    id: entry.id, name: entry.name, isRunning: machine.isRunning(entry.id),
                    lanes: outputs[entry.id]?.sink.statuses ?? [])
            }, videoBitsPerSecond: bitrate.bitsPerSecond, hasSent: firstSent != nil,
            recordings: recordings.sinks.map(\.recordingStatus), replay: replays?.status,
            children: recorders.compactMap(\.childStatus) + [origin?.childStatus].compactMap { $0 }
                + directory.entries.flatMap { outputs[$0.id]?.srt ?? [] }.flatMap(\.childStatuses))
    }
}
