import BulkheadWire
import CFFmpeg
import Glibc

/// Ends of an input that its user did not expect.
extension MediaInput {
    /// Says where a file ends before its time: half of a recording, half of a download. Nil where it does not.
    /// - Parameter end: when the last packet was due, in nanoseconds; `.min` where none came.
    func missingEnd(after end: Int64) -> String? {
        let length = statedLength
        guard length > 0, outPoint == nil, !isStill, end != .min, case .file = address.kind else { return nil }
        let read = end.subtractingReportingOverflow(startTime).partialValue
        guard read >= 0, length - read > max(1_000_000_000, length / 10) else { return nil }
        func seconds(_ time: Int64) -> String { "\(Double(time / 100_000_000) / 10)" }
        return "\(address.name) ends at \(seconds(read)) of \(seconds(length)) s"
    }

    /// Why an input that only its user ends gives no more; nil for all else, which is then at its end.
    func loss(_ error: LibavError) -> Refusal? {
        guard isLive || isSegmented else { return nil }
        return error.code == bulkhead_averror(ETIMEDOUT)
            ? Refusal(.timedOut, "\(address.name) gives nothing any more")
            : Refusal(.unreachable, "\(address.name) was lost: \(error)")
    }
}
