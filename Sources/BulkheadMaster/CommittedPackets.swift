import BulkheadLinks
import BulkheadMedia
import BulkheadModel
import BulkheadOutputs
import BulkheadRoom
import BulkheadSwitch
import BulkheadSystem
import BulkheadTimeline

/// The way from the encoding to the outputs, where what goes out is counted and watched.
///
/// Size, distance of keyframes and bitrate are measured always, by the stream itself; events come where `watch` asks for them.
final class CommittedPackets: PacketOutlet {
    var rate = RateMeter()
    /// Called behind each picture.
    var onPicture: (() -> Void)?
    /// The size that the broadcast says at the moment; nil where it says none.
    var wantedCanvas: () -> Canvas? = { nil }
    private let outputs: Outputs
    private let context: RoomContext
    private var meter = StreamMeter()
    private var alarms: ConditionAlarms
    /// By the numbers of configurations; each encoder may describe itself otherwise.
    private var sizes: [Int: Canvas] = [:]
    private var configuration: Int?
    private var hasPicture = false
    private var now = MonotonicTime(nanoseconds: 0)
    private var nextLook = MonotonicTime(nanoseconds: 0)
    private static let mostSizes = 64
    private static let interval: Int64 = 250_000_000

    /// - Parameter conditions: of `watch`.
    init(_ outputs: Outputs, _ conditions: [SwitchCondition], in context: RoomContext) {
        self.outputs = outputs
        self.context = context
        alarms = ConditionAlarms(conditions.filter(\.isOfStream))
    }

    func configure(_ configuration: StreamConfiguration, number: Int) {
        let known = AVCDecoderConfiguration(record: configuration.avcConfiguration)?.firstSet
        sizes[number] = known.flatMap { Canvas(width: Int($0.width), height: Int($0.height)) }
        if sizes.count > Self.mostSizes, let oldest = sizes.keys.min() { sizes[oldest] = nil }
        outputs.configure(configuration, number: number)
    }

    func take(_ packet: Packet) {
        watch(packet)
        if packet.isVideo { rate.add(packet.bytes.count, at: .now) }
        outputs.take(packet)
        if packet.isVideo { onPicture?() }
    }

    var hasRoom: Bool { outputs.hasRoom }

    // MARK: watching

    private func watch(_ packet: Packet) {
        if packet.isVideo, configuration != packet.configuration {
            configuration = packet.configuration
            meter.take(size: sizes[packet.configuration])
        }
        hasPicture = hasPicture || packet.isVideo
        let time = MonotonicTime(nanoseconds: packet.dts.nanoseconds)
        meter.take(byteCount: packet.bytes.count, isIDR: packet.isIDR, at: time)
        guard time >= nextLook else { return }
        now = time
        nextLook = time.advanced(by: Self.interval)
        if !alarms.conditions.isEmpty { context.tell(alarms.take(report, at: time), of: .output) }
    }

    /// What is known of the stream.
    var report: WayReport {
        var report = WayReport(isOnAir: true)
        meter.fill(&report)
        report.wantedCanvas = wantedCanvas()
        return report
    }

    func change(to conditions: [SwitchCondition]) {
        context.tell(alarms.change(to: conditions.filter(\.isOfStream), at: now), of: .output)
    }

    /// Of the stream alone; nil before the first picture.
    var status: OutputStatus? {
        guard hasPicture else { return nil }
        let report = report
        var status = OutputStatus(alarms: alarms.met)
        status.canvas = report.canvas
        status.wantedCanvas = report.wantedCanvas
        status.keyframeSeconds = report.keyframeSeconds.map { ($0 * 100).rounded() / 100 }
        status.bitsPerSecond = report.bitsPerSecond.map { Int($0) }
        return status
    }
}
