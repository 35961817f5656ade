import BulkheadFrames
import BulkheadMedia
import BulkheadWire

/// Plays the test picture and its sound: frame k stands at k frame intervals, the beeps on whole seconds.
final class TestPlayer: Player {
    private let link: MasterLink
    private let frameRate: FrameRate
    private let picture: TestPicture
    private let sound = TestSound()
    private var nextFrame: Int64 = 0
    private var nextSample: Int64 = 0
    private var drawnSlots: Set<UInt32> = []
    private var poolGeneration = 0

    static let chunkSampleCount = 1024

    init(_ settings: SourceSettings, link: MasterLink) {
        self.link = link
        frameRate = settings.frameRate
        picture = TestPicture(canvas: settings.canvas, frameRate: settings.frameRate)
        if let resume = settings.resume {
            nextSample = max(0, resume.audioSample)
            nextFrame = max(0, frameRate.frame(at: MediaTime(nanoseconds: max(0, resume.pts))) + 1)
        }
    }

    static let description = SourceDescription(
        hasVideo: true, hasAudio: true, isLive: false, duration: -1, summary: "test picture; beep on each second")

    func step() throws(SourceStop) -> PlayerStep {
        var result = PlayerStep.idle
        if let slot = link.takeSlot(), let bytes = link.pool?.bytes(of: slot) {
            if poolGeneration != link.poolGeneration {
                drawnSlots = []
                poolGeneration = link.poolGeneration
            }
            picture.draw(frame: nextFrame, into: bytes, isFresh: drawnSlots.insert(slot).inserted)
            let pts = frameRate.time(of: nextFrame).nanoseconds
            let reply = SourceReply.video(slot: slot, pts: pts, position: pts)
            if link.hasFewSlots { link.post(reply) } else { try link.send(reply) }
            nextFrame += 1
            result = .progressed
        }
        let allowed = link.audioCredit - nextSample
        if allowed >= Self.chunkSampleCount {
            link.post(
                .audio(start: nextSample, samples: sound.samples(from: nextSample, count: Self.chunkSampleCount)))
            nextSample += Int64(Self.chunkSampleCount)
            result = .progressed
        }
        return result
    }
}
