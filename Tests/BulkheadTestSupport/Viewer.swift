import BulkheadMedia
import Foundation

/// What a viewer saw, decoded by FFmpeg: an implementation that is not ours.
package struct ViewedFrames: Sendable {
    /// The numbers painted into the pictures, in the order of their showing; nil where there is none.
    package let numbers: [UInt32?]

    package init(numbers: [UInt32?]) { self.numbers = numbers }

    /// Decodes all pictures of an FLV file of `width` x `height` and reads their numbers.
    /// - Parameters:
    ///   - ignoresTimes: the stream may go back to an IDR, and its pictures then have the same times.
    ///   - toleratesDamage: pictures may be cut off where a connection was.
    package static func decode(
        _ path: String, width: Int, height: Int, ignoresTimes: Bool = false, toleratesDamage: Bool = false
    ) async throws -> ViewedFrames {
        let rows = FrameCode.rows(height: height)
        let ffmpeg = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error",
            ] + (toleratesDamage ? [] : ["-xerror"]) + [
                // Milliseconds, as the file has them: behind a gap two may round to the same frame of a regular rate.
                "-i", path, "-an", "-fps_mode", "passthrough", "-enc_time_base", "-1", "-vf",
                // A stream whose size changes is shown by a player in a window that stays as it is.
                (ignoresTimes ? "setpts=N/TB," : "")
                    + "scale=\(width):\(height):flags=neighbor,crop=\(width):\(rows.count):0:\(rows.lowerBound)", "-f",
                "rawvideo", "-pix_fmt", "gray", "-",
            ])
        let status = await ffmpeg.wait(timeout: .seconds(60))
        // FFmpeg's parser (unlike its decoder) goes on with the first parameter sets when a stream changes them on its way,
        // and complains of what it reads with them. It has no name to put before its messages.
        let complaints = ffmpeg.errorText.split(separator: "\n").filter {
            !$0.hasPrefix("[NULL @") && !$0.contains("Last message repeated")
        }
        guard status == 0, complaints.isEmpty || toleratesDamage else { throw DecodingFailure.ffmpeg(ffmpeg.errorText) }
        let strip = width * rows.count
        let output = ffmpeg.output
        let numbers = (0..<output.count / strip).map { index in
            let picture = [UInt8](output[index * strip..<(index + 1) * strip])
            // The strip is at the bottom of a picture; what lies above it is not there and not read.
            return FrameCode(width: width, height: height) { x, y in
                y < rows.lowerBound ? 0 : picture[(y - rows.lowerBound) * width + x]
            }?.number
        }
        return ViewedFrames(numbers: numbers)
    }

    /// Whether every frame came once and in order, but for those that a machine too slow for the broadcast left out or
    /// showed twice by rule: these the broadcast counts itself, and says so in the last line of its text.
    package func isWhole(accordingTo text: String) -> Bool {
        let summary = text.split(separator: "\n").last { $0.contains("ended after") } ?? ""
        func count(_ pattern: Regex<(Substring, Substring)>) -> Int {
            summary.firstMatch(of: pattern).flatMap { Int($0.1) } ?? 0
        }
        return isInOrder && unreadable == 0 && lost <= count(#/(\d+) dropped/#) && repeated <= count(#/(\d+) repeated/#)
    }

    /// Frames that are missing between two that were seen; nil where numbers run back.
    package var lost: Int {
        zip(numbers, numbers.dropFirst()).reduce(0) { total, pair in
            guard let earlier = pair.0, let later = pair.1, later > earlier else { return total }
            return total + Int(later - earlier) - 1
        }
    }

    /// Pictures that were seen twice in a row.
    package var repeated: Int { zip(numbers, numbers.dropFirst()).count { $0 == $1 } }

    /// Whether no number comes after a higher one.
    package var isInOrder: Bool {
        zip(numbers, numbers.dropFirst()).allSatisfy { pair in
            guard let earlier = pair.0, let later = pair.1 else { return true }
            return later >= earlier
        }
    }

    package var unreadable: Int { numbers.count { $0 == nil } }
}

package enum DecodingFailure: Error {
    case ffmpeg(String)
}

/// The packets of a recording as ffprobe lists them.
package struct ViewedPackets: Sendable {
    package struct Packet: Sendable {
        package let isVideo: Bool
        /// A player can start with it.
        package let isKey: Bool
        package let pts: Double
        package let dts: Double
    }

    package let packets: [Packet]

    package static func list(_ path: String) async throws -> ViewedPackets {
        let ffprobe = try RunningProcess(
            "ffprobe",
            ["-v", "error", "-show_entries", "packet=codec_type,pts_time,dts_time,flags", "-of", "csv=p=0", path])
        guard await ffprobe.wait(timeout: .seconds(30)) == 0 else { throw DecodingFailure.ffmpeg(ffprobe.errorText) }
        return ViewedPackets(
            packets: ffprobe.outputText.split(separator: "\n").compactMap { line in
                let fields = line.split(separator: ",")
                guard fields.count >= 4, let pts = Double(fields[1]), let dts = Double(fields[2]) else { return nil }
                return Packet(
                    isVideo: fields[0] == "video", isKey: fields[3].hasPrefix("K"), pts: pts, dts: dts)
            })
    }

    /// Steps at which a track's DTS does not rise.
    package var backwardSteps: Int {
        [true, false].reduce(0) { total, isVideo in
            let times = packets.filter { $0.isVideo == isVideo }.map(\.dts)
            return total + zip(times, times.dropFirst()).count { $1 <= $0 }
        }
    }

    /// The times at which pictures are shown, in order.
    package var videoTimes: [Double] { packets.filter(\.isVideo).map(\.pts).sorted() }
}

/// The beeps of the test source as a viewer hears them.
package enum HeardBeeps {
    /// The presentation times at which a beep starts, in seconds.
    package static func starts(_ path: String) async throws -> [Double] {
        let packets = try await ViewedPackets.list(path)
        guard let first = packets.packets.first(where: { !$0.isVideo })?.pts else { return [] }
        let ffmpeg = try RunningProcess(
            "ffmpeg", ["-v", "error", "-i", path, "-vn", "-f", "s16le", "-ac", "1", "-ar", "48000", "-"])
        guard await ffmpeg.wait(timeout: .seconds(30)) == 0 else { throw DecodingFailure.ffmpeg(ffmpeg.errorText) }
        let samples = ffmpeg.output.withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
        var starts: [Double] = []
        var quietSince = -48_000
        for (index, sample) in samples.enumerated() where abs(Int(sample)) > 1500 {
            // A tone crosses zero all the time: a new beep comes after a fifth of a second of quiet.
            if index - quietSince > 9600 { starts.append(first + Double(index) / 48_000) }
            quietSince = index
        }
        return starts
    }
}

/// A viewer that was there before the first frame: records what a server sends it, until the stream ends.
package final class RecordingViewer: Sendable {
    package let path: String
    private let process: RunningProcess

    package init(_ url: String, into folder: TemporaryFolder, name: String = "viewed.flv") throws {
        path = folder.path(name)
        process = try RunningProcess(
            "ffmpeg",
            ["-v", "error", "-rw_timeout", "30000000", "-i", url, "-c", "copy", "-flush_packets", "1", "-y", path])
    }

    /// Waits for the stream's end.
    package func finish(timeout: Duration = .seconds(15)) async {
        if await process.wait(timeout: timeout) == 0 { return }
    }

    package func stop() async { await process.end(signal: SIGINT) }
}
