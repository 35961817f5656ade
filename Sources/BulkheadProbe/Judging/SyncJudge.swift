/// Judges whether picture and sound belong together, by the flashes and beeps of the `test` source on each second.
package struct SyncJudge: Sendable {
    /// A flash and a beep further apart than this, in milliseconds, are not of the same second.
    package static let reach = 450.0
    /// From here on people notice, in milliseconds (ITU-R BT.1359: sound 45 ms early, 125 ms late).
    package static let noticeable = 45.0

    /// How much later than its flash each beep is heard, in milliseconds; negative where it is earlier.
    package private(set) var offsets: [Double] = []
    private var flashes: [Double] = []
    private var beeps: [Double] = []
    private var wasDark = false
    private static let offsetLimit = 100_000

    /// A judge that has seen no flash and heard no beep.
    package init() {}

    /// The median of the offsets.
    package var typical: Double? { offsets.isEmpty ? nil : offsets.sorted()[offsets.count / 2] }
    /// The offset that is furthest from 0.
    package var worst: Double? { offsets.max { abs($0) < abs($1) } }

    /// Takes a picture in the order of showing: its time in milliseconds and the luma where the test picture flashes.
    /// - Returns: how much later than the flash its beep is heard, if both are known now.
    @discardableResult
    package mutating func take(flashLuma: UInt8, at milliseconds: Double) -> Double? {
        if flashLuma < 80 {
            wasDark = true
        } else if flashLuma > 180, wasDark {
            wasDark = false
            if let beep = Self.match(milliseconds, &beeps) { return note(beep - milliseconds) }
            Self.keep(milliseconds, &flashes)
        }
        return nil
    }

    /// Takes the start of a beep, in milliseconds.
    /// - Returns: how much later than its flash it is heard, if both are known now.
    @discardableResult
    package mutating func take(beepAt milliseconds: Double) -> Double? {
        if let flash = Self.match(milliseconds, &flashes) { return note(milliseconds - flash) }
        Self.keep(milliseconds, &beeps)
        return nil
    }

    /// Forgets what waits for its counterpart: the timestamps begin anew.
    package mutating func beginAnew() {
        flashes = []
        beeps = []
        wasDark = false
    }

    private mutating func note(_ offset: Double) -> Double {
        offsets.append(offset)
        if offsets.count > Self.offsetLimit { offsets.removeFirst(Self.offsetLimit / 10) }
        return offset
    }

    private static func match(_ time: Double, _ waiting: inout [Double]) -> Double? {
        guard let index = waiting.firstIndex(where: { abs($0 - time) < reach }) else { return nil }
        return waiting.remove(at: index)
    }

    private static func keep(_ time: Double, _ waiting: inout [Double]) {
        waiting.append(time)
        if waiting.count > 8 { waiting.removeFirst() }
    }
}
