/// What stands before the fragments of a file: its tracks, and what they are read with.
package struct MovieHeader: Hashable, Sendable {
    /// Those of H.264 and AAC; others are passed over.
    package let tracks: [Track]
    /// What the `uuid` box of the header carries; empty without one.
    package let info: [UInt8]
    /// When the file was begun, in whole seconds.
    package let created: WallClock
    /// Where the presentation begins, in nanoseconds from the start of the file.
    package let presentationStart: Int64
    /// The length of all that stands before the first fragment.
    package let byteCount: UInt64
    /// Whether the file has been made a plain MP4, whose `mdat` spans the fragments.
    package let isFinished: Bool
    /// Whether that `mdat` goes on behind the end of the file: no player finds what is in it.
    package let isCutShort: Bool
    /// Whether the `moov` announces fragments.
    let hasFragments: Bool

    /// What a `trex` says for samples that say nothing themselves (8.8.3).
    struct Defaults: Hashable, Sendable {
        var duration: UInt32 = 0
        var byteCount: UInt32 = 0
        var flags: UInt32 = 0
    }

    let defaults: [UInt32: Defaults]

    /// The tracks of a `moov` that lies anywhere, such as at the end of a finished file.
    /// - Parameter bytes: all of it.
    package static func tracks(in bytes: [UInt8], at offset: UInt64) throws(MP4Error) -> [Track] {
        guard let movie = try Box.all(in: bytes[...], offset: offset).first, movie.type == "moov" else {
            throw .notMP4
        }
        return try MovieHeader(movie: movie, info: [], byteCount: 0, isFinished: true).tracks
    }

    /// - Parameters:
    ///   - movie: the `moov`, whole.
    ///   - byteCount: where it ends.
    init(
        movie: Box, info: [UInt8], byteCount: UInt64, isFinished: Bool, isCutShort: Bool = false
    ) throws(MP4Error) {
        let boxes = try movie.boxes()
        var tracks: [Track] = []
        var start: Int64 = 0
        for box in boxes where box.type == "trak" {
            guard let (track, edit) = try Self.track(box) else { continue }
            guard !tracks.contains(where: { $0.id == track.id }) else { throw box.spoiled }
            if tracks.isEmpty || track.isVideo && !(tracks.first?.isVideo ?? false) {
                start = track.nanoseconds(ticks: edit)
            }
            tracks.append(track)
        }
        var defaults: [UInt32: Defaults] = [:]
        let extends = boxes["mvex"]
        for box in try extends?.boxes() ?? [] where box.type == "trex" {
            var fields = try box.fullFields().fields
            guard let id: UInt32 = fields.read(), fields.skip(4), let duration: UInt32 = fields.read(),
                let byteCount: UInt32 = fields.read(), let flags: UInt32 = fields.read()
            else { throw box.spoiled }
            defaults[id] = Defaults(duration: duration, byteCount: byteCount, flags: flags)
        }
        self.tracks = tracks
        self.info = info
        created = try Self.created(boxes)
        presentationStart = start
        self.byteCount = byteCount
        self.isFinished = isFinished
        self.isCutShort = isCutShort
        hasFragments = extends != nil
        self.defaults = defaults
    }

    static func created(_ boxes: [Box]) throws(MP4Error) -> WallClock {
        guard let box = boxes["mvhd"] else { throw .notMP4 }
        var (version, _, fields) = try box.fullFields()
        guard let seconds = fields.readLong(version: version) else { throw box.spoiled }
        return WallClock(secondsSince1904: seconds)
    }

    /// The track of a `trak`, and the media time at which it begins; nil for a codec that is not known here.
    static func track(_ trak: Box) throws(MP4Error) -> (Track, edit: Int64)? {
        let boxes = try trak.boxes()
        guard let header = boxes["tkhd"], let media = try boxes["mdia"]?.boxes(), let mdhd = media["mdhd"],
            let handler = media["hdlr"], let description = try media["minf"]?.boxes()["stbl"]?.boxes()["stsd"]
        else { throw trak.spoiled }
        var (version, _, fields) = try header.fullFields()
        guard fields.skip(version >= 1 ? 16 : 8), let id: UInt32 = fields.read(), id > 0 else { throw header.spoiled }
        (version, _, fields) = try mdhd.fullFields()
        guard fields.skip(version >= 1 ? 16 : 8), let timescale: UInt32 = fields.read(), timescale > 0 else {
            throw mdhd.spoiled
        }
        (_, _, fields) = try handler.fullFields()
        guard fields.skip(20) else { throw handler.spoiled }
        let name = String(decoding: fields.rest.prefix { $0 != 0 }, as: UTF8.self)
        guard let content = try content(description) else { return nil }
        let edit = try boxes["edts"]?.boxes()["elst"].map(firstEdit) ?? 0
        return (Track(id: id, timescale: timescale, content: content, name: name), edit)
    }

    /// The media time of the first edit that shows something (8.6.6).
    private static func firstEdit(_ box: Box) throws(MP4Error) -> Int64 {
        var (version, _, fields) = try box.fullFields()
        guard let count: UInt32 = fields.read() else { throw box.spoiled }
        for _ in 0..<min(count, 16) {
            guard fields.readLong(version: version) != nil, let time = fields.readLong(version: version),
                fields.skip(4)
            else { throw box.spoiled }
            let signed = version >= 1 ? Int64(bitPattern: time) : Int64(Int32(truncatingIfNeeded: time))
            if signed >= 0 { return signed }
        }
        return 0
    }

    private static func content(_ stsd: Box) throws(MP4Error) -> Track.Content? {
        guard let entry = try stsd.boxes(skipping: 8).first else { throw stsd.spoiled }
        var fields = entry.fields
        switch entry.type {
        case "avc1", "avc3":
            guard fields.skip(24), let width: UInt16 = fields.read(), let height: UInt16 = fields.read(),
                let record = try entry.boxes(skipping: 78)["avcC"]
            else { throw entry.spoiled }
            let more = try entry.boxes(skipping: 78)
            return .video(
                VideoTrack(
                    avcConfiguration: Array(record.body), width: width, height: height,
                    colour: more["colr"].flatMap(colour), sampleAspect: more["pasp"].flatMap(aspect)))
        case "mp4a":
            guard fields.skip(16), let channels: UInt16 = fields.read(), fields.skip(6),
                let rate: UInt32 = fields.read(), let esds = try entry.boxes(skipping: 28)["esds"],
                let (config, bits) = Descriptors.audioConfiguration(esds.body.dropFirst(4))
            else { throw entry.spoiled }
            return .sound(
                SoundTrack(
                    audioSpecificConfig: config, sampleRate: rate >> 16, channelCount: channels, bitsPerSecond: bits))
        default: return nil
        }
    }

    private static func colour(_ box: Box) -> VideoTrack.Colour? {
        var fields = box.fields
        guard fields.read() as UInt32? == BoxType("nclx").code, let primaries: UInt16 = fields.read(),
            let transfer: UInt16 = fields.read(), let matrix: UInt16 = fields.read(), let range: UInt8 = fields.read()
        else { return nil }
        return VideoTrack.Colour(
            primaries: primaries, transfer: transfer, matrix: matrix, isFullRange: range & 0x80 != 0)
    }

    private static func aspect(_ box: Box) -> VideoTrack.SampleAspect? {
        var fields = box.fields
        guard let width: UInt32 = fields.read(), let height: UInt32 = fields.read() else { return nil }
        return VideoTrack.SampleAspect(width: width, height: height)
    }
}

/// The descriptors of an `esds` (ISO/IEC 14496-1, 7.2.6).
private enum Descriptors {
    /// The AudioSpecificConfig, and the average bitrate.
    static func audioConfiguration(_ bytes: ArraySlice<UInt8>) -> ([UInt8], bitsPerSecond: UInt32)? {
        var fields = FieldReader(bytes)
        guard next(&fields, tag: 3), fields.skip(2), let flags: UInt8 = fields.read() else { return nil }
        if flags & 0x80 != 0, !fields.skip(2) { return nil }
        if flags & 0x40 != 0 {
            guard let length: UInt8 = fields.read(), fields.skip(Int(length)) else { return nil }
        }
        if flags & 0x20 != 0, !fields.skip(2) { return nil }
        guard next(&fields, tag: 4), fields.skip(9), let bits: UInt32 = fields.read() else { return nil }
        guard let length = length(&fields, tag: 5), let config = fields.read(length) else { return nil }
        return (Array(config), bits)
    }

    private static func next(_ fields: inout FieldReader, tag: UInt8) -> Bool { length(&fields, tag: tag) != nil }

    /// Enters the descriptor that comes next, if it has `tag`.
    private static func length(_ fields: inout FieldReader, tag: UInt8) -> Int? {
        guard fields.read() == tag else { return nil }
        var length = 0
        for _ in 0..<4 {
            guard let byte: UInt8 = fields.read() else { return nil }
            length = length << 7 | Int(byte & 0x7F)
            if byte & 0x80 == 0 { return length <= fields.rest.count ? length : nil }
        }
        return nil
    }
}

extension WallClock {
    /// A time as `mvhd` counts it; far beyond the range of nanoseconds stops at its end.
    init(secondsSince1904 seconds: UInt64) {
        let unix = Int64(clamping: seconds) - 2_082_844_800
        let (product, overflows) = unix.multipliedReportingOverflow(by: 1_000_000_000)
        self.init(nanoseconds: overflows ? .max : product)
    }
}
