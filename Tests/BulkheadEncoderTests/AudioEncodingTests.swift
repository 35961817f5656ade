import BulkheadChildRuntime
import BulkheadMedia
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Testing

@Suite(.timeLimit(.minutes(2))) struct AudioEncodingTests {
    /// A click comes out of a decoder at the very sample at which it went in, whatever the first block's number.
    @Test(arguments: [Int64(0), 37, -5])
    func decodedSoundLiesWhereItWasGiven(firstBlock: Int64) throws {
        let count = 24
        let click = 9 * AudioFormat.samplesPerBlock + 300
        let packets = try encode(firstBlock: firstBlock, count: count) { $0 == click ? (0.9, 0.9) : (0, 0) }
        #expect(packets.map(\.block) == (0..<Int64(count)).map { firstBlock + $0 })
        let decoded = try Decoding.samples(of: packets.map(\.bytes))
        #expect(decoded.count == count * AudioFormat.floatsPerBlock)
        let peak = (0..<decoded.count / 2).max { abs(decoded[$0 * 2]) < abs(decoded[$1 * 2]) }
        #expect(peak == click)
    }

    @Test func channelsAreNotSwapped() throws {
        let packets = try encode(firstBlock: 0, count: 12) { (Float(sin(Double($0) * 0.05)) * 0.5, 0) }
        let decoded = try Decoding.samples(of: packets.map(\.bytes))
        #expect(energy(decoded, channel: 0) > 0.05)
        #expect(energy(decoded, channel: 1) < 0.0005)
    }

    /// One encoder's frames up to a block, another's from there on, which was given three blocks more to warm up: the
    /// tone goes on without a break.
    @Test func takeoverIsNotHeard() throws {
        let tone: (Int) -> (Float, Float) = {
            let value = Float(sin(Double($0) * 2 * .pi * 440 / 48_000)) * 0.5
            return (value, value)
        }
        let before = try encode(firstBlock: 0, count: 40, tone).filter { $0.block < 20 }
        let after = try encode(firstBlock: 17, count: 23) { tone($0 + 17 * AudioFormat.samplesPerBlock) }
            .filter { $0.block >= 20 }
        let decoded = try Decoding.samples(of: (before + after).map(\.bytes))
        #expect(decoded.count == 40 * AudioFormat.floatsPerBlock)
        let start = 4 * AudioFormat.samplesPerBlock
        let end = 36 * AudioFormat.samplesPerBlock
        let worst = (start..<end).map { abs(decoded[$0 * 2] - tone($0).0) }.max()
        #expect(try #require(worst) < 0.02)
    }

    @Test func numbersThatNoSoundHasAreLimited() throws {
        let strange: [Float] = [.nan, .infinity, -.infinity, 1e30, .greatestFiniteMagnitude, -1e9]
        let packets = try encode(firstBlock: 0, count: 8) { (strange[$0 % strange.count], strange[$0 % 5]) }
        #expect(packets.count == 8)
    }

    @Test func configurationIsStereoAACLC() throws {
        let child = try EncoderChild()
        guard case .ready(_, let configuration, _, _) = try child.configure(.small()) else {
            Issue.record("the settings were refused")
            return
        }
        // ISO/IEC 14496-3, 1.6.2.1: object type 2 (LC), frequency index 3 (48 kHz), channel configuration 2.
        #expect(Array(configuration.prefix(2)) == [0x11, 0x90])
    }

    /// Without pictures: the same packets, byte for byte.
    @Test func soundAloneIsEncodedAsBesidePictures() throws {
        let tone: (Int) -> Float = { Float(sin(Double($0) * 0.05)) * 0.5 }
        let expected = try encode(firstBlock: 3, count: 12) { (tone($0), tone($0)) }
        let child = try EncoderChild()
        try child.send(EncoderRequest.configureSound(bitsPerSecond: 160_000))
        guard case .ready(let pictures, let configuration, 0, 0) = try child.reply() else {
            Issue.record("it was refused")
            return
        }
        #expect(pictures.isEmpty && Array(configuration.prefix(2)) == [0x11, 0x90])
        for block in 0..<12 {
            let samples = (0..<AudioFormat.samplesPerBlock).flatMap { place -> [Float] in
                let value = tone(block * AudioFormat.samplesPerBlock + place)
                return [value, value]
            }
            try child.send(EncoderRequest.encodeAudio(block: Int64(block) + 3, samples: samples))
        }
        try child.send(EncoderRequest.flush)
        var packets: [(block: Int64, bytes: [UInt8])] = []
        while case .audioPacket(let block, let bytes) = try child.reply() { packets.append((block, bytes)) }
        #expect(packets.map(\.block) == expected.map(\.block) && packets.map(\.bytes) == expected.map(\.bytes))
    }

    @Test func soundAloneIsRefusedOutOfRange() throws {
        let child = try EncoderChild()
        try child.send(EncoderRequest.configureSound(bitsPerSecond: 1))
        guard case .refused = try child.reply() else {
            Issue.record("it was not refused")
            return
        }
    }

    @Test func bitrateIsHeld() throws {
        var random = SystemRandomNumberGenerator()
        let noise = (0..<48_000).map { _ in Float.random(in: -0.3...0.3, using: &random) }
        let packets = try encode(firstBlock: 0, count: 94, audioBitsPerSecond: 96_000) {
            (noise[$0 % noise.count], noise[($0 * 7 + 11) % noise.count])
        }
        let bits = Double(packets.reduce(0) { $0 + $1.bytes.count * 8 })
        let rate = bits / (94 * 1024.0 / 48_000)
        #expect((85_000...110_000).contains(rate), "\(rate) bit/s")
    }

    // MARK: helpers

    private struct AudioPacket {
        var block: Int64
        var bytes: [UInt8]
    }

    private func energy(_ samples: [Float], channel: Int) -> Float {
        let values = stride(from: channel, to: samples.count, by: 2).map { samples[$0] * samples[$0] }
        return values.reduce(0, +) / Float(values.count)
    }

    /// `sample` gives left and right by the number of samples since the first block's start.
    private func encode(
        firstBlock: Int64, count: Int, audioBitsPerSecond: UInt32 = 160_000, _ sample: (Int) -> (Float, Float)
    ) throws -> [AudioPacket] {
        let child = try EncoderChild()
        let ready = try child.configure(.small(), audioBitsPerSecond: audioBitsPerSecond)
        guard case .ready = ready else { throw EncoderChild.Failure.unexpected(ready) }
        var replies: [EncoderReply] = []
        for block in 0..<count {
            let samples = (0..<AudioFormat.samplesPerBlock).flatMap { index -> [Float] in
                let (left, right) = sample(block * AudioFormat.samplesPerBlock + index)
                return [left, right]
            }
            try child.send(EncoderRequest.encodeAudio(block: firstBlock + Int64(block), samples: samples))
            replies += try child.repliesSoFar()
        }
        try child.send(EncoderRequest.flush)
        while replies.last != .flushed { replies.append(try child.reply()) }
        return try replies.dropLast().map { reply in
            guard case .audioPacket(let block, let bytes) = reply else {
                throw EncoderChild.Failure.unexpected(reply)
            }
            return AudioPacket(block: block, bytes: bytes)
        }
    }
}
