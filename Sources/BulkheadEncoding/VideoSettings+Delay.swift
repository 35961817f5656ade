import BulkheadWire
import Glibc

extension VideoSettings {
    /// The longest look-ahead of x264's presets, in frames.
    private static let longestLookAhead = 60
    private static let mostBFrames = 16
    /// X264_THREAD_MAX.
    private static let mostThreads = 128

    /// The most frames that x264 can hold with these settings before it must answer, as its `encoder.c` adds them up: its
    /// look-ahead, the B-frames that the look-ahead's thread is ahead with, and one frame for each thread. An encoder that
    /// asks for more wants to owe nothing.
    ///
    /// - Parameter processors: those of the machine, from which x264 derives its threads where it is left to it.
    package func longestDelay(processors: Int = sysconf(CInt(_SC_NPROCESSORS_ONLN))) -> Int {
        // Sliced threads hold no frames, and there is no look-ahead.
        if tune.contains("zerolatency") { return 2 * Int(bframes ?? 0) + 1 }
        let threads = threads > 0 ? Int(threads) : min(Self.mostThreads, max(1, processors) * 3 / 2)
        return Self.longestLookAhead + Self.mostBFrames + 1 + threads
    }
}
