import BulkheadChildRuntime
import BulkheadMedia
import BulkheadTestSupport
import BulkheadWire
import Testing

/// The real program, with this test as the viewer.
@Suite(.timeLimit(.minutes(2))) struct DecoderChildTests {
    private static let avc: UInt32 = 0x6176_6331

    private func decode(_ requests: [DecoderRequest]) throws -> [DecoderReply] {
        let child = try ChildUnderTest<DecoderReply>(.decoder)
        for request in requests + [.flush] { try child.send(request) }
        var replies: [DecoderReply] = []
        while true {
            let reply = try child.reply()
            if reply == .flushed { break }
            replies.append(reply)
        }
        child.hangUp()
        #expect(try child.waitForExit().status == 0)
        return replies
    }

    @Test func picturesComeInTheOrderOfShowing() async throws {
        let clip = try await MediaClip.make()
        let pictures = clip.packets.filter(\.isVideo)
        let requests = pictures.enumerated().map { DecoderRequest.picture(unit: Int64($0), bytes: $1.bytes) }
        let configuration = DecoderRequest.configureVideo(
            codec: Self.avc, configuration: clip.configuration.avcConfiguration)
        let replies = try decode([configuration] + requests)
        let order = pictures.indices.sorted { pictures[$0].pts < pictures[$1].pts }.map(Int64.init)
        let seen = replies.compactMap { reply in
            if case .picture(let picture) = reply { picture } else { nil }
        }
        #expect(seen.map(\.unit) == order)
        #expect(seen.allSatisfy { $0.width == 320 && $0.height == 180 && $0.number == nil })
    }

    @Test func damageIsNamed() async throws {
        let clip = try await MediaClip.make(seconds: 1)
        let first = try #require(clip.packets.first { $0.isVideo })
        let configuration = DecoderRequest.configureVideo(
            codec: Self.avc, configuration: clip.configuration.avcConfiguration)
        let replies = try decode([
            .picture(unit: 1, bytes: first.bytes), configuration,
            .picture(unit: 2, bytes: [0xFF, 0xFF, 0xFF, 0xFF, 1]),
            .picture(unit: 3, bytes: first.bytes),
        ])
        #expect(replies.prefix(2) == [.undecodable(unit: 1), .undecodable(unit: 2)])
        guard case .picture(let picture) = replies.last else {
            Issue.record("no picture came: \(replies)")
            return
        }
        #expect(picture.unit == 3)
    }

    @Test func unknownCodecsAreRefused() throws {
        let replies = try decode([.configureVideo(codec: 0x3F3F_3F3F, configuration: [])])
        guard case .refused(let refusal) = replies.first else {
            Issue.record("not refused: \(replies)")
            return
        }
        #expect(refusal.code == .unsupportedCodec)
        #expect(refusal.description == "there is no decoder for ????")
    }
}
