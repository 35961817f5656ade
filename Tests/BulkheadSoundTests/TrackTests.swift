import BulkheadMedia
import BulkheadModel
import BulkheadSound
import Testing

/// Each input's own sound, beside the mix.
@Suite(.timeLimit(.minutes(1))) struct TrackTests {
    /// Runs a desk, and collects the own sounds of inputs.
    private static func run(
        _ desk: inout Desk, _ count: Int, change: (Int, inout SoundMix) -> Void = { _, _ in }
    ) -> (output: [Float], tracks: [InputID: [Float]]) {
        var tracks: [InputID: [Float]] = [:]
        var output: [Float] = []
        let silence = [Float](repeating: 0, count: AudioFormat.floatsPerBlock)
        for number in 0..<count {
            output += desk.run(1) { _, mix in change(number, &mix) }
            for input in [1, 2] as [InputID] { tracks[input, default: []] += desk.mix.tracks[input] ?? silence }
        }
        return (output, tracks)
    }

    private static func desk(isTapped: Bool) -> Desk {
        var desk = Desk()
        desk.mix.isTapped = isTapped
        for input in [1, 2] as [InputID] {
            desk.sounds[input] = Sounds.noise(0.3, seconds: 1, seed: UInt64(input.number))
            desk.mix.add(input, fade: .zero)
        }
        return desk
    }

    /// Bit for bit, in its place, and whatever is done with it in the mix, which is the same as without.
    @Test func ownSoundsAreThoseThatWereGiven() {
        var (desk, other) = (Self.desk(isTapped: true), Self.desk(isTapped: false))
        let change = { (number: Int, mix: inout SoundMix) in
            guard number == 3 else { return }
            var settings = StripSettings()
            settings.isMuted = true
            mix.set(settings, of: 1)
            (settings.isMuted, settings.gain, settings.pan) = (false, Decibels(-12), 0.7)
            mix.set(settings, of: 2)
        }
        let (output, tracks) = Self.run(&desk, 12, change: change)
        #expect(output == Self.run(&other, 12, change: change).output)
        for input in [1, 2] as [InputID] {
            #expect(tracks[input] == Array(desk.sounds[input, default: []].prefix(12 * AudioFormat.floatsPerBlock)))
        }
        #expect(other.mix.tracks.isEmpty)
    }

    @Test func inputsThatComeAndGoAreSilentBeforeAndAfter() {
        var desk = Self.desk(isTapped: true)
        desk.mix.remove(2, fade: .zero)
        let (_, tracks) = Self.run(&desk, 12) { number, mix in
            if number == 4 { mix.add(2, fade: .zero) }
            if number == 8 { mix.remove(2, fade: .milliseconds(10)) }
        }
        let (own, wanted) = (tracks[2, default: []], desk.sounds[2, default: []])
        let block = AudioFormat.floatsPerBlock
        let ahead = AudioFormat.channelCount * SoundMix.lookAhead
        #expect(own.count == 12 * block)
        #expect(own[(block + ahead)..<(4 * block + ahead)].allSatisfy { $0 == 0 })
        // What it gave, from where it was asked for on.
        #expect(own[(5 * block)..<(8 * block)] == wanted[(5 * block)..<(8 * block)])
        #expect(own[(10 * block)...].allSatisfy { $0 == 0 })
    }
}
