import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Testing

/// Pictures with motion in them and a number painted in.
enum TestPictures {
    /// A pool whose slot `n` holds the picture with the code `n`.
    static func pool(id: UInt32, canvas: Canvas, count: Int) throws -> FramePool {
        let pool = try FramePool(id: id, canvas: canvas, slotCount: count)
        for index in 0..<count {
            try pool.fill(slot: UInt32(index)) { paint(UInt32(index), canvas.layout, $0) }
        }
        return pool
    }

    private static func paint(_ number: UInt32, _ layout: PictureLayout, _ bytes: UnsafeMutableRawBufferPointer) {
        let shift = Int(number) * 3
        for (index, plane) in layout.planes.enumerated() {
            for y in 0..<plane.height {
                for x in 0..<plane.width {
                    let texture = (x + shift) ^ (y + shift / 2)
                    let value = index == 0 ? 40 + texture % 160 : 96 + (texture >> 2) % 64
                    bytes[plane.offset + y * plane.stride + x] = UInt8(truncatingIfNeeded: value)
                }
            }
        }
        let row = FrameCode(number).row(width: layout.luma.width)
        for y in FrameCode.rows(height: layout.luma.height) {
            for x in 0..<row.count { bytes[layout.luma.offset + y * layout.luma.stride + x] = row[x] }
        }
    }
}

/// Streams as another program decodes them.
enum Decoding {
    struct Failed: Error {
        let message: String
    }

    /// Decodes access units, in the order given, with ffmpeg; the codes of the pictures in the order shown.
    static func codes(of units: [AccessUnit], avcConfiguration: [UInt8], canvas: Canvas) throws -> [UInt32?] {
        var stream = try annexB(parameterSets: avcConfiguration)
        for unit in units { stream += try annexB(unit.bytes) }
        let luma = try ffmpeg(
            ["-f", "h264", "-i"], stream,
            ["-fps_mode", "passthrough", "-vf", "extractplanes=y", "-f", "rawvideo", "-pix_fmt", "gray"])
        let byteCount = canvas.width * canvas.height
        #expect(luma.count % byteCount == 0)
        return (0..<luma.count / byteCount).map { index in
            FrameCode(width: canvas.width, height: canvas.height) { luma[index * byteCount + $1 * canvas.width + $0] }?
                .number
        }
    }

    /// Decodes raw AAC-LC frames (48 kHz, stereo) with ffmpeg; interleaved floats.
    static func samples(of frames: [[UInt8]]) throws -> [Float] {
        var stream: [UInt8] = []
        for frame in frames {
            // ISO/IEC 13818-7, 6.2: MPEG-4, no CRC, AAC-LC, 48 kHz, stereo, one raw block.
            let length = frame.count + 7
            stream += [
                0xFF, 0xF1, 0x4C, 0x80 | UInt8(length >> 11), UInt8(length >> 3 & 0xFF),
                UInt8(length << 5 & 0xFF) | 0x1F, 0xFC,
            ]
            stream += frame
        }
        let bytes = try ffmpeg(["-f", "aac", "-i"], stream, ["-f", "f32le", "-c:a", "pcm_f32le"])
        return bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }

    /// The payloads of length-prefixed NAL units.
    static func nalUnits(_ bytes: [UInt8]) throws -> [[UInt8]] {
        var units: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            try #require(rest.count > 4)
            let count = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(4)
            try #require(count > 0 && count <= rest.count)
            units.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return units
    }

    private static func annexB(_ bytes: [UInt8]) throws -> [UInt8] {
        try nalUnits(bytes).flatMap { [0, 0, 0, 1] + $0 }
    }

    /// ISO/IEC 14496-15, 5.3.3.1.2.
    private static func annexB(parameterSets record: [UInt8]) throws -> [UInt8] {
        var stream: [UInt8] = []
        var position = 5
        for mask in [0x1F, 0xFF] {
            try #require(position < record.count)
            let count = Int(record[position]) & mask
            position += 1
            for _ in 0..<count {
                let length = Int(record[position]) << 8 | Int(record[position + 1])
                stream += [0, 0, 0, 1] + record[position + 2..<position + 2 + length]
                position += 2 + length
            }
        }
        return stream
    }

    private static func ffmpeg(_ input: [String], _ stream: [UInt8], _ output: [String]) throws -> [UInt8] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bulkhead-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let source = folder.appendingPathComponent("stream")
        let target = folder.appendingPathComponent("decoded")
        try Data(stream).write(to: source)
        let run = ProgramRun(
            "/usr/bin/env",
            ["ffmpeg", "-v", "error", "-nostdin"] + input + [source.path] + output + [target.path],
            environment: ProcessInfo.processInfo.environment)
        let end = try run.run(keeping: .errors(mostBytes: 1 << 16), within: .seconds(60))
        guard end.isSuccess, end.bytes.isEmpty else { throw Failed(message: "\(end.cause): \(end.text)") }
        return Array(try Data(contentsOf: target))
    }
}
