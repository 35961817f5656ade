package import BulkheadMedia
package import BulkheadModel
import BulkheadSound
package import BulkheadSystem
package import BulkheadTimeline
import BulkheadWire

/// Where a desk finds the sound of inputs.
package protocol SoundFeeds {
    /// Works on the feed of `input`; nil where there is none.
    mutating func withFeed<Result>(of input: InputID, _ body: (inout SourceFeed) -> Result) -> Result?
}

/// Makes the sound of the timeline of the sounds of all inputs that are heard, in blocks, each once and in order.
///
/// What is heard is said by ``hear(_:fade:)``, what is done with it by strips, one for each input, and by settings
/// for the program. A single sound of which nothing was asked passes as it came; the limiter works from the first change
/// on.
package struct SoundDesk: Sendable {
    /// Sound is cut this much ahead of the picture where it is there, so that neither waits for the other.
    package static let lead = MediaTime(sampleIndex: Int64(3 * AudioFormat.samplesPerBlock))
    /// How long sound from a live source may come after its time: MPEG-TS packs a sixth of a second of it together.
    package static let liveGrace = MediaTime(milliseconds: 300)
    /// So long after somebody has looked at them levels are measured.
    package static let watch = Duration.seconds(10)

    private struct Channel: Sendable {
        var settings = StripSettings()
        var key: InputID?
    }

    /// The inputs that are heard, in their order.
    package private(set) var heard: [InputID] = []
    /// Other inputs may be heard than the first with sound.
    package var isStaged = false { didSet { if isStaged != oldValue { mix.set(programInForce) } } }
    /// What was asked for, of inputs that are heard and others.
    private var channels: [InputID: Channel] = [:]
    private var program: ProgramSoundSettings?
    private var mix: SoundMix
    /// Inputs whose sound for the next block is in the mix.
    private var given: [InputID] = []
    private var watchedUntil: MonotonicTime?
    private let firstBlock: Int64

    /// A desk that hears nothing, and cuts block `block` first.
    package init(startingAt block: Int64 = 0) {
        firstBlock = block
        mix = SoundMix(startingAt: block)
        mix.isMetered = false
        mix.set(programInForce)
    }

    /// The first block that no broadcast has sent which had come to `time`: sound goes out beside the picture before it.
    package static func block(behind time: MediaTime) -> Int64 {
        time > .zero ? time.sampleIndex / Int64(AudioFormat.samplesPerBlock) + 1 : 0
    }

    /// Each input's own sound is cut as well: ``takeTracks()``.
    package var isTapped: Bool {
        get { mix.isTapped }
        set { mix.isTapped = newValue }
    }
    private var tracks: [TrackBlock] = []

    /// The own sound of inputs of the blocks that were cut since this was called last.
    package mutating func takeTracks() -> [TrackBlock] {
        defer { tracks = [] }
        return tracks
    }

    /// The block that is cut next.
    package var nextBlock: Int64 { mix.nextBlock }

    // MARK: what is heard

    /// Hears these inputs from the next block on, and no others.
    package mutating func hear(_ inputs: [InputID], fade: Duration = SoundMix.standardFade) {
        guard inputs != heard else { return }
        let fade = nextBlock == firstBlock ? .zero : max(fade, SoundMix.standardFade)
        for input in heard where !inputs.contains(input) { mix.remove(input, fade: fade) }
        for input in inputs where !heard.contains(input) {
            let channel = channels[input] ?? Channel()
            mix.add(input, channel.settings, duckedUnder: channel.key, fade: fade)
        }
        heard = inputs
    }

    /// An input is about to wait or to be gone: what it fades out with is copied, and stays to be heard when it goes on.
    package mutating func keepEnd(of input: InputID, in feeds: inout some SoundFeeds) {
        guard mix.inputs.contains(input), !given.contains(input) else { return }
        let wanted = mix.wanted
        let samples = feeds.withFeed(of: input) { feed -> [Float]? in
            guard feed.offset != nil else { return nil }
            var copy = feed
            return copy.takeSound(wanted)
        }
        guard let samples = samples ?? nil else { return }
        mix.give(samples, from: input)
        given.append(input)
    }

    /// There is no such input any more. Inputs that made room for it do so again for the next one with its name.
    package mutating func forget(_ input: InputID) {
        channels[input] = nil
        for other in channels.keys where channels[other]?.key == input { channels[other]?.key = nil }
        heard.removeAll { $0 == input }
        mix.remove(input, fade: SoundMix.standardFade)
        mix.set(programInForce)
    }

    // MARK: settings

    /// What was asked for of an input's sound.
    package func settings(of input: InputID) -> StripSettings { channels[input]?.settings ?? StripSettings() }

    /// Changes what is done with an input's sound from the next block on, whether it is heard or not.
    /// - Parameter key: the input that it makes room for, where the settings say that it does.
    package mutating func set(_ settings: StripSettings, of input: InputID, duckedUnder key: InputID?) {
        channels[input] = Channel(settings: settings, key: key)
        mix.set(settings, of: input, duckedUnder: key)
        mix.set(programInForce)
    }

    /// There is an input of that name: what was to make room for it does so from now on.
    package mutating func arrived(_ input: InputID, name: String) {
        let words = [name.lowercased(), "\(input)", "source \(input)"]
        for (other, channel) in channels where other != input && channel.key == nil {
            guard let ducking = channel.settings.ducking, words.contains(ducking.under.lowercased()) else { continue }
            channels[other]?.key = input
            channels[other]?.settings.ducking?.under = name
            pass(on: other)
        }
    }

    /// People call an input `name` from now on: what makes room for it goes on naming it.
    package mutating func renamed(_ input: InputID, to name: String) {
        for (other, channel) in channels where channel.key == input {
            channels[other]?.settings.ducking?.under = name
            pass(on: other)
        }
        arrived(input, name: name)
    }

    private mutating func pass(on input: InputID) {
        guard let channel = channels[input] else { return }
        mix.set(channel.settings, of: input, duckedUnder: channel.key)
    }

    /// Changes what is done with all sounds together.
    package mutating func set(_ settings: ProgramSoundSettings) {
        program = settings
        mix.set(programInForce)
    }

    /// What was asked for, or is done where nothing was.
    package var programSettings: ProgramSoundSettings { program ?? ProgramSoundSettings() }

    /// Nothing is limited as long as nothing was asked for: one input passes bit for bit.
    private var programInForce: ProgramSoundSettings {
        if isStaged || !channels.isEmpty || program != nil { return programSettings }
        var none = ProgramSoundSettings()
        none.isLimited = false
        return none
    }

    // MARK: blocks

    /// Cuts the blocks up to `time`, and a little further where they are there already.
    ///
    /// A block is cut when all that is heard is there for it, or is too late.
    ///
    /// - Parameters:
    ///   - now: where the clock stands on the timeline; nil where no viewer waits, so that no grace is needed. A live
    ///     picture may be ahead of it.
    ///   - end: of the broadcast: what lies behind it is no part of it.
    package mutating func cut(
        to time: MediaTime, at now: MediaTime?, end: MediaTime?, from feeds: inout some SoundFeeds
    ) -> [AudioLedger.Block] {
        let limit = min(time + Self.lead, end ?? MediaTime(nanoseconds: .max))
        var blocks: [AudioLedger.Block] = []
        while AudioFormat.time(ofBlock: nextBlock) < limit, canCut(to: time, at: now, from: &feeds) {
            for input in mix.inputs { give(input, from: &feeds) }
            given.removeAll(keepingCapacity: true)
            var samples: [Float] = []
            let number = nextBlock
            mix.mix(into: &samples)
            blocks.append(AudioLedger.Block(number: number, samples: samples))
            if isTapped { tracks.append(TrackBlock(number: number, samples: mix.tracks)) }
        }
        return blocks
    }

    private func canCut(to time: MediaTime, at now: MediaTime?, from feeds: inout some SoundFeeds) -> Bool {
        let end = AudioFormat.time(ofBlock: nextBlock + 1)
        // Silence is there at any time, but a source that is still opening may have sound.
        guard !heard.isEmpty else { return end <= time }
        let (wanted, block) = (mix.wanted, AudioFormat.samples(ofBlock: nextBlock))
        return heard.allSatisfy { input in
            feeds.withFeed(of: input) { feed in
                if feed.hasSound(wanted) { return true }
                let latest = feed.description.isLive ? now.map { min($0, time) - Self.liveGrace } ?? time : time
                guard end <= latest else { return false }
                // Where no viewer waits, what is wanted ahead comes with the next tick.
                let ahead = MediaTime(sampleIndex: wanted.upperBound)
                return now != nil || ahead <= latest || !feed.hasSound(block.clamped(to: wanted))
            } ?? (end <= time)
        }
    }

    /// Brings the sound of an input for the next block, once. Of one that is not there any more nothing is brought: what was
    /// heard of it fades away.
    private mutating func give(_ input: InputID, from feeds: inout some SoundFeeds) {
        guard !given.contains(input) else { return }
        let wanted = mix.wanted
        let samples = feeds.withFeed(of: input) { $0.offset == nil ? nil : $0.takeSound(wanted) }
        guard let samples = samples ?? nil else { return }
        mix.give(samples, from: input)
        given.append(input)
    }

    // MARK: levels

    /// Somebody looks at the levels: they are measured for a while.
    package mutating func watched(at now: MonotonicTime) {
        watchedUntil = now.advanced(by: Self.watch)
        mix.isMetered = true
    }

    /// Ends measuring where nobody has looked for long.
    package mutating func rest(at now: MonotonicTime) {
        guard let watchedUntil, now > watchedUntil else { return }
        self.watchedUntil = nil
        mix.isMetered = false
    }

    /// The program's sound, and that of all inputs that have some, heard or not.
    /// - Parameter inputs: by their names.
    package func status(of inputs: [(id: InputID, name: String)]) -> ProgramSoundStatus {
        var status = mix.status { id in inputs.first { $0.id == id }?.name ?? "\(id)" }
        status.settings = programSettings
        status.strips = inputs.map { input in
            status.strips.first { $0.input == input.id }
                ?? StripStatus(
                    input: input.id, name: input.name, settings: settings(of: input.id), levels: StripLevels(),
                    isHeard: false)
        }
        return status
    }
}
