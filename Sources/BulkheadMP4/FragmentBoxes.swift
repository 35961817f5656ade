/// Reads the samples of a `moof` (ISO/IEC 14496-12, 8.8).
struct FragmentBoxes {
    /// The number in `mfhd`.
    let sequence: UInt32
    private(set) var samples: [StoredSample] = []

    /// - Throws: ``MP4Error`` where it is spoiled, or has more samples than ``Fragment/sampleLimit``.
    init(_ moof: Box, header: MovieHeader) throws(MP4Error) {
        let boxes = try moof.boxes()
        guard let mfhd = boxes["mfhd"] else { throw moof.spoiled }
        var fields = try mfhd.fullFields().fields
        guard let sequence: UInt32 = fields.read() else { throw mfhd.spoiled }
        self.sequence = sequence
        for box in boxes where box.type == "traf" { try read(box, in: moof, header: header) }
    }

    /// What a `tfhd` says (8.8.7), with the defaults of the movie.
    private struct Terms {
        var track: UInt32
        var base: UInt64
        var defaults: MovieHeader.Defaults
    }

    private mutating func read(_ traf: Box, in moof: Box, header: MovieHeader) throws(MP4Error) {
        let boxes = try traf.boxes()
        guard let tfhd = boxes["tfhd"] else { throw traf.spoiled }
        let terms = try terms(tfhd, moof: moof, header: header)
        guard header.tracks.contains(where: { $0.id == terms.track }) else { return }
        guard let tfdt = boxes["tfdt"] else { throw traf.spoiled }
        var (version, _, fields) = try tfdt.fullFields()
        guard let start = fields.readLong(version: version), start <= 1 << 62 else { throw tfdt.spoiled }
        var dts = Int64(start)
        for trun in boxes where trun.type == "trun" { try read(trun, terms, dts: &dts) }
    }

    private func terms(_ tfhd: Box, moof: Box, header: MovieHeader) throws(MP4Error) -> Terms {
        var (_, flags, fields) = try tfhd.fullFields()
        guard let track: UInt32 = fields.read() else { throw tfhd.spoiled }
        var terms = Terms(track: track, base: moof.offset, defaults: header.defaults[track] ?? .init())
        if flags & 0x1 != 0 {
            guard let base: UInt64 = fields.read(), base <= 1 << 62 else { throw tfhd.spoiled }
            terms.base = base
        }
        if flags & 0x2 != 0, !fields.skip(4) { throw tfhd.spoiled }
        for (flag, field) in [
            (0x8, \MovieHeader.Defaults.duration), (0x10, \.byteCount), (0x20, \.flags),
        ] as [(UInt32, WritableKeyPath<MovieHeader.Defaults, UInt32>)] where flags & flag != 0 {
            guard let value: UInt32 = fields.read() else { throw tfhd.spoiled }
            terms.defaults[keyPath: field] = value
        }
        return terms
    }

    private mutating func read(_ trun: Box, _ terms: Terms, dts: inout Int64) throws(MP4Error) {
        var (version, flags, fields) = try trun.fullFields()
        guard let count: UInt32 = fields.read() else { throw trun.spoiled }
        guard Int(count) <= Fragment.sampleLimit - samples.count else {
            throw .tooManySamples(limit: Fragment.sampleLimit)
        }
        var place = terms.base
        if flags & 0x1 != 0 {
            guard let offset: Int32 = fields.read() else { throw trun.spoiled }
            let (sum, overflows) = place.addingReportingOverflow(UInt64(offset.magnitude))
            let (difference, isNegative) = place.subtractingReportingOverflow(UInt64(offset.magnitude))
            guard offset < 0 ? !isNegative : !overflows else { throw trun.spoiled }
            place = offset < 0 ? difference : sum
        } else if let last = samples.last, last.track == terms.track {
            place = last.bytes.upperBound
        }
        var firstFlags: UInt32?
        if flags & 0x4 != 0 {
            guard let value: UInt32 = fields.read() else { throw trun.spoiled }
            firstFlags = value
        }
        for index in 0..<count {
            var sample = terms.defaults
            if index == 0, let firstFlags { sample.flags = firstFlags }
            var offset: Int32 = 0
            if flags & 0x100 != 0 { sample.duration = try Self.field(&fields, trun) }
            if flags & 0x200 != 0 { sample.byteCount = try Self.field(&fields, trun) }
            if flags & 0x400 != 0 { sample.flags = try Self.field(&fields, trun) }
            if flags & 0x800 != 0 {
                let value = try Self.field(&fields, trun)
                offset = version == 0 ? Int32(clamping: value) : Int32(bitPattern: value)
            }
            guard place <= 1 << 62, dts <= 1 << 62 else { throw trun.spoiled }
            let end = place + UInt64(sample.byteCount)
            samples.append(
                StoredSample(
                    track: terms.track, dts: dts, compositionOffset: offset, duration: sample.duration,
                    isSync: sample.flags & SampleFlags.isNotSync == 0,
                    isDisposable: sample.flags & SampleFlags.isDependedOn == SampleFlags.disposable,
                    bytes: place..<end))
            place = end
            dts += Int64(sample.duration)
        }
    }

    private static func field(_ fields: inout FieldReader, _ trun: Box) throws(MP4Error) -> UInt32 {
        guard let value: UInt32 = fields.read() else { throw trun.spoiled }
        return value
    }
}
