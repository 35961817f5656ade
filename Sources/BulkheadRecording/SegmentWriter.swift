package import BulkheadMP4
package import BulkheadMedia

/// Gives the bytes of one segment of a recording: of its media file, an MP4 in fragments, and of the index beside it.
///
/// It owns no file and no clock. For each ``Piece``, write `media` at `mediaOffset` with one call, make it durable,
/// and only then append `index` to the index: an entry there says that the media is on the disk.
///
///     var segment = SegmentWriter(…, first: packet)      // an IDR
///     segment.note(.join(previous: 0, frame: 1200))      // goes out with the next fragment
///     write(segment.header)
///     if let packets = cutter.add(packet) { write(try segment.fragment(of: packets, wallClock: now)) }
///     let end = segment.finish()                         // each step of end.media, a sync behind each; then end.index
///
/// A new configuration, or a failed sync, takes a new segment: make one with the next number, and note the join.
package struct SegmentWriter: Sendable {
    /// What is written at once.
    package struct Piece: Hashable, Sendable {
        /// For the media file.
        package let media: [UInt8]
        /// Where in the file.
        package let mediaOffset: UInt64
        /// For the index, at its end, when `media` is durable.
        package let index: [UInt8]
    }

    /// What ends a segment: the steps of `media`, one after the other, then `index`.
    package struct End: Hashable, Sendable {
        package let media: Finish
        /// For the index, at its end.
        package let index: [UInt8]
    }

    /// The beginning of the segment, as it stands in its index and its media.
    package let start: SegmentStart
    /// The media file and the index begin with this.
    package let header: Piece
    /// The frame expected next: one more than the highest that was given.
    package private(set) var nextFrame: FrameNumber
    /// Sound left out since it lies before the segment's first picture.
    package private(set) var leftOutCount = 0
    /// The length of the media file so far.
    package var mediaByteCount: UInt64 { writer.byteCount }

    private var writer: FragmentWriter
    private var notes: [IndexEntry] = []
    private let frameDuration: MediaTime
    /// What was noted, for the chapters of the finished file.
    private var noted: [NotedEntry] = []
    private var place: FramePlace

    /// The number of the track of pictures, and of sound.
    package static let videoTrack: UInt32 = 1, soundTrack: UInt32 = 2

    /// A segment that begins with `first`.
    /// - Parameters:
    ///   - number: its number in the recording; the first is 0.
    ///   - first: an IDR picture. Times in the segment are counted from its DTS.
    ///   - wallClock: when that picture was taken.
    ///   - monotonicNanoseconds: the same on a clock that is not set.
    package init(
        recording: RecordingID, number: UInt32, configuration: StreamConfiguration, first: RecordedPacket,
        wallClock: WallClock, monotonicNanoseconds: Int64
    ) {
        let origin = first.packet.dts
        start = SegmentStart(
            recording: recording, number: number, wallClock: wallClock, monotonicNanoseconds: monotonicNanoseconds,
            origin: origin,
            configurationCRC: CRC32.of(configuration.avcConfiguration + configuration.audioSpecificConfig))
        let tracks = Self.tracks(configuration)
        let presentationStart = max(0, (first.packet.pts - origin).nanoseconds)
        let rate = configuration.frameRate
        let entries: [IndexEntry] = [
            .start(start),
            .tracks(
                SegmentTracks(
                    videoTimescale: tracks[0].timescale, soundTimescale: tracks[1].timescale,
                    width: UInt16(clamping: configuration.canvas.width),
                    height: UInt16(clamping: configuration.canvas.height), frameRateNumerator: rate.numerator,
                    frameRateDenominator: rate.denominator, presentationStart: presentationStart)),
        ]
        let info = IndexWriter.bytes(of: entries)
        writer = FragmentWriter(tracks: tracks, presentationStart: presentationStart, created: wallClock, info: info)
        header = Piece(media: writer.header, mediaOffset: 0, index: info)
        nextFrame = first.frame
        frameDuration = rate.interval
        place = FramePlace(frame: first.frame, frameDuration: rate.interval)
    }

    private static func tracks(_ configuration: StreamConfiguration) -> [Track] {
        let heard = AudioSpecificConfig.heard(in: configuration.audioSpecificConfig)
        let sound = SoundTrack(
            audioSpecificConfig: configuration.audioSpecificConfig, sampleRate: heard.sampleRate,
            channelCount: UInt16(heard.channelCount),
            bitsPerSecond: UInt32(clamping: configuration.audioBitsPerSecond))
        return [
            .video(
                VideoTrack(
                    avcConfiguration: configuration.avcConfiguration,
                    width: UInt16(clamping: configuration.canvas.width),
                    height: UInt16(clamping: configuration.canvas.height)), id: videoTrack),
            .sound(sound, id: soundTrack),
        ]
            + configuration.tracks.enumerated().map { place, name in
                .sound(sound, id: soundTrack + 1 + UInt32(place), name: name)
            }
    }

    /// The names of the tracks of sound behind the program's.
    package var furtherTracks: [String] { writer.tracks.dropFirst(2).map(\.name) }

    /// Goes on with a segment whose writer has died, behind its last whole fragment. What lies behind
    /// ``SegmentReading/end`` is to be cut off first, in the media file and in the index.
    /// - Throws: ``MP4Error/notMP4`` where the file is not one that a ``SegmentWriter`` has begun, or has been
    ///   finished.
    package init(continuing reading: SegmentReading) throws(MP4Error) {
        guard let start = reading.start, let tracks = reading.tracks, let writer = reading.writer,
            !reading.header.isFinished
        else { throw .notMP4 }
        self.start = start
        self.writer = writer
        nextFrame = reading.nextFrame
        noted = reading.notes(with: nil)
        place = FramePlace(frame: nextFrame, frameDuration: tracks.frameDuration)
        if let last = reading.fragments.last(where: \.entry.startsWithIDR)?.entry {
            place.frame = last.firstFrame
            place.start = reading.header.tracks.first(where: \.isVideo)?.nanoseconds(ticks: last.firstDTS) ?? 0
        }
        header = Piece(media: writer.header, mediaOffset: 0, index: reading.header.info)
        frameDuration = tracks.frameDuration
    }

    /// Keeps `entry` for the next fragment, which carries it in the media file as well.
    package mutating func note(_ entry: IndexEntry) { notes.append(entry) }

    /// What was noted and has not gone out yet: at a segment's end for the next one, or for the index alone.
    package mutating func takeNotes() -> [IndexEntry] {
        defer { notes = [] }
        return notes
    }

    /// One fragment, with what was noted since the last.
    /// - Parameters:
    ///   - packets: in decoding order, all later than those given before.
    ///   - wallClock: when the first picture was taken.
    /// - Throws: ``MP4Error``, with nothing changed: times that go back, or packets too many or too long. Without any
    ///   packet that belongs into the segment it is ``MP4Error/noSamples``.
    package mutating func fragment(
        of packets: [RecordedPacket], wallClock: WallClock
    ) throws(MP4Error) -> Piece {
        let samples = packets.compactMap { sample(of: $0) }
        let pictures = packets.filter(\.packet.isVideo)
        let stamp = FragmentStamp(
            firstFrame: pictures.first?.frame ?? nextFrame,
            nextFrame: max(nextFrame, pictures.map { $0.frame &+ 1 }.max() ?? nextFrame), wallClock: wallClock)
        let noted = IndexWriter.bytes(of: notes)
        let written = try writer.fragment(
            of: samples, info: noted + IndexWriter.bytes(of: stamp), wallClock: wallClock)
        let entry = FragmentEntry(
            of: written.fragment, bytes: written.bytes, track: Self.videoTrack, firstFrame: stamp.firstFrame,
            wallClock: wallClock)
        leftOutCount += packets.count - samples.count
        if let first = pictures.first, first.packet.isIDR {
            place.frame = first.frame
            place.start = max(0, (first.packet.dts - start.origin).nanoseconds)
        }
        self.noted += notes.map(place.located)
        notes = []
        nextFrame = stamp.nextFrame
        return Piece(
            media: written.bytes, mediaOffset: written.fragment.bytes.lowerBound,
            index: noted + IndexWriter.bytes(of: .fragment(entry)))
    }

    /// Nil for what lies before the segment, and for tracks that it does not have.
    private func sample(of recorded: RecordedPacket) -> Sample? {
        let packet = recorded.packet
        let place = packet.isVideo ? 0 : recorded.track.map { $0 + 2 } ?? 1
        guard packet.dts >= start.origin, writer.tracks.indices.contains(place) else { return nil }
        let track = writer.tracks[place]
        let dts = track.ticks(nanoseconds: (packet.dts - start.origin).nanoseconds)
        let pts = track.ticks(nanoseconds: (packet.pts - start.origin).nanoseconds)
        guard case .video(let isIDR, let isDisposable) = packet.kind else {
            return Sample(
                track: track.id, dts: dts, duration: UInt32(AudioFormat.samplesPerBlock), bytes: packet.bytes)
        }
        return Sample(
            track: track.id, dts: dts, compositionOffset: Int32(clamping: pts - dts),
            duration: UInt32(clamping: track.ticks(nanoseconds: frameDuration.nanoseconds)), isSync: isIDR,
            isDisposable: isDisposable, bytes: packet.bytes)
    }

    /// What makes a plain MP4 of the segment, whose marks, scenes and takeovers have become chapters. What was noted since
    /// the last fragment goes to the index alone.
    package mutating func finish() -> End {
        let finish = writer.finish(chapters: Chapter.all(of: noted + notes.map(place.located)))
        let tail = finish.tailOffset..<finish.tailOffset + finish.tailByteCount
        let entries = takeNotes() + [.end(tail: tail, frame: nextFrame)]
        return End(media: finish, index: IndexWriter.bytes(of: entries))
    }
}
