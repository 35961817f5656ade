import BulkheadWire

/// Which part of an input is shown, where the list that names the input says so. Times are nanoseconds.
struct PlayedPart {
    /// Where the part begins, in the input's own time; nil for the input's start.
    let inPoint: Int64?
    /// Where it ends at the latest, in the input's own time; nil where its media say when.
    let inputEnd: Int64?
    /// Source time before which nothing is shown.
    private(set) var start: Int64 = .min
    /// Source time up to which it stands at least; nil where its media say so.
    private(set) var end: Int64?
    private let length: Int64?
    private let inputStart: Int64

    /// The part of the input that `playlist` has at hand.
    init(of playlist: Playlist) {
        let (entry, input) = (playlist.entry, playlist.input)
        inputStart = input.startTime
        inPoint = entry.inPoint
        length = entry.length
        // A still has no end of its own.
        let stillEnd =
            input.isStill ? entry.length.map { input.startTime.addingReportingOverflow($0).partialValue } : nil
        inputEnd = entry.outPoint ?? stillEnd
    }

    /// How far behind the input's start it begins.
    var position: Int64 { inPoint.map { max(0, $0.subtractingReportingOverflow(inputStart).partialValue) } ?? 0 }

    /// It begins at this source time.
    mutating func begin(at time: Int64) {
        if inPoint != nil { start = time }
        end = length.map { time.addingReportingOverflow($0).partialValue }
    }

    /// It goes on behind the place that another process has come to.
    mutating func goOn(behind resume: SourceResume) {
        let shown = resume.position.subtractingReportingOverflow(position).partialValue
        let begun = resume.pts.subtractingReportingOverflow(shown).partialValue
        end = length.map { begun.addingReportingOverflow($0).partialValue }
    }

    /// Whether what has this place in source time and in the input is shown.
    func shows(_ time: Int64, inputTime: Int64) -> Bool { time >= start && inputEnd.map { inputTime < $0 } ?? true }
}
