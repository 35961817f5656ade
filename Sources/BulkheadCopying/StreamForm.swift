import BulkheadMedia

/// One form in which an input comes: its configuration for players, and the silence that fits to it.
struct StreamForm: Hashable, Sendable {
    let configuration: StreamConfiguration
    let sound: AudioSpecificConfig
    /// One frame of silence in the same layout.
    let silence: [UInt8]
    /// The input has sound itself.
    let hasSound: Bool
    /// H.264's profile, as an encoder names the nearest one.
    let profile: String

    /// Sound that is made where the input has none: AAC-LC of 48 kHz in stereo.
    private static let madeSound: [UInt8] = [0x11, 0x90]

    /// Reads and checks what a source says of its stream.
    /// - Throws: why it can't be passed on.
    init(_ format: CopiedFormat, _ frameRate: FrameRate) throws(CopyFault) {
        guard let record = AVCDecoderConfiguration(record: format.avcConfiguration),
            format.avcConfiguration[4] & 3 == 3, let set = record.firstSet
        else { throw .parameterSets }
        guard let canvas = Canvas(width: Int(set.width) & ~1, height: Int(set.height) & ~1) else {
            throw .pictureSize(width: Int(set.width), height: Int(set.height))
        }
        hasSound = !format.audioSpecificConfig.isEmpty
        let bytes = hasSound ? format.audioSpecificConfig : Self.madeSound
        guard let sound = AudioSpecificConfig(bytes) else { throw .soundConfiguration }
        self.sound = sound
        // What a layout of its own holds is said in the first frames: none of ours would fit.
        silence = SilentSound.frame(channelLayout: sound.channelLayout) ?? []
        profile = set.profile == 66 ? "baseline" : set.profile == 77 ? "main" : "high"
        configuration = StreamConfiguration(
            canvas: canvas, frameRate: frameRate, videoBitsPerSecond: 0, audioBitsPerSecond: 0,
            avcConfiguration: format.avcConfiguration, audioSpecificConfig: bytes)
    }
}

/// Why what a source passes on can't go out.
package enum CopyFault: Error, Hashable, CustomStringConvertible {
    case parameterSets
    case pictureSize(width: Int, height: Int)
    case soundConfiguration
    case noFormat
    case accessUnit
    case timesGoBack
    case tooManyForms
    case tooMuch(byteCount: Int)

    package var description: String {
        switch self {
        case .parameterSets: "it passed on parameter sets that are none"
        case .pictureSize(let width, let height):
            "it passed on pictures of \(width)x\(height), which is no picture size"
        case .soundConfiguration: "it passed on a configuration of sound that is none"
        case .noFormat: "it passed a packet on without having said what it is"
        case .accessUnit: "it passed on an access unit that is none"
        case .tooManyForms: "it passed on one form of stream after the other"
        case .timesGoBack: "it passed on packets whose times go back"
        case .tooMuch(let byteCount): "it passed on \(byteCount) bytes more than it was allowed to"
        }
    }
}
