import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadSound
import BulkheadSwitch
import BulkheadSystem
import Glibc
import SystemPackage

/// Measures what the master spends on watching the output: CPU time for a second of the timeline, as a share of one core. It does
/// what `WatchedOutput` does: four pictures a second are read by their grid and judged, and each block of sound.
@main enum Main {
    private static let seconds = 60
    private static let looksPerSecond = 4

    private enum Load: String, CaseIterable {
        /// Each picture is another one: the first points already tell.
        case moving
        /// All points are compared, because the picture is the same.
        case still
        /// Beside that, it is black and silent.
        case black
    }

    static func main() throws {
        for (width, height) in [(640, 360), (1280, 720), (1920, 1080)] {
            guard let canvas = Canvas(width: width, height: height) else { continue }
            for load in Load.allCases {
                let cost = try cpuSeconds(load, canvas)
                print(
                    "\(width)x\(height), \(load.rawValue): \(text(cost.total * 100, 2)) % of a core, in µs of each second:"
                        + " reading \(text(cost.reading * 1e6, 1)), judging pictures \(text(cost.pictures * 1e6, 1)),"
                        + " sound \(text(cost.sound * 1e6, 1)), loudness \(text(cost.loudness * 1e6, 1)),"
                        + " stream \(text(cost.stream * 1e6, 1))")
            }
        }
    }

    /// CPU seconds for each second of the timeline.
    private struct Cost {
        var reading = 0.0
        var pictures = 0.0
        var sound = 0.0
        var loudness = 0.0
        var stream = 0.0
        var total: Double { reading + pictures + sound + loudness + stream }
    }

    private static func text(_ number: Double, _ places: Int) -> String { DecimalText.text(number, places: places) }

    private static func cpuSeconds(_ load: Load, _ canvas: Canvas) throws -> Cost {
        let pools = FramePools()
        let pool = try pools.create(canvas, slotCount: 8)
        let slots = try (0..<8).map { number in
            try pools.fill(pool) { bytes in
                for index in bytes.indices {
                    bytes[index] = load == .black ? 16 : UInt8(truncatingIfNeeded: index &* 31 &+ number &* 40)
                }
            }
        }
        var block = [Float](repeating: 0, count: AudioFormat.floatsPerBlock)
        if load != .black { for index in block.indices { block[index] = Float(index % 97) / 200 } }
        let blockCount = seconds * AudioFormat.sampleRate / AudioFormat.samplesPerBlock
        var judge = ContentJudge()
        var cost = Cost()
        for look in 0..<seconds * looksPerSecond {
            let time = MonotonicTime(nanoseconds: Int64(look) * 1_000_000_000 / Int64(looksPerSecond))
            let start = cpuTime()
            let sample = pools.sample(slots[load == .moving ? look % slots.count : 0])
            let read = cpuTime()
            judge.take(luma: sample, at: time)
            cost.reading += read - start
            cost.pictures += cpuTime() - read
        }
        let start = cpuTime()
        for number in 0..<blockCount {
            judge.take(
                sound: block, at: MonotonicTime(nanoseconds: AudioFormat.time(ofBlock: Int64(number)).nanoseconds))
        }
        cost.sound = cpuTime() - start
        cost.loudness = loudnessSeconds(block, blockCount)
        cost.stream = try streamSeconds(blockCount, canvas)
        // What was measured has to be what was meant.
        let end = MonotonicTime(nanoseconds: Int64(seconds) * 1_000_000_000)
        precondition((judge.frozen(at: end) ?? 0 > 1) == (load != .moving))
        precondition((judge.black(at: end) ?? 0 > 1) == (load == .black))
        precondition((judge.silent(at: end) ?? 0 > 1) == (load == .black))
        return Cost(
            reading: cost.reading / Double(seconds), pictures: cost.pictures / Double(seconds),
            sound: cost.sound / Double(seconds), loudness: cost.loudness / Double(seconds),
            stream: cost.stream / Double(seconds))
    }

    /// What is measured and judged where a condition asks for the loudness: both kinds, four times a second.
    private static func loudnessSeconds(_ block: [Float], _ blockCount: Int) -> Double {
        var watch = LoudnessWatch()
        let start = cpuTime()
        var sum = 0.0
        for number in 0..<blockCount {
            watch.add(block)
            if number % (blockCount / (seconds * looksPerSecond)) == 0 {
                sum += (watch.shortTerm ?? 0) + (watch.integrated ?? 0)
            }
        }
        precondition(sum <= 0)
        return cpuTime() - start
    }

    /// A stream of 30 pictures a second and its sound, with four conditions.
    private static func streamSeconds(_ blockCount: Int, _ canvas: Canvas) throws -> Double {
        var meter = StreamMeter()
        var alarms = ConditionAlarms(
            try ["size wrong 2s", "keyframes > 4s", "bitrate < 1M for 10s", "bitrate > 6M for 10s"].map {
                (words) throws(BroadcastError) in try SwitchCondition(words)
            })
        let start = cpuTime()
        meter.take(size: canvas)
        for frame in 0..<seconds * 30 {
            let time = MonotonicTime(nanoseconds: Int64(frame) * 1_000_000_000 / 30)
            meter.take(byteCount: 12_000, isIDR: frame % 60 == 0, at: time)
            for _ in 0..<max(1, blockCount / (seconds * 30)) { meter.take(byteCount: 300, isIDR: false, at: time) }
            guard frame % 7 == 0 else { continue }
            var report = WayReport(isOnAir: true)
            meter.fill(&report)
            report.wantedCanvas = canvas
            _ = alarms.take(report, at: time)
        }
        return cpuTime() - start
    }

    private static func cpuTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
