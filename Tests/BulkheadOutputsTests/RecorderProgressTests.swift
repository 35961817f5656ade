import BulkheadMedia
import BulkheadTestSupport
import BulkheadWire
import Testing

/// What the recorder's program says of how far it has come.
@Suite(.timeLimit(.minutes(1))) struct RecorderProgressTests {
    /// What is noted is on the disk with the fragment that carries it, and so is what came before: a master would forget
    /// what it is told is there.
    @Test(arguments: [true, false]) func whatWaitsForItsFragmentIsNotSaidToBeOnTheDisk(isLoss: Bool) throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let child = try ChildUnderTest<RecorderReply>(.recorder)
        let task = RecorderTask(.mp4, path: folder.path("a.mp4"), isPattern: false, persists: false)
        try child.send(RecorderRequest.open(task))
        try child.send(
            RecorderRequest.configure(
                StreamConfiguration(
                    canvas: try #require(Canvas(width: 64, height: 64)), frameRate: try #require(FrameRate(50)),
                    videoBitsPerSecond: 1, audioBitsPerSecond: 1,
                    avcConfiguration: [1, 0x42, 0xC0, 0x1E, 0xFF, 0xE0, 0], audioSpecificConfig: [0x11, 0x90])))
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
