/// How long the parts of a switch took, in seconds.
package struct SwitchTimes: Codable, Hashable, Sendable {
    /// From the sign's first showing to the decision.
    package var detect: Double
    /// From there until the way that was left had stopped.
    package var stop: Double
    /// From there until the server took the other one.
    package var start: Double
    /// From there to its first IDR.
    package var firstIDR: Double

    package var total: Double { detect + stop + start + firstIDR }

    /// Four parts, one behind the other.
    package init(detect: Double, stop: Double, start: Double, firstIDR: Double) {
        self.detect = detect
        self.stop = stop
        self.start = start
        self.firstIDR = firstIDR
    }
}
