import BulkheadControl
import BulkheadModel

/// What a request changes, in words.
enum PlannedText {
    /// - Throws: where the reply is none of that kind.
    static func changes(_ reply: ControlReply?) throws(BroadcastError) -> [ChangeOutcome] {
        guard case .planned(let changes) = reply else {
            throw BroadcastError(code: .connectionClosed, "the master closed the connection without an answer")
        }
        return changes
    }

    /// - Parameter isDone: it was done, and is not only looked at.
    static func line(_ change: ChangeOutcome, isDone: Bool) -> String {
        let value = change.value.map { " \($0)" } ?? ""
        if let error = change.error { return "\(change.what)\(value): not done: \(error.problem)" }
        let way =
            switch change.way {
            case .inPlace: isDone ? "changed at once" : "would change at once"
            case .takeover: isDone ? "changed by a takeover" : "would change by a takeover, without losing a frame"
            case .added: isDone ? "added" : "would be added"
            case .removed: isDone ? "removed" : "would be removed"
            case .replaced: isDone ? "replaced" : "would be replaced by its successor"
            case .atStart: "takes effect at the next start" + (change.reason.map { ": \($0)" } ?? "")
            case .unchanged: "is so already"
            }
        return "\(change.what)\(value): \(way)"
    }
}

extension MasterFlags {
    /// Says what a request would do.
    func foresee(_ request: ControlRequest) throws(BroadcastError) {
        let reply = try ControlAddress.reply(to: .foresee(request), attach: attach)
        for change in try PlannedText.changes(reply) { print(PlannedText.line(change, isDone: false)) }
    }
}
