package import BulkheadMedia

/// How far the time of a live input runs away from the clock by which it comes, judged by the earliest of its arrivals.
///
/// A way can only delay: what comes earliest in some seconds has been delayed least, whatever the jitter. A clock that is
/// fast or slow moves these earliest arrivals along a line, which is laid through the last minute of them.
///
///     lateness ┤        · :  ·      ·         what comes
///              │  : · ·   .  · : ·  .  ·
///              │  .   .      .   .          ← the earliest of each window: the line rises by the drift
///              └──────────────────────── clock
///
/// Where a second row is noted beside it (``note(other:at:)``), its lateness counts from that row's in the same window: what is
/// judged then is how one clock of an input runs beside another one.
///
/// Where the earliest moves by more than ``step`` from one window to the next, the way has changed and not the clock: what
/// has been judged until then stands, and judging begins anew.
package struct ArrivalDrift: Hashable, Sendable {
    private struct Point: Hashable, Sendable {
        let time: Double
        let lateness: Double
    }

    /// So long arrivals are gathered of which the earliest counts, in nanoseconds: five seconds.
    private static let window = 5e9
    /// The earliest arrival may move so far from window to window, in nanoseconds: no clock is off by 0.2 %.
    private static let step = 1e7
    /// Of so many windows the line is made.
    private static let windows = 12
    /// With fewer of them there is no line.
    private static let fewest = 6
    /// What is less than that is no drift but jitter, in nanoseconds.
    private static let play = 4e6
    /// Nor is what is less than so many times by how much the points scatter about the line.
    private static let doubt = 8.0
    /// No clock that is worth following is off by more: 0.2 %.
    private static let fastest = 2e-3

    private var begun: Double?
    private var earliest: Point?
    private var other: Double?
    private var isBeside = false
    private var points: [Point] = []
    /// The lateness that stands for no drift at all.
    private var base = 0.0
    /// The drift up to `judged`, and by how much it grows from there on.
    private var drift = 0.0
    private var rate = 0.0
    private var judged = 0.0

    /// Nothing is known yet.
    package init() {}

    /// Something of the input's time `pts` comes at `now`.
    package mutating func note(_ pts: MediaTime, at now: MediaTime) {
        let point = Point(time: Double(now.nanoseconds), lateness: Double((now - pts).nanoseconds))
        if let begun, point.time >= begun, point.time - begun < Self.window {
            if let earliest, point.lateness >= earliest.lateness { return }
            earliest = point
            return
        }
        close()
        begun = point.time
        earliest = point
    }

    /// Something of the other row's time `pts` comes at `now`.
    package mutating func note(other pts: MediaTime, at now: MediaTime) {
        let lateness = Double((now - pts).nanoseconds)
        other = min(other ?? lateness, lateness)
        isBeside = true
    }

    /// Judges by the window that has passed.
    private mutating func close() {
        defer { other = nil }
        guard let earliest else { return }
        guard isBeside else { return judge(earliest) }
        guard let other else { return }
        judge(Point(time: earliest.time, lateness: earliest.lateness - other))
    }

    /// By how much later than at first the input's time comes; negative where it comes earlier, because its clock is fast.
    package func distance(at now: MediaTime) -> MediaTime {
        let distance = distance(at: Double(now.nanoseconds))
        return MediaTime(nanoseconds: Int64(min(max(distance, -1e18), 1e18)))
    }

    private func distance(at time: Double) -> Double { drift + rate * min(max(0, time - judged), 2 * Self.window) }

    private mutating func judge(_ point: Point) {
        let former = distance(at: point.time)
        if let last = points.last, abs(point.lateness - last.lateness) <= Self.step, point.time > last.time {
            if points.count == Self.windows { points.removeFirst() }
        } else {
            points = []
            base = point.lateness - former
        }
        points.append(point)
        (drift, rate, judged) = (former, 0, point.time)
        guard let line = line() else { return }
        if abs(line.run) >= line.play {
            drift = line.end - base
            rate = min(max(line.slope, -Self.fastest), Self.fastest)
            return
        }
        // A single point says less of where it all began than the first line does.
        if points.count == Self.fewest { base = line.end - former }
        drift = min(max(former, line.end - base - line.play), line.end - base + line.play)
    }

    /// The line of least squares through the points: where it ends, by how much it rises in all, and what counts as nothing.
    private func line() -> (slope: Double, end: Double, run: Double, play: Double)? {
        guard let first = points.first, let last = points.last, points.count >= Self.fewest else { return nil }
        let count = Double(points.count)
        let time = points.reduce(0) { $0 + ($1.time - first.time) } / count
        let lateness = points.reduce(0) { $0 + ($1.lateness - first.lateness) } / count
        var (square, product) = (0.0, 0.0)
        for point in points {
            let distance = point.time - first.time - time
            square += distance * distance
            product += distance * (point.lateness - first.lateness - lateness)
        }
        guard square > 0 else { return nil }
        let slope = product / square
        let scatter = points.reduce(0) { sum, point in
            let error = point.lateness - first.lateness - lateness - slope * (point.time - first.time - time)
            return sum + error * error
        }
        let end = first.lateness + lateness + slope * (last.time - first.time - time)
        let play = max(Self.play, Self.doubt * (scatter / (count - 2)).squareRoot())
        return (slope, end, slope * (last.time - first.time), play)
    }
}
