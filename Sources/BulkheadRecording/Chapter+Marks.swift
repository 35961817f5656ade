package import BulkheadMP4
package import BulkheadMedia

extension Chapter {
    /// The chapters that the marks among `entries` make in a file whose first frame is `first`; marks before it are at
    /// its start.
    package static func all(
        of entries: [IndexEntry], from first: FrameNumber, frameDuration: MediaTime
    ) -> [Chapter] {
        entries.compactMap { entry in
            guard case .mark(let frame, _, let text) = entry else { return nil }
            let (distance, overflows) = frame.subtractingReportingOverflow(first)
            let start = frameDuration.nanoseconds.multipliedReportingOverflow(by: overflows ? 0 : max(0, distance))
            return Chapter(start: start.overflow ? 0 : start.partialValue, title: text)
        }
    }
}
