import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadWire

/// Where the processes that read a list of files have come to, and which of its files end them.
struct ListCourse {
    /// The file that is played; nil where the input is no list, or has not been opened.
    private(set) var place: PlaylistPlace?
    /// The source time of that file's beginning.
    var start = MediaTime.zero
    /// The files before it, with theirs: what is on the timeline may come from one of them.
    private var former: [(place: PlaylistPlace, start: MediaTime)] = []
    /// Nothing of that file has come yet.
    private(set) var isAtStart = false
    /// The file that is being opened beside it; empty for none.
    private var preparing = ""
    /// How often a process has ended while it opened a file ahead.
    private var suspicions: [String: Int] = [:]
    /// Paths of files that have ended two processes, and are left out.
    private(set) var avoided: [String] = []
    private var hasTold = false

    /// What ends a process once may have been something else.
    private static let deathsBorne = 1
    private static let mostAvoided = 256
    /// What is ahead of the timeline lies in fewer files.
    private static let mostFormer = 16

    /// A file begins at the source time `start`.
    mutating func begin(_ place: PlaylistPlace, at start: MediaTime) {
        if let last = self.place {
            former = Array((former + [(last, self.start)]).suffix(Self.mostFormer))
        }
        self.place = place
        self.start = start
        isAtStart = true
        hasTold = false
        preparing = ""
    }

    /// A process that takes over goes on in the same file.
    mutating func goOn(_ place: PlaylistPlace) {
        self.place = place
        preparing = ""
    }

    /// Something of the file has come.
    /// - Returns: what is to be said of it, once.
    mutating func came() -> SourceHappening? {
        isAtStart = false
        guard let place, !hasTold else { return nil }
        hasTold = true
        return .playing(
            file: Self.name(place.file), title: place.title.isEmpty ? nil : place.title, number: Int(place.number) + 1,
            count: Int(place.count), next: place.next.isEmpty ? nil : Self.name(place.next))
    }

    mutating func prepare(_ file: String) { preparing = file }

    /// No file is being opened ahead any more; `next` is, where it is not empty.
    mutating func prepared(_ next: String) {
        preparing = ""
        if !next.isEmpty { place?.next = next }
    }

    /// A process has ended by itself.
    /// - Returns: whether the file that it was opening ahead may be to blame, and what becomes of that file.
    mutating func noteDeath() -> (isExplained: Bool, SourceHappening?) {
        guard !preparing.isEmpty else { return (false, nil) }
        let file = preparing
        preparing = ""
        suspicions[file, default: 0] += 1
        guard suspicions[file, default: 0] > Self.deathsBorne else { return (true, nil) }
        return (true, avoid(file))
    }

    /// Leaves a file out from now on.
    mutating func avoid(_ file: String) -> SourceHappening? {
        guard !file.isEmpty, !avoided.contains(file), avoided.count < Self.mostAvoided else { return nil }
        avoided.append(file)
        return .leftOut(
            file: Self.name(file), reason: Reason("crash", "\(Self.name(file)) crashes whatever reads it"))
    }

    /// The last part of a path: who wrote the list knows where its files lie.
    static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    /// The file that the source time `pts` lies in, and its beginning; nil where the input is no list.
    func file(at pts: MediaTime) -> (place: PlaylistPlace, start: MediaTime)? {
        guard let place else { return nil }
        return pts >= start ? (place, start) : former.last { $0.start <= pts } ?? (place, start)
    }

    /// The number of the file that is played; 0 for all else.
    var number: UInt32 { place?.number ?? 0 }

    /// How it is, for people.
    /// - Parameter position: how far the file has been played, in nanoseconds.
    func status(at position: Int64?) -> PlaylistStatus? {
        guard let place else { return nil }
        let left = place.length >= 0 ? place.length - max(0, isAtStart ? 0 : position ?? 0) : nil
        return PlaylistStatus(
            file: Self.name(place.file), title: place.title.isEmpty ? nil : place.title, number: Int(place.number) + 1,
            count: Int(place.count), next: place.next.isEmpty ? nil : Self.name(place.next),
            secondsLeft: left.map { Double(max(0, $0) / 100_000_000) / 10 })
    }
}
