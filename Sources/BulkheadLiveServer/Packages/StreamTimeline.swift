import BulkheadRTMP

/// The time of one stream across its publishers: it never goes back, and players count on it.
///
/// A publisher that comes back with timestamps that go on where they stood goes on in time. One whose timestamps have
/// nothing to do with that begins where the wall clock stands meanwhile. Numbers of segments follow from the wall clock as well
/// (``number(at:target:)``), so that a server that was restarted goes on counting where it had stopped. A value: the wall
/// clock is passed in.
package struct StreamTimeline: Sendable {
    /// Timestamps that leap further have lost their meaning, in milliseconds forwards and backwards.
    private static let longestLeap: Int64 = 60_000
    private static let longestReturn: Int64 = 1000
    /// What pictures may lie behind sound, or sound behind pictures, in milliseconds: an encoder that hangs and is replaced holds
    /// one of them up, and the other goes on.
    private static let longestLag: Int64 = 15_000
    /// Where the wall clock's rounding makes it likely that two servers, or two starts of one, agree: in milliseconds.
    private static let grain: Int64 = 64_000
    /// What an IDR may come too early, in milliseconds, and still begin the segment of its time.
    private static let slack: Int64 = 100

    private var unwrapper = TimestampUnwrapper()
    /// From timestamps to times.
    private var offset: Int64 = 0
    private var newest: (time: Int64, wallClock: Int64)?
    /// The newest time of sound, and of pictures.
    private var newestOfKind: (sound: Int64?, picture: Int64?)
    /// Milliseconds since 1970 at time 0, rounded down so that it does not depend on how long a message was under way.
    private var epoch: Int64?
    /// Milliseconds since 1970 at time 0, as it was seen last.
    private var wallClockOfZero: Int64?
    /// What the publisher says of the wall clock at its timestamp 0.
    private var announced: Int64?
    /// Up to then, in milliseconds since 1970, a message can show that those before it were late: a publisher that was cut off
    /// begins with what it kept meanwhile, as fast as it can.
    private var settledAt: Int64 = .min
    private static let settlingTime: Int64 = 10_000
    /// Segments have been numbered.
    private var isNumbered = false

    package init() {}

    /// Another publisher is about to send.
    /// - Parameter wallClockOfZero: milliseconds since 1970 at its timestamp 0, where it knows.
    package mutating func publisherCame(wallClockOfZero: Int64? = nil) {
        unwrapper = TimestampUnwrapper()
        announced = wallClockOfZero
    }

    /// The publisher's timestamps are said to be so much later from now on, in milliseconds: its times stay.
    package mutating func follow(shift: Int64) { offset = offset.subtractingReportingOverflow(shift).partialValue }

    /// The time of a message, in milliseconds.
    /// - Parameters:
    ///   - wallClock: milliseconds since 1970.
    ///   - isPicture: else it is sound. Each goes on in its own time.
    /// - Returns: the time, and whether it has nothing to do with those before.
    package mutating func time(
        of timestamp: UInt32, at wallClock: Int64, isPicture: Bool = true
    ) -> (milliseconds: Int64, isBroken: Bool) {
        let raw = unwrapper.milliseconds(of: timestamp)
        var time = raw.addingReportingOverflow(offset).partialValue
        var isBroken = false
        if let newest {
            let step = time.subtractingReportingOverflow(newest.time)
            let own = isPicture ? newestOfKind.picture : newestOfKind.sound
            let goesOn = own.map { time >= $0 - Self.longestReturn } ?? false
            let longestReturn = goesOn ? Self.longestLag : Self.longestReturn
            if step.overflow || step.partialValue < -longestReturn || step.partialValue > Self.longestLeap {
                isBroken = true
                newestOfKind = (nil, nil)
                let passed = max(1, min(wallClock - newest.wallClock, 1 << 40))
                offset = (newest.time + passed).subtractingReportingOverflow(raw).partialValue
                time = newest.time + passed
            }
            if time > newest.time { self.newest = (time, wallClock) }
        } else {
            // A first one far away from 0 is as good as any other.
            newest = (time, wallClock)
        }
        if isPicture {
            newestOfKind.picture = max(time, newestOfKind.picture ?? time)
        } else {
            newestOfKind.sound = max(time, newestOfKind.sound ?? time)
        }
        settle(time, at: wallClock, isFirst: epoch == nil || isBroken)
        return (time, isBroken)
    }

    /// The message that was under way for the shortest time knows best what the wall clock is at time 0. Dates of
    /// segments go forwards all the same: no message comes before the one that began a segment.
    private mutating func settle(_ time: Int64, at wallClock: Int64, isFirst: Bool) {
        let zero = announced.map { $0 - offset } ?? wallClock.subtractingReportingOverflow(time).partialValue
        if isFirst {
            settledAt = wallClock.addingReportingOverflow(Self.settlingTime).partialValue
        } else {
            guard wallClock < settledAt, let known = wallClockOfZero, zero < known else { return }
        }
        wallClockOfZero = zero
        if epoch == nil || !isNumbered { epoch = zero - Self.modulo(zero, Self.grain) }
    }

    /// From now on numbers stay as they are.
    package mutating func keepNumbers() { isNumbered = true }

    /// Milliseconds since 1970 at `time`, as viewers are told.
    package func wallClock(at time: Int64) -> Int64 { (wallClockOfZero ?? 0) + time }

    /// The number of the segment that a picture at `time` begins, where segments last `target` milliseconds.
    package func number(at time: Int64, target: Int64) -> Int64 {
        let absolute = (epoch ?? 0) + time + Self.slack
        return (absolute - Self.modulo(absolute, target)) / target
    }

    /// The time at which the segment with `number` begins, where they last `target` milliseconds.
    package func start(of number: Int64, target: Int64) -> Int64 {
        let (product, overflows) = number.multipliedReportingOverflow(by: target)
        return overflows ? .max : product - (epoch ?? 0)
    }

    private static func modulo(_ value: Int64, _ divisor: Int64) -> Int64 {
        let rest = value % divisor
        return rest < 0 ? rest + divisor : rest
    }
}
