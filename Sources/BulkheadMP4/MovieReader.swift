/// Reads a file of fragments as far as it is whole: one that is being written, one whose writer was killed, one that
/// ends in zeros or in the middle of anything, and one that ``FragmentWriter`` has finished.
///
/// Numbers in the file are taken for nothing more than claims: no size leads beyond the file, and nothing longer than
/// ``boxByteLimit`` is read into memory.
///
/// Use: make one; call ``next()`` until it gives nil; then ``ending`` and ``spoiled`` say what is left over.
package struct MovieReader: Sendable {
    /// The longest `moov` or `moof` that is read.
    package static let boxByteLimit: UInt64 = 64 << 20

    /// Where the fragments end, and how.
    package enum Ending: Hashable, Sendable {
        /// Behind the last fragment comes the end of the file, or what finishes it.
        case whole
        /// The rest of the file is zeros, as a power cut leaves them.
        case zeros(Range<UInt64>)
        /// The rest of the file is the beginning of a fragment, or no MP4 at all.
        case torn(Range<UInt64>, MP4Error)
    }

    /// A fragment that is all there but can't be read.
    package struct Spoiled: Hashable, Sendable {
        /// Where it is.
        package let bytes: Range<UInt64>
        /// What is wrong with it.
        package let error: MP4Error
    }

    /// What stands before the fragments.
    package let header: MovieHeader
    /// How the fragments end; nil until ``next()`` has given nil.
    package private(set) var ending: Ending?
    /// Fragments that were passed over.
    package private(set) var spoiled: [Spoiled] = []
    /// The `moov` behind the fragments, which makes a plain MP4 of the file, whether its front has been replaced or
    /// not.
    package private(set) var tail: Range<UInt64>?
    /// Where the last fragment ends that was given: nothing behind it is part of a whole one.
    package private(set) var end: UInt64

    private let source: any ByteSource
    /// Where the next box is.
    private var position: UInt64
    /// Where fragments end at the latest.
    private var limit: UInt64

    /// Reads the header.
    /// - Throws: ``MP4Error``: the file can't be read, does not begin with `ftyp`, has no `moov`, or no fragments.
    package init(_ source: any ByteSource) throws(MP4Error) {
        let start = try Self.start(of: source)
        self.source = source
        header = start.header
        limit = start.limit
        position = start.header.byteCount
        end = start.header.byteCount
    }

    private static func start(of source: some ByteSource) throws(MP4Error) -> (header: MovieHeader, limit: UInt64) {
        var position: UInt64 = 0
        var limit = source.byteCount
        var info: [UInt8] = []
        var (isFinished, isCutShort) = (false, false)
        // The size may be anything in a file of another kind.
        guard limit >= 8, try source.read(4..<8) == Array("ftyp".utf8) else { throw .notMP4 }
        while position < limit {
            let head: BoxHead
            do { head = try BoxHead(at: position, in: source, limit: limit) } catch {
                // Of a finished file that was cut the fragments are there, as of one that was not finished.
                guard case .boxCutShort("mdat", _) = error, !isFinished else { throw error }
                head = try BoxHead(at: position, in: source, limit: limit, mayBeCutShort: true)
                isCutShort = true
            }
            position = head.bytes.upperBound
            switch head.type {
            case "uuid": info = try privateInfo(head, in: source) ?? info
            case "moov":
                let movie = try box(head, in: source)
                let header = try MovieHeader(
                    movie: movie, info: info, byteCount: position, isFinished: isFinished && !isCutShort,
                    isCutShort: isCutShort)
                guard header.hasFragments else { throw .notInFragments }
                return (header, limit)
            case "mdat" where !isFinished:
                // The front of a finished file: the boxes that it was written with lie within.
                let inner = try? BoxHead(at: head.body.lowerBound, in: source, limit: head.body.upperBound)
                guard inner?.type == "uuid" || inner?.type == "moov" else { throw .notInFragments }
                isFinished = true
                position = head.body.lowerBound
                limit = head.body.upperBound
            default: break
            }
        }
        throw .notMP4
    }

    /// The next whole fragment; nil where there is no other, and ``ending`` says why.
    /// - Throws: ``MP4Error/unreadable(offset:reason:)``; all else that is wrong with the file ends the reading, or is
    ///   kept in ``spoiled``.
    package mutating func next() throws(MP4Error) -> Fragment? {
        guard ending == nil else { return nil }
        while true {
            let start = position
            do throws(MP4Error) {
                guard let fragment = try readFragment() else {
                    try finish()
                    return nil
                }
                end = position
                return fragment
            } catch {
                if case .unreadable = error { throw error }
                // The boxes are there, but not what should be in them: the next fragment may be well.
                if position > start {
                    spoiled.append(Spoiled(bytes: start..<position, error: error))
                    continue
                }
                ending = try zeros(from: start) ?? .torn(start..<limit, error)
                return nil
            }
        }
    }

    /// The fragment that lies in `range`, as an index says: also one behind damage that ``next()`` does not get past.
    /// - Throws: ``MP4Error``: there is none, or it does not fill `range`.
    package func fragment(in range: Range<UInt64>) throws(MP4Error) -> Fragment {
        var reader = self
        guard range.lowerBound >= header.byteCount, range.upperBound <= limit else {
            throw .boxCutShort("moof", offset: range.lowerBound)
        }
        reader.position = range.lowerBound
        reader.limit = range.upperBound
        guard let fragment = try reader.readFragment(), fragment.bytes == range else {
            throw .boxSpoiled("moof", offset: range.lowerBound)
        }
        return fragment
    }

    /// Reads the boxes up to the end of an `mdat`. It leaves ``position`` where it was if they don't reach there; nil
    /// at the end of the fragments.
    private mutating func readFragment() throws(MP4Error) -> Fragment? {
        var place = position
        var info: [UInt8] = []
        var wallClock: WallClock?
        var moof: BoxHead?
        while place < limit {
            let head = try BoxHead(at: place, in: source, limit: limit)
            place = head.bytes.upperBound
            switch head.type {
            case "uuid": info = try Self.privateInfo(head, in: source) ?? info
            case "prft": wallClock = try Self.producerTime(try Self.box(head, in: source)) ?? wallClock
            case "moof": moof = head
            case "moov", "mfra":
                guard moof == nil, place == source.byteCount || head.type == "mfra" else { break }
                if head.type == "moov" { tail = head.bytes }
                return nil
            case "mdat":
                guard let moof else { throw .boxSpoiled("mdat", offset: head.bytes.lowerBound) }
                let start = position
                position = place
                let boxes = try FragmentBoxes(Self.box(moof, in: source), header: header)
                for sample in boxes.samples
                where sample.bytes.lowerBound < head.body.lowerBound || sample.bytes.upperBound > place {
                    throw .sampleOutsideData(offset: sample.bytes.lowerBound)
                }
                return Fragment(
                    bytes: start..<place, sequence: boxes.sequence, wallClock: wallClock, info: info,
                    samples: boxes.samples)
            default: break
            }
        }
        guard place == position else { throw .boxCutShort("moof", offset: place) }
        return nil
    }

    /// The end of the fragments has been reached, with nothing torn.
    private mutating func finish() throws(MP4Error) {
        ending = .whole
        guard header.isFinished else { return }
        var place = limit
        while place < source.byteCount {
            guard let head = try? BoxHead(at: place, in: source, limit: source.byteCount) else { return }
            if head.type == "moov" { tail = head.bytes }
            place = head.bytes.upperBound
        }
    }

    /// Whether nothing but zeros follows.
    private func zeros(from start: UInt64) throws(MP4Error) -> Ending? {
        var place = start
        while place < limit {
            let next = min(limit, place + 1 << 20)
            guard try source.read(place..<next).allSatisfy({ $0 == 0 }) else { return nil }
            place = next
        }
        return .zeros(start..<limit)
    }

    private static func box(_ head: BoxHead, in source: some ByteSource) throws(MP4Error) -> Box {
        let count = head.body.upperBound - head.body.lowerBound
        guard count <= boxByteLimit else {
            throw .boxSizeOutsideRange(head.type, offset: head.bytes.lowerBound, byteCount: count)
        }
        return Box(type: head.type, body: try source.read(head.body)[...], offset: head.bytes.lowerBound)
    }

    /// What Bulkhead's own `uuid` box carries; nil for those of others, and for more than 1 MiB.
    private static func privateInfo(_ head: BoxHead, in source: some ByteSource) throws(MP4Error) -> [UInt8]? {
        guard head.body.upperBound - head.body.lowerBound <= 1 << 20 else { return nil }
        let body = try source.read(head.body)
        return body.starts(with: PrivateBox.identifier) ? Array(body.dropFirst(PrivateBox.identifier.count)) : nil
    }

    private static func producerTime(_ box: Box) throws(MP4Error) -> WallClock? {
        var fields = try box.fullFields().fields
        guard fields.skip(4), let time: UInt64 = fields.read() else { throw box.spoiled }
        return WallClock(ntp: time)
    }
}
