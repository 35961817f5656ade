import BulkheadMedia
import BulkheadWire

/// Where a source goes on that takes over from another one. What it was told is a number from elsewhere: nothing here overflows.
struct Takeover {
    let resume: SourceResume
    private let interval: Int64

    init(_ resume: SourceResume, _ frameRate: FrameRate) {
        self.resume = resume
        interval = frameRate.interval.nanoseconds
    }

    /// The time of the first picture behind the last one.
    var nextTime: Int64 { resume.pts.addingReportingOverflow(interval).partialValue }
    /// How far sound has gone.
    var heard: Int64 { MediaTime(sampleIndex: resume.audioSample).nanoseconds }
    /// The input has a place to begin at that the last picture lies before.
    var isBeforeBeginning: Bool { resume.position < 0 }
    /// The time of the input's beginning.
    var beginning: Int64 { resume.pts.subtractingReportingOverflow(resume.position).partialValue }

    /// From where the input is read, from its own beginning.
    func position(hasSound: Bool) -> Int64 {
        let soundPosition = resume.position.addingReportingOverflow(heard).partialValue
            .subtractingReportingOverflow(resume.pts).partialValue
        // A little earlier than needed: decoders of sound want a packet or two to warm up.
        return max(0, min(resume.position, hasSound ? soundPosition : .max) - 100_000_000)
    }

    /// - Parameters:
    ///   - picture: the time of the picture that was sent last; nil without pictures.
    ///   - sound: the sample behind the last one; nil without sound.
    func hasPlayedASecond(picture: Int64?, sound: Int64?) -> Bool {
        let seen = picture.map { $0.subtractingReportingOverflow(resume.pts).partialValue } ?? 0
        let heard = sound.map { $0.subtractingReportingOverflow(max(0, resume.audioSample)).partialValue } ?? 0
        return seen > 1_000_000_000 || heard > Int64(AudioFormat.sampleRate)
    }
}
