/// How much of something may come from outside: so much at once, and so much in a stretch of time on average.
///
/// Single messages, texts and answers have limits of their own; a budget bounds their sum, wherever the data of somebody
/// else enters this process: of each child, each library that is looked at, each server, each viewer.
package struct Budget: Hashable, Sendable {
    /// What may come at once.
    package let amount: Int
    /// From empty to full; nil for a sum that never grows again.
    package let refill: Duration?
    private var left: Double
    private var last: MonotonicTime?

    /// A full budget.
    package init(_ amount: Int, each refill: Duration? = nil) {
        self.amount = amount
        self.refill = refill
        left = Double(amount)
    }

    /// Takes `count` off it.
    /// - Returns: false when it is used up, with nothing taken off.
    package mutating func take(_ count: Int = 1, at now: MonotonicTime) -> Bool {
        if let last, let refill, refill > .zero {
            let share = Double(max(0, now.since(last))) / Double(refill.nanoseconds)
            left = min(Double(amount), left + share * Double(amount))
        }
        last = now
        guard Double(count) <= left else { return false }
        left -= Double(count)
        return true
    }
}
