import BulkheadFLV
package import BulkheadMedia
package import Foundation
import NIOCore

/// A short piece of real H.264 and AAC, made by FFmpeg.
package struct MediaClip: Sendable {
    package let flv: Data
    package let configuration: StreamConfiguration
    /// In file order, which is decoding order.
    package let packets: [Packet]

    package var videoCount: Int { packets.count(where: \.isVideo) }

    /// 320x180 at 25 frames a second with B-frames, an IDR each second, and a tone.
    package static func make(seconds: Int = 2, bitsPerSecond: Int = 300_000) async throws -> MediaClip {
        let folder = try TemporaryFolder()
        let path = folder.path("clip.flv")
        let process = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-f", "lavfi", "-i",
                "sine=frequency=440:sample_rate=48000", "-t", "\(seconds)", "-c:v", "libx264", "-preset", "ultrafast",
                "-bf", "2", "-g", "25", "-b:v", "\(bitsPerSecond)", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2",
                "-b:a", "64k", path,
            ])
        guard await process.wait() == 0 else { throw ClipError.notMade(process.errorText) }
        return try MediaClip(flv: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    package init(flv: Data) throws {
        self.flv = flv
        var decoder = FLVDecoder()
        decoder.append(ByteBuffer(bytes: flv))
        var (avc, aac, packets) = ([UInt8](), [UInt8](), [Packet]())
        while let tag = try decoder.next() {
            let time = Int64(tag.timestampMilliseconds)
            switch tag.kind {
            case .video:
                guard let header = VideoPayloadHeader(tag.payload) else { throw ClipError.notMade("video tag") }
                let bytes = Array(tag.payload.readableBytesView.dropFirst(header.byteCount))
                switch header.content {
                case .sequenceHeader: avc = bytes
                case .accessUnit(let composition):
                    packets.append(
                        Packet(
                            kind: .video(isIDR: header.isIDR, isDisposable: header.frameType == .disposableInter),
                            dts: MediaTime(milliseconds: time), pts: MediaTime(milliseconds: time + Int64(composition)),
                            bytes: bytes))
                case .endOfSequence, .other: break
                }
            case .audio:
                guard let header = AudioPayloadHeader(tag.payload) else { throw ClipError.notMade("audio tag") }
                let bytes = Array(tag.payload.readableBytesView.dropFirst(header.byteCount))
                if header.isSequenceHeader {
                    aac = bytes
                } else {
                    let time = MediaTime(milliseconds: time)
                    packets.append(Packet(kind: .audio, dts: time, pts: time, bytes: bytes))
                }
            case .script: break
            }
        }
        guard let canvas = Canvas(width: 320, height: 180), let rate = FrameRate(25), !avc.isEmpty, !aac.isEmpty else {
            throw ClipError.notMade("sequence headers are missing")
        }
        configuration = StreamConfiguration(
            canvas: canvas, frameRate: rate, videoBitsPerSecond: 300_000, audioBitsPerSecond: 64_000,
            avcConfiguration: avc, audioSpecificConfig: aac)
        self.packets = packets
    }

    package enum ClipError: Error { case notMade(String) }
}
