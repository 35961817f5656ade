package import BulkheadMedia

/// How the picture is coded. Empty texts stand for x264's own defaults.
package struct VideoSettings: Hashable, Sendable {
    /// The size of the pictures; they come in I420.
    package var canvas: Canvas
    /// The rate of the pictures, which are numbered.
    package var frameRate: FrameRate
    /// The video bitrate.
    package var bitsPerSecond: UInt32
    /// The VBV's size in milliseconds of `bitsPerSecond`; 0 leaves the rate to the encoder's average.
    package var bufferMilliseconds: UInt32
    /// From IDR to IDR, in frames: every so many frames exactly, counted from the first.
    package var keyframeInterval: UInt32
    /// 0...16; nil leaves them to the preset and tune.
    package var bframes: UInt8?
    /// The name of an x264 preset.
    package var preset: String
    /// The name of an x264 tuning, or empty for none.
    package var tune: String
    /// The H.264 profile: `baseline`, `main` or `high`.
    package var profile: String
    /// 0 leaves them to x264.
    package var threads: UInt8
    /// What the pictures do not need of the bitrate is filled up. Takes a VBV.
    package var isConstantRate: Bool

    package init(
        canvas: Canvas, frameRate: FrameRate, bitsPerSecond: UInt32, bufferMilliseconds: UInt32,
        keyframeInterval: UInt32, bframes: UInt8?, preset: String, tune: String, profile: String, threads: UInt8,
        isConstantRate: Bool = false
    ) {
        self.canvas = canvas
        self.frameRate = frameRate
        self.bitsPerSecond = bitsPerSecond
        self.bufferMilliseconds = bufferMilliseconds
        self.keyframeInterval = keyframeInterval
        self.bframes = bframes
        self.preset = preset
        self.tune = tune
        self.profile = profile
        self.threads = threads
        self.isConstantRate = isConstantRate
    }
}

/// What the master asks of an encoder.
package enum EncoderRequest: WireMessage, Hashable {
    /// Opens x264 and the AAC encoder; answered by `ready` or `refused`. Sent once, before all else.
    case configure(VideoSettings, audioBitsPerSecond: UInt32)
    /// Opens the AAC encoder alone, in place of ``configure(_:audioBitsPerSecond:)``; answered by `ready` with no
    /// configuration of pictures, or `refused`. Pictures are not encoded then.
    case configureSound(bitsPerSecond: UInt32)
    /// A pool to read pictures from; its descriptor comes along.
    case pool(PoolShape)
    /// A pool that no later message names.
    case dropPool(id: UInt32)
    /// Encodes the picture in a slot, laid out as ``PictureLayout`` says. Frame numbers rise.
    case encode(frame: FrameNumber, slot: SlotReference, forceIDR: Bool)
    /// Encodes one block: `AudioFormat.floatsPerBlock` floats. Block numbers rise by one.
    case encodeAudio(block: Int64, samples: [Float])
    /// Changes the video bitrate in place.
    case reconfigure(bitsPerSecond: UInt32)
    /// Asks for all that is held back; answered by `flushed` after the last access unit. Nothing is encoded after it.
    case flush
    /// Asks for a sign of life; answered by `alive`.
    case probe

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .configure(let video, let audioBitsPerSecond):
            WireFrame(.encoderConfigure) {
                $0.write(UInt16(video.canvas.width))
                $0.write(UInt16(video.canvas.height))
                $0.write(video.frameRate.numerator)
                $0.write(video.frameRate.denominator)
                $0.write(video.bitsPerSecond)
                $0.write(video.bufferMilliseconds)
                $0.write(video.keyframeInterval)
                $0.write(video.bframes ?? 0xFF)
                $0.write(video.preset, atMost: 64)
                $0.write(video.tune, atMost: 64)
                $0.write(video.profile, atMost: 64)
                $0.write(video.threads)
                $0.write(video.isConstantRate)
                $0.write(audioBitsPerSecond)
            }
        case .configureSound(let bitsPerSecond): WireFrame(.encoderConfigureSound) { $0.write(bitsPerSecond) }
        case .pool(let shape): WireFrame(.encoderPool, descriptor: true) { shape.write(to: &$0) }
        case .dropPool(let id): WireFrame(.encoderDropPool) { $0.write(id) }
        case .encode(let frame, let slot, let forceIDR):
            WireFrame(.encoderEncode) {
                $0.write(frame)
                slot.write(to: &$0)
                $0.write(forceIDR)
            }
        case .encodeAudio(let block, let samples):
            WireFrame(.encoderEncodeAudio, reserving: samples.count * 4 + 16) {
                $0.write(block)
                $0.write(samples)
            }
        case .reconfigure(let bitsPerSecond): WireFrame(.encoderReconfigure) { $0.write(bitsPerSecond) }
        case .flush: WireFrame(.encoderFlush) { _ in }
        case .probe: WireFrame(.encoderProbe) { _ in }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .encoderConfigure?:
            let width = Int(try reader.read(UInt16.self))
            let height = Int(try reader.read(UInt16.self))
            guard let canvas = Canvas(width: width, height: height) else { throw reader.outsideRange("canvas") }
            let numerator = try reader.read(UInt32.self)
            let denominator = try reader.read(UInt32.self)
            guard let frameRate = FrameRate(numerator, denominator) else { throw reader.outsideRange("frame rate") }
            let bitsPerSecond = try reader.read(UInt32.self)
            let bufferMilliseconds = try reader.read(UInt32.self)
            let keyframeInterval = try reader.read(UInt32.self)
            let bframes = try reader.read(UInt8.self)
            guard bframes <= 16 || bframes == 0xFF else { throw reader.outsideRange("number of B-frames") }
            let video = VideoSettings(
                canvas: canvas, frameRate: frameRate, bitsPerSecond: bitsPerSecond,
                bufferMilliseconds: bufferMilliseconds, keyframeInterval: keyframeInterval,
                bframes: bframes == 0xFF ? nil : bframes, preset: try reader.readString(atMost: 64, "preset"),
                tune: try reader.readString(atMost: 64, "tune"), profile: try reader.readString(atMost: 64, "profile"),
                threads: try reader.read(), isConstantRate: try reader.readBool("constant bitrate"))
            self = .configure(video, audioBitsPerSecond: try reader.read())
        case .encoderConfigureSound?: self = .configureSound(bitsPerSecond: try reader.read())
        case .encoderPool?: self = .pool(try PoolShape(&reader))
        case .encoderDropPool?: self = .dropPool(id: try reader.read())
        case .encoderEncode?:
            self = .encode(
                frame: try reader.read(), slot: try SlotReference(&reader), forceIDR: try reader.readBool("IDR flag"))
        case .encoderEncodeAudio?:
            let block = try reader.read(Int64.self)
            let samples = try reader.readFloats(atMost: AudioFormat.floatsPerBlock, "block")
            guard samples.count == AudioFormat.floatsPerBlock else { throw reader.outsideRange("block") }
            self = .encodeAudio(block: block, samples: samples)
        case .encoderReconfigure?: self = .reconfigure(bitsPerSecond: try reader.read())
        case .encoderFlush?: self = .flush
        case .encoderProbe?: self = .probe
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}

/// What an encoder answers.
package enum EncoderReply: WireMessage, Hashable {
    /// The encoder is open. `avcConfiguration` is an AVCDecoderConfigurationRecord, `audioSpecificConfig` AAC's.
    /// `maximumDelay` is how many frames x264 may hold before it must answer, `reorderDepth` by how many frames an
    /// access unit may come before one that is shown earlier.
    case ready(avcConfiguration: [UInt8], audioSpecificConfig: [UInt8], maximumDelay: UInt32, reorderDepth: UInt32)
    /// In decoding order; each frame that was given is answered exactly once.
    case accessUnit(AccessUnit)
    /// The raw AAC frame from which a decoder gets block `block`; each block is answered once, in order. The priming
    /// frame, which stands before the first block, is kept back by the encoder.
    case audioPacket(block: Int64, bytes: [UInt8])
    case flushed
    case refused(Refusal)
    case alive

    /// It is about sound.
    package var isSound: Bool { if case .audioPacket = self { true } else { false } }

    /// What an FLV tag or RTMP message of 24 bits' length holds behind its video header: no destination takes more.
    package static let maximumAccessUnitByteCount = 0xFF_FFFF - 5

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .ready(let avc, let asc, let maximumDelay, let reorderDepth):
            WireFrame(.encoderReady) {
                $0.write(avc)
                $0.write(asc)
                $0.write(maximumDelay)
                $0.write(reorderDepth)
            }
        case .accessUnit(let unit):
            WireFrame(.encoderAccessUnit, reserving: unit.bytes.count + 16) {
                $0.write(unit.frame)
                $0.write(unit.isIDR)
                $0.write(unit.isDisposable)
                $0.write(unit.bytes)
            }
        case .audioPacket(let block, let bytes):
            WireFrame(.encoderAudioPacket, reserving: bytes.count + 16) {
                $0.write(block)
                $0.write(bytes)
            }
        case .flushed: WireFrame(.encoderFlushed) { _ in }
        case .refused(let refusal): WireFrame(.encoderRefused) { refusal.write(to: &$0) }
        case .alive: WireFrame(.encoderAlive) { _ in }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .encoderReady?:
            self = .ready(
                avcConfiguration: try reader.readBytes(atMost: 65_536, "AVC configuration"),
                audioSpecificConfig: try reader.readBytes(atMost: 64, "audio configuration"),
                maximumDelay: try reader.read(), reorderDepth: try reader.read())
        case .encoderAccessUnit?:
            self = .accessUnit(
                AccessUnit(
                    frame: try reader.read(), isIDR: try reader.readBool("IDR flag"),
                    isDisposable: try reader.readBool("disposable flag"),
                    bytes: try reader.readBytes(atMost: Self.maximumAccessUnitByteCount, "access unit")))
        case .encoderAudioPacket?:
            self = .audioPacket(block: try reader.read(), bytes: try reader.readBytes(atMost: 8192, "AAC frame"))
        case .encoderFlushed?: self = .flushed
        case .encoderRefused?: self = .refused(try Refusal(&reader))
        case .encoderAlive?: self = .alive
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}
