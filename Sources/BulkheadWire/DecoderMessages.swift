package import BulkheadMedia

/// What a viewer asks of a decoder.
package enum DecoderRequest: WireMessage, Hashable {
    /// The pictures that follow are of this codec, a FourCC as Enhanced RTMP has them (`avc1`, `hvc1`, `av01`, `vp09`);
    /// the configuration is what stands in the sequence header. A decoder that was open before ends.
    case configureVideo(codec: UInt32, configuration: [UInt8])
    /// As for pictures: `mp4a`, `Opus`, `.mp3`.
    case configureAudio(codec: UInt32, configuration: [UInt8])
    /// One access unit, in decoding order; answered by `picture` or `undecodable`, pictures in the order of showing.
    case picture(unit: Int64, bytes: [UInt8])
    /// One coded audio frame; pts in nanoseconds.
    case sound(pts: Int64, bytes: [UInt8])
    /// Asks for all pictures that are held back; answered by `flushed`. An IDR may follow.
    case flush
    /// Numbers are also read in these parts of pictures, each of which holds a whole picture of an input, scaled.
    case look(at: [PixelRectangle])

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .configureVideo(let codec, let configuration):
            WireFrame(.decoderConfigureVideo) {
                $0.write(codec)
                $0.write(configuration)
            }
        case .configureAudio(let codec, let configuration):
            WireFrame(.decoderConfigureAudio) {
                $0.write(codec)
                $0.write(configuration)
            }
        case .picture(let unit, let bytes):
            WireFrame(.decoderPicture, reserving: bytes.count + 16) {
                $0.write(unit)
                $0.write(bytes)
            }
        case .sound(let pts, let bytes):
            WireFrame(.decoderSound, reserving: bytes.count + 16) {
                $0.write(pts)
                $0.write(bytes)
            }
        case .flush: WireFrame(.decoderFlush) { _ in }
        case .look(let parts):
            WireFrame(.decoderLook) {
                $0.write(UInt8(clamping: parts.count))
                for part in parts.prefix(DecodedPicture.mostParts) { part.writePart(to: &$0) }
            }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .decoderConfigureVideo?:
            self = .configureVideo(
                codec: try reader.read(), configuration: try reader.readBytes(atMost: 65_536, "configuration"))
        case .decoderConfigureAudio?:
            self = .configureAudio(
                codec: try reader.read(), configuration: try reader.readBytes(atMost: 65_536, "configuration"))
        case .decoderPicture?: self = .picture(unit: try reader.read(), bytes: try reader.readBytes("access unit"))
        case .decoderSound?: self = .sound(pts: try reader.read(), bytes: try reader.readBytes("audio frame"))
        case .decoderFlush?: self = .flush
        case .decoderLook?:
            let count = try reader.read(UInt8.self)
            guard count <= DecodedPicture.mostParts else { throw reader.outsideRange("count of parts") }
            var parts: [PixelRectangle] = []
            for _ in 0..<count { parts.append(try PixelRectangle(part: &reader)) }
            self = .look(at: parts)
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}

extension PixelRectangle {
    /// Four `u16`: x, y, width, height.
    fileprivate func writePart(to writer: inout WireWriter) {
        for number in [x, y, width, height] { writer.write(UInt16(clamping: number)) }
    }

    fileprivate init(part reader: inout WireReader) throws(WireError) {
        self.init(
            x: Int(try reader.read(UInt16.self)), y: Int(try reader.read(UInt16.self)),
            width: Int(try reader.read(UInt16.self)), height: Int(try reader.read(UInt16.self)))
    }
}

/// What a decoder read in one picture.
package struct DecodedPicture: Hashable, Sendable {
    /// The access unit that the picture was in.
    package var unit: Int64
    /// The width of the decoded picture, in pixels.
    package var width: UInt16
    /// The height of the decoded picture, in pixels.
    package var height: UInt16
    /// The number painted into the picture; nil where there is none that can be read.
    package var number: UInt32?
    /// The luma where the test picture flashes on each second: 16 is black, 235 white.
    package var flashLuma: UInt8
    /// The numbers in the parts that were to be looked at, in their order; nil where none can be read.
    package var partNumbers: [UInt32?] = []

    /// The most parts of a picture that are looked at.
    package static let mostParts = 64

    package init(unit: Int64, width: UInt16, height: UInt16, number: UInt32?, flashLuma: UInt8) {
        self.unit = unit
        self.width = width
        self.height = height
        self.number = number
        self.flashLuma = flashLuma
    }
}

/// What a decoder answers.
package enum DecoderReply: WireMessage, Hashable {
    case picture(DecodedPicture)
    case undecodable(unit: Int64)
    /// A tone begins after a fifth of a second of quiet; pts in nanoseconds.
    case beep(pts: Int64)
    /// The codec named last can't be decoded; what follows for it is passed over.
    case refused(Refusal)
    case flushed

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .picture(let picture):
            WireFrame(.decoderDecoded) {
                $0.write(picture.unit)
                $0.write(picture.width)
                $0.write(picture.height)
                $0.write(picture.number != nil)
                $0.write(picture.number ?? 0)
                $0.write(picture.flashLuma)
                $0.write(UInt8(clamping: picture.partNumbers.count))
                for number in picture.partNumbers.prefix(DecodedPicture.mostParts) {
                    $0.write(number != nil)
                    $0.write(number ?? 0)
                }
            }
        case .undecodable(let unit): WireFrame(.decoderUndecodable) { $0.write(unit) }
        case .beep(let pts): WireFrame(.decoderBeep) { $0.write(pts) }
        case .refused(let refusal): WireFrame(.decoderRefused) { refusal.write(to: &$0) }
        case .flushed: WireFrame(.decoderFlushed) { _ in }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .decoderDecoded?:
            let unit = try reader.read(Int64.self)
            let width = try reader.read(UInt16.self)
            let height = try reader.read(UInt16.self)
            let hasNumber = try reader.readBool("number flag")
            let number = try reader.read(UInt32.self)
            var picture = DecodedPicture(
                unit: unit, width: width, height: height, number: hasNumber ? number : nil,
                flashLuma: try reader.read())
            let count = try reader.read(UInt8.self)
            guard count <= DecodedPicture.mostParts else { throw reader.outsideRange("count of parts") }
            for _ in 0..<count {
                let isRead = try reader.readBool("number flag")
                let number = try reader.read(UInt32.self)
                picture.partNumbers.append(isRead ? number : nil)
            }
            self = .picture(picture)
        case .decoderUndecodable?: self = .undecodable(unit: try reader.read())
        case .decoderBeep?: self = .beep(pts: try reader.read())
        case .decoderRefused?: self = .refused(try Refusal(&reader))
        case .decoderFlushed?: self = .flushed
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}
