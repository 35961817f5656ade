import BulkheadSystem

/// Whether the disk takes too long.
struct DiskPace {
    private var latest: [Bool] = []
    private var isSlow = false
    private static let count = 20
    /// What a write or a sync may take.
    private static let budget = Duration.milliseconds(250)

    /// Notes how long a call took.
    /// - Returns: whether the disk is slow, where that is news.
    mutating func note(_ nanoseconds: Int64) -> Bool? {
        latest.append(nanoseconds > Self.budget.nanoseconds)
        if latest.count > Self.count { latest.removeFirst() }
        let slow = latest.count(where: { $0 })
        let isSlow = self.isSlow ? slow > 0 : slow >= 3
        guard isSlow != self.isSlow else { return nil }
        self.isSlow = isSlow
        return isSlow
    }
}
