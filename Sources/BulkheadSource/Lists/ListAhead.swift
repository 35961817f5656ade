import BulkheadSystem
import BulkheadWire

/// Where a list has come to, and the opening of what comes next, on another thread.
///
/// A folder or an M3U is read anew for each file, so that files may come and go. The master is told which file is being opened:
/// should that bring the process down, it is not the file at hand that is to blame.
final class ListAhead {
    /// How it stands with the next file.
    enum Readiness { case opening, ready, over, refused(Refusal) }

    /// A file that is open.
    struct Opened {
        var entry: ListedFiles.Entry
        var file: PreparedFile
    }

    private enum Work {
        case none
        case listing(Background<[ListedFiles.Entry]?>)
        case opening(ListedFiles.Entry, PlayOrder.Spot, Background<Result<PreparedFile, OpenFailure>>, Cancellation)
        case ready(Opened, PlayOrder.Spot)
        case over
        case refused(Refusal)
    }

    /// Where the list is read anew; nil where it stays as it is.
    private let address: InputAddress?
    private let name: String
    private let settings: SourceSettings
    private let link: MasterLink
    private var entries: [ListedFiles.Entry]
    private var order: PlayOrder
    /// The file at hand.
    private var spot: PlayOrder.Spot
    /// What is looked for behind; the file at hand, or one that could not be opened.
    private var reached: PlayOrder.Spot
    private var work = Work.none
    private var waitingSince: MonotonicTime?
    private var hasLookedAtEnd = false
    private var toldOf: Set<String> = []
    /// So many files in a row could not be opened.
    private var failureCount = 0

    /// How long a file may take until it is open, when it is its turn.
    private static let patience = Duration.seconds(10)

    init(
        _ address: InputAddress?, _ entries: [ListedFiles.Entry], _ name: String, _ settings: SourceSettings,
        _ link: MasterLink
    ) {
        self.address = address
        self.name = name
        // A process that takes over may find what has come since, such as the broadcast's own recording.
        let resumed = address == nil ? nil : settings.resume?.file
        let entries = resumed.map { file in entries.filter { !ListedFiles.isGrowing($0, behind: file) } } ?? entries
        self.entries = entries
        self.settings = settings
        self.link = link
        order = PlayOrder(Self.names(entries), seed: settings.playlist.shuffleSeed, loops: settings.loops)
        spot = PlayOrder.Spot(
            round: settings.resume?.round ?? 0, number: Int(settings.resume?.entry ?? 0))
        reached = spot
    }

    private static func names(_ entries: [ListedFiles.Entry]) -> [String] { entries.map(\.address.name) }

    private func entry(at spot: PlayOrder.Spot) -> ListedFiles.Entry? { order.index(at: spot).map { entries[$0] } }

    private func isAvoided(_ entry: ListedFiles.Entry) -> Bool {
        settings.playlist.avoided.contains(entry.address.name)
    }

    // MARK: the first file

    /// Opens the file that is played first, on this thread: the one that a source which takes over is told, or the first behind
    /// it that can be played.
    func openFirst() throws(OpenFailure) -> (entry: ListedFiles.Entry, file: PreparedFile, isResumed: Bool) {
        var wanted = spot
        let isTold = settings.resume.map { !$0.file.isEmpty } ?? false
        if let file = settings.resume?.file, isTold {
            wanted = order.spot(of: file, near: spot) ?? spot
        }
        if order.index(at: wanted) == nil { wanted.number = 0 }
        let isThere = !isTold || entry(at: wanted)?.address.name == settings.resume?.file
        spot = wanted
        for _ in entries.indices {
            if let entry = entry(at: spot), !isAvoided(entry) {
                do throws(OpenFailure) {
                    let file = try PreparedFile(opening: entry, settings: settings, link: link)
                    reached = spot
                    return (entry, file, isThere && spot == wanted)
                } catch {
                    guard case .refused(let refusal) = error else { throw error }
                    do throws(SourceStop) { try leaveOut(entry, refusal) } catch { throw .stopped(error) }
                }
            }
            spot = order.following(spot) ?? PlayOrder.Spot(round: spot.round, number: 0)
        }
        throw .refused(nothing)
    }

    private var nothing: Refusal { Refusal(.other, "no file of the list \(name) can be played") }

    /// Says once that a file is not played.
    private func leaveOut(_ entry: ListedFiles.Entry, _ refusal: Refusal) throws(SourceStop) {
        guard toldOf.insert(entry.address.name).inserted else { return }
        try link.send(.leftOut(file: entry.address.name, refusal))
    }

    /// Nothing of the file at hand could be decoded.
    func leaveOutCurrent() throws(SourceStop) {
        guard let entry = entry(at: spot) else { return }
        try leaveOut(entry, Refusal(.other, "nothing in \(entry.address.name) can be decoded"))
    }

    /// The files behind the one at hand in its round.
    func entriesBehind(atMost limit: Int) -> [ListedFiles.Entry] {
        guard spot.number + 1 < entries.count else { return [] }
        return order.order(ofRound: spot.round)[(spot.number + 1)...].prefix(limit).map { entries[$0] }
    }

    // MARK: the next file

    /// The file at hand, which is open as `input`, for people and for a process that takes over.
    func place(of input: MediaInput) -> PlaylistPlace {
        let entry = entry(at: spot)
        let end = entry?.outPoint.map { $0.subtractingReportingOverflow(input.startTime).partialValue }
        let stated = input.isStill ? entry?.length ?? 0 : input.statedLength
        return PlaylistPlace(
            number: UInt32(clamping: spot.number), count: UInt32(clamping: entries.count), round: spot.round,
            file: input.address.name, title: entry?.title ?? "", next: nextName ?? "",
            length: end ?? (stated > 0 ? stated : -1))
    }

    private var nextName: String? {
        var next = order.following(spot)
        for _ in entries.indices.prefix(16) {
            guard let place = next, let entry = entry(at: place) else { return nil }
            let isKnown = isAvoided(entry) || toldOf.contains(entry.address.name)
            if !isKnown, ListedFiles.isThere(entry) { return entry.address.name }
            next = order.following(place)
        }
        return nil
    }

    /// A file follows the one at hand, as far as the list has been read.
    var goesOn: Bool { order.following(spot) != nil }

    /// Something is done on another thread.
    var isAtWork: Bool {
        switch work {
        case .listing, .opening: true
        case .none, .ready, .over, .refused: false
        }
    }

    var readiness: Readiness {
        switch work {
        case .none, .listing, .opening: .opening
        case .ready: .ready
        case .over: .over
        case .refused(let refusal): .refused(refusal)
        }
    }

    /// Goes on with opening the next file. Call it again and again.
    /// - Parameters:
    ///   - pictures, sound: what is wanted of the next file.
    ///   - isDue: it is that file's turn.
    func advance(pictures: Bool, sound: Bool, isDue: Bool) throws(SourceStop) {
        switch work {
        case .none:
            failureCount = 0
            guard let address else { return try openNext(pictures, sound) }
            let known = Set(order.names)
            work = .listing(
                Background {
                    ListedFiles.entries(of: address)?.filter {
                        known.contains($0.address.name) || !ListedFiles.isGrowing($0)
                    }
                })
        case .listing(let listing):
            if let found = listing.result {
                if let found, !found.isEmpty { relist(found) }
                try openNext(pictures, sound)
            } else if isLate(isDue) {
                // A disk that does not answer: the list stays as it was.
                try openNext(pictures, sound)
            }
        case .opening(let entry, let place, let opening, let cancellation):
            if let result = opening.result {
                waitingSince = nil
                switch result {
                case .success(let file):
                    try link.send(.prepared(next: entry.address.name))
                    work = .ready(Opened(entry: entry, file: file), place)
                case .failure(.refused(let refusal)): try pass(entry, place, refusal, pictures, sound)
                case .failure(.stopped(let stop)): throw stop
                }
            } else if isLate(isDue) {
                cancellation.cancel()
                try pass(
                    entry, place, Refusal(.timedOut, "\(entry.address.name) did not open in time"), pictures, sound)
            }
        case .over where isDue && address != nil && !hasLookedAtEnd:
            // The list may have grown meanwhile.
            hasLookedAtEnd = true
            work = .none
        case .ready, .over, .refused: break
        }
    }

    private func isLate(_ isDue: Bool) -> Bool {
        guard isDue else { return false }
        let since = waitingSince ?? .now
        waitingSince = since
        return MonotonicTime.now.since(since) > Self.patience.nanoseconds
    }

    private func relist(_ found: [ListedFiles.Entry]) {
        let atCurrent = reached == spot
        guard let current = entry(at: spot)?.address.name else { return }
        let target = entry(at: reached)?.address.name ?? current
        entries = found
        let place = order.relist(Self.names(found), keeping: current, at: spot)
        reached = atCurrent ? place : order.spot(of: target, near: reached) ?? place
        spot = place
    }

    /// Looks for the next file behind the last one that was looked at.
    private func openNext(_ pictures: Bool, _ sound: Bool) throws(SourceStop) {
        while failureCount < max(1, entries.count) {
            guard let place = order.following(reached), let entry = entry(at: place) else {
                work = .over
                return
            }
            guard isAvoided(entry) else { return try open(entry, at: place, pictures, sound) }
            reached = place
            failureCount += 1
        }
        work = .refused(nothing)
    }

    private func pass(
        _ entry: ListedFiles.Entry, _ place: PlayOrder.Spot, _ refusal: Refusal, _ pictures: Bool, _ sound: Bool
    ) throws(SourceStop) {
        try link.send(.prepared(next: ""))
        try leaveOut(entry, refusal)
        reached = place
        failureCount += 1
        waitingSince = nil
        try openNext(pictures, sound)
    }

    private func open(
        _ entry: ListedFiles.Entry, at place: PlayOrder.Spot, _ pictures: Bool, _ sound: Bool
    ) throws(SourceStop) {
        try link.send(.preparing(file: entry.address.name))
        let (settings, link, cancellation) = (settings, link, Cancellation())
        let opening = Background<Result<PreparedFile, OpenFailure>> {
            do throws(OpenFailure) {
                let file = try PreparedFile(opening: entry, settings: settings, link: link, ahead: cancellation)
                let position = entry.inPoint.map {
                    max(0, $0.subtractingReportingOverflow(file.input.startTime).partialValue)
                }
                try file.lookAhead(to: position, pictures: pictures, sound: sound)
                return .success(file)
            } catch { return .failure(error) }
        }
        work = .opening(entry, place, opening, cancellation)
    }

    /// Takes over what was opened: it is the file at hand from now on.
    func take() -> Opened? {
        guard case .ready(let opened, let place) = work else { return nil }
        (spot, reached) = (place, place)
        hasLookedAtEnd = false
        work = .none
        return opened
    }

    // MARK: skipping

    /// Has another file opened instead of the next one.
    /// - Parameter word: its number from 1, its path, its name or title; empty for the next one.
    /// - Returns: why that can't be done.
    func choose(_ word: String) throws(SourceStop) -> Refusal? {
        guard !word.isEmpty else {
            switch readiness {
            case .over: return Refusal(.notFound, "no file follows in the list")
            case .refused(let refusal): return refusal
            case .opening, .ready: return nil
            }
        }
        guard let place = place(of: word) else {
            return Refusal(.notFound, "there is no file \(word) in the list of \(entries.count)")
        }
        if case .opening(_, _, _, let cancellation) = work {
            cancellation.cancel()
            try link.send(.prepared(next: ""))
        }
        waitingSince = nil
        failureCount = 0
        reached = PlayOrder.Spot(round: place.round, number: place.number - 1)
        try openNext(link.usesPictures, link.usesSound)
        return nil
    }

    private func place(of word: String) -> PlayOrder.Spot? {
        let order = order.order(ofRound: spot.round)
        if let number = Int(word), order.indices.contains(number - 1) {
            return PlayOrder.Spot(round: spot.round, number: number - 1)
        }
        func isMeant(_ entry: ListedFiles.Entry) -> Bool {
            let name = entry.address.name
            let last = name.split(separator: "/").last.map(String.init) ?? name
            let stem = last.lastIndex(of: ".").map { String(last[..<$0]) } ?? last
            let word = word.lowercased()
            return [name, last, stem, entry.title].contains { !$0.isEmpty && $0.lowercased() == word }
        }
        // Behind the file at hand before it.
        let places = order.indices.filter { isMeant(entries[order[$0]]) }
        let number = places.first { $0 > spot.number } ?? places.first
        return number.map { PlayOrder.Spot(round: spot.round, number: $0) }
    }
}
