import BulkheadMedia
import BulkheadWire
import CFFmpeg

/// The streams of one input as they are passed on: their codecs' configurations, and their packets made fit for
/// containers with lengths and raw AAC.
struct CopiedStreams {
    private var packer: AccessUnitPacker
    /// Nil where there is no sound, or its frames say each what they are.
    private var sound: AudioSpecificConfig?
    private let hasSound: Bool

    /// - Throws: a refusal that says what can't be passed on as it is.
    init(_ input: MediaInput) throws(OpenFailure) {
        let name = input.address.name
        guard let video = input.video?.pointee.codecpar?.pointee, !input.isCover else {
            throw Self.refusal("\(name) has no picture")
        }
        guard video.codec_id == AV_CODEC_ID_H264 else {
            throw Self.refusal("the picture of \(name) is \(MediaInput.codecName(video)) and not H.264")
        }
        packer = AccessUnitPacker(header: Self.header(video))
        hasSound = input.audio != nil
        guard let audio = input.audio?.pointee.codecpar?.pointee else { return }
        guard audio.codec_id == AV_CODEC_ID_AAC else {
            throw Self.refusal("the sound of \(name) is \(MediaInput.codecName(audio)) and not AAC")
        }
        let header = Self.header(audio)
        guard !header.isEmpty else { return }
        guard let configuration = AudioSpecificConfig(header) else {
            throw Self.refusal("the sound of \(name) is AAC of a kind that servers don't take")
        }
        sound = configuration
    }

    private static func refusal(_ fact: String) -> OpenFailure {
        .refused(Refusal(.notCopied, "\(fact), so that it can't be copied: it has to be encoded"))
    }

    private static func header(_ parameters: AVCodecParameters) -> [UInt8] {
        guard let bytes = parameters.extradata, parameters.extradata_size > 0 else { return [] }
        return Array(UnsafeBufferPointer(start: bytes, count: Int(parameters.extradata_size)))
    }

    /// What holds for the packets to come; nil before all of it is known.
    var format: CopiedFormat? {
        guard let record = packer.record, sound != nil || !hasSound else { return nil }
        return CopiedFormat(avcConfiguration: record, audioSpecificConfig: sound?.bytes ?? [])
    }

    /// A header that the container has put before the packet.
    mutating func takeHeader(of packet: UnsafeMutablePointer<AVPacket>, isVideo: Bool) {
        var size = 0
        guard let bytes = av_packet_get_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, &size), size > 0 else { return }
        let header = Array(UnsafeBufferPointer(start: bytes, count: size))
        if isVideo {
            _ = packer.take(header: header)
        } else if let configuration = AudioSpecificConfig(header) {
            sound = configuration
        }
    }

    /// The access unit that fills a packet.
    mutating func picture(_ bytes: UnsafeBufferPointer<UInt8>) throws(AccessUnitPacker.Fault) -> AccessUnitPacker.Unit {
        try packer.pack(bytes)
    }

    /// The bytes of a packet with sound, without any header; nil for what is no AAC frame.
    mutating func sound(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        // A raw frame can't begin so: its first element would be one that no encoder writes there.
        guard bytes.count > 1, bytes[0] == 0xFF, bytes[1] & 0xF6 == 0xF0 else {
            return sound == nil || bytes.isEmpty ? nil : Array(bytes)
        }
        guard let frame = ADTSFrame(bytes) else { return sound == nil ? nil : Array(bytes) }
        if frame.configuration != sound { noteSound(frame.configuration) }
        return Array(bytes[frame.payload])
    }

    private mutating func noteSound(_ configuration: AudioSpecificConfig) {
        // A header of the container says more than one of ADTS can.
        if let sound, sound.sampleRate == configuration.sampleRate, sound.channelCount == configuration.channelCount {
            return
        }
        sound = configuration
    }
}
