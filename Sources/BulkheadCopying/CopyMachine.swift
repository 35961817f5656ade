import BulkheadEvents
package import BulkheadMedia
package import BulkheadSystem
import BulkheadTimeline

/// Decides over a stream that is passed on without being encoded: which packet goes out when, under which times, and what
/// stands in a gap. It owns no clock, no process and no socket.
///
/// The input's packets keep their distances: `timeline = source time + offset`, where the offset changes only behind a gap
/// that the slate has filled, and where a live input begins its time anew. A live input's packets go out as they come. A
/// file's wait until they are due.
package struct CopyMachine: Sendable {
    private let terms: Terms
    package private(set) var figures = Figures()
    package private(set) var place = Place()
    private var forms: [StreamForm] = []
    /// Of the packets that come, among ``forms``.
    private var current: Int?
    private var configurations = StreamConfigurations()
    private var queue = CopyQueue()
    private var slate = SlateCourse()
    private var frameRate = FrameRate(30)
    private var isLive = false
    /// Of the pictures on air, among ``forms``; nil before the first.
    private var onAir: Int?
    /// From source time to the timeline; nil before the first IDR, and where another is to give it.
    private var offset: MediaTime?
    /// The next picture that goes out is an IDR.
    private var awaitsIDR = true
    /// When time 0 of the timeline was.
    private var zero: MonotonicTime?
    /// Of the pictures that have gone out.
    private var lastDTS: MediaTime?
    private var lastPTS = MediaTime.zero
    private var lastSound: MediaTime?
    /// Sound has come that waits for the next IDR, with which its form is told; none of the form on air comes meanwhile.
    private var soundIsOfAnotherForm = false
    private var lastPictureAt: MonotonicTime
    private var credited: MediaTime?
    private var creditedAt: MonotonicTime
    private var inputHasEnded = false
    /// What waits is not to wait any longer.
    private var isFlushing = false
    package private(set) var isOver = false

    /// How far a source that can wait may be ahead.
    package static let lead = MediaTime(milliseconds: 3000)
    /// It is told of each step of so much.
    private static let leadStep = MediaTime(milliseconds: 1000)
    /// How long a packet waits for what may belong before it.
    static let mergePatience: Int64 = 500_000_000
    /// So much of what is due soon goes out with what is due: a wake-up for each would cost more than it is worth.
    static let early = MediaTime(milliseconds: 15)
    /// What is later than this is not made up for, and the timeline goes on from now.
    private static let mostBehind: Int64 = 2_000_000_000
    /// A live input whose time goes on so far at once is one whose time begins anew.
    private static let mostJump = MediaTime(milliseconds: 10_000)
    /// So many forms one stream may have.
    private static let mostForms = 4096
    /// So much may wait.
    package static let mostBytes = 128 << 20
    /// A source may send what a server has sent together, some times a second: that is no gap.
    private static let longestRest = Duration.milliseconds(600)
    /// How long sound that there should be is waited for before silence takes its place.
    private static let soundPatience = MediaTime(milliseconds: 1000)
    /// Where pictures were missing for so long, sound was, too.
    private static let pictureGap = MediaTime(milliseconds: 500)
    /// So much silence is made up for at once.
    private static let mostSilence = MediaTime(milliseconds: 2000)

    /// - Parameter now: since when the input is waited for.
    package init(_ terms: Terms, at now: MonotonicTime) {
        self.terms = terms
        (lastPictureAt, creditedAt) = (now, now)
    }

    // MARK: state

    /// It waits for room instead of for the clock.
    package var isFast: Bool { terms.isFast }
    package var isSlateOnAir: Bool { slate.onAir != nil }
    package var hasBegun: Bool { lastDTS != nil }
    /// Where the timeline has come to.
    package var reached: MediaTime { lastDTS ?? .zero }
    /// The size and rate on air.
    package var picture: (canvas: Canvas, frameRate: FrameRate)? {
        onAir.map { (forms[$0].configuration.canvas, forms[$0].configuration.frameRate) }
    }

    /// When something is due, if nothing comes before.
    package var wake: MonotonicTime? {
        guard !isOver else { return nil }
        if let due = slate.nextDue { return due }
        guard !isLive, !terms.isFast, !awaitsIDR, let first = queue.first, let due = due(first.packet) else {
            return nil
        }
        let early = due.advanced(by: -Self.early.nanoseconds)
        return isSettled(first) ? early : max(early, first.arrival.advanced(by: Self.mergePatience + 1_000_000))
    }

    private func due(_ packet: CopiedPacket) -> MonotonicTime? {
        guard let zero, let offset else { return nil }
        return zero.advanced(by: (packet.dts + offset).nanoseconds)
    }

    // MARK: what comes

    /// Takes what must be known of the packets to come.
    package mutating func take(_ format: CopiedFormat) throws(CopyFault) -> [Action] {
        guard let frameRate else { throw .noFormat }
        let form = try StreamForm(format, frameRate)
        if let known = forms.lastIndex(of: form) {
            current = known
        } else {
            guard forms.count < Self.mostForms else { throw .tooManyForms }
            forms.append(form)
            current = forms.count - 1
        }
        let configuration = form.configuration
        guard !terms.isFast, slate.loop?.configuration.canvas != configuration.canvas else { return [] }
        return [.makeSlate(configuration.canvas, frameRate, profile: form.profile)]
    }

    /// Takes a packet of the input.
    /// - Parameter hasRoom: the outputs take more.
    package mutating func take(
        _ packet: CopiedPacket, at now: MonotonicTime, hasRoom: Bool = true
    ) throws(CopyFault) -> [Action] {
        guard let current else { throw .noFormat }
        if packet.isVideo {
            let unit = AccessUnit(frame: 0, isIDR: packet.isIDR, isDisposable: false, bytes: packet.bytes)
            guard unit.isWellFormed else { throw .accessUnit }
        }
        var actions: [Action] = []
        let newest = packet.isVideo ? queue.newestPicture : queue.newestSound
        if let newest {
            guard packet.dts > newest else { throw .timesGoBack }
            if isLive, packet.dts - newest > Self.mostJump { actions = flush(at: now) }
        }
        queue.append(CopyQueue.Item(packet: packet, form: current, arrival: now))
        guard queue.byteCount <= Self.mostBytes else {
            throw .tooMuch(byteCount: queue.byteCount - Self.mostBytes)
        }
        return actions + advance(at: now, hasRoom: hasRoom)
    }

    package mutating func handle(_ event: Event, at now: MonotonicTime, hasRoom: Bool = true) -> [Action] {
        switch event {
        case .opened(let isLive, let frameRate):
            self.isLive = isLive
            self.frameRate = frameRate
            credited = nil
            inputHasEnded = false
        case .interrupted: if isLive { return flush(at: now) + advance(at: now, hasRoom: hasRoom) }
        case .beganAnew:
            queue = CopyQueue()
            beginAnew()
        case .inputEnded: inputHasEnded = true
        case .slate(let loop): slate.loop = loop
        case .tick: break
        case .end:
            isOver = true
            return [.ended]
        }
        return advance(at: now, hasRoom: hasRoom)
    }

    /// A live input's time begins anew: what has come of it goes out, without waiting for what may belong before it.
    private mutating func flush(at now: MonotonicTime) -> [Action] {
        isFlushing = true
        defer {
            isFlushing = false
            beginAnew()
        }
        return release(at: now, hasRoom: true)
    }

    /// What comes next has nothing to do with the times before.
    private mutating func beginAnew() {
        queue.forgetTimes()
        offset = nil
        awaitsIDR = true
    }

    // MARK: what goes out

    private mutating func advance(at now: MonotonicTime, hasRoom: Bool) -> [Action] {
        guard !isOver else { return [] }
        var actions = release(at: now, hasRoom: hasRoom)
        if !isOver { actions += showSlate(at: now) }
        if !isOver, inputHasEnded, queue.isEmpty {
            isOver = true
            actions.append(.ended)
        }
        if !isOver, let credit = credit(at: now, hasRoom: hasRoom) { actions.append(credit) }
        return actions
    }

    private mutating func release(at now: MonotonicTime, hasRoom: Bool) -> [Action] {
        var actions: [Action] = []
        while let item = queue.first, !isOver {
            guard isSettled(item) || now.since(item.arrival) > Self.mergePatience else { break }
            if awaitsIDR {
                guard item.packet.isIDR else {
                    leaveOut(item)
                    continue
                }
                actions += start(with: item, at: now)
            }
            guard let offset, isDue(item, at: now, hasRoom: hasRoom) else { break }
            queue.removeFirst()
            actions += send(item, offset, at: now)
        }
        return actions
    }

    /// Nothing can come any more that belongs before the first in the queue.
    private func isSettled(_ item: CopyQueue.Item) -> Bool {
        isFlushing || inputHasEnded || queue.isSettled(hasSound: forms[item.form].hasSound)
    }

    private mutating func leaveOut(_ item: CopyQueue.Item) {
        if item.packet.isVideo, hasBegun { figures.leftOut += 1 }
        queue.removeFirst()
    }

    private mutating func isDue(_ item: CopyQueue.Item, at now: MonotonicTime, hasRoom: Bool) -> Bool {
        if terms.isFast, !isLive { return hasRoom }
        guard !isLive, let due = due(item.packet) else { return true }
        let late = now.since(due)
        if late > Self.mostBehind { zero = zero?.advanced(by: late) }
        return late >= -Self.early.nanoseconds
    }

    /// The stream begins, or goes on behind a gap, with this IDR.
    private mutating func start(with item: CopyQueue.Item, at now: MonotonicTime) -> [Action] {
        awaitsIDR = false
        var actions: [Action] = []
        if let lastDTS {
            let begin = max(lastDTS + interval, position(at: now))
            offset = begin - item.packet.dts
            if slate.onAir != nil {
                slate.end()
                actions.append(.post(.showing(picture: .picture, isStandIn: false)))
            }
        } else {
            zero = now.advanced(by: -terms.start.nanoseconds)
            offset = terms.start - item.packet.dts
            actions.append(.begin)
        }
        return actions
    }

    private var interval: MediaTime { frameRate?.interval ?? MediaTime(milliseconds: 33) }

    /// Where the timeline stands.
    private func position(at now: MonotonicTime) -> MediaTime {
        guard let lastDTS, let zero else { return .zero }
        guard isLive || terms.isFast else { return MediaTime(nanoseconds: now.since(zero)) }
        return lastDTS + MediaTime(nanoseconds: now.since(lastPictureAt))
    }

    private mutating func send(_ item: CopyQueue.Item, _ offset: MediaTime, at now: MonotonicTime) -> [Action] {
        let packet = item.packet
        let dts = packet.dts + offset
        guard packet.isVideo else { return sendSound(item, dts) }
        if item.form != onAir, !packet.isIDR, changesPicture(item.form) {
            figures.leftOut += 1
            return []
        }
        if let duration = terms.duration, dts >= duration {
            isOver = true
            return [.ended]
        }
        var actions: [Action] = []
        if packet.isIDR || onAir == nil { actions += enter(item.form) }
        figures.copied += 1
        place.shown = FeedPlace.Shown(pts: packet.dts, position: packet.position)
        return actions
            + send(
                Packet(
                    kind: packet.kind, dts: dts, pts: packet.pts + offset, bytes: packet.bytes,
                    configuration: number), at: now)
    }

    /// Whether pictures of that form can't be decoded by what is on air.
    private func changesPicture(_ form: Int) -> Bool {
        onAir.map { forms[$0].configuration.avcConfiguration != forms[form].configuration.avcConfiguration } ?? true
    }

    /// Which of the stream's configurations is on air.
    private var number = 0

    private mutating func enter(_ form: Int) -> [Action] {
        onAir = form
        number = configurations.number(of: forms[form].configuration)
        return configurations.announce(number).map { [.configure($0, number: number)] } ?? []
    }

    private mutating func send(_ picture: Packet, at now: MonotonicTime) -> [Action] {
        let isBehindGap = lastDTS.map { picture.dts - $0 > Self.pictureGap } ?? true
        lastDTS = picture.dts
        place.reached = max(place.reached, picture.dts)
        place.frame = (frameRate?.frame(at: picture.dts) ?? place.frame) + 1
        lastPTS = max(lastPTS, picture.pts)
        lastPictureAt = now
        return [.send(picture)] + silence(upTo: picture.dts, isBehindGap: isBehindGap)
    }

    private mutating func sendSound(_ item: CopyQueue.Item, _ dts: MediaTime) -> [Action] {
        // Sound of another form is heard from the next IDR on, with which its header goes out. Until then there is silence.
        guard let onAir else { return [] }
        guard forms[item.form].sound == forms[onAir].sound, forms[item.form].hasSound else {
            soundIsOfAnotherForm = true
            return []
        }
        guard lastSound.map({ dts > $0 }) ?? (dts >= terms.start) else { return [] }
        lastSound = dts
        (place.reached, place.sound) = (max(place.reached, dts), item.packet.dts)
        soundIsOfAnotherForm = false
        return [.send(Packet(kind: .audio, dts: dts, pts: dts, bytes: item.packet.bytes, configuration: number))]
    }

    /// The silence that stands for sound which is not there, up to a picture's time.
    private mutating func silence(upTo time: MediaTime, isBehindGap: Bool) -> [Action] {
        guard let onAir, !forms[onAir].silence.isEmpty else { return [] }
        let duration = forms[onAir].sound.frameDuration
        let isAwaited = forms[onAir].hasSound && slate.onAir == nil && !soundIsOfAnotherForm
        let end = isAwaited ? time - Self.soundPatience : time
        var next = lastSound.map { $0 + duration } ?? max(terms.start, end)
        if next + (isBehindGap ? Self.pictureGap : Self.mostSilence) < end { next = end }
        var actions: [Action] = []
        while next <= end {
            actions.append(
                .send(
                    Packet(
                        kind: .audio, dts: next, pts: next, bytes: forms[onAir].silence, configuration: number)))
            lastSound = next
            next = next + duration
        }
        return actions
    }

    // MARK: the slate

    private mutating func showSlate(at now: MonotonicTime) -> [Action] {
        var actions = beginSlate(at: now)
        while let packet = slate.next(at: now) {
            if let duration = terms.duration, packet.dts >= duration {
                isOver = true
                return actions + [.ended]
            }
            figures.slated += 1
            actions += send(packet, at: now)
        }
        return actions
    }

    private mutating func beginSlate(at now: MonotonicTime) -> [Action] {
        guard !terms.isFast, !inputHasEnded, hasBegun, let onAir, slate.onAir == nil, let loop = slate.loop,
            now.since(lastPictureAt) > max(terms.slateAfter, isLive ? Self.longestRest : .zero).nanoseconds
        else { return [] }
        // As the input, but for the parameter sets: its sound goes on as silence.
        var configuration = loop.configuration
        configuration.audioSpecificConfig = forms[onAir].configuration.audioSpecificConfig
        number = configurations.number(of: configuration)
        let start = max(position(at: now), lastPTS + interval)
        slate.begin(at: start, now, configuration: number)
        offset = nil
        awaitsIDR = true
        let announcement = configurations.announce(number).map { Action.configure($0, number: number) }
        return [.post(.showing(picture: .slate, isStandIn: true))] + (announcement.map { [$0] } ?? [])
    }

    // MARK: the source

    /// How far the source may go on; nil where it knows.
    private mutating func credit(at now: MonotonicTime, hasRoom: Bool) -> Action? {
        guard frameRate != nil, !inputHasEnded else { return nil }
        guard !isLive else {
            defer { credited = MediaTime(nanoseconds: .max) }
            return credited == nil ? .credit(until: MediaTime(nanoseconds: .max)) : nil
        }
        var reached = queue.newest ?? terms.sourceStart
        if let offset, !awaitsIDR, !terms.isFast {
            reached = position(at: now) - offset
        } else if terms.isFast, offset != nil, let first = queue.first {
            reached = first.packet.dts
        } else if let credited, now.since(creditedAt) > Self.leadStep.nanoseconds {
            // What comes next may lie far ahead.
            reached = max(reached, credited)
        }
        let end = reached + Self.lead
        guard !terms.isFast || hasRoom, credited.map({ end - $0 >= Self.leadStep }) ?? true else { return nil }
        credited = end
        creditedAt = now
        return .credit(until: end)
    }
}
