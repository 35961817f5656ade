package import BulkheadMP4
package import BulkheadMedia

/// One thing that an index says about its segment. ``IndexWriter`` says how each is written.
package enum IndexEntry: Hashable, Sendable {
    /// The first: which segment of which recording this is.
    case start(SegmentStart)
    /// The second: what its numbers are counted in.
    case tracks(SegmentTracks)
    /// A fragment that is on the disk.
    case fragment(FragmentEntry)
    /// The segment goes on where segment `previous` ended; `frame` is its first.
    case join(previous: UInt32, frame: FrameNumber)
    /// Another encoder made `frame` and those after it: a chapter.
    case takeover(frame: FrameNumber, wallClock: WallClock, cause: String)
    /// The frames `first...last` are in no segment.
    case loss(first: FrameNumber, last: FrameNumber, wallClock: WallClock, cause: String)
    /// The wall clock was set, at `frame`.
    case clockJump(frame: FrameNumber, before: WallClock, after: WallClock)
    /// Bytes of the media file that were written but are not to be trusted: a write that failed with `errno`.
    case torn(bytes: Range<UInt64>, errno: Int32, wallClock: WallClock)
    /// A place with a name: a chapter.
    case mark(frame: FrameNumber, wallClock: WallClock, text: String)
    /// Another scene is shown from `frame` on: a chapter.
    case scene(frame: FrameNumber, wallClock: WallClock, name: String)
    /// The segment has been finished: its `moov` is at `tail`, and `frame` is the one behind its last.
    case end(tail: Range<UInt64>, frame: FrameNumber)
    /// What a younger version has written: passed over.
    case unknown(kind: UInt8)
}

/// The beginning of a segment.
package struct SegmentStart: Hashable, Sendable {
    /// The recording that it is part of.
    package let recording: RecordingID
    /// Its number in the recording; the first is 0.
    package let number: UInt32
    /// When its first frame was taken.
    package let wallClock: WallClock
    /// The same on the clock that is never set, in nanoseconds; it tells something within one start of the machine
    /// only.
    package let monotonicNanoseconds: Int64
    /// The time on the broadcast's timeline that is 0 in the segment: the DTS of its first picture.
    package let origin: MediaTime
    /// The ``CRC32`` of the decoders' configurations, one behind the other.
    package let configurationCRC: UInt32

    package init(
        recording: RecordingID, number: UInt32, wallClock: WallClock, monotonicNanoseconds: Int64, origin: MediaTime,
        configurationCRC: UInt32
    ) {
        self.recording = recording
        self.number = number
        self.wallClock = wallClock
        self.monotonicNanoseconds = monotonicNanoseconds
        self.origin = origin
        self.configurationCRC = configurationCRC
    }
}

/// What a segment's times are counted in, and where they begin.
package struct SegmentTracks: Hashable, Sendable {
    /// Ticks a second of pictures; the times of ``FragmentEntry`` are counted in these.
    package let videoTimescale: UInt32
    /// Ticks a second of sound.
    package let soundTimescale: UInt32
    /// The size of the pictures.
    package let width: UInt16, height: UInt16
    /// Frames a second, as a fraction.
    package let frameRateNumerator: UInt32, frameRateDenominator: UInt32
    /// Where the presentation begins, in nanoseconds from the start of the file.
    package let presentationStart: Int64

    /// How long a frame lasts.
    package var frameDuration: MediaTime {
        MediaTime(ticks: 1, of: Timebase(frameRateDenominator, frameRateNumerator))
    }

    package init(
        videoTimescale: UInt32, soundTimescale: UInt32, width: UInt16, height: UInt16, frameRateNumerator: UInt32,
        frameRateDenominator: UInt32, presentationStart: Int64
    ) {
        self.videoTimescale = videoTimescale
        self.soundTimescale = soundTimescale
        self.width = width
        self.height = height
        self.frameRateNumerator = frameRateNumerator
        self.frameRateDenominator = frameRateDenominator
        self.presentationStart = presentationStart
    }
}

/// One fragment of the media file. Times are in ticks of pictures from the start of the file.
package struct FragmentEntry: Hashable, Sendable {
    /// Where it is in the file; less than 4 GiB long.
    package let bytes: Range<UInt64>
    /// The ``CRC32`` of all these bytes.
    package let crc: UInt32
    /// The number of the first picture in decoding order; without pictures, that of the one expected next.
    package let firstFrame: FrameNumber
    /// Pictures in it; beyond 65,535 that many.
    package let frameCount: UInt16
    /// The DTS of the first and of the last picture; without pictures 0.
    package let firstDTS: Int64, lastDTS: Int64
    /// The PTS of the first picture in decoding order.
    package let firstPTS: Int64
    /// From the first DTS to the end of the last picture in decoding order.
    package let duration: UInt32
    /// Where its first IDR picture is in the file; nil without one.
    package let idrOffset: UInt64?
    /// Whether a decoder can start with its first picture.
    package let startsWithIDR: Bool
    /// When its first picture was taken.
    package let wallClock: WallClock

    /// What is to be said of `fragment`.
    /// - Parameters:
    ///   - bytes: all of the fragment.
    ///   - track: the number of the track of pictures.
    package init(of fragment: Fragment, bytes: [UInt8], track: UInt32, firstFrame: FrameNumber, wallClock: WallClock) {
        let pictures = fragment.samples.filter { $0.track == track }
        self.bytes = fragment.bytes
        crc = CRC32.of(bytes)
        self.firstFrame = firstFrame
        frameCount = UInt16(clamping: pictures.count)
        firstDTS = pictures.first?.dts ?? 0
        lastDTS = pictures.last?.dts ?? 0
        firstPTS = pictures.first?.pts ?? 0
        duration = UInt32(clamping: lastDTS - firstDTS + Int64(pictures.last?.duration ?? 0))
        idrOffset = pictures.first(where: \.isSync)?.bytes.lowerBound
        startsWithIDR = pictures.first?.isSync ?? false
        self.wallClock = wallClock
    }

    init(
        bytes: Range<UInt64>, crc: UInt32, firstFrame: FrameNumber, frameCount: UInt16, firstDTS: Int64,
        lastDTS: Int64, firstPTS: Int64, duration: UInt32, idrOffset: UInt64?, startsWithIDR: Bool,
        wallClock: WallClock
    ) {
        self.bytes = bytes
        self.crc = crc
        self.firstFrame = firstFrame
        self.frameCount = frameCount
        self.firstDTS = firstDTS
        self.lastDTS = lastDTS
        self.firstPTS = firstPTS
        self.duration = duration
        self.idrOffset = idrOffset
        self.startsWithIDR = startsWithIDR
        self.wallClock = wallClock
    }
}
