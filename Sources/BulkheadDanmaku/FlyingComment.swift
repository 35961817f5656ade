package import BulkheadMedia

/// A comment that is seen, with all that says where: the picture of it is a function of this and of the time alone.
///
/// Lengths are in lines, of which a picture has 1080 from top to bottom; x counts from the left.
package struct FlyingComment: Codable, Hashable, Sendable {
    package let comment: RoomComment
    /// Clean, in one line.
    package let text: String
    /// How many equal comments it stands for.
    package internal(set) var count = 1
    package let mode: CommentMode
    /// The upper edge of its lane.
    package let top: Double
    /// Its left edge where it is positioned; nil for all others.
    package let left: Double?
    /// The height of its lane.
    package let height: Double
    /// The height of its letters.
    package let size: Double
    /// What it takes from left to right.
    package let width: Double
    /// How far it goes in a second; 0 where it stands.
    package let speed: Double
    /// When it comes, in nanoseconds of the timeline.
    package let start: Int64
    /// When nothing of it is seen any more.
    package let end: Int64

    /// Where its left edge is at `time`, in a picture of `pictureWidth`.
    package func x(at time: MediaTime, pictureWidth: Double) -> Double {
        let way = Double(time.nanoseconds - start) / 1e9 * speed
        return switch mode {
        case .scroll: pictureWidth - way
        case .reverse: way - width
        case .top, .bottom: (pictureWidth - width) / 2
        case .positioned: left ?? 0
        }
    }

    /// Times that can be subtracted from one another.
    static let times = -(Int64(1) << 60)...(Int64(1) << 60)

    /// Whether all numbers can be counted with.
    var isSane: Bool {
        Self.times.contains(start) && Self.times.contains(end)
            && [top, height, size, width, speed, left ?? 0].allSatisfy { $0.isFinite && abs($0) < 1_000_000 }
            && (1...1_000_000_000).contains(count)
    }

    /// The same so much later; nil where there is no such time.
    func shifted(by nanoseconds: Int64) -> FlyingComment? {
        let (start, isFar) = start.addingReportingOverflow(nanoseconds)
        let (end, isFarther) = end.addingReportingOverflow(nanoseconds)
        guard !isFar, !isFarther else { return nil }
        return FlyingComment(
            comment: comment, text: text, count: count, mode: mode, top: top, left: left, height: height, size: size,
            width: width, speed: speed, start: start, end: end)
    }

    /// Whether anything of it is seen at `time`.
    package func isSeen(at time: MediaTime) -> Bool { (start..<end).contains(time.nanoseconds) }

    /// What adding up fractions may cost, in lines.
    private static let rounding = 0.001

    /// Whether its end has come in, and another one that is no faster can follow at `time`.
    func isIn(at time: MediaTime, gap: Double, pictureWidth: Double) -> Bool {
        let x = x(at: time, pictureWidth: pictureWidth)
        return mode == .scroll ? x + width + gap <= pictureWidth : x >= gap
    }

    /// Whether the two want the same part of the picture's height, and move over it alike; of standing ones that are positioned, the
    /// same part of the picture.
    func shares(_ other: FlyingComment) -> Bool {
        guard mode == other.mode, top + Self.rounding < other.top + other.height,
            other.top + Self.rounding < top + height
        else { return false }
        guard let left, let otherLeft = other.left else { return true }
        return left + Self.rounding < otherLeft + other.width && otherLeft + Self.rounding < left + width
    }

    /// Whether `next`, which comes later in the same lane, keeps `gap` from this one as long as both are seen. Both move
    /// evenly: what keeps apart at the beginning and at the end keeps apart between.
    func lets(_ next: FlyingComment, gap: Double, pictureWidth: Double) -> Bool {
        guard next.start < end else { return true }
        guard speed > 0, next.speed > 0 else { return false }
        return [next.start, min(end, next.end)].allSatisfy { moment in
            let time = MediaTime(nanoseconds: moment)
            let (own, other) = (x(at: time, pictureWidth: pictureWidth), next.x(at: time, pictureWidth: pictureWidth))
            return mode == .scroll
                ? other + Self.rounding >= own + width + gap : other + next.width + gap <= own + Self.rounding
        }
    }
}
