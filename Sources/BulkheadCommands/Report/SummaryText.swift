import BulkheadMaster
package import BulkheadModel

/// What a broadcast came to, in one sentence.
package enum SummaryText {
    /// The line that ends a broadcast.
    package static func text(_ status: BroadcastStatus) -> String {
        let restarts = status.children.map(\.restarts).reduce(0, +)
        var parts = [
            "ended after \(StatusLine.clock(status.secondsOnAir.rounded()))", "\(status.framesCommitted) frames",
            "\(StatusLine.dropped(status)) dropped",
        ]
        if status.framesSlated > 0 { parts.append("\(status.framesSlated) went out as the slate") }
        if status.framesRepeated > 0 { parts.append("\(status.framesRepeated) repeated") }
        if let count = status.framesLeftOut, count > 0 { parts.append("\(count) left out") }
        if restarts > 0 { parts.append(restarts == 1 ? "1 restart of a child" : "\(restarts) restarts of children") }
        return parts.joined(separator: ", ")
    }
}
