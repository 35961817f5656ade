import BulkheadMedia
import BulkheadSystem
import BulkheadWire
import CBulkheadLinux
import CBulkheadPlugin
import Glibc

/// Has a plugin change pictures: whether it keeps to the memory that it is given and does the same each time, and how
/// long it takes.
struct PictureCheck {
    private let bench: CheckBench
    private let width: Int
    private let height: Int
    /// How many pictures each instance gets.
    private static let count = 4
    /// What measuring may take, in nanoseconds, and how many pictures are enough.
    private static let measuringTime: Int64 = 5_000_000_000
    private static let measuredCount = 200

    init(_ bench: CheckBench) {
        self.bench = bench
        width = bench.request.test.width
        height = bench.request.test.height
    }

    func run() {
        let end = GuardedPicture.Layout(extraStride: 0, side: .end, filling: 0x55)
        guard let first = pictures(end), let again = pictures(end) else { return }
        var isSteady = first == again
        /// Whether the first pictures still come out as they did: a clock's change from second to second.
        func isStillSteady() -> Bool { pictures(end) == first }
        if !isSteady { foundUnsteady() }
        // Other layouts, with other bytes around the pixels: what comes out must not depend on them.
        let others: [(GuardedPicture.Layout, String)] = [
            (GuardedPicture.Layout(extraStride: 64, side: .end, filling: 0xAA), "rows lie further apart"),
            (GuardedPicture.Layout(extraStride: 0, side: .start, filling: 0xFF), "other bytes lie around the pixels"),
        ]
        for (layout, difference) in others {
            guard let result = pictures(layout) else { return }
            guard isSteady, result != first else { continue }
            if !isStillSteady() {
                isSteady = false
                foundUnsteady()
            } else {
                bench.found(
                    .error, "depends-on-surroundings",
                    "other pictures come out when \(difference): it leaves pixels of its output unwritten, reads what "
                        + "it has not written, reads beyond rows, or takes the width for the stride")
            }
        }
    }

    private func foundUnsteady() {
        bench.found(
            .warning, "not-deterministic",
            "the same pictures come out different in a fresh instance: right for a clock, else something was never set")
    }

    /// The pictures that come out of a fresh instance; nil when it can't be made or memory is missing.
    private func pictures(_ layout: GuardedPicture.Layout) -> [[UInt8]]? {
        guard let instance = bench.another(), let desk = Desk(width, height, layout, instance.worksInPlace) else {
            return nil
        }
        var results: [[UInt8]] = []
        for number in 0..<Self.count {
            desk.prepare(number)
            // Some numbers are left out, as for pictures that were late.
            let shown = number < 2 ? number : number + 1000
            bench.calling(
                .video, "picture \(number + 1), \(width)x\(height), \(layout.extraStride) bytes of extra stride")
            let outcome = desk.process(instance, number: shown, pts: Int64(shown) * bench.interval)
            if let damage = desk.damage { bench.found(.error, "out-of-bounds", "it has written \(damage)") }
            if case .failed(let reason) = outcome {
                bench.found(.error, "failure", "it could not change a picture: \(reason)")
            }
            results.append(outcome == .changed ? desk.output.pixels : desk.input.pixels)
        }
        bench.destroy(instance)
        return results
    }

    func measure() {
        let layout = GuardedPicture.Layout(extraStride: 0, side: .end, filling: 0)
        guard let instance = bench.another(), let desk = Desk(width, height, layout, instance.worksInPlace) else {
            return
        }
        desk.prepare(1)
        bench.calling(.video, "\(width)x\(height), against the clock")
        var times = CallTimes()
        let end = MonotonicTime.now.advanced(by: Self.measuringTime)
        // The first few pictures find caches cold, here as on air: they count.
        while times.count < Self.measuredCount, times.count < 5 || MonotonicTime.now < end {
            if desk.isInPlace { desk.prepare(1) }
            let number = times.count
            let nanoseconds = times.measure {
                _ = desk.process(instance, number: number, pts: Int64(number) * bench.interval)
            }
            if nanoseconds > 1_000_000_000 { bench.calling(.video, "\(width)x\(height), against the clock") }
        }
        bench.destroy(instance)
        guard let measured = PluginCheckTimes(nanoseconds: times.nanoseconds, interval: Double(bench.interval) / 1000)
        else {
            return
        }
        bench.measured(measured)
        if measured.median > measured.interval {
            bench.found(.error, "speed", "it is too slow for \(width)x\(height) at 30 frames a second")
        } else if measured.p99 > measured.interval {
            bench.found(
                .warning, "speed", "one picture in a hundred takes longer than there is time: it will go on unchanged")
        } else if measured.median > measured.interval / 2 {
            bench.found(.warning, "speed", "it takes more than half of the time that all plugins have together")
        }
    }
}

/// An input and an output on which a plugin works.
final class Desk {
    let input: GuardedPicture
    let output: GuardedPicture
    let isInPlace: Bool
    private let width: Int
    private let height: Int

    init?(_ width: Int, _ height: Int, _ layout: GuardedPicture.Layout, _ isInPlace: Bool) {
        guard let input = GuardedPicture(width: width, height: height, layout, name: "the input"),
            let output = GuardedPicture(width: width, height: height, layout, name: "the output")
        else { return nil }
        self.input = input
        self.output = output
        self.isInPlace = isInPlace
        self.width = width
        self.height = height
    }

    /// Draws picture `number`, and empties the output.
    func prepare(_ number: Int) {
        input.allowWriting(true)
        input.draw(number)
        input.allowWriting(false)
        if isInPlace { output.draw(number) } else { output.clear() }
    }

    var damage: String? { output.damage }

    func process(_ instance: any PluginInstance, number: Int, pts: Int64) -> PluginOutcome {
        func byte(_ picture: GuardedPicture, _ plane: Int) -> UnsafeMutablePointer<UInt8>? {
            picture.planes[plane].content.baseAddress?.assumingMemoryBound(to: UInt8.self)
        }
        let source = isInPlace ? output : input
        var frame = bulkhead_video_frame()
        frame.byte_count = UInt32(MemoryLayout<bulkhead_video_frame>.size)
        frame.width = UInt32(width)
        frame.height = UInt32(height)
        frame.number = Int64(number)
        frame.pts_nanoseconds = pts
        frame.input = (
            UnsafePointer(byte(source, 0)), UnsafePointer(byte(source, 1)), UnsafePointer(byte(source, 2))
        )
        frame.output = (byte(output, 0), byte(output, 1), byte(output, 2))
        frame.input_stride = (UInt32(source.strides[0]), UInt32(source.strides[1]), UInt32(source.strides[2]))
        frame.output_stride = (UInt32(output.strides[0]), UInt32(output.strides[1]), UInt32(output.strides[2]))
        return instance.process(&frame)
    }
}

/// How long calls took. A call in which the kernel gave the processor to another thread says nothing of the plugin: it
/// counts only where there are hardly others.
struct CallTimes {
    private var undisturbed: [Int64] = []
    private var disturbed: [Int64] = []

    var count: Int { undisturbed.count + disturbed.count }

    var nanoseconds: [Int64] { undisturbed.count >= max(5, count / 4) ? undisturbed : undisturbed + disturbed }

    /// Runs `call`, and returns what it took in nanoseconds.
    mutating func measure(_ call: () -> Void) -> Int64 {
        let preemptions = bulkhead_preemption_count()
        let start = MonotonicTime.now
        call()
        let time = MonotonicTime.now.since(start)
        if bulkhead_preemption_count() == preemptions { undisturbed.append(time) } else { disturbed.append(time) }
        return time
    }
}
