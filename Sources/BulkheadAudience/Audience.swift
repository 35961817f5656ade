package import BulkheadDanmaku
import BulkheadEvents
package import BulkheadMedia
package import BulkheadModel
package import BulkheadRoom
import BulkheadSystem
import BulkheadWire

/// The live room of a broadcast: its record, and who may change it.
///
/// In: what a person sets, and comments. Out: the record on the disk, the log of all comments, and events. Nothing of a
/// frame passes here, and the disk is never waited for: what is to be saved is handed to ``RoomStore``. It lives on the
/// reactor's thread.
package final class Audience {
    /// Where the timeline stands: what comes now is shown from there on.
    package var time: () -> MediaTime = { .zero }
    /// Called with what plugins are to be told.
    package var onEvent: ((RoomEvent) -> Void)?

    /// Called with each comment that is new: its number in the room, when it came, and what recordings are given of it.
    package var onLogged: ((_ number: Int64, _ time: MediaTime, _ body: [UInt8]) -> Void)?
    /// Called with how comments are shown from a time on, as recordings are given it.
    package var onLook: ((_ time: MediaTime, _ body: [UInt8]) -> Void)? { didSet { tellLook() } }

    /// Called with what the metadata of streams are to say of the room; nil where they are to say nothing.
    package var onMetadata: ((_ entries: [RoomEntry]) -> Void)? { didSet { tellMetadata() } }

    /// Whether a plugin draws the comments into the picture.
    package var hasOverlay: () -> Bool = { false }
    /// Called with what viewers of the watch page are told; what there is already is told at once.
    package var onNews: ((RoomNews) -> Void)? { didSet { tellViewers() } }

    private let context: RoomContext
    private let settings: RoomSettings
    private let store: RoomStore
    private var record: RoomRecord
    private var script = OverlayScript()
    private var board = RoomBoard()
    /// As recordings know it.
    private var look: RecordedRoom?
    private var canvas: Canvas
    private var metadata = RoomMetadata()
    private var page: RoomPage
    /// What viewers may write, all together: their server counts as well, and is not trusted.
    private var viewersBudget = Budget(120, each: .seconds(30))
    private var saving = SavingPace()
    private let work = ActionQueue<SavingPace.Action>()
    /// Comments that are not in the log yet.
    private var unlogged: [RoomLogEntry] = []
    /// Those that are being written.
    private var logging: [RoomLogEntry] = []
    /// The latest, for those who ask.
    private var latest: [RoomLogEntry]
    private var problem: String?
    private var sayings = 0
    /// Each has a process of its own; more than one where the configuration has changed.
    private var chats: [Chats] = []
    private var lastChatNumber = 0
    /// The timeline has begun.
    private var hasBegun = false
    private var finishing: CheckedContinuation<Void, Never>?

    /// Comments that wait for a disk that takes nothing; more are not logged.
    private static let mostUnlogged = 50_000
    /// How many comments an answer holds at most.
    private static let mostLatest = RoomFiles.mostKept
    /// How long a broadcast that has ended waits for its disk.
    private static let lastPatience = Duration.seconds(5)

    private init(
        _ settings: RoomSettings, _ record: RoomRecord, _ latest: [RoomLogEntry], _ canvas: Canvas, _ store: RoomStore,
        in context: RoomContext
    ) {
        self.canvas = canvas
        self.settings = settings
        self.record = record
        self.latest = latest
        page = RoomPage(settings.name)
        self.store = store
        self.context = context
    }

    /// Opens the room as it was left.
    /// - Parameters:
    ///   - canvas: the size of the pictures that comments fly over.
    ///   - targets: the chats whose comments come into it.
    /// - Throws: kind `control` where another broadcast has it, kind `file` where it can't be kept.
    package static func open(
        _ settings: RoomSettings, _ canvas: Canvas, chats targets: [ChatTarget], _ store: RoomStore,
        in context: RoomContext
    ) async throws(BroadcastError) -> Audience {
        let found: RoomFiles.Found
        switch await store.open() {
        case .success(let opened): found = opened
        case .failure(.inUse):
            throw BroadcastError(
                code: .roomInUse, ["room": settings.name], "another broadcast has the room \(settings.name)",
                advice: "end it, or name another room")
        case .failure(let problem):
            throw BroadcastError(
                code: .notWritable, ["path": store.path], "the room \(settings.name) can't be kept: \(problem.text)",
                advice: "check XDG_STATE_HOME and the folder's permissions")
        }
        var record = found.record ?? RoomRecord(canvas)
        for entry in found.known { record.know(entry) }
        record.change(to: canvas)
        let audience = Audience(settings, record, found.entries, canvas, store, in: context)
        if let path = found.damaged { context.post(.room, .room(.damaged(path: path))) }
        if found.damaged == nil, !found.known.isEmpty {
            context.post(.room, .room(.missing(comments: Int(clamping: record.logged))))
        }
        if found.record != nil {
            context.post(.room, .room(.restored(room: settings.name, comments: Int(clamping: record.logged))))
        }
        let changed = audience.record.takeUp(settings.fields)
        if !changed.isEmpty { context.post(.room, .room(.changed(fields: changed.names))) }
        audience.save(isUrgent: true)
        if !targets.isEmpty { audience.connect(targets) }
        return audience
    }

    /// When a comment that comes at `now` is shown. Before the timeline begins, that is on the last one, with what flies on
    /// it: both go over together.
    private func stageTime(_ now: Int64) -> MediaTime { hasBegun ? time() : record.time(at: now) }

    private static func now() -> Int64 { Int64(EventLog.wallClock() * 1000) }

    // MARK: the broadcast's course

    /// The timeline begins.
    package func begin() {
        record.beginTimeline(at: time(), now: Self.now())
        hasBegun = true
        board.beginTimeline()
        save()
    }

    /// Pictures have another size from now on.
    package func change(_ canvas: Canvas) {
        record.change(to: canvas)
        self.canvas = canvas
        save()
    }

    /// Lets go what is over. Call it some times a second.
    package func watch() {
        if record.advance(to: time(), now: Self.now()) { save(isUrgent: true) } else { show() }
        tellMetadata()
        tellViewers()
    }

    // MARK: what people do

    /// Changes the room.
    /// - Throws: kind `usage`, when nothing has changed.
    package func change(_ change: RoomChange) throws(BroadcastError) {
        switch change {
        case .set(let fields):
            if let field = fields.outside { throw Self.misfit(field) }
            record.apply(fields)
            takeBackBlocked(since: fields)
            context.post(.room, .room(.changed(fields: fields.names)))
        case .pin(let pin): try self.pin(pin)
        case .unpin:
            guard record.pinned != nil else { return }
            record.pin(nil)
            context.post(.room, .room(.unpinned))
        case .say(let saying): try say(saying)
        case .block(let block): try edit(block) { known, words in known + words.filter { !known.contains($0) } }
        case .unblock(let block): try edit(block) { known, words in known.filter { !words.contains($0) } }
        case .clear(let isAll):
            record.clear()
            takeBack(fromPictureOnly: true) { _ in true }
            if isAll {
                record.pin(nil)
                record.removePaid()
            }
            context.post(.room, .room(.cleared))
        }
        save(isUrgent: true)
    }

    /// What a change of the room would do.
    /// - Throws: why it would be refused.
    package func foresee(_ change: RoomChange) throws(BroadcastError) -> ChangeOutcome {
        switch change {
        case .set(let fields):
            if let field = fields.outside { throw Self.misfit(field) }
            return ChangeOutcome("room", .inPlace, value: fields.names.joined(separator: ", "))
        case .pin(let pin):
            if let seconds = pin.seconds, !RoomPin.secondsRange.contains(seconds) { throw Self.misfit("seconds") }
            if let id = pin.comment {
                _ = try comment(id)
            } else if CommentText.clean(pin.text ?? "").isEmpty {
                throw Self.misfit("text")
            }
        case .say(let saying):
            if CommentText.clean(saying.text).isEmpty { throw Self.misfit("text") }
        case .unpin, .block, .unblock, .clear: break
        }
        return ChangeOutcome("room", .inPlace)
    }

    /// One of the latest comments.
    private func comment(_ id: String) throws(BroadcastError) -> RoomComment {
        guard let known = latest.last(where: { $0.comment.id == id })?.comment else {
            throw BroadcastError(
                code: .unknownComment, ["comment": id], "none of the latest comments has the id \(id)",
                advice: "the history lists them")
        }
        return known
    }

    private static func misfit(_ field: String) -> BroadcastError {
        BroadcastError(
            code: .roomValue, ["field": field], "\(field) is out of range or no such value",
            advice: "see ROOM in the manual page")
    }

    private func pin(_ pin: RoomPin) throws(BroadcastError) {
        if let seconds = pin.seconds, !RoomPin.secondsRange.contains(seconds) { throw Self.misfit("seconds") }
        let until = pin.seconds.map { Self.now() + Int64($0 * 1000) }
        let comment: RoomComment
        if let id = pin.comment {
            comment = try self.comment(id)
        } else {
            comment = try ownComment(RoomSaying(pin.text ?? ""), author: pin.author)
        }
        record.pin(comment, until: until)
        context.post(.room, .room(.pinned(text: CommentText.clean(comment.text))))
    }

    private func say(_ saying: RoomSaying) throws(BroadcastError) {
        var comment = try ownComment(saying, author: saying.author)
        if let color = saying.color, color > 0xFFFFFF { throw Self.misfit("color") }
        comment.color = saying.color
        comment.place = saying.place
        comment.mode = saying.mode ?? (saying.place == nil ? .scroll : .positioned)
        guard (comment.mode == .positioned) == (comment.place != nil) else { throw Self.misfit("place") }
        guard let amount = saying.amountMicros else { return take(comment) }
        let seconds = saying.seconds ?? RoomSaying.standardSeconds
        guard RoomSaying.amountRange.contains(Double(amount) / 1e6) else { throw Self.misfit("amount") }
        guard RoomPin.secondsRange.contains(seconds) else { throw Self.misfit("seconds") }
        let now = Self.now()
        take(
            paid: PaidComment(
                comment, amountMicros: amount, currency: String((saying.currency ?? "").prefix(8)), from: now,
                until: now + Int64(seconds * 1000)))
    }

    /// A comment that was written here.
    private func ownComment(_ saying: RoomSaying, author: String?) throws(BroadcastError) -> RoomComment {
        guard !CommentText.clean(saying.text).isEmpty else { throw Self.misfit("text") }
        sayings += 1
        return RoomComment(
            id: "\(Self.now())-\(sayings)", source: "room", author: CommentText.clean(author ?? ""), text: saying.text,
            rank: .staff, sentMilliseconds: Self.now())
    }

    private func edit(
        _ block: RoomBlock, _ change: ([String], [String]) -> [String]
    ) throws(BroadcastError) {
        var fields = RoomFields()
        let settings = record.stage.settings
        fields.blockedWords = change(settings.blockedWords, block.words)
        fields.blockedUsers = change(settings.blockedUsers, block.users)
        if let field = fields.outside { throw Self.misfit(field) }
        record.apply(fields)
        takeBackBlocked(since: fields)
        context.post(.room, .room(.changed(fields: fields.names)))
    }

    // MARK: viewers

    /// Takes what a viewer has written on the watch page, where the room is open to them: like a comment of a chat.
    package func take(_ words: ViewerComment) {
        guard record.isOpenToViewers, words.isInRange, viewersBudget.take(at: .now) else { return }
        guard !CommentText.clean(words.text).isEmpty else { return }
        take(
            RoomComment(
                id: words.id, source: Self.page, authorID: words.viewer, author: words.author, text: words.text,
                sentMilliseconds: Self.now()))
    }

    /// The source of what viewers write.
    package static let page = "page"

    private func tellViewers() {
        guard let onNews, let news = page.update(record, isInPicture: hasOverlay()) else { return }
        onNews(news)
    }

    /// How many of the latest comments viewers may have in sight still.
    private static let mostInSight = 300

    private func takeBack(fromPictureOnly: Bool = false, where isGone: (RoomComment) -> Bool) {
        let numbers = latest.suffix(Self.mostInSight).filter { isGone($0.comment) }.map(\.number)
        if !numbers.isEmpty { onNews?(.takenBack(numbers, fromPictureOnly: fromPictureOnly)) }
    }

    /// What was seen before its word was blocked is not to be seen any more.
    private func takeBackBlocked(since fields: RoomFields) {
        guard fields.blockedWords != nil || fields.blockedUsers != nil else { return }
        let settings = record.stage.settings
        takeBack { settings.blocks($0, text: CommentText.clean($0.text)) }
    }

    // MARK: chats

    /// Comments come from these chats from now on. Connections that stay are left alone, unless they share a process with
    /// one that goes: then they break for a moment, as if the process had died.
    package func change(chats wanted: [ChatTarget], on owner: isolated any Actor) async {
        let going = chats.filter { !$0.targets.allSatisfy(wanted.contains) }
        chats.removeAll { chats in going.contains { $0 === chats } }
        let numbers = going.reduce(into: [ChatTarget: Int]()) { numbers, chats in
            for (target, number) in zip(chats.targets, chats.numbers) where wanted.contains(target) {
                numbers[target] = number
            }
        }
        for former in going { await former.finish(leaving: Set(numbers.values), on: owner) }
        let kept = chats.flatMap(\.targets)
        let coming = wanted.filter { !kept.contains($0) }
        if !coming.isEmpty { connect(coming, numbered: numbers) }
    }

    /// - Parameter numbers: those that connections have had before.
    private func connect(_ targets: [ChatTarget], numbered known: [ChatTarget: Int] = [:]) {
        let numbers = targets.map { target in
            if let number = known[target] { return number }
            lastChatNumber += 1
            return lastChatNumber
        }
        let chats = Chats(targets, numbers, in: context)
        self.chats.append(chats)
        chats.cursor = { [weak self] in self?.record.cursors[$0] }
        chats.onComment = { [weak self] in self?.take($0, $1, isReplayed: $2) ?? false }
        chats.onRemoval = { [weak self] in self?.remove($1, from: $0) }
        chats.onGap = { [weak self] in self?.note($0) }
        chats.onToken = { [weak self] in self?.note(token: $1, of: $0) }
        chats.onLost = { [weak self] in self?.save(isUrgent: true) }
        chats.begin()
    }

    private func take(_ comment: RoomComment, _ payment: ChatPayment?, isReplayed: Bool) -> Bool {
        let logged = record.logged
        if let payment {
            let from = comment.sentMilliseconds ?? Self.now()
            let seconds =
                payment.seconds.map(Int64.init)
                ?? PaidComment.standardSeconds(amountMicros: payment.amountMicros, currency: payment.currency)
            let (until, isFar) = from.addingReportingOverflow(seconds * 1000)
            let paid = PaidComment(
                comment, amountMicros: payment.amountMicros, currency: String(payment.currency.prefix(8)), from: from,
                until: isFar ? from : until)
            take(paid: paid, isReplayed: isReplayed)
        } else {
            take(comment, isReplayed: isReplayed)
        }
        return record.logged != logged
    }

    private func remove(_ removal: ChatRemoval, from source: String) {
        func isTakenBack(_ comment: RoomComment) -> Bool {
            switch removal {
            case .comment(let id): comment.id == id
            case .author(let name): comment.authorID == name || comment.author.lowercased() == name.lowercased()
            case .all: true
            }
        }
        record.remove(from: source, where: isTakenBack)
        takeBack { $0.source == source && isTakenBack($0) }
        save(isUrgent: true)
    }

    private func note(token: String, of source: String) {
        record.note(pageToken: token, of: source)
        save()
    }

    private func note(_ gap: ChatGap) {
        record.note(gap)
        save(isUrgent: true)
    }

    /// The processes that hold the chat connections.
    package var children: [ChildStatus] { chats.map(\.child) }

    // MARK: comments

    private func take(_ comment: RoomComment, isReplayed: Bool = false) {
        let now = Self.now()
        guard record.take(comment, at: stageTime(now), now: now, isReplayed: isReplayed) != .known else { return }
        log(RoomLogEntry(record.logged, comment, time: now, isReplayed: isReplayed))
        save()
    }

    private func take(paid: PaidComment, isReplayed: Bool = false) {
        let now = Self.now()
        let logged = record.logged
        let isShown = record.take(paid: paid, at: stageTime(now), now: now, isReplayed: isReplayed)
        guard record.logged != logged else { return }
        log(RoomLogEntry(record.logged, paid.comment, time: now, paid: paid, isReplayed: isReplayed))
        if isShown {
            let amount = Double(paid.amountMicros) / 1e6
            context.post(
                .room, .room(.paid(text: CommentText.clean(paid.comment.text), amount: "\(amount) \(paid.currency)")))
        }
        save(isUrgent: true)
    }

    private func log(_ entry: RoomLogEntry) {
        latest.append(entry)
        if latest.count > Self.mostLatest { latest.removeFirst(latest.count - Self.mostLatest) }
        if unlogged.count < Self.mostUnlogged { unlogged.append(entry) }
        if let onNews, let body = RoomPage.comment(entry, record.stage.settings) {
            onNews(.comment(number: entry.number, at: time(), body))
        }
        guard let onLogged else { return }
        let isBlocked = record.stage.settings.blocks(entry.comment, text: CommentText.clean(entry.comment.text))
        onLogged(
            entry.number, time(), RecordedLines.body(of: RecordedComment(entry, seconds: 0, isBlocked: isBlocked)))
    }

    // MARK: saving

    private func tellLook() {
        guard let onLook else { return }
        let look = RecordedRoom(
            settings.name, width: canvas.width, height: canvas.height, record.stage.settings)
        guard look != self.look else { return }
        self.look = look
        onLook(time(), RecordedLines.body(of: look))
    }

    private func tellMetadata() {
        guard let onMetadata, let entries = metadata.update(record, at: .now) else { return }
        onMetadata(entries)
    }

    private func save(isUrgent: Bool = false) {
        show()
        tellLook()
        tellMetadata()
        tellViewers()
        run(saving.changed(isUrgent: isUrgent, at: .now))
    }

    /// Tells plugins what is new on the picture, before they are given the first one that shows it.
    private func show() {
        // What flies has its times on the last timeline still.
        guard hasBegun else { return }
        let time = time()
        for event in script.update(record.stage, at: time) + board.update(record, at: time, now: Self.now()) {
            onEvent?(event)
        }
    }

    /// All that a plugin which begins now is to know.
    package var events: [RoomEvent] { script.all + board.all }

    private func run(_ actions: [SavingPace.Action]) {
        work.append(contentsOf: actions)
        work.run { carryOut($0) }
    }

    private func carryOut(_ action: SavingPace.Action) {
        switch action {
        case .save:
            // What could not be written is given again, in its order.
            logging += unlogged
            unlogged = []
            let bound = ReactorBound(self, context.reactor)
            store.save(record, logging) { [reactor = context.reactor] problem in
                reactor.run { bound.value.saved(problem) }
            }
        case .wake(let time):
            let bound = ReactorBound(self, context.reactor)
            // Not by the context, whose timers end with the broadcast.
            _ = context.reactor.schedule(at: time) { bound.value.run(bound.value.saving.woke(at: .now)) }
        case .recovered:
            problem = nil
            context.post(.room, .room(.saved))
        }
    }

    private func saved(_ problem: RoomFiles.Problem?) {
        if let problem {
            if self.problem == nil { context.post(.room, .room(.unsaved(path: store.path, text: problem.text))) }
            self.problem = problem.text
        } else {
            logging = []
        }
        run(saving.ended(isDone: problem == nil, at: .now))
        resumeIfSaved()
    }

    /// Saves what is left, for a while.
    package func finish(on owner: isolated any Actor) async {
        for chats in chats { await chats.finish(on: owner) }
        save(isUrgent: true)
        let bound = ReactorBound(self, context.reactor)
        let timer = context.reactor.schedule(at: .now.advanced(by: Self.lastPatience)) {
            bound.value.finishing.take()?.resume()
        }
        await withCheckedContinuation { finishing = $0 }
        context.reactor.cancel(timer)
    }

    private func resumeIfSaved() {
        guard finishing != nil, !saving.isBusy else { return }
        finishing.take()?.resume()
    }

    // MARK: for people

    /// How the room is.
    package var report: RoomReport {
        RoomReport(record, name: settings.name, path: store.path, channels: chats.flatMap(\.statuses), problem: problem)
    }

    /// The latest comments, at most `count`, the oldest first.
    package func history(_ count: Int) -> [RoomLogEntry] { latest.suffix(max(0, min(count, Self.mostLatest))) }
}
