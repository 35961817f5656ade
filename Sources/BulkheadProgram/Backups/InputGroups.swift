import BulkheadModel
import BulkheadSwitch
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// All inputs that have backups.
struct InputGroups {
    private var groups: [InputGroup] = []

    /// Where each group is found, until one is removed.
    var places: Range<Int> { groups.indices }

    /// The input of a group that people know.
    func main(of place: Int) -> InputID { groups[place].main }

    mutating func add(_ input: InputID, by backups: [InputID], _ settings: BackupSettings, at now: MonotonicTime) {
        groups.append(InputGroup(settings, members: [input] + backups, at: now))
    }

    mutating func remove(_ input: InputID) { groups.removeAll { $0.main == input } }

    func statuses(at now: MonotonicTime) -> [InputID: InputBackupStatus] {
        Dictionary(groups.map { ($0.main, $0.status(at: now)) }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: what is decided

    /// Whether a person may choose what is shown of an input and its backups.
    /// - Parameter word: what the person calls the input.
    /// - Returns: where the group is.
    /// - Throws: kind `usage`.
    func check(_ mode: SwitchMode, of input: InputID, called word: String) throws(BroadcastError) -> Int {
        guard let place = place(of: input) else {
            throw BroadcastError(
                .usage, "the input \(word) has no backup",
                advice: "name one when the next broadcast begins")
        }
        if let way = mode.way, !groups[place].ways.contains(way) {
            let ways = groups[place].ways.map(\.rawValue).joined(separator: ", ")
            throw BroadcastError(
                .usage, "\(way.rawValue) is no way of the input \(word)", advice: "it has \(ways), auto and hold")
        }
        return place
    }

    /// A person chooses what is shown of an input and its backups, or lets conditions choose.
    mutating func set(_ mode: SwitchMode, of place: Int, at now: MonotonicTime) -> [InputGroup.Action] {
        groups[place].set(mode, at: now)
    }

    /// The program begins.
    mutating func begin(
        _ place: Int, at now: MonotonicTime, _ state: (InputID) -> InputState
    ) -> [InputGroup.Action] { groups[place].begin(at: now, state) }

    /// Time has passed: with each frame.
    mutating func look(
        _ place: Int, rate: Double, at now: MonotonicTime, _ state: (InputID) -> InputState
    ) -> [InputGroup.Action] { groups[place].look(rate: rate, at: now, state) }

    // MARK: what comes of a member

    /// - Parameter sample: some of the picture's pixels; asked for where they are wanted.
    mutating func tookPicture(of input: InputID, at now: MonotonicTime, sample: () -> [UInt8]?) {
        guard let place = place(of: input) else { return }
        let sample = groups[place].wantsSample(of: input, at: now) ? sample() : nil
        groups[place].tookPicture(sample, of: input, at: now)
    }

    mutating func tookSound(_ samples: [Float], from start: Int64, of input: InputID, at now: MonotonicTime) {
        guard let place = place(of: input) else { return }
        groups[place].tookSound(samples, from: start, of: input, at: now)
    }

    mutating func counted(_ arrival: InputArrival, of input: InputID) {
        guard let place = place(of: input) else { return }
        groups[place].counted(arrival, of: input)
    }

    mutating func interrupted(_ input: InputID) {
        guard let place = place(of: input) else { return }
        groups[place].interrupted(input)
    }

    private func place(of input: InputID) -> Int? { groups.firstIndex { $0.members.contains(input) } }
}
