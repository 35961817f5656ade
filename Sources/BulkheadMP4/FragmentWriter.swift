import BulkheadMedia

/// Gives the bytes of an MP4 file that is whole after each fragment, and becomes a plain one at its end without being
/// copied. It owns no file: what it gives is written one after the other, from byte 0.
///
/// While it is written (ISO/IEC 14496-12, 8.8):
///
///     ftyp 32 | free 16 | uuid | moov with mvex | fragment | fragment | …
///     fragment: free, where it takes one | uuid | prft | moof | mdat
///
/// FFmpeg, and what is built on it, refuses a whole file for half a `moof` at its end. A write that is cut short, by a
/// kill, a full disk or a power cut, ends at a border of 4096 bytes; so all that stands before the samples of a
/// fragment lies between two of them, behind a `free` box where it takes one. A file torn that way has whole
/// fragments, and then at most a piece of an `mdat` or of a `free`, which players pass over.
///
/// When it is finished (``finish(chapters:presentationEnd:)``), the `moov` of a plain file has been appended, and the
/// first 48 bytes have been replaced. One `mdat` then spans what lay between, and no fragment has moved:
///
///     ftyp 32 | mdat's head 16 [ uuid | moov | fragment | fragment | … ] moov
///
/// The `uuid` boxes carry what the file's owner wants to find again (``MovieReader``); players pass them over.
///
/// Use: make one with the tracks; write ``header``; then ``fragment(of:info:wallClock:)`` for each half second of
/// samples, one `write` each; at the end ``finish(chapters:)``. Where a writer has died, ``init(continuing:)`` goes on
/// with a reading of the file. Times of samples are in ticks of their track from the start of the file; all tracks
/// have the same start.
package struct FragmentWriter: Sendable {
    /// The tracks, in the order in which their samples lie in a fragment.
    package let tracks: [Track]
    /// Where the presentation begins, in nanoseconds from the start of the file; an edit list hides what lies before.
    package let presentationStart: Int64
    /// When the file was begun.
    package let created: WallClock
    /// What comes before the first fragment.
    package let header: [UInt8]
    /// The length of what has been given, the header included: where the next fragment begins.
    package private(set) var byteCount: UInt64
    /// The `mfhd` number of the fragment given last; 0 before the first.
    package private(set) var sequence: UInt32 = 0
    private var tables: [UInt32: SampleTable]

    /// A writer at the start of a file.
    /// - Parameters:
    ///   - info: what the `uuid` box of the header carries.
    ///   - presentationStart: 0, or the PTS of the first picture, where pictures are decoded before they are shown.
    package init(tracks: [Track], presentationStart: Int64 = 0, created: WallClock, info: [UInt8] = []) {
        self.tracks = tracks
        self.presentationStart = presentationStart
        self.created = created
        tables = Dictionary(tracks.map { ($0.id, SampleTable()) }) { first, _ in first }
        var writer = BoxWriter()
        writer.write(Self.openHead)
        writer.writePrivate(info)
        let facts = tracks.map { track in
            let start = track.ticks(nanoseconds: presentationStart)
            return TrackFacts(track: track, table: nil, edits: start > 0 ? [(start, UInt64(0))] : [], duration: 0)
        }
        writer.writeMovie(facts, created: created, chapters: [], inFragments: true)
        header = writer.bytes
        byteCount = UInt64(header.count)
    }

    /// How a file begins that is not finished. Written over the beginning of a finished one, and the file cut behind a fragment,
    /// it makes that a file that goes on.
    package static let openHead: [UInt8] = {
        var writer = BoxWriter()
        writer.writeFileType(inFragments: true)
        writer.box("free") { $0.writeZeros(8) }
        return writer.bytes
    }()

    /// Whether a file that begins so is finished: its first boxes are those that ``finish(chapters:presentationEnd:)`` leaves.
    /// - Parameter head: as many bytes as ``openHead`` has.
    package static func isFinished(_ head: [UInt8]) -> Bool {
        head.count == openHead.count && head[36..<40].elementsEqual("mdat".utf8)
    }

    /// One fragment with `samples`, those of each track in decoding order, and all later than those given before.
    /// - Parameters:
    ///   - info: what its `uuid` box carries; without any there is no such box.
    ///   - wallClock: when the first sample of the first track with samples was taken, for its `prft` (8.16.5).
    /// - Throws: ``MP4Error``, with nothing changed: for no samples, unknown tracks, times that go back or leap 2^31
    ///   ticks, and more than 2 GiB.
    package mutating func fragment(
        of samples: [Sample], info: [UInt8] = [], wallClock: WallClock? = nil
    ) throws(MP4Error) -> WrittenFragment {
        let runs = try runs(of: samples)
        let mediaByteCount = samples.reduce(UInt64(0)) { $0 + UInt64($1.bytes.count) }
        guard mediaByteCount + UInt64(info.count) + UInt64(samples.count) * 16 < Self.fragmentLimit else {
            throw .fragmentTooLong(byteCount: mediaByteCount)
        }
        sequence &+= 1
        var head = BoxWriter(reserving: info.count + samples.count * 16 + 512)
        head.writePrivate(info)
        if let wallClock, let first = runs.first {
            head.writeProducerTime(wallClock, track: first.track.id, mediaTime: first.samples[0].dts)
        }
        var moofStart = head.bytes.count
        var offsetPlaces: [Int] = []
        head.box("moof") { moof in
            moof.fullBox("mfhd") { $0.write(sequence) }
            for run in runs { offsetPlaces.append(moof.writeFragment(of: run)) }
        }
        let padding = Self.padding(at: byteCount, before: head.bytes.count + 8)
        moofStart += padding
        var writer = BoxWriter(reserving: padding + head.bytes.count + 8 + Int(mediaByteCount))
        if padding > 0 { writer.box("free") { $0.writeZeros(padding - 8) } }
        writer.write(head.bytes)
        var stored: [StoredSample] = []
        stored.reserveCapacity(samples.count)
        writer.box("mdat") { mdat in
            for (run, place) in zip(runs, offsetPlaces) {
                mdat.patch(UInt32(mdat.bytes.count - moofStart), at: padding + place)
                for sample in run.samples {
                    let start = byteCount + UInt64(mdat.bytes.count)
                    mdat.write(sample.bytes)
                    stored.append(StoredSample(sample, bytes: start..<start + UInt64(sample.bytes.count)))
                }
            }
        }
        let fragment = Fragment(
            bytes: byteCount..<byteCount + UInt64(writer.bytes.count), sequence: sequence, wallClock: wallClock,
            info: info, samples: stored)
        enter(stored)
        byteCount = fragment.bytes.upperBound
        return WrittenFragment(fragment: fragment, bytes: writer.bytes)
    }

    /// Signed 32 bits say where samples lie, counted from the `moof`.
    private static let fragmentLimit: UInt64 = 0x7FFF_0000

    /// Where a write that is cut short ends: at a page of memory, or a block of a disk.
    private static let border = 4096

    /// How long a `free` box must be for the `byteCount` bytes behind it to lie between two borders; 0 where they do
    /// without one. What is longer than that begins at a border.
    private static func padding(at position: UInt64, before byteCount: Int) -> Int {
        let place = Int(position % UInt64(border))
        guard place > 0, place + byteCount > border else { return 0 }
        let rest = border - place
        return rest < 8 ? rest + border : rest
    }

    private func runs(of samples: [Sample]) throws(MP4Error) -> [TrackRun] {
        guard !samples.isEmpty else { throw .noSamples }
        guard samples.count <= Fragment.sampleLimit else { throw .tooManySamples(limit: Fragment.sampleLimit) }
        if let stray = samples.first(where: { tables[$0.track] == nil }) { throw .unknownTrack(stray.track) }
        var runs: [TrackRun] = []
        for track in tracks {
            let samples = samples.filter { $0.track == track.id }
            guard !samples.isEmpty, let table = tables[track.id] else { continue }
            try table.check(samples.map { ($0.dts, $0.compositionOffset, $0.duration) }, of: track.id)
            runs.append(TrackRun(track: track, samples: Self.spaced(samples)))
        }
        return runs
    }

    /// `samples` with durations that lead from one DTS to the next; the last one keeps its own.
    private static func spaced(_ samples: [Sample]) -> [Sample] {
        var spaced = samples
        for (index, next) in samples.indices.dropFirst().enumerated() {
            let distance = UInt32(clamping: samples[next].dts - samples[index].dts)
            if samples[index].duration != distance { spaced[index] = samples[index].lasting(distance) }
        }
        return spaced
    }

    /// Notes where samples lie, those of each track together.
    private mutating func enter(_ samples: [StoredSample]) {
        for track in tracks {
            let own = samples.filter { $0.track == track.id }
            // One chunk for each piece that lies together.
            var rest = own[...]
            while let first = rest.first {
                var end = first.bytes.lowerBound
                let chunk = rest.prefix { sample in
                    defer { end = sample.bytes.upperBound }
                    return sample.bytes.lowerBound == end
                }
                tables[track.id]?.beginChunk(at: first.bytes.lowerBound, count: chunk.count)
                for sample in chunk { tables[track.id]?.append(sample) }
                rest = rest.dropFirst(chunk.count)
            }
        }
    }

    /// A writer that goes on with a file that another one has written. ``take(_:)`` each of its fragments; what lies
    /// behind ``MovieReader/end`` is to be cut off before more is written.
    /// - Throws: ``MP4Error/notMP4``, where the file does not begin as this writer writes it.
    package init(continuing header: MovieHeader) throws(MP4Error) {
        self.init(
            tracks: header.tracks, presentationStart: header.presentationStart, created: header.created,
            info: header.info)
        guard UInt64(self.header.count) == header.byteCount else { throw .notMP4 }
    }

    /// Notes a fragment that is in the file already, behind those given or taken before.
    /// - Throws: ``MP4Error``, with nothing changed.
    package mutating func take(_ fragment: Fragment) throws(MP4Error) {
        guard fragment.bytes.lowerBound >= byteCount else {
            throw .boxSpoiled("moof", offset: fragment.bytes.lowerBound)
        }
        for (id, table) in tables {
            let samples = fragment.samples.filter { $0.track == id }
            try table.check(samples.map { ($0.dts, $0.compositionOffset, $0.duration) }, of: id)
        }
        enter(fragment.samples)
        sequence = fragment.sequence
        byteCount = fragment.bytes.upperBound
    }

    /// What makes a plain MP4 of the file, with all fragments given so far.
    /// - Parameters:
    ///   - chapters: in order.
    ///   - presentationEnd: what lies behind is hidden by an edit list; in nanoseconds from the start of the file, nil
    ///     for all that there is.
    package func finish(chapters: [Chapter] = [], presentationEnd: Int64? = nil) -> Finish {
        var tail = BoxWriter(reserving: 1 << 16)
        let all = tracks.map { facts(of: $0, until: presentationEnd) }
        tail.writeMovie(all, created: created, chapters: chapters, inFragments: false)
        var front = BoxWriter()
        front.writeFileType(inFragments: false)
        let span = byteCount - UInt64(front.bytes.count)
        front.write(UInt32(1))
        front.write(BoxType("mdat"))
        front.write(span)
        tail.patch(BoxType("free").code, at: 4)
        return Finish(
            tailOffset: byteCount, tailByteCount: UInt64(tail.bytes.count),
            steps: [
                Finish.Step(offset: byteCount, bytes: tail.bytes),
                Finish.Step(offset: byteCount + 4, bytes: Array("moov".utf8)),
                Finish.Step(offset: 0, bytes: front.bytes),
            ])
    }

    /// What a finished file says of `track`.
    private func facts(of track: Track, until end: Int64?) -> TrackFacts {
        let movie = Int64(BoxWriter.movieTimescale)
        guard let table = tables[track.id], !table.isEmpty else {
            return TrackFacts(track: track, table: nil, edits: [], duration: 0)
        }
        // The table's own times begin with its first DTS.
        let start = track.ticks(nanoseconds: presentationStart) - table.firstDTS
        var last = table.compositionEnd - table.firstDTS
        var edits: [(mediaTime: Int64, duration: UInt64)] = []
        if let end { last = min(last, track.ticks(nanoseconds: end) - table.firstDTS) }
        let shown = max(0, last - max(0, start))
        let duration = UInt64(shown.scaled(by: movie, over: Int64(track.timescale)))
        var whole = duration
        if start < 0 {
            let wait = UInt64((-start).scaled(by: movie, over: Int64(track.timescale)))
            edits.append((-1, wait))
            whole += wait
        }
        if start != 0 || end != nil { edits.append((max(0, start), duration)) }
        return TrackFacts(track: track, table: table, edits: edits, duration: whole)
    }
}

/// What is to be written to finish a file, which can be played at any moment on the way.
package struct Finish: Hashable, Sendable {
    /// Bytes that are written at a place of the file.
    package struct Step: Hashable, Sendable {
        package let offset: UInt64
        package let bytes: [UInt8]
    }

    /// Where the `moov` of the plain file is: at the end of the last fragment.
    package let tailOffset: UInt64
    /// The length of that `moov`.
    package let tailByteCount: UInt64
    /// To be written in this order, each when the one before is durable: the `moov` under the name of `free`, for half
    /// of it may get there; its name; and the first 48 bytes of the file, `ftyp` and the head of the `mdat` that spans
    /// all fragments. Where the first does not fit on the disk, the file is cut back to ``tailOffset``, and stays as
    /// it was.
    package let steps: [Step]
}

/// A fragment with its bytes.
package struct WrittenFragment: Hashable, Sendable {
    /// Where it goes, and what is in it.
    package let fragment: Fragment
    /// All of it.
    package let bytes: [UInt8]
}

extension StoredSample {
    fileprivate init(_ sample: Sample, bytes: Range<UInt64>) {
        self.init(
            track: sample.track, dts: sample.dts, compositionOffset: sample.compositionOffset,
            duration: sample.duration, isSync: sample.isSync, isDisposable: sample.isDisposable, bytes: bytes)
    }
}

extension SampleTable {
    fileprivate mutating func append(_ sample: StoredSample) {
        append(
            dts: sample.dts, compositionOffset: sample.compositionOffset, duration: sample.duration,
            byteCount: UInt32(clamping: sample.bytes.count), isSync: sample.isSync)
    }
}

extension Track {
    /// A time in ticks of the track, to the nearest.
    package func ticks(nanoseconds: Int64) -> Int64 { nanoseconds.scaled(by: Int64(timescale), over: 1_000_000_000) }

    /// A time of the track in nanoseconds, to the nearest.
    package func nanoseconds(ticks: Int64) -> Int64 { ticks.scaled(by: 1_000_000_000, over: Int64(timescale)) }
}
