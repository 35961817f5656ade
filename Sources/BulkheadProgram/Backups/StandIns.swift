import BulkheadModel

/// Which inputs are backups, of which input, and which member stands for it.
struct StandIns: Hashable, Sendable {
    private var mains: [InputID: InputID] = [:]
    private var shown: [InputID: InputID] = [:]

    mutating func add(_ backups: [InputID], for input: InputID) {
        for backup in backups { mains[backup] = input }
    }

    func isBackup(_ input: InputID) -> Bool { mains[input] != nil }

    /// Who is shown where `input` is named: a backup, or itself; nil-like itself for one without backups.
    func shown(for input: InputID) -> InputID { shown[input] ?? input }

    mutating func show(_ member: InputID, for input: InputID) { shown[input] = member == input ? nil : member }

    /// Backups that stand for nothing.
    var idle: Set<InputID> { Set(mains.keys).subtracting(shown.values) }

    mutating func remove(_ input: InputID) {
        mains[input] = nil
        mains = mains.filter { $0.value != input }
        shown[input] = nil
        shown = shown.filter { $0.value != input }
    }
}
