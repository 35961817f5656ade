import BulkheadMP4
import BulkheadMedia
import BulkheadRecording
import BulkheadTestSupport
import Foundation
import Testing

/// `bulkhead recording` on segments of real pictures and sound, as a recorder writes them.
@Suite(.timeLimit(.minutes(3))) struct RecordingCommandTests {
    private let folder: TemporaryFolder
    private let clip: MediaClip
    private let packets: [RecordedPacket]
    private let recording = RecordingID.random()

    init() async throws {
        folder = try TemporaryFolder()
        clip = try await MediaClip.make(seconds: 6)
        let delay = try #require(clip.packets.first { $0.isVideo }).pts
        var block: Int64 = 0
        packets = clip.packets.map { packet in
            guard packet.isVideo else {
                defer { block += 1 }
                // FLV's milliseconds made exact again.
                let time = AudioFormat.time(ofBlock: block) + delay
                return RecordedPacket(Packet(kind: .audio, dts: time, pts: time, bytes: packet.bytes))
            }
            return RecordedPacket(packet, frame: (packet.pts - delay).milliseconds / 40)
        }
    }

    /// Writes the packets from `start` to `end`, in milliseconds, as a segment with its index.
    @discardableResult
    private func record(
        _ name: String, number: UInt32 = 0, from start: Int64 = 0, to end: Int64 = .max, isFinished: Bool = true,
        marks: [(frame: Int64, text: String)] = []
    ) throws -> String {
        let own = packets.filter { ($0.packet.dts.milliseconds >= start) && $0.packet.dts.milliseconds < end }
        let clock = WallClock(nanoseconds: 1_700_000_000_000_000_000 + start * 1_000_000)
        var writer = SegmentWriter(
            recording: recording, number: number, configuration: clip.configuration,
            first: try #require(own.first { $0.packet.isIDR }), wallClock: clock, monotonicNanoseconds: start)
        var (media, index) = (writer.header.media, writer.header.index)
        var cutter = FragmentCutter()
        var fragments = own.compactMap { cutter.add($0) }
        if let rest = cutter.flush() { fragments.append(rest) }
        var marks = marks
        for fragment in fragments {
            // Behind its picture, as a recorder is given it.
            let frames = fragment.filter(\.packet.isVideo).map(\.frame)
            for mark in marks where frames.contains(mark.frame) {
                writer.note(.mark(frame: mark.frame, wallClock: clock, text: mark.text))
            }
            marks.removeAll { frames.contains($0.frame) }
            let piece = try writer.fragment(of: fragment, wallClock: clock)
            media += piece.media
            index += piece.index
        }
        if isFinished {
            let finish = writer.finish()
            for step in finish.media.steps {
                let start = Int(step.offset)
                media.replaceSubrange(start..<min(media.count, start + step.bytes.count), with: step.bytes)
            }
            index += finish.index
        }
        let path = folder.path(name)
        try Data(media).write(to: URL(fileURLWithPath: path))
        try Data(index).write(to: URL(fileURLWithPath: path + ".index"))
        return path
    }

    private func bulkhead(_ words: String...) async throws -> (status: Int32, output: String, errors: String) {
        let process = try BulkheadProgram.start(["recording"] + words)
        let status = await process.wait(timeout: .seconds(30))
        return (status, process.outputText, process.errorText)
    }

    private func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

    private func write(_ bytes: [UInt8], _ path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    private func ffmpeg(_ program: String, _ words: String) async throws -> String {
        let process = try RunningProcess(program, words.split(separator: " ").map(String.init))
        #expect(await process.wait(timeout: .seconds(60)) == 0)
        #expect(process.errorText == "")
        return process.outputText
    }

    /// The checksums of a stream's packets, in decoding order.
    private func checksums(_ path: String, _ stream: String) async throws -> [Substring] {
        try await ffmpeg("ffmpeg", "-v error -i \(path) -map 0:\(stream) -c copy -copyts -f framemd5 -")
            .split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }
            .compactMap { $0.split(separator: ",").last }
    }

    private func duration(_ path: String) async throws -> Double {
        let text = try await ffmpeg("ffprobe", "-v error -show_entries format=duration -of csv=p=0 \(path)")
        return try #require(Double(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    @Test func recordingsAreListedAndShown() async throws {
        let second = try record("b.mp4", number: 1, from: 3000, isFinished: false)
        let first = try record("a.mp4", to: 3000, marks: [(frame: 30, text: "Questions")])
        try write(try bytes(folder.path("b.mp4")), folder.path("c.txt"))
        try write([0, 1, 2], folder.path("none.mp4"))
        let list = try await bulkhead("list", folder.url.path)
        let lines = list.output.split(separator: "\n")
        #expect(list.status == 0 && lines.count == 2)
        #expect(lines.first?.hasPrefix("\(first), segment 0 of ") == true)
        #expect(lines.first?.contains("0:00:03.000") == true && lines.first?.contains("75 frames") == true)
        #expect(lines.last?.hasPrefix("\(second), segment 1 of ") == true)
        #expect(lines.last?.contains("not finished") == true)

        let show = try await bulkhead("show", first)
        #expect(show.status == 0 && show.output.contains("0:00:01.200  mark at frame 30: Questions"))
        let json = try await bulkhead("show", "--json", second)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(object["recording"] as? String == recording.description && object["segment"] as? Int == 1)
        #expect(object["frames"] as? Int == 75 && object["nextFrame"] as? Int == 150)
        #expect(object["isFinished"] as? Bool == false && object["hasIndex"] as? Bool == true)
    }

    @Test func checkNamesWhatIsWrongAndWhere() async throws {
        let path = try record("show.mp4")
        let sound = try await bulkhead("check", path)
        #expect(sound.status == 0 && sound.output.contains("whole, and its index agrees"))
        var media = try bytes(path)
        let place = media.count / 2
        media[place] ^= 1
        try write(media, path)
        let spoiled = try await bulkhead("check", path, "--json")
        #expect(spoiled.status == 1)
        let finding = try #require(spoiled.output.split(separator: "\n").first)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(finding.utf8)) as? [String: Any])
        #expect(object["code"] as? String == "fragment-differs")
        #expect(object["mediaOffset"] as? Int ?? .max <= place)
        #expect((object["text"] as? String)?.contains("checksum") == true)
        #expect(try await bulkhead("check", folder.path("nothing.mp4")).status == 66)
        // FFmpeg's own: in fragments, without an index, and not in fragments.
        let (fragments, plain) = (folder.path("fragments.mp4"), folder.path("plain.mp4"))
        _ = try await ffmpeg("ffmpeg", "-v error -i \(path) -c copy -movflags frag_keyframe+empty_moov \(fragments)")
        _ = try await ffmpeg("ffmpeg", "-v error -i \(path) -c copy \(plain)")
        let foreign = try await bulkhead("check", fragments)
        #expect(foreign.status == 0 && foreign.output.contains("150 frames"), "\(foreign)")
        #expect(try await bulkhead("show", plain).errors.contains("was not written in fragments"))
    }

    /// A kill leaves half a fragment, a power cut zeros where it was on its way.
    @Test(arguments: [false, true]) func tornFileIsMadeWholeBesideIt(endsInZeros: Bool) async throws {
        let path = try record("show.mp4", isFinished: false, marks: [(frame: 50, text: "Two")])
        let whole = try bytes(path)
        let index = try bytes(path + ".index")
        let offsets = IndexReading(index).entries.compactMap { located in
            if case .fragment(let entry) = located.entry { entry } else { nil }
        }
        let last = try #require(offsets.last)
        let torn =
            endsInZeros
            ? Array(whole[..<Int(last.bytes.lowerBound)]) + [UInt8](repeating: 0, count: 5000) : whole.dropLast(7)
        try write(torn, path)
        let repair = try await bulkhead("repair", path)
        #expect(repair.status == 0, "\(repair.errors)")
        #expect(try bytes(path) == torn && bytes(path + ".index") == index)
        let made = folder.path("show.repaired.mp4")
        #expect(try await bulkhead("check", made).status == 0)
        let pictures = offsets.dropLast().reduce(0) { $0 + Int($1.frameCount) }
        #expect(try await checksums(made, "v").count == pictures)
        #expect(try await ffmpeg("ffmpeg", "-v error -i \(made) -f null -") == "")
        #expect(try await ffmpeg("ffprobe", "-v error -show_chapters -of csv=p=0 \(made)").contains("2.000000"))
        // Once more: it is there.
        let again = try await bulkhead("repair", path)
        #expect(again.status == 73 && again.errors.contains("is there already"))
        #expect(try await bulkhead("repair", path, "--force").status == 0)
    }

    /// The length of the file was durable, its last pages were not.
    @Test func pictureOfZerosIsLeftOut() async throws {
        let path = try record("show.mp4", isFinished: false)
        var media = try bytes(path)
        let reading = try SegmentReading(ArraySource(media))
        let last = try #require(reading.fragments.last)
        let pictures = last.fragment.samples.filter { $0.track == SegmentWriter.videoTrack }
        let spoiled = try #require(pictures.first)
        for place in spoiled.bytes.lowerBound + 9..<last.fragment.bytes.upperBound { media[Int(place)] = 0 }
        try write(media, path)
        let check = try await bulkhead("check", path)
        #expect(check.status == 1 && check.output.contains("byte \(spoiled.bytes.lowerBound): the bytes of a sample"))
        #expect(try await bulkhead("repair", path).status == 0)
        let made = folder.path("show.repaired.mp4")
        #expect(try await checksums(made, "v").count == 150 - pictures.count)
        #expect(try await ffmpeg("ffmpeg", "-v error -i \(made) -f null -") == "")
    }

    @Test func indexIsMadeAgainByteForByte() async throws {
        let path = try record("show.mp4", marks: [(frame: 50, text: "Two")])
        let index = try bytes(path + ".index")
        #expect(try await bulkhead("repair", path).output.contains("nothing to repair"))
        try FileManager.default.removeItem(atPath: path + ".index")
        #expect(try await bulkhead("repair", path).status == 0)
        #expect(try bytes(path + ".index") == index)
        var spoiled = index
        spoiled[100] ^= 1
        try write(spoiled, path + ".index")
        #expect(try await bulkhead("repair", path).status == 0)
        #expect(try bytes(path + ".index.repaired") == index)
        #expect(try bytes(path + ".index") == spoiled)
    }

    /// Players go by the tables of a finished file, which are made again of its fragments.
    @Test func spoiledTableIsFoundAndMadeAgain() async throws {
        let path = try record("show.mp4")
        let whole = try bytes(path)
        for type in ["stts", "ctts", "stss", "stsc", "stsz", "co64"] {
            let tail = try #require(try SegmentReading(ArraySource(whole)).tail)
            let place = try #require(
                (Int(tail.lowerBound)..<whole.count - 4).first {
                    whole[$0..<($0 + 4)].elementsEqual(type.utf8)
                })
            var spoiled = whole
            spoiled[place + 19] ^= 1
            try write(spoiled, path)
            let check = try await bulkhead("check", path)
            #expect(check.status == 1 && check.output.contains("the table of track 1"), "\(type): \(check)")
        }
        let repair = try await bulkhead("repair", path)
        #expect(repair.status == 0, "\(repair.errors)")
        let made = folder.path("show.repaired.mp4")
        #expect(try await bulkhead("check", made).status == 0)
        try write(whole, path)
        #expect(try await checksums(made, "v") == checksums(path, "v"))
    }

    /// The first block of a file is as likely to go as any other.
    @Test(arguments: [true, false]) func spoiledHeadIsMadeAgain(isFinished: Bool) async throws {
        let path = try record("show.mp4", isFinished: isFinished, marks: [(frame: 50, text: "Two")])
        let pictures = try await checksums(path, "v")
        var media = try bytes(path)
        media.replaceSubrange(0..<1000, with: [UInt8](repeating: 0, count: 1000))
        try write(media, path)
        #expect(try await bulkhead("show", path).status != 0)
        let made = folder.path("show.repaired.mp4")
        if isFinished {
            #expect(try await bulkhead("repair", path).status == 0)
        } else {
            #expect(try await bulkhead("repair", path).status == 66)
            let other = try record("other.mp4", number: 1, from: 3000)
            let repair = try await bulkhead("repair", path, "--like", other)
            #expect(repair.status == 0, "\(repair.errors)")
        }
        #expect(try await bulkhead("check", made).status == 0)
        #expect(try await checksums(made, "v") == pictures)
        #expect(try await ffmpeg("ffprobe", "-v error -show_chapters -of csv=p=0 \(made)").contains("Two"))
        // Without an index nothing tells where it ended.
        try FileManager.default.removeItem(atPath: path + ".index")
        #expect(try await bulkhead("repair", path, "--force").status == 66)
    }

    @Test func fragmentsBehindDamageAreSaved() async throws {
        let path = try record("show.mp4", isFinished: false)
        var media = try bytes(path)
        let entries = IndexReading(try bytes(path + ".index")).entries.compactMap { located in
            if case .fragment(let entry) = located.entry { entry } else { nil }
        }
        let third = Int(entries[2].bytes.lowerBound)
        media.replaceSubrange(third..<third + 600, with: [UInt8](repeating: 0, count: 600))
        try write(media, path)
        let repair = try await bulkhead("repair", path)
        #expect(repair.status == 0 && repair.output.contains("\(entries.count - 3) of them found by the index"))
        let pictures = entries.reduce(0) { $0 + Int($1.frameCount) } - Int(entries[2].frameCount)
        #expect(try await checksums(folder.path("show.repaired.mp4"), "v").count == pictures)
    }

    @Test func segmentsJoinToWhatWasRecorded() async throws {
        let whole = try record("whole.mp4")
        // The first goes on beyond the start of the second, as after a failed sync, and is torn.
        let first = try record("z.mp4", to: 3600, isFinished: false, marks: [(frame: 10, text: "One")])
        try write(try bytes(first).dropLast(99), first)
        let second = try record("a.mp4", number: 1, from: 3000, marks: [(frame: 100, text: "Two")])
        let made = folder.path("joined.mp4")
        let join = try await bulkhead("join", second, first, "--output", made)
        #expect(join.status == 0, "\(join.errors)")
        #expect(!join.output.contains("none of the segments"))
        for stream in ["v", "a"] {
            #expect(try await checksums(made, stream) == checksums(whole, stream))
        }
        #expect(try await bulkhead("check", made).status == 0)
        #expect(try await ffmpeg("ffmpeg", "-v error -i \(made) -f null -") == "")
        let chapters = try await ffmpeg("ffprobe", "-v error -show_chapters -of csv=p=0 \(made)")
        #expect(chapters.contains(",0.400000,") && chapters.contains(",4.000000,"), "\(chapters)")
        // A gap is named.
        let third = try record("late.mp4", number: 2, from: 5000)
        let gap = try await bulkhead("join", first, third, "--output", folder.path("gap.mp4"))
        #expect(gap.status == 0 && gap.output.contains("to 124 are in none of the segments"))
        let check = try await bulkhead("check", folder.path("gap.mp4"))
        #expect(check.status == 0 && check.output.contains("whole"), "\(check.output)")
    }

    @Test func spanIsCutWithoutEncoding() async throws {
        let path = try record("show.mp4", marks: [(frame: 30, text: "One"), (frame: 70, text: "Two")])
        let made = folder.path("cut.mp4")
        let cut = try await bulkhead("cut", path, "1.6", "0:04", "--output", made)
        #expect(cut.status == 0, "\(cut.errors)")
        #expect(abs(try await duration(made) - 2.4) < 0.03)
        let (all, taken) = (try await checksums(path, "v"), try await checksums(made, "v"))
        #expect(Array(all[25..<(25 + taken.count)]) == taken)
        // FFmpeg decodes from the keyframe, and shows from 1.6 s: 60 pictures at 25 a second.
        let shown = try await ffmpeg("ffmpeg", "-v error -i \(made) -map 0:v -f framemd5 -")
            .split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }.compactMap {
                $0.split(separator: ",").last
            }
        let original = try await ffmpeg("ffmpeg", "-v error -i \(path) -map 0:v -f framemd5 -")
            .split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }.compactMap {
                $0.split(separator: ",").last
            }
        #expect(shown == Array(original[40..<100]))
        let chapters = try await ffmpeg("ffprobe", "-v error -show_chapters -of csv=p=0 \(made)")
        #expect(chapters.contains("Two") && !chapters.contains("One") && chapters.contains(",1.200000,"))
        // It is a recording of its own, with an index, and can be cut once more.
        let check = try await bulkhead("check", made)
        #expect(check.status == 0 && check.output.contains("its index agrees"), "\(check)")
        #expect(try await bulkhead("show", made).output.contains("mark at frame 70: Two"))
        #expect(try await bulkhead("join", path, made, "-o", folder.path("j.mp4")).errors.contains("another recording"))
        let again = folder.path("again.mp4")
        #expect(try await bulkhead("cut", made, "0.6", "2", "--output", again).status == 0)
        let moved = try await ffmpeg("ffprobe", "-v error -show_chapters -of csv=p=0 \(again)")
        #expect(moved.contains("Two") && moved.contains(",0.600000,"), "\(moved)")
        #expect(try await bulkhead("cut", path, "0", "1", "--output", made).status == 73)
        #expect(try await bulkhead("cut", path, "0", "1", "--force", "--output", path).status == 73)
        #expect(try await bulkhead("cut", path, "1:00", "2:00", "--output", folder.path("x.mp4")).status == 66)
        #expect(!FileManager.default.fileExists(atPath: folder.path("x.mp4")))
    }

    @Test func recordingIsPutIntoFLV() async throws {
        let path = try record("show.mp4")
        let made = folder.path("show.flv")
        #expect(try await bulkhead("export", path, "--output", made).status == 0)
        for stream in ["v", "a"] {
            #expect(try await checksums(made, stream) == checksums(path, stream))
        }
        #expect(try await ffmpeg("ffmpeg", "-v error -i \(made) -f null -") == "")
        #expect(try await bulkhead("export", path, "--output", folder.path("show.avi")).status == 64)
    }

    /// By libavformat in a process of its own: all packets, their times, and the chapters.
    @Test(arguments: ["mkv", "mov", "ts"], [true, false])
    func recordingIsPutIntoOtherContainers(_ ending: String, isFinished: Bool) async throws {
        let path = try record(
            "show.mp4", isFinished: isFinished, marks: [(frame: 0, text: "One"), (frame: 50, text: "Two")])
        let made = folder.path("show.\(ending)")
        let export = try await bulkhead("export", path, "--output", made)
        #expect(export.status == 0, "\(export.errors)")
        for stream in ["v", "a"] {
            let (own, other) = (try await checksums(made, stream), try await checksums(path, stream))
            // MPEG-TS has another form of the same pictures.
            #expect(ending == "ts" ? own.count == other.count : own == other, "\(stream) \(own.count) \(other.count)")
        }
        #expect(try await ffmpeg("ffmpeg", "-v error -i \(made) -f null -") == "")
        #expect(abs(try await duration(made) - duration(path)) < 0.1)
        if ending == "mkv", isFinished {
            let chapters = try await ffmpeg("ffprobe", "-v error -show_chapters -of csv=p=0 \(made)")
            #expect(chapters.contains("One") && chapters.contains("Two") && chapters.contains(",2.000000,"))
        }
        #expect(try await bulkhead("export", path, "--output", made).status == 73)
    }

    @Test func whatIsNoRecordingIsNotHandedOn() async throws {
        let path = folder.path("notes.mp4")
        try write(Array("not a film".utf8), path)
        #expect(try await bulkhead("export", path, "--output", folder.path("notes.mkv")).status == 66)
        #expect(!FileManager.default.fileExists(atPath: folder.path("notes.mkv")))
        #expect(!FileManager.default.fileExists(atPath: folder.path("notes.mkv.part")))
    }

    /// A recorder holds its file locked.
    @Test func fileThatIsBeingRecordedIsLeftToItsRecorder() async throws {
        let path = try record("show.mp4", isFinished: false)
        try write(try bytes(path + ".index").dropLast(64), path + ".index")
        #expect(try await bulkhead("check", path).status == 1)
        let recorder = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        #expect(flock(recorder.fileDescriptor, LOCK_EX) == 0)
        #expect(try await bulkhead("check", path).status == 0)
        #expect(try await bulkhead("show", path).output.contains("being recorded"))
        let repair = try await bulkhead("repair", path)
        #expect(repair.status == 66 && repair.errors.contains("is being recorded"))
        try recorder.close()
        #expect(try await bulkhead("repair", path).status == 0)
    }

    /// Beyond 4 GiB, on a real file with a hole: read, finished, and judged by FFmpeg.
    @Test func fileOfMoreThanFourGiBIsRepairedAndPlays() async throws {
        let path = try record("show.mp4", isFinished: false)
        let media = try bytes(path)
        let entries = IndexReading(try bytes(path + ".index")).entries.compactMap { located in
            if case .fragment(let entry) = located.entry { entry } else { nil }
        }
        let split = Int(entries[3].bytes.lowerBound)
        let gap = UInt64(1) << 32
        let head: [UInt8] =
            [0, 0, 0, 1] + Array("free".utf8) + withUnsafeBytes(of: gap.bigEndian) { Array($0) }
        try write(Array(media[..<split]) + head, path)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seek(toOffset: UInt64(split) + gap)
        try handle.write(contentsOf: Data(media[split...]))
        try handle.close()
        try FileManager.default.removeItem(atPath: path + ".index")

        // A successor of the writer goes on in the same file, and finishes it in place.
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        let reading = try SegmentReading(DescriptorSource(file.fileDescriptor), hasChecksums: false)
        #expect(reading.fragments.count == entries.count)
        var writer = try SegmentWriter(continuing: reading)
        for step in writer.finish().media.steps {
            try file.seek(toOffset: step.offset)
            try file.write(contentsOf: Data(step.bytes))
        }
        try file.close()
        #expect(try await checksums(path, "v").count == 150)
        #expect(try await ffmpeg("ffmpeg", "-v error -i \(path) -f null -") == "")
    }
}
