/// What the tables of a plain MP4 say, whoever wrote it, with its `moov` in front or at the end. Its samples are not looked at.
///
/// Numbers in the file are claims, as in ``MovieReader``.
package struct PlainMovie: Hashable, Sendable {
    /// One track, also one whose coding is not known here.
    package struct Content: Hashable, Sendable {
        /// Its coding as the file has it: `avc1`, `hvc1`, `ac-3`.
        package let coding: BoxType
        package let isVideo: Bool
        /// Its configuration; nil where the coding is neither H.264 nor AAC.
        package let track: Track?
    }

    /// The `moov`.
    package let tables: Range<UInt64>
    /// Tracks of pictures and of sound.
    package let contents: [Content]
    package let durationMilliseconds: Int64
    /// The size that pictures are shown in; 0 without any.
    package let width: Int, height: Int
    /// When it was made, as it says; of many files 1904 or 1970.
    package let created: WallClock

    /// The most boxes that a file may consist of.
    private static let mostBoxes = 100_000

    /// Reads the tables of `source`, whose boxes must all be there.
    /// - Throws: ``MP4Error``: no MP4, one that is cut short, or one in fragments (``MP4Error/boxSpoiled(_:offset:)`` of `mvex`).
    package init(_ source: any ByteSource) throws(MP4Error) {
        guard source.byteCount >= 8, try source.read(4..<8) == Array("ftyp".utf8) else { throw .notMP4 }
        var (moov, hasMedia, position): (BoxHead?, Bool, UInt64) = (nil, false, 0)
        for _ in 0..<Self.mostBoxes where position < source.byteCount {
            // Fewer than eight bytes are the padding that some writers leave behind.
            guard source.byteCount - position >= 8 else { break }
            if try Self.isLast(position, in: source) {
                hasMedia = true
                break
            }
            let head = try BoxHead(at: position, in: source, limit: source.byteCount)
            position = head.bytes.upperBound
            if head.type == "mdat" { hasMedia = true }
            if head.type == "moov" { moov = moov ?? head }
        }
        guard let moov, hasMedia else { throw .notMP4 }
        let byteCount = moov.body.upperBound - moov.body.lowerBound
        guard byteCount <= MovieReader.boxByteLimit else {
            throw .boxSizeOutsideRange("moov", offset: moov.bytes.lowerBound, byteCount: byteCount)
        }
        let movie = Box(type: "moov", body: try source.read(moov.body)[...], offset: moov.bytes.lowerBound)
        try self.init(movie, tables: moov.bytes)
    }

    /// A last `mdat` whose size is 0 reaches to the end of the file.
    private static func isLast(_ position: UInt64, in source: any ByteSource) throws(MP4Error) -> Bool {
        try source.read(position..<position + 8) == [0, 0, 0, 0] + Array("mdat".utf8)
    }

    private init(_ movie: Box, tables: Range<UInt64>) throws(MP4Error) {
        let boxes = try movie.boxes()
        if let box = boxes["mvex"] { throw box.spoiled }
        guard let mvhd = boxes["mvhd"] else { throw movie.spoiled }
        var (version, _, fields) = try mvhd.fullFields()
        guard fields.skip(version >= 1 ? 16 : 8), let timescale: UInt32 = fields.read(), timescale > 0,
            let duration = fields.readLong(version: version)
        else { throw mvhd.spoiled }
        let (ticks, overflows) = Int64(clamping: duration).multipliedReportingOverflow(by: 1000)
        durationMilliseconds = overflows ? Int64.max / 1000 : ticks / Int64(timescale)
        created = try MovieHeader.created(boxes)
        var contents: [Content] = []
        var (width, height) = (0, 0)
        for box in boxes where box.type == "trak" {
            guard let (content, size) = try Self.content(box) else { continue }
            if content.isVideo, width == 0 { (width, height) = size }
            contents.append(content)
        }
        self.tables = tables
        self.contents = contents
        self.width = width
        self.height = height
    }

    /// Nil for a track of subtitles and the like.
    private static func content(_ trak: Box) throws(MP4Error) -> (Content, (Int, Int))? {
        let boxes = try trak.boxes()
        guard let tkhd = boxes["tkhd"], let media = try boxes["mdia"]?.boxes(), let handler = media["hdlr"],
            let description = try media["minf"]?.boxes()["stbl"]?.boxes()["stsd"]
        else { throw trak.spoiled }
        var (_, _, fields) = try handler.fullFields()
        guard fields.skip(4), let kind: UInt32 = fields.read() else { throw handler.spoiled }
        let isVideo = kind == BoxType("vide").code
        guard isVideo || kind == BoxType("soun").code, let entry = try description.boxes(skipping: 8).first else {
            return nil
        }
        let version: UInt8
        (version, _, fields) = try tkhd.fullFields()
        // Times, number and duration, then 52 bytes up to width and height in 16.16 (8.3.2).
        guard fields.skip((version >= 1 ? 32 : 20) + 52), let width: UInt32 = fields.read(),
            let height: UInt32 = fields.read()
        else { throw tkhd.spoiled }
        let content = Content(coding: entry.type, isVideo: isVideo, track: (try? MovieHeader.track(trak))?.0)
        return (content, isVideo ? (Int(width >> 16), Int(height >> 16)) : (0, 0))
    }
}
