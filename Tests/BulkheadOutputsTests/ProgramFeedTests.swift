import BulkheadFLV
import BulkheadMedia
import BulkheadOutputs
import NIOCore
import Testing

/// What those are given who look at the program through the control socket.
@Suite(.timeLimit(.minutes(1))) struct ProgramFeedTests {
    private static func configuration(_ byte: UInt8) throws -> StreamConfiguration {
        StreamConfiguration(
            canvas: try #require(Canvas(width: 640, height: 360)), frameRate: try #require(FrameRate(25)),
            videoBitsPerSecond: 1, audioBitsPerSecond: 1, avcConfiguration: [byte], audioSpecificConfig: [0x12, 0x10])
    }

    private static func picture(_ number: Int, configuration: Int = 1, bytes: [UInt8] = [1, 2]) -> Packet {
        let time = MediaTime(milliseconds: Int64(number) * 40)
        return Packet(
            kind: .video(isIDR: number % 10 == 0, isDisposable: false), dts: time, pts: time, bytes: bytes,
            configuration: configuration)
    }

    private static func tags(_ bytes: [UInt8]) throws -> [FLVTag] {
        var decoder = FLVDecoder()
        decoder.append(ByteBuffer(bytes: bytes))
        var tags: [FLVTag] = []
        while let tag = try decoder.next() { tags.append(tag) }
        return tags
    }

    private static func feed() throws -> ProgramFeed {
        var feed = ProgramFeed()
        feed.configure(try configuration(1), number: 1)
        return feed
    }

    @Test func whoComesBeginsWithTheNewestIDR() throws {
        var feed = try Self.feed()
        for number in 0..<25 { #expect(feed.take(Self.picture(number)).isEmpty) }
        var bytes = feed.add(7).bytes
        for number in 25..<28 {
            let pieces = feed.take(Self.picture(number))
            // What comes within 100 ms is given together.
            #expect(pieces.isEmpty)
            bytes += pieces.flatMap(\.bytes)
        }
        let pieces = feed.take(Self.picture(28))
        let piece = try #require(pieces.first)
        #expect(piece.viewer == 7)
        bytes += piece.bytes
        let none = feed.rest(of: 7)
        #expect(none == nil && feed.take(Self.picture(29)).isEmpty)
        let rest = feed.rest(of: 7)
        bytes += try #require(rest).bytes
        let tags = try Self.tags(bytes)
        // Metadata and both headers first, and then all from the IDR on.
        #expect(tags.map(\.kind) == [.script, .video, .audio] + Array(repeating: .video, count: 10))
        #expect(tags.dropFirst(3).map(\.timestampMilliseconds) == (20..<30).map { UInt32($0 * 40) })
        #expect(feed.all == [7])
        feed.remove(7)
        #expect(feed.take(Self.picture(30)).isEmpty && feed.all.isEmpty)
    }

    @Test func otherSettingsAreToldWithTheirFirstIDR() throws {
        var feed = try Self.feed()
        _ = feed.take(Self.picture(0))
        var bytes = feed.add(1).bytes
        feed.configure(try Self.configuration(2), number: 2)
        for number in 1..<11 {
            bytes += feed.take(Self.picture(number, configuration: number < 10 ? 1 : 2)).flatMap(\.bytes)
        }
        bytes += feed.rest(of: 1)?.bytes ?? []
        let kinds = try Self.tags(bytes).map(\.kind)
        #expect(kinds.filter { $0 == .script }.count == 2)
        #expect(kinds.suffix(4) == [.script, .video, .audio, .video])
    }

    /// A client's outbox takes no more: who comes waits for the next IDR.
    @Test func longGOPsAreNotKept() throws {
        var feed = try Self.feed()
        let large = [UInt8](repeating: 1, count: ProgramFeed.longestGOP / 2)
        for number in 0..<5 { _ = feed.take(Self.picture(number, bytes: large)) }
        #expect(try Self.tags(feed.add(1).bytes).isEmpty)
        for number in 5..<10 { #expect(feed.take(Self.picture(number)).isEmpty) }
        let pieces = feed.take(Self.picture(10)) + [feed.rest(of: 1)].compactMap { $0 }
        // Those who wait have had the file's header.
        let bytes = FLVWriter().fileHeader.readableBytesView + (pieces.first?.bytes ?? [])
        #expect(try Self.tags(Array(bytes)).map(\.kind) == [.script, .video, .audio, .video])
    }

    @Test func nothingIsGivenBeforeTheFirstPicture() throws {
        var feed = try Self.feed()
        #expect(try Self.tags(feed.add(1).bytes).isEmpty)
        let sound = Packet(kind: .audio, dts: .zero, pts: .zero, bytes: [1])
        #expect(feed.take(sound).isEmpty)
        for packet in [Self.picture(0), sound] {
            _ = feed.take(packet)
            let rest = feed.rest(of: 1)
            #expect(rest != nil)
        }
    }
}
