import BulkheadMP4
import BulkheadMedia
import BulkheadTestSupport
import Foundation
import Testing

/// Files of real pictures and sound, judged by FFmpeg.
@Suite(.timeLimit(.minutes(2))) struct PlayerTests {
    private let folder: TemporaryFolder
    private let clip: MediaClip
    /// The file while it is written, with all fragments.
    private let whole: [UInt8]
    private let writer: FragmentWriter

    init() async throws {
        folder = try TemporaryFolder()
        clip = try await MediaClip.make(seconds: 3)
        let configuration = clip.configuration
        let video = VideoTrack(
            avcConfiguration: configuration.avcConfiguration, width: 320, height: 180,
            colour: VideoTrack.Colour(primaries: 1, transfer: 1, matrix: 1, isFullRange: false),
            sampleAspect: VideoTrack.SampleAspect(width: 1, height: 1))
        let sound = SoundTrack(
            audioSpecificConfig: configuration.audioSpecificConfig, sampleRate: 48_000, channelCount: 2,
            bitsPerSecond: 64_000)
        let start = try #require(clip.packets.first { $0.isVideo }).pts
        var writer = FragmentWriter(
            tracks: [.video(video), .sound(sound)], presentationStart: start.nanoseconds,
            created: WallClock(nanoseconds: 1_700_000_000_000_000_000), info: [1])
        var block: Int64 = 0
        let samples = clip.packets.map { packet in
            guard case .video(let isIDR, let isDisposable) = packet.kind else {
                defer { block += 1 }
                // FLV's milliseconds made exact again.
                return Sample(track: 2, dts: start.sampleIndex + block * 1024, duration: 1024, bytes: packet.bytes)
            }
            let (dts, pts) = (packet.dts.milliseconds * 90, packet.pts.milliseconds * 90)
            return Sample(
                track: 1, dts: dts, compositionOffset: Int32(pts - dts), duration: 3600, isSync: isIDR,
                isDisposable: isDisposable, bytes: packet.bytes)
        }
        var whole = writer.header
        // Twelve pictures with the sound between them: some fragments begin with an IDR, some have one within.
        var rest = samples[...]
        while !rest.isEmpty {
            var pictures = 0
            let next = rest.prefix { sample in
                if sample.track == 1 { pictures += 1 }
                return pictures <= 12
            }
            let clock = WallClock(nanoseconds: 1_700_000_000_000_000_000)
            whole += try writer.fragment(of: Array(next), info: [2], wallClock: clock).bytes
            rest = rest.dropFirst(next.count)
        }
        self.whole = whole
        self.writer = writer
    }

    private func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let path = folder.path(name)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func run(_ program: String, _ words: String) async throws -> String {
        let process = try RunningProcess(program, words.split(separator: " ").map(String.init))
        #expect(await process.wait(timeout: .seconds(60)) == 0)
        #expect(process.errorText == "")
        return process.outputText
    }

    /// How many packets FFmpeg finds in each stream, the pictures' first.
    private func packetCounts(_ path: String) async throws -> [Int] {
        try await run(
            "ffprobe", "-v error -count_packets -show_entries stream=nb_read_packets -of csv=p=0 \(path)"
        ).split(whereSeparator: \.isNewline).compactMap { Int($0.filter(\.isNumber)) }
    }

    /// Size, checksum and times of each packet, in the order in which they are decoded.
    private func packets(_ path: String, stream: String) async throws -> [String] {
        try await run("ffmpeg", "-v error -i \(path) -map 0:\(stream) -c copy -copyts -f framemd5 -")
            .split(whereSeparator: \.isNewline).map(String.init).filter { !$0.hasPrefix("#") }
    }

    @Test func everyPacketIsThereAndPlaysInBothForms() async throws {
        let growing = try write(whole, "growing.mp4")
        let finished = try write(MovieSample.finished(whole, writer.finish()), "finished.mp4")
        let counts = [clip.videoCount, clip.packets.count - clip.videoCount]
        for path in [growing, finished] {
            #expect(try await packetCounts(path) == counts)
            #expect(try await run("ffmpeg", "-v error -i \(path) -f null -") == "")
        }
        for stream in ["v", "a"] {
            let packets = try await packets(growing, stream: stream)
            #expect(packets.count == counts[stream == "v" ? 0 : 1])
            #expect(try await self.packets(finished, stream: stream) == packets)
        }
        // The first picture and the first sound are at 0 in a player's time, whatever comes before is decoded only.
        let first = try await run(
            "ffprobe",
            "-v error -select_streams v -show_entries packet=pts_time -read_intervals %+#1 -of csv=p=0 \(finished)")
        #expect(first.hasPrefix("0.000000"))
    }

    /// Writes are cut short at the borders of pages and blocks.
    @Test func fileTornAtAnyBorderPlaysUpToIt() async throws {
        let borders = Array(stride(from: 4096, to: whole.count, by: 4096)) + [whole.count - 1]
        for end in borders.suffix(20) {
            let path = try write(Array(whole[..<end]), "torn\(end).mp4")
            let read = try MovieSample.read(Array(whole[..<end])).fragments.flatMap(\.samples)
            let process = try RunningProcess(
                "ffprobe",
                "-v error -count_packets -show_entries stream=nb_read_packets -of csv=p=0 \(path)".split(separator: " ")
                    .map(String.init))
            await process.wait(timeout: .seconds(30))
            let found = process.outputText.split(whereSeparator: \.isNewline).compactMap { Int($0.filter(\.isNumber)) }
            // A player may take whole samples of the torn fragment as well.
            #expect(found.count == 2, "\(process.outputText) \(process.errorText)")
            #expect(found.first ?? 0 >= read.count { $0.track == 1 })
        }
    }

    @Test func fileThatIsBeingFinishedPlays() async throws {
        let finish = writer.finish()
        let counts = [clip.videoCount, clip.packets.count - clip.videoCount]
        var file = whole
        for (number, step) in finish.steps.enumerated() {
            let half = number == 0 ? [Array((file + step.bytes).dropLast(step.bytes.count / 2))] : []
            MovieSample.carryOut(step, on: &file)
            for (part, bytes) in (half + [file]).enumerated() {
                let path = try write(bytes, "step\(number)\(part).mp4")
                #expect(try await packetCounts(path) == counts)
            }
        }
    }

    /// A power cut leaves zeros where a fragment was on its way.
    @Test func fileThatEndsInZerosPlays() async throws {
        let counts = [clip.videoCount, clip.packets.count - clip.videoCount]
        for zeros in [4096 - whole.count % 4096, 100_000] {
            let path = try write(whole + [UInt8](repeating: 0, count: zeros), "zeros\(zeros).mp4")
            #expect(try await packetCounts(path) == counts)
        }
    }

    @Test func chaptersAreShown() async throws {
        let chapters = [
            Chapter(start: 0, title: "Début"), Chapter(start: 1_500_000_000, title: String(repeating: "é", count: 200)),
        ]
        let path = try write(MovieSample.finished(whole, writer.finish(chapters: chapters)), "chapters.mp4")
        let lines = try await run("ffprobe", "-v error -show_chapters -of csv=p=0 \(path)")
            .split(whereSeparator: \.isNewline)
        #expect(lines.count == 2)
        #expect(lines.first?.hasSuffix("Début") == true && lines.first?.contains("0.000000,") == true)
        #expect(lines.last?.hasSuffix(",\(String(repeating: "é", count: 127))") == true)
        #expect(lines.last?.contains("1.500000") == true)
        #expect(try await run("ffmpeg", "-v error -i \(path) -f null -") == "")
    }

    /// 2^32 ticks of pictures are 13 hours: a recording that stood still for that long, in both forms.
    @Test func timesBeyond32BitsAreShown() async throws {
        var writer = FragmentWriter(
            tracks: writer.tracks, presentationStart: writer.presentationStart,
            created: WallClock(nanoseconds: 1_700_000_000_000_000_000), info: [1])
        let (read, _) = try MovieSample.read(whole)
        var file = writer.header
        for (number, fragment) in read.enumerated() {
            // In leaps of five hours at most; the last begins below 2^32 and ends beyond.
            let shifts: [Int64] = [0, 1_500_000_000, 3_000_000_000, (1 << 32) - 180_000]
            let shift = number < shifts.count ? shifts[number] : 1 << 32
            let samples = fragment.samples.map { sample in
                let dts = sample.track == 1 ? sample.dts + shift : sample.dts + shift * 8 / 15
                return Sample(
                    track: sample.track, dts: dts, compositionOffset: sample.compositionOffset,
                    duration: sample.duration, isSync: sample.isSync,
                    bytes: Array(whole[Int(sample.bytes.lowerBound)..<Int(sample.bytes.upperBound)]))
            }
            file += try writer.fragment(of: samples).bytes
        }
        let finished = MovieSample.finished(file, writer.finish())
        let counts = [clip.videoCount, clip.packets.count - clip.videoCount]
        // 2.96 s behind the first, and 2^32 ticks.
        let last: Int64 = 74 * 3600 + (1 << 32)
        for (name, bytes) in [("growing.mp4", file), ("finished.mp4", finished)] {
            let path = try write(bytes, name)
            #expect(try await packetCounts(path) == counts)
            let times = try await run(
                "ffprobe", "-v error -select_streams v -show_entries packet=pts -of csv=p=0 \(path)"
            ).split(whereSeparator: \.isNewline).compactMap { Int64($0.filter(\.isNumber)) }
            #expect(times.max() == last)
        }
    }

    /// An edit list hides what lies before and behind the part that is wanted.
    @Test func partIsShownThatTheEditListNames() async throws {
        let end = writer.presentationStart + 2_000_000_000
        let path = try write(MovieSample.finished(whole, writer.finish(presentationEnd: end)), "part.mp4")
        let duration = try await run("ffprobe", "-v error -show_entries format=duration -of csv=p=0 \(path)")
        #expect(duration.hasPrefix("2.0000"))
        #expect(try await run("ffmpeg", "-v error -i \(path) -f null -") == "")
    }
}
