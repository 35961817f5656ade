package import BulkheadSystem

/// Whether a child that says each second that it works still does. What it takes to start does not count.
package struct SignsOfLife: Hashable, Sendable {
    /// A child that says nothing for so long is replaced.
    package static let patience = Duration.seconds(5)

    /// Nil before it has said hello.
    private var last: MonotonicTime?

    package init() {}

    /// Another child has been launched.
    package mutating func begin() { last = nil }

    /// The child has said something.
    package mutating func heard(at now: MonotonicTime) { last = now }

    /// Why the child is to be dismissed; nil where it is not.
    package func complaint(at now: MonotonicTime) -> String? {
        guard let last, now.since(last) > Self.patience.nanoseconds else { return nil }
        return "it has said nothing for \(Self.patience.components.seconds) s"
    }
}
