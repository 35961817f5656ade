package import BulkheadChildRuntime
import BulkheadMedia
import BulkheadSystem
import BulkheadWire
import CFFmpeg

/// A decoder's side of the conversation with a viewer: one request after the other, on one thread.
package final class DecoderService {
    private let socket: WireSocket
    private var video: CodecContext?
    private var audio: CodecContext?
    private var beeps = BeepFinder()
    /// Parts of pictures in which numbers are also read.
    private var parts: [PixelRectangle] = []

    /// A decoder that has said hello on `socket`; it opens codecs when it is told to.
    package init(_ socket: WireSocket) {
        self.socket = socket
        // A damaged stream makes decoders write a line for each macroblock; the viewer counts it anyway.
        av_log_set_level(AV_LOG_QUIET)
    }

    /// Serves until the socket ends.
    /// - Throws: always in the end: `WireSocketError.closedByPeer` when all went well.
    package func run() throws {
        while true {
            guard var received = try socket.receive(DecoderRequest.self) else { continue }
            received.descriptor.take()?.close()
            try serve(received.message)
        }
    }

    private func serve(_ request: DecoderRequest) throws {
        switch request {
        case .configureVideo(let codec, let configuration):
            try flush()
            video = try open(codec, configuration)
        case .configureAudio(let codec, let configuration): audio = try open(codec, configuration)
        case .picture(let unit, let bytes):
            guard let video else { return try socket.send(DecoderReply.undecodable(unit: unit)) }
            do {
                try video.decode(bytes, pts: unit) { try tell(video.frame) }
            } catch is CodecContext.Failure {
                try socket.send(DecoderReply.undecodable(unit: unit))
            }
        case .sound(let pts, let bytes):
            guard let audio else { return }
            do {
                try audio.decode(bytes, pts: pts) { try listen(audio.frame) }
            } catch is CodecContext.Failure {
                // Nothing is answered for sound: a beep that can't be heard is one that is missing.
                return
            }
        case .flush:
            try flush()
            try socket.send(DecoderReply.flushed)
        case .look(let parts): self.parts = parts
        }
    }

    private func open(_ codec: UInt32, _ configuration: [UInt8]) throws -> CodecContext? {
        do { return try CodecContext(codec, configuration: configuration) } catch {
            try socket.send(DecoderReply.refused(error))
            return nil
        }
    }

    private func flush() throws {
        guard let video else { return }
        try video.flush { try tell(video.frame) }
    }

    /// Reads the number and the flash in the picture's luma, where that has eight bits.
    private func tell(_ frame: UnsafeMutablePointer<AVFrame>) throws {
        let width = Int(frame.pointee.width)
        let height = Int(frame.pointee.height)
        var picture = DecodedPicture(
            unit: frame.pointee.pts, width: UInt16(clamping: width), height: UInt16(clamping: height), number: nil,
            flashLuma: 0)
        let format = av_pix_fmt_desc_get(AVPixelFormat(frame.pointee.format))
        if let component = format?.pointee.comp.0, component.plane == 0, component.step == 1, component.depth == 8,
            component.offset == 0, let luma = frame.pointee.data.0
        {
            let stride = Int(frame.pointee.linesize.0)
            func pixel(_ x: Int, _ y: Int) -> UInt8 { luma[y * stride + x] }
            picture.number = FrameCode(width: width, height: height, luma: pixel)?.number
            let centre = FrameCode.flashCentre(width: width, height: height)
            if centre.x < width, centre.y < height { picture.flashLuma = pixel(centre.x, centre.y) }
            picture.partNumbers = parts.map { part in
                guard part.width > 0, part.height > 0, part.x + part.width <= width, part.y + part.height <= height
                else { return nil }
                // As if the input's picture had the size of the whole: cells lie where they were painted, scaled.
                return FrameCode(width: width, height: height) { x, y in
                    pixel(part.x + x * part.width / width, part.y + y * part.height / height)
                }?.number
            }
        }
        try socket.send(DecoderReply.picture(picture))
    }

    /// Looks for the beginning of a tone in the first channel.
    private func listen(_ frame: UnsafeMutablePointer<AVFrame>) throws {
        let count = Int(frame.pointee.nb_samples)
        let format = frame.pointee.format
        // Interleaved floats of several channels would need a stride: no decoder of these codecs gives them.
        guard format == AV_SAMPLE_FMT_FLTP.rawValue, count > 0, let data = frame.pointee.data.0 else { return }
        let starts = data.withMemoryRebound(to: Float.self, capacity: count) {
            beeps.take(
                UnsafeBufferPointer(start: $0, count: count), at: frame.pointee.pts,
                sampleRate: Int(frame.pointee.sample_rate))
        }
        for start in starts { try socket.send(DecoderReply.beep(pts: start)) }
    }
}
