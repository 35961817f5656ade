/// Gives a stream without an end as an initialization segment and fragments behind it: what a browser's Media Source takes,
/// and HLS has as segments. It keeps nothing of what it has given.
///
///     initialization segment: ftyp 32 | moov with mvex
///     fragment: moof | mdat
///
/// Times of samples are in ticks of their track; all tracks have the same start. A fragment can be taken from any two
/// writers with the same tracks: nothing in it but the number in its `mfhd` depends on those before.
/// - SeeAlso: ISO/IEC 14496-12, 8.8; ISO BMFF Byte Stream Format (W3C).
package struct LiveFragmentWriter: Sendable {
    /// The tracks, in the order in which their samples lie in a fragment.
    package let tracks: [Track]
    /// What stands before the first fragment; the same for the same tracks.
    package let header: [UInt8]
    private var sequence: UInt32 = 0

    /// A writer before its first fragment.
    package init(tracks: [Track]) {
        self.tracks = tracks
        var writer = BoxWriter()
        writer.writeFileType(inFragments: true)
        let facts = tracks.map { TrackFacts(track: $0, table: nil, edits: [], duration: 0) }
        writer.writeMovie(facts, created: WallClock(nanoseconds: -.max), chapters: [], inFragments: true)
        header = writer.bytes
    }

    /// One fragment with `samples`, those of each track in decoding order. Tracks without samples are left out.
    /// - Throws: ``MP4Error``, for no samples, too many, unknown tracks, and more than 2 GiB.
    package mutating func fragment(of samples: [Sample]) throws(MP4Error) -> [UInt8] {
        guard !samples.isEmpty else { throw .noSamples }
        guard samples.count <= Fragment.sampleLimit else { throw .tooManySamples(limit: Fragment.sampleLimit) }
        if let stray = samples.first(where: { sample in !tracks.contains { $0.id == sample.track } }) {
            throw .unknownTrack(stray.track)
        }
        let byteCount = samples.reduce(UInt64(0)) { $0 + UInt64($1.bytes.count) }
        guard byteCount < 0x7FFF_0000 else { throw .fragmentTooLong(byteCount: byteCount) }
        sequence &+= 1
        let runs = tracks.compactMap { track -> TrackRun? in
            let own = samples.filter { $0.track == track.id }
            return own.isEmpty ? nil : TrackRun(track: track, samples: own)
        }
        var writer = BoxWriter(reserving: Int(byteCount) + samples.count * 16 + 512)
        var places: [Int] = []
        writer.box("moof") { moof in
            moof.fullBox("mfhd") { $0.write(sequence) }
            for run in runs { places.append(moof.writeFragment(of: run)) }
        }
        writer.box("mdat") { mdat in
            for (run, place) in zip(runs, places) {
                mdat.patch(UInt32(mdat.bytes.count), at: place)
                for sample in run.samples { mdat.write(sample.bytes) }
            }
        }
        return writer.bytes
    }
}
