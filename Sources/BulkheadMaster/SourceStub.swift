import BulkheadChildren
import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// The master's face of one source process, and of the pool it writes to. It lives on the reactor's thread.
final class SourceStub {
    var onOpened: ((SourceDescription) -> Void)?
    /// Called with a picture whose slot is held once, for the receiver.
    var onPicture: ((Picture) -> Void)?
    var onSound: ((_ start: Int64, _ samples: [Float]) -> Void)?
    var onNotice: ((String) -> Void)?
    var onInputEnded: (() -> Void)?
    /// Called when the input can't be opened or goes on no more; the process is ended afterwards.
    var onFailed: ((Refusal) -> Void)?
    var onEnd: ((ChildEnd) -> Void)?

    let child: Child
    let pool: UInt32
    private(set) var isOpened = false
    private(set) var openedAt: MonotonicTime?
    private(set) var hasEnded = false
    /// When the source last said anything, or was last given something to do after it had nothing.
    private(set) var lastSign = MonotonicTime.now
    /// The input was seen to yield nothing, by the source's own word.
    private(set) var isWaiting = false
    private let settings: SourceSettings
    private let pools: FramePools
    private var lent = 0
    private var audioCredit: Int64 = 0

    /// - Parameter pool: a new pool of `pools`, which this source will write to.
    init(_ child: Child, _ settings: SourceSettings, pool: UInt32, of pools: FramePools) {
        self.child = child
        self.settings = settings
        self.pool = pool
        self.pools = pools
        audioCredit = settings.resume?.audioSample ?? 0
        child.onGreeted = { [weak self] in self?.open() }
        child.onFrame = { [weak self] in self?.take($0) }
        child.onEnd = { [weak self] end in self?.onEnd?(end) }
    }

    /// It has work to do that needs no more from the master.
    var owes: Bool { !isOpened || (!hasEnded && lent > 0) }

    /// Lends slots until `count` pictures are on their way or waiting, when at least `step` are to be lent.
    func lend(upTo count: Int, waiting: Int, step: Int = 1) {
        guard isOpened, !hasEnded, lent + waiting + step <= count else { return }
        while lent + waiting < count, let slot = pools.lend(from: pool) {
            if lent == 0 { lastSign = .now }
            lent += 1
            child.send(SourceRequest.lend(slot: slot))
        }
    }

    /// Lets sound come up to `sample` of source time.
    func creditAudio(until sample: Int64) {
        // A message for each half second of sound is plenty.
        guard isOpened, !hasEnded, sample >= audioCredit + Int64(AudioFormat.sampleRate / 2) else { return }
        audioCredit = sample
        child.send(SourceRequest.audioCredit(untilSample: sample))
    }

    private func open() {
        guard let shape = pools.shape(of: pool), let descriptor = try? pools.writerDescriptor(of: pool) else {
            child.dismiss("its frame pool could not be handed over: no descriptor is free")
            return
        }
        child.send(SourceRequest.pool(shape), descriptor: descriptor)
        child.send(SourceRequest.open(settings))
    }

    private func take(_ frame: WireFrame) {
        let reply: SourceReply
        do { reply = try SourceReply(frame) } catch {
            child.dismiss("it sent what can't be understood: \(error)")
            return
        }
        lastSign = .now
        isWaiting = false
        switch reply {
        case .opened(let description):
            guard !isOpened else {
                child.dismiss("it opened twice")
                return
            }
            isOpened = true
            openedAt = .now
            // The source has mapped its pool: from now on nobody else can write to it.
            do { try pools.seal(pool) } catch {
                child.dismiss("its frame pool could not be sealed: \(error)")
                return
            }
            onOpened?(description)
        case .video(let slot, let pts, let position):
            let reference = SlotReference(pool: pool, slot: slot)
            guard isOpened, pools.takeFilled(reference) else {
                child.dismiss("it sent a picture in slot \(slot), which it was not lent")
                return
            }
            lent -= 1
            onPicture?(
                Picture(
                    slot: reference, pts: MediaTime(nanoseconds: pts), position: MediaTime(nanoseconds: position)))
        case .audio(let start, let samples):
            let (end, overflows) = start.addingReportingOverflow(Int64(samples.count / AudioFormat.channelCount))
            guard isOpened, start >= 0, !overflows, end <= audioCredit.addingReportingOverflow(48_000).partialValue
            else {
                child.dismiss("it sent sound that it was not asked for")
                return
            }
            onSound?(start, samples)
        case .waiting:
            isWaiting = true
        case .notice(let text):
            onNotice?(text)
        case .ended:
            hasEnded = true
            onInputEnded?()
        case .failed(let refusal):
            onFailed?(refusal)
            child.dismiss(refusal.description)
        }
    }
}
