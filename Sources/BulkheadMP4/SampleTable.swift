/// The samples of one track as the tables of a `moov` list them (ISO/IEC 14496-12, 8.6 and 8.7), which grow by
/// samples: 4 bytes for each, and runs of what repeats.
struct SampleTable: Hashable, Sendable {
    struct Run<Value: Hashable & Sendable>: Hashable, Sendable {
        var count: UInt32
        let value: Value
    }

    struct ChunkRun: Hashable, Sendable {
        let firstChunk: UInt32
        let samplesPerChunk: UInt32
    }

    /// Two weeks of pictures at 50 a second. All tables of a track then take less than 2 GiB.
    static let sampleLimit = 1 << 26

    private(set) var sizes: [UInt32] = []
    /// Distances of DTS, without that behind the last sample.
    private(set) var distances: [Run<UInt32>] = []
    private(set) var compositionOffsets: [Run<Int32>] = []
    /// Numbers of the samples, counted from 1, that a decoder can start at.
    private(set) var syncSamples: [UInt32] = []
    private(set) var chunkOffsets: [UInt64] = []
    private(set) var chunkRuns: [ChunkRun] = []
    private(set) var firstDTS: Int64 = 0
    private(set) var lastDTS: Int64 = 0
    private(set) var lastDuration: UInt32 = 0
    /// The end of what is presented last.
    private(set) var compositionEnd: Int64 = 0

    var isEmpty: Bool { sizes.isEmpty }

    /// Whether each sample is one that a decoder can start at: the table of them is then left out.
    var isAllSync: Bool { syncSamples.count == sizes.count }

    /// The distances with the last sample's own duration.
    var timeRuns: [Run<UInt32>] {
        guard !isEmpty else { return [] }
        var runs = distances
        Self.append(lastDuration, to: &runs)
        return runs
    }

    /// What the distances come to.
    var duration: UInt64 { isEmpty ? 0 : UInt64(lastDTS - firstDTS) + UInt64(lastDuration) }

    /// Finds out whether `samples`, all of this track and in order, could be appended.
    func check(_ samples: some Collection<(dts: Int64, compositionOffset: Int32, duration: UInt32)>, of track: UInt32)
        throws(MP4Error)
    {
        guard samples.count <= Self.sampleLimit - sizes.count else {
            throw .tooManySamples(limit: Self.sampleLimit)
        }
        var last = isEmpty ? nil : lastDTS
        for sample in samples {
            guard sample.dts >= last ?? 0, sample.dts <= Self.timeLimit else {
                throw .timeGoesBack(track: track, dts: sample.dts)
            }
            // FFmpeg takes distances for signed.
            if let last, sample.dts - last > Int64(Int32.max) { throw .gapTooLong(track: track, dts: sample.dts) }
            last = sample.dts
        }
    }

    /// Times stay below: sums with offsets and durations can't overflow. 1.6 million years at 90,000 Hz.
    private static let timeLimit: Int64 = 1 << 62

    /// Begins a chunk of `count` samples, which are appended next, at `offset` of the file.
    mutating func beginChunk(at offset: UInt64, count: Int) {
        chunkOffsets.append(offset)
        let count = UInt32(count)
        if chunkRuns.last?.samplesPerChunk != count {
            chunkRuns.append(ChunkRun(firstChunk: UInt32(chunkOffsets.count), samplesPerChunk: count))
        }
    }

    /// Appends a sample that ``check(_:of:)`` has passed.
    mutating func append(dts: Int64, compositionOffset: Int32, duration: UInt32, byteCount: UInt32, isSync: Bool) {
        if isEmpty {
            firstDTS = dts
        } else {
            Self.append(UInt32(clamping: dts - lastDTS), to: &distances)
        }
        sizes.append(byteCount)
        Self.append(compositionOffset, to: &compositionOffsets)
        if isSync { syncSamples.append(UInt32(sizes.count)) }
        lastDTS = dts
        lastDuration = duration
        compositionEnd = max(compositionEnd, dts + Int64(compositionOffset) + Int64(duration))
    }

    private static func append<Value>(_ value: Value, to runs: inout [Run<Value>]) {
        if runs.last?.value == value {
            runs[runs.count - 1].count += 1
        } else {
            runs.append(Run(count: 1, value: value))
        }
    }
}
