/// Maps the input's timestamps to source time, pass by pass of a loop. All times are nanoseconds.
///
/// In each pass the earliest of the first picture and the first sound stands where the pass before had ended, with both
/// its picture and its sound; so the two keep their distance from each other however often the input is looped.
package struct SourceClock: Hashable, Sendable {
    /// Source time minus input time; nil until the pass's first times are known.
    package private(set) var base: Int64?
    /// Where the pass starts.
    package private(set) var start: Int64
    /// The end of all that has been noted.
    package var end: Int64 {
        let isLonger = soundEnd.subtractingReportingOverflow(pictureEnd).partialValue > borneOverhang
        return isLonger ? soundEnd : pictureEnd
    }
    /// Sound that goes on behind the picture by no more is left out: files end theirs with a whole block.
    package var borneOverhang: Int64 = 0
    private var pictureEnd: Int64
    private var soundEnd: Int64
    /// The pass ends with this input time at the latest; nil where its media say when.
    package var endLimit: Int64?

    /// A clock whose first pass starts at source time `start`.
    package init(startingAt start: Int64 = 0) {
        self.start = start
        (pictureEnd, soundEnd) = (start, start)
    }

    /// A clock that goes on in the middle of a pass, where input time `input` is source time `source`.
    package init(resumingAt source: Int64, input: Int64) {
        let (base, overflows) = source.subtractingReportingOverflow(input)
        self.base = overflows ? 0 : base
        start = source
        (pictureEnd, soundEnd) = (source, source)
    }

    /// The pass is tied to input time.
    package var isSettled: Bool { base != nil }

    /// Ties the pass to the earliest of `firstTimes`, in input time; without any, nothing changes.
    package mutating func settle(_ firstTimes: [Int64]) {
        guard base == nil, let first = firstTimes.min() else { return }
        let (difference, overflows) = start.subtractingReportingOverflow(first)
        base = overflows ? 0 : difference
    }

    /// The source time of `input`; nil before the pass is tied.
    package func sourceTime(of input: Int64) -> Int64? {
        guard let base else { return nil }
        let (sum, overflows) = input.addingReportingOverflow(base)
        return overflows ? (base > 0 ? .max : .min) : sum
    }

    /// Notes that a picture of this pass lasts until `time`, in source time.
    package mutating func note(end time: Int64) { pictureEnd = max(pictureEnd, limited(time)) }

    /// Notes that sound of this pass lasts until `time`, in source time.
    package mutating func note(soundEnd time: Int64) { soundEnd = max(soundEnd, limited(time)) }

    private func limited(_ time: Int64) -> Int64 { min(time, endLimit.flatMap { sourceTime(of: $0) } ?? .max) }

    /// The sound is what lasts longest, and decides where the pass ends.
    package var endsWithSound: Bool { end > pictureEnd }

    /// Starts the next pass where this one has ended, or at `border`.
    package mutating func beginPass(at border: Int64? = nil) {
        start = border ?? end
        (pictureEnd, soundEnd) = (start, start)
        base = nil
        endLimit = nil
    }
}
