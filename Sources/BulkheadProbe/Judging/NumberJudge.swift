/// Judges the numbers that the `test` source paints into its pictures, as a viewer sees them in the order of showing.
///
/// What the decoder could not look at is told with ``skip(_:)``: such a picture is neither lost nor seen.
package struct NumberJudge: Sendable {
    /// What one picture had to tell.
    package enum Finding: Hashable, Sendable {
        /// The numbers that should have come before this one.
        case lost(ClosedRange<UInt32>)
        /// A number that was shown before.
        case repeated(UInt32)
        /// The number is lower than the one before it.
        case disordered(UInt32, after: UInt32)
        /// The source began anew.
        case restarted(UInt32, after: UInt32)
    }

    /// No more ranges of lost numbers are kept; their count goes on.
    package static let rangeLimit = 1000
    /// A number that is lower by more than this is that of a source that began anew.
    package static let longestStepBack: UInt32 = 600

    /// Pictures whose number was read.
    package private(set) var numbered = 0
    /// Pictures without a readable number.
    package private(set) var unnumbered = 0
    /// Pictures that could not be looked at.
    package private(set) var unread = 0
    /// Numbers that never came.
    package private(set) var lost = 0
    /// Numbers that never came, and may have been those of pictures without a readable one.
    package private(set) var unmeasured = 0
    /// In the order in which they went missing; those that came late are taken out.
    package private(set) var lostRanges: [ClosedRange<UInt32>] = []
    /// Pictures with a number that had come already.
    package private(set) var repeated = 0
    /// Pictures that came after one with a higher number.
    package private(set) var disordered = 0
    /// How often the numbers began anew.
    package private(set) var restarts = 0
    /// Pictures that were sent again because the viewer or the publisher had connected anew.
    package private(set) var replayed = 0
    /// The first number that was read.
    package private(set) var first: UInt32?
    /// The last number that was read.
    package private(set) var last: UInt32?
    private var highest: UInt32 = 0
    private var unreadSinceLast = 0
    private var unnumberedSinceLast = 0
    /// Numbers that were shown before come again.
    private var isReplay = false
    /// How many pictures may still come before what is sent again: those that were on their way.
    private var replayPatience = 0

    /// A judge that has seen no picture.
    package init() {}

    /// Notes that the viewer or the publisher has connected anew: they begin with what they have kept.
    package mutating func reconnected() { replayPatience = last == nil ? 0 : 300 }

    /// Notes `count` pictures that were there and could not be looked at.
    package mutating func skip(_ count: Int) {
        unread += count
        unreadSinceLast += count
    }

    /// Takes the next picture; nil for one without a number.
    package mutating func take(_ number: UInt32?) -> [Finding] {
        guard let number else {
            unnumbered += 1
            unnumberedSinceLast += 1
            return []
        }
        numbered += 1
        defer {
            last = number
            (unreadSinceLast, unnumberedSinceLast) = (0, 0)
        }
        guard let last else {
            first = number
            highest = number
            return []
        }
        if isReplay || replayPatience > 0, number <= highest, highest - number <= Self.longestStepBack {
            isReplay = true
            replayed += 1
            return []
        }
        replayPatience = isReplay ? 0 : max(0, replayPatience - 1)
        isReplay = false
        if number > highest {
            defer { highest = number }
            return number - highest > 1 ? miss((highest + 1)...(number - 1)) : []
        }
        if number < last, number == 0 || last - number > Self.longestStepBack {
            restarts += 1
            highest = number
            return [.restarted(number, after: last)]
        }
        var findings: [Finding] = []
        if number < last {
            disordered += 1
            findings.append(.disordered(number, after: last))
        }
        if !cameLate(number) {
            repeated += 1
            findings.append(.repeated(number))
        }
        return findings
    }

    private mutating func miss(_ range: ClosedRange<UInt32>) -> [Finding] {
        // Some of the missing pictures came and could not be looked at, or had no number; which ones is unknown.
        let unseen = range.count - unreadSinceLast
        guard unseen > 0 else { return [] }
        let covered = min(unseen, unnumberedSinceLast)
        unmeasured += covered
        let missing = unseen - covered
        guard missing > 0 else { return [] }
        lost += missing
        let lostRange = range.lowerBound...(range.lowerBound + UInt32(missing) - 1)
        if lostRanges.count < Self.rangeLimit { lostRanges.append(lostRange) }
        return [.lost(lostRange)]
    }

    /// Takes `number` out of the lost ones; false if it is not among them.
    private mutating func cameLate(_ number: UInt32) -> Bool {
        guard let index = lostRanges.firstIndex(where: { $0.contains(number) }) else { return false }
        let range = lostRanges.remove(at: index)
        if number < range.upperBound { lostRanges.insert((number + 1)...range.upperBound, at: index) }
        if number > range.lowerBound { lostRanges.insert(range.lowerBound...(number - 1), at: index) }
        // A range that was cut in two may be one too many.
        if lostRanges.count > Self.rangeLimit { lostRanges.removeLast() }
        lost -= 1
        return true
    }
}
