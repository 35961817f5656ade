import BulkheadEvents
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadRoom
import BulkheadSwitch
import BulkheadSystem
import BulkheadTimeline

/// Looks at what goes to the encoder, and passes it on as it is.
///
/// In: frames and blocks, in order. Out: the same, and what is told of them. Four times a second of the timeline it reads a grid
/// of the picture's luma, and the peak of each block. What is black, frozen, silent or clipped is judged by
/// ``ContentJudge``, always; events come where `watch` asks for them.
final class WatchedOutput: FrameOutlet {
    private let outlet: any FrameOutlet
    private let context: RoomContext
    private let frameRate: FrameRate
    /// A picture is looked at every so many frames.
    private let step: FrameNumber
    private var judge = ContentJudge()
    private var alarms: ContentAlarms
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
        alarms = ContentAlarms(conditions)
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
        outlet.take(block)
    }

    var load: FrameLoad { outlet.load }

    func change(to conditions: [SwitchCondition]) { tell(alarms.change(to: conditions, at: now)) }

    var status: OutputStatus {
        func tenths(_ seconds: Double?) -> Double? { seconds.map { ($0 * 10).rounded() / 10 } }
        return OutputStatus(
            blackSeconds: tenths(judge.black(at: now)), frozenSeconds: tenths(judge.frozen(at: now)),
            silentSeconds: tenths(judge.silent(at: now)), clippedSeconds: tenths(judge.clipped(at: now)),
            alarms: alarms.met)
    }

    private func look(_ time: MonotonicTime) {
        now = time
        guard !alarms.conditions.isEmpty else { return }
        tell(alarms.look(at: judge, time))
    }

    private func tell(_ news: [ContentAlarms.News]) {
        for item in news {
            switch item {
            case .raised(let condition, let seconds):
                guard let sign = condition.outputSign else { continue }
                post(.raised(sign, condition: "\(condition)", seconds: seconds))
            case .cleared(let condition, let seconds):
                guard let sign = condition.outputSign else { continue }
                post(.cleared(sign, condition: "\(condition)", seconds: seconds))
            }
        }
    }

    private func post(_ happening: OutputHappening) { context.post(.output, .output(happening)) }
}

extension SwitchCondition {
    fileprivate var outputSign: OutputHappening.Sign? {
        switch sign {
        case .black: .black
        case .frozen: .frozen
        case .silence: .silence
        case .clipping: .clipping
        default: nil
        }
    }
}
