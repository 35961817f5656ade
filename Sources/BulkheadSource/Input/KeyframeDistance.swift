/// How far the keyframes of an input are apart, by the times of its packets.
struct KeyframeDistance {
    /// Of the last keyframe, in nanoseconds.
    private var last: Int64?
    /// From the one before to that.
    private var distance: Int64 = 0
    private var newest: Int64 = 0

    /// - Parameter time: in nanoseconds. One that runs back begins anew.
    mutating func take(_ time: Int64, isKeyframe: Bool) {
        if time < newest { self = KeyframeDistance() }
        newest = time
        guard isKeyframe else { return }
        if let last { distance = time &- last }
        last = time
    }

    /// Between the last two, or since the last one, whichever is more; 0 before there was one.
    var milliseconds: UInt32 {
        guard let last else { return 0 }
        return UInt32(clamping: max(distance, newest &- last) / 1_000_000)
    }
}
