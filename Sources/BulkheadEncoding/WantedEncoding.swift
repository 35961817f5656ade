package import BulkheadMedia
package import BulkheadModel
import BulkheadWire

/// What a person wants of the encoding. Only a request changes it: what deaths, twins that differ and congestion do to
/// the stream is state of ``EncodingMachine``, and never comes back here.
package struct WantedEncoding: Hashable, Sendable {
    package var canvas: Canvas
    package var frameRate: FrameRate
    package var videoBitsPerSecond: UInt32
    package var audioBitsPerSecond: UInt32
    package var preset: String
    package var tune: String
    package var profile: String
    /// From IDR to IDR, in seconds.
    package var keyframeIntervalSeconds: Double
    /// Nil leaves them to preset and tune.
    package var bframes: UInt8?
    /// The VBV buffer's size in milliseconds of the video bitrate; 0 for none.
    package var bufferMilliseconds: UInt32
    /// What the pictures do not need of the bitrate is filled up.
    package var isConstantRate: Bool
    /// 0 leaves them to x264.
    package var encoderThreads: UInt8
    package var standby: StandbyChoice
    /// As fast as the encoder goes, instead of in real time.
    package var isFast: Bool
    /// Encoders are started by hand and connect; the master starts none.
    package var isForeign: Bool

    package init(_ settings: BroadcastSettings) {
        canvas = settings.canvas
        frameRate = settings.frameRate
        videoBitsPerSecond = settings.videoBitsPerSecond
        audioBitsPerSecond = settings.audioBitsPerSecond
        preset = settings.preset
        tune = settings.tune
        profile = settings.profile
        keyframeIntervalSeconds = settings.keyframeIntervalSeconds
        bframes = settings.bframes
        bufferMilliseconds = settings.bufferMilliseconds
        isConstantRate = settings.isConstantRate ?? false
        encoderThreads = settings.encoderThreads
        standby = settings.standby
        isFast = settings.isFast
        isForeign = settings.children == .plugins
    }

    /// What encoders are opened with.
    ///
    /// - Parameter isInLockstep: two encoders must write the same. Frames, and with zerolatency slices, that x264 encodes
    ///   at the same time share the VBV buffer's bits as they happen to come: one thread for each encoder takes the
    ///   chance out of it.
    func encoderSettings(isInLockstep: Bool) -> EncodingSettings {
        let interval = (keyframeIntervalSeconds * frameRate.framesPerSecond).rounded()
        let isUnsteady = isInLockstep && encoderThreads == 0 && bufferMilliseconds > 0
        return EncodingSettings(
            video: VideoSettings(
                canvas: canvas, frameRate: frameRate, bitsPerSecond: videoBitsPerSecond,
                bufferMilliseconds: bufferMilliseconds, keyframeInterval: UInt32(max(1, min(interval, 100_000))),
                bframes: bframes, preset: preset, tune: tune, profile: profile,
                threads: isUnsteady ? 1 : encoderThreads, isConstantRate: isConstantRate),
            audioBitsPerSecond: audioBitsPerSecond)
    }

    /// What any encoder can do: nothing that is held back, nothing that is exotic.
    var safeEncoderSettings: EncodingSettings {
        var safe = encoderSettings(isInLockstep: false)
        safe.video.preset = "veryfast"
        safe.video.tune = "zerolatency"
        safe.video.profile = "baseline"
        safe.video.bframes = 0
        safe.video.threads = 0
        return safe
    }
}
