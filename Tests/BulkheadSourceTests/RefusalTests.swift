import BulkheadChildRuntime
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Testing

@Suite(.timeLimit(.minutes(2))) struct RefusalTests {
    let folder: MediaFolder

    init() throws { folder = try MediaFolder() }

    static let addresses: [(String, Refusal.Code)] = [
        ("/nonexistent/clip.mp4", .notFound), ("/etc/passwd", .notMedia), ("/", .other),
        ("tcp://127.0.0.1:1", .unreachable), ("rtmp://user:secret@127.0.0.1:1/live/key", .unreachable),
        ("http://name.invalid/x.mp4", .nameNotResolved), ("nothing://127.0.0.1/x", .settings),
        ("v4l2:/dev/video99", .notFound), ("v4l2:/dev/null", .notFound), ("x11::97", .notFound),
    ]

    @Test(arguments: addresses)
    func reasonIsTold(url: String, code: Refusal.Code) throws {
        let source = try SourceUnderTest(url)
        try source.play()
        let failure = try #require(source.take.failure)
        #expect(failure.code == code, "\(failure)")
        #expect(!failure.description.contains("secret") && !failure.description.contains("key"))
        // It waits for the master to end it.
        source.child.hangUp()
        #expect(try source.child.waitForExit().status == 0)
    }

    @Test func unknownInputFormatIsRefused() throws {
        let source = try SourceUnderTest("/etc/passwd", inputFormat: "nosuchformat")
        try source.play()
        #expect(source.take.failure?.code == .settings)
    }

    /// A file of some kilobytes that a decoder would take hundreds of megabytes for.
    @Test func hugePicturesAreRefused() throws {
        _ = try folder.make(
            "huge.mkv", "-f lavfi -i color=gray:size=8200x8200:rate=1 -frames:v 1 -pix_fmt gray -c:v ffv1")
        let source = try SourceUnderTest(folder["huge.mkv"])
        try source.play()
        let failure = try #require(source.take.failure)
        #expect(failure.description.contains("pictures of 8200x8200"), "\(failure)")
        #expect(failure.code == .settings)
        // What only the decoder learns of is refused by it.
        _ = try folder.make(
            "huge.png", "-f lavfi -i color=gray:size=8200x8200:rate=1 -frames:v 1 -pix_fmt gray -c:v png")
        let still = try SourceUnderTest(folder["huge.png"])
        try still.play()
        #expect(still.take.failure?.description.contains("67 million pixels") == true)
    }

    /// With one processor a decoder takes none.
    private static let decodersHaveThreads = sysconf(CInt(_SC_NPROCESSORS_ONLN)) > 1

    /// The next source may have them: this one ends, and refuses nothing.
    @Test(.enabled(if: ThreadShortage.isPossible && decodersHaveThreads))
    func theInputIsNotBlamedWhereThreadsAreShort() throws {
        // Pictures that one thread decodes take no other.
        _ = try folder.make(
            "threads.mp4", "-f lavfi -i testsrc2=size=1920x1080:rate=60:duration=0.2 \(MediaFolder.x264)")
        var shortage: ThreadShortage?
        let source = try SourceUnderTest(folder["threads.mp4"]) { shortage = ThreadShortage(of: $0) }
        let exit = try source.child.waitForExit()
        #expect(shortage != nil)
        #expect(exit.status == 1 && !exit.isSignal)
        #expect(exit.lines.contains { $0.contains("too few threads left") }, "\(exit.lines)")
    }

    @Test func emptyAndTruncatedFilesAreRefused() throws {
        let empty = try SourceUnderTest(try folder.write([], to: "empty.mp4"))
        try empty.play()
        // Naming a format would not help with either.
        #expect(empty.take.failure?.code == .other)
        #expect(empty.take.failure?.description.contains("is empty") == true)
        _ = try folder.make("t.mp4", "\(MediaFolder.picture(1)) \(MediaFolder.x264)")
        let half = try folder.bytes(of: "t.mp4")
        let truncated = try SourceUnderTest(try folder.write(half.prefix(half.count / 2), to: "half.mp4"))
        try truncated.play()
        #expect(truncated.take.failure?.code == .other)
        #expect(truncated.take.failure?.description.contains("cut off") == true)
    }

    /// Files with random bytes overwritten, the same ones each time: whatever comes of them, the process stays sound.
    @Test(arguments: ["mp4", "ts", "mkv", "flv"])
    func damagedFileNeverCrashes(_ suffix: String) throws {
        let name = "d." + suffix
        _ = try folder.make(
            name, "\(MediaFolder.picture(1)) \(MediaFolder.sound(1)) \(MediaFolder.x264) -g 10 -c:a aac")
        let whole = try folder.bytes(of: name)
        var state: UInt64 = 42
        for round in 0..<6 {
            var bytes = whole
            for _ in 0..<(20 << round) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
            }
            let source = try SourceUnderTest(try folder.write(bytes, to: "bad." + suffix))
            try source.play()
            #expect(source.take.hasEnded || source.take.failure != nil)
            source.child.hangUp()
            let exit = try source.child.waitForExit()
            #expect(exit.status == 0 && !exit.isSignal)
            #expect(exit.lines.count < 100)
        }
    }

    @Test func masterThatLendsTwiceIsLeft() throws {
        let source = try SourceUnderTest("test")
        for _ in 0..<2 { try source.child.send(SourceRequest.lend(slot: 99)) }
        #expect(try source.child.waitForExit().status == 1)
    }
}
