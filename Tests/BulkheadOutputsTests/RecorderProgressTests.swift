import BulkheadMedia
import BulkheadRecording
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Glibc
import Testing

/// What the recorder's program says of how far it has come.
@Suite(.timeLimit(.minutes(1))) struct RecorderProgressTests {
    private static func configuration() throws -> StreamConfiguration {
        StreamConfiguration(
            canvas: try #require(Canvas(width: 64, height: 64)), frameRate: try #require(FrameRate(50)),
            videoBitsPerSecond: 1, audioBitsPerSecond: 1,
            avcConfiguration: [1, 0x42, 0xC0, 0x1E, 0xFF, 0xE0, 0], audioSpecificConfig: [0x11, 0x90])
    }

    /// Comments are written before anything of the media is on the disk: the next recorder finds them beside an empty file.
    @Test func commentsBesideAnEmptyFileGoOn() throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        var part: RecordedPart?
        for round in 0..<2 {
            let child = try ChildUnderTest<RecorderReply>(.recorder)
            var task = RecorderTask(.mp4, path: folder.path("a.mp4"), isPattern: true, persists: true)
            task.part = part
            try child.send(RecorderRequest.open(task))
            try child.send(RecorderRequest.configure(try Self.configuration()))
            let packet = Packet(
                kind: .video(isIDR: true, isDisposable: false), dts: .zero, pts: .zero, bytes: [1, 2, 3])
            try child.send(RecorderRequest.picture(number: 0, picture: 0, packet))
            for number in 1...(2 + Int64(round)) {
                let comment = RecorderComment(number: number, time: 0, body: Array(#"{"a":1}"#.utf8))
                try child.send(RecorderRequest.comment(number: number, comment))
            }
            var problems: [RecorderTrouble] = []
            while let reply = try child.reply(within: 300) {
                if case .opened(_, let opened, _, _) = reply { part = opened }
                if case .trouble(let trouble) = reply { problems.append(trouble) }
            }
            #expect(part?.path == folder.path("a.mp4") && problems.isEmpty, "\(problems)")
            withExtendedLifetime(child) {}
        }
        let lines = try String(contentsOfFile: folder.path("a.mp4.comments.jsonl"), encoding: .utf8)
        #expect(lines == (1...3).map { #"{"number":\#($0),"seconds":0.000,"a":1}"# + "\n" }.joined())
    }

    /// A recorder dies after the first bytes are on the disk and before it has told of them. The next one begins the file anew,
    /// and the index that it finds says nothing of it.
    @Test(arguments: [nil, "", "begun", String(repeating: "an index of something else ", count: 20)] as [String?])
    func indexBesideAnEmptyFileIsMadeAnew(left: String?) throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let path = folder.path("a.mp4")
        if let left { try Data(left.utf8).write(to: URL(filePath: path + ".index")) }
        try Data("lost".utf8).write(to: URL(filePath: path))
        var facts = stat()
        try #require(stat(path, &facts) == 0)
        let child = try ChildUnderTest<RecorderReply>(.recorder)
        var task = RecorderTask(.mp4, path: path, isPattern: false, persists: true)
        task.part = RecordedPart(
            path: path, device: UInt64(facts.st_dev), inode: UInt64(facts.st_ino), byteCount: 0)
        try child.send(RecorderRequest.open(task))
        try child.send(RecorderRequest.configure(try Self.configuration()))
        for number in 0..<3 as Range<Int64> {
            let time = MediaTime(milliseconds: number * 20)
            let packet = Packet(
                kind: .video(isIDR: true, isDisposable: false), dts: time, pts: time, bytes: [1, 2, 3])
            try child.send(RecorderRequest.picture(number: number, picture: number, packet))
        }
        try child.send(RecorderRequest.finish)
        var replies: [RecorderReply] = []
        while replies.last != .finished { replies.append(try child.reply()) }
        let isUntroubled = replies.allSatisfy { if case .trouble = $0 { false } else { true } }
        #expect(isUntroubled, "\(replies)")
        let index = IndexReading([UInt8](try Data(contentsOf: URL(filePath: path + ".index"))))
        #expect(index.faults.isEmpty && index.entries.count > 3, "\(index.faults)")
    }

    /// What is noted is on the disk with the fragment that carries it, and so is what came before: a master would forget
    /// what it is told is there.
    @Test(arguments: [true, false]) func whatWaitsForItsFragmentIsNotSaidToBeOnTheDisk(isLoss: Bool) throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let child = try ChildUnderTest<RecorderReply>(.recorder)
        let task = RecorderTask(.mp4, path: folder.path("a.mp4"), isPattern: false, persists: false)
        try child.send(RecorderRequest.open(task))
        try child.send(RecorderRequest.configure(try Self.configuration()))
        func picture(_ number: Int64, at place: Int64, isIDR: Bool = false) throws {
            let time = MediaTime(milliseconds: place * 20)
            let packet = Packet(
                kind: .video(isIDR: isIDR, isDisposable: false), dts: time, pts: time,
                bytes: [UInt8](repeating: 1, count: 500))
            try child.send(RecorderRequest.picture(number: number, picture: place, packet))
        }
        func progress() throws -> [RecorderProgress] {
            var saved: [RecorderProgress] = []
            while let reply = try child.reply(within: 300) {
                if case .saved(let progress) = reply { saved.append(progress) }
            }
            return saved
        }
        for number in 0..<5 as Range<Int64> { try picture(number, at: number, isIDR: number == 0) }
        let note = RecorderNote(.mark, picture: 4, wallClock: 1, text: "a")
        try child.send(
            isLoss ? RecorderRequest.loss(number: 5, picture: 5, count: 10) : RecorderRequest.note(number: 5, note))
        let early = try progress()
        #expect(!early.isEmpty && early.allSatisfy { $0.durableNumber == -1 }, "\(early)")
        try picture(6, at: 15, isIDR: true)
        let late = try progress()
        #expect(late.last?.durableNumber == 5 && late.last?.durableByteCount ?? 0 > 2500, "\(late)")
        try child.send(RecorderRequest.finish)
        var replies: [RecorderReply] = []
        while replies.last != .finished { replies.append(try child.reply()) }
    }
}
