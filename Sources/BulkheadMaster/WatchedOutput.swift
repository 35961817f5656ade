import BulkheadEvents
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadRoom
import BulkheadSound
import BulkheadSwitch
import BulkheadSystem
import BulkheadTimeline

/// Looks at what goes to the encoder, and passes it on as it is.
///
/// In: frames and blocks, in order. Out: the same, and what is told of them. Four times a second of the timeline it reads a grid
/// of the picture's luma, and the peak of each block. What is black, frozen, silent or clipped is judged by
/// ``ContentJudge``, always; loudness is measured, and events come, where `watch` asks for them.
final class WatchedOutput: FrameOutlet {
    private let outlet: any FrameOutlet
    private let context: RoomContext
    private let frameRate: FrameRate
    /// A picture is looked at every so many frames.
    private let step: FrameNumber
    private var judge = ContentJudge()
    /// Nil where no condition asks for it.
    private var loudness: LoudnessWatch?
    private var alarms: ConditionAlarms
    private var nextLook: FrameNumber?
    /// The end of the newest frame or block, on the timeline.
    private var now = MonotonicTime(nanoseconds: 0)

    init(
        _ outlet: any FrameOutlet, _ conditions: [SwitchCondition], _ frameRate: FrameRate, in context: RoomContext
    ) {
        self.outlet = outlet
        self.context = context
        self.frameRate = frameRate
        step = max(1, FrameNumber(frameRate.framesPerSecond / 4))
        alarms = ConditionAlarms(conditions.filter(\.isOfContent))
        listen()
    }

    private func listen() {
        let isAsked = alarms.conditions.contains(where: \.isOfLoudness)
        if isAsked != (loudness != nil) { loudness = isAsked ? LoudnessWatch() : nil }
    }

    func take(_ frame: TimelineFrame) {
        if frame.frame >= nextLook ?? frame.frame {
            nextLook = frame.frame + step
            let time = MonotonicTime(nanoseconds: frameRate.time(of: frame.frame).nanoseconds)
            judge.take(luma: context.pools.sample(frame.slot), at: time)
            look(time)
        }
        outlet.take(frame)
    }

    func take(_ block: AudioLedger.Block) {
        let time = MonotonicTime(nanoseconds: AudioFormat.time(ofBlock: block.number).nanoseconds)
        judge.take(sound: block.samples, at: time)
        loudness?.add(block.samples)
        outlet.take(block)
    }

    var load: FrameLoad { outlet.load }

    func change(to conditions: [SwitchCondition]) {
        context.tell(alarms.change(to: conditions.filter(\.isOfContent), at: now), of: .output)
        listen()
    }

    /// Writes what is seen and heard into `status`.
    func fill(_ status: inout OutputStatus) {
        let report = report(at: now)
        func tenths(_ value: Double?) -> Double? { value.map { ($0 * 10).rounded() / 10 } }
        status.blackSeconds = tenths(report.blackSeconds)
        status.frozenSeconds = tenths(report.frozenSeconds)
        status.silentSeconds = tenths(report.silentSeconds)
        status.clippedSeconds = tenths(report.clippedSeconds)
        status.shortTermLoudness = tenths(report.shortTermLoudness)
        status.integratedLoudness = tenths(report.integratedLoudness)
        status.alarms += alarms.met
    }

    private func look(_ time: MonotonicTime) {
        now = time
        guard !alarms.conditions.isEmpty else { return }
        context.tell(alarms.take(report(at: time), at: time), of: .output)
    }

    private func report(at time: MonotonicTime) -> WayReport {
        var report = WayReport(isOnAir: true)
        judge.fill(&report, at: time)
        report.shortTermLoudness = loudness?.shortTerm
        report.integratedLoudness = loudness?.integrated
        return report
    }
}

extension RoomContext {
    /// Posts what conditions of an output have come to.
    func tell(_ news: [ConditionAlarms.News], of part: Part) {
        for item in news {
            switch item {
            case .raised(let condition, let seconds, let text):
                guard let sign = condition.outputSign else { continue }
                post(part, .output(.raised(sign, condition: "\(condition)", seconds: seconds, text: text)))
            case .cleared(let condition, let seconds):
                guard let sign = condition.outputSign else { continue }
                post(part, .output(.cleared(sign, condition: "\(condition)", seconds: seconds)))
            }
        }
    }
}

extension SwitchCondition {
    fileprivate var outputSign: OutputHappening.Sign? {
        switch sign {
        case .black: .black
        case .frozen: .frozen
        case .silence: .silence
        case .clipping: .clipping
        case .loudness, .integratedLoudness: .loudness
        case .size: .size
        case .keyframes: .keyframes
        case .bitrate, .excessBitrate: .bitrate
        case .noData, .offAir, .framesPerSecond, .failures, .drops, .reportMissing, .queue: nil
        }
    }
}
