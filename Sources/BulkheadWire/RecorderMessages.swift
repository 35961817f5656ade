package import BulkheadMedia

/// How a recorder writes what it is given.
package enum RecordingFormat: UInt8, Hashable, Sendable, CaseIterable {
    /// FLV, piece by piece as it comes.
    case flv = 0
    /// Fragmented MP4, which becomes a plain one in place when it ends.
    case mp4 = 1
}

/// A file that another recorder has begun, as far as it is on the disk.
package struct RecordedPart: Hashable, Sendable {
    /// Its absolute path.
    package var path: String
    /// The device that it lies on.
    package var device: UInt64
    /// Its number there: a file of the same name may be another one.
    package var inode: UInt64
    /// Bytes of whole pieces that are on the disk; what follows is cut off.
    package var byteCount: UInt64
    /// The time on the timeline that is 0 in the file, in nanoseconds.
    package var origin: Int64 = 0

    package init(path: String, device: UInt64, inode: UInt64, byteCount: UInt64) {
        self.path = path
        self.device = device
        self.inode = inode
        self.byteCount = byteCount
    }
}

/// What a recorder is to write, and where.
package struct RecorderTask: Hashable, Sendable {
    /// What ties the segments of a recording together, whatever they are called.
    package struct RecordingID: Hashable, Sendable {
        package var high: UInt64
        package var low: UInt64

        package init(high: UInt64, low: UInt64) {
            self.high = high
            self.low = low
        }
    }

    /// The free space below which nothing is written: the lesser of the two.
    package struct Floor: Hashable, Sendable {
        package var byteCount: UInt64
        /// Of the file system's size, in millionths.
        package var millionths: UInt32

        package init(byteCount: UInt64, millionths: UInt32) {
            self.byteCount = byteCount
            self.millionths = millionths
        }

        package static let none = Floor(byteCount: 0, millionths: 0)

        /// In bytes, on a disk of so many.
        package func byteCount(ofDisk size: UInt64) -> UInt64 {
            let (whole, rest) = size.quotientAndRemainder(dividingBy: 1_000_000)
            let (share, overflows) = whole.multipliedReportingOverflow(by: UInt64(millionths))
            return overflows ? byteCount : min(byteCount, share + rest * UInt64(millionths) / 1_000_000)
        }
    }

    /// Which segments are kept, of all in the folder whose names the pattern makes; 0 for no limit.
    package struct Keep: Hashable, Sendable {
        package var seconds: UInt64
        package var byteCount: UInt64

        package init(seconds: UInt64 = 0, byteCount: UInt64 = 0) {
            self.seconds = seconds
            self.byteCount = byteCount
        }
    }

    package var format: RecordingFormat
    /// An absolute path, with the fields of strftime(3) where ``isPattern`` is set.
    package var path: String
    /// The path's fields are filled in, and a name that is taken gives way to the next that is free; else it is refused.
    package var isPattern: Bool
    /// A full disk is waited for; else it ends the work.
    package var persists: Bool
    package var recording = RecordingID(high: 0, low: 0)
    /// The number of the file that is opened first, from 0, or of the one that goes on.
    package var segment: UInt32 = 0
    /// A file is followed by the next at the first IDR after so many seconds; 0 for never.
    package var segmentSeconds: UInt32 = 0
    /// The same by its bytes; 0 for never.
    package var segmentByteCount: UInt64 = 0
    /// The longest piece that one write holds, in milliseconds.
    package var pieceMilliseconds: UInt32 = 500
    package var floor = Floor.none
    package var keep = Keep()
    /// The file to go on with, where it is still what it was.
    package var part: RecordedPart?
    /// The wall clock, in nanoseconds since 1970, at which the timeline stood at 0; nil where media are written as they come.
    package var timelineStart: Int64?

    package init(_ format: RecordingFormat, path: String, isPattern: Bool, persists: Bool) {
        self.format = format
        self.path = path
        self.isPattern = isPattern
        self.persists = persists
    }
}

/// Something that is noted in a recording, at a picture.
package struct RecorderNote: Hashable, Sendable {
    package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        /// A place that a person has marked.
        case mark = 0
        /// Another scene is shown.
        case scene = 1
        /// Another encoder is at work.
        case takeover = 2
    }

    package var kind: Kind
    /// The number of its picture.
    package var picture: Int64
    /// Nanoseconds since 1970 when it happened.
    package var wallClock: Int64
    /// What is longer than 255 bytes is cut.
    package var text: String

    package init(_ kind: Kind, picture: Int64, wallClock: Int64, text: String) {
        self.kind = kind
        self.picture = picture
        self.wallClock = wallClock
        self.text = text
    }
}

/// A line of the file of comments beside a recording's file. The recorder puts its time in front, counted from the file's
/// beginning, and reads nothing of it.
package struct RecorderComment: Hashable, Sendable {
    /// Among the comments of the room, from 1, in the order in which they are given; 0 for what is no comment.
    package var number: Int64
    /// On the timeline, in nanoseconds.
    package var time: Int64
    /// A JSON object with at least one member, in one line, without the line's end.
    package var body: [UInt8]

    /// The longest body, in bytes.
    package static let longestBody = 1 << 17

    package init(number: Int64, time: Int64, body: [UInt8]) {
        self.number = number
        self.time = time
        self.body = body
    }
}

/// What the master asks of a recorder. Whatever is to be written has a number that rises by one.
package enum RecorderRequest: WireMessage, Hashable {
    /// Opens the file; answered by `ready` and `opened`, or by `trouble`. Sent once, before all else but ``device``.
    case open(RecorderTask)
    /// What the task names is no file, and is open already; its descriptor comes along.
    case device
    /// What players must know for all that follows.
    case configure(StreamConfiguration)
    /// One access unit; `picture` is its number among pictures, in decoding order.
    case picture(number: Int64, picture: Int64, Packet)
    /// One AAC frame.
    case sound(number: Int64, Packet)
    /// One AAC frame of a further track, counted from 0 as the configuration names them.
    case track(number: Int64, track: UInt8, Packet)
    /// So many pictures from this one on are not recorded.
    case loss(number: Int64, picture: Int64, count: UInt32)
    /// Behind its picture: it becomes a chapter of the file that has the picture.
    case note(number: Int64, RecorderNote)
    /// Behind the first picture that is not before it: it stands beside the file that has the picture.
    case comment(number: Int64, RecorderComment)
    /// How the room is from now on: the first line beside each file that has comments.
    case room(RecorderComment)
    /// Asks how much is written; answered by `measured` at once, whatever the disk does.
    case measure(token: UInt32)
    /// Nothing more comes: answered by `finished` when all is on the disk.
    case finish

    private static let longestPath = 4096
    private static let longestNote = 255
    /// The longest access unit, as an encoder may give it.
    private static let longestPicture = 16_777_210

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .open(let task): WireFrame(.recorderOpen, reserving: 128 + task.path.utf8.count) { task.write(to: &$0) }
        case .device: WireFrame(.recorderDevice, descriptor: true) { _ in }
        case .configure(let configuration):
            WireFrame(.recorderConfigure, reserving: 256) { configuration.write(to: &$0) }
        case .picture(let number, let picture, let packet):
            WireFrame(.recorderPicture, reserving: 48 + packet.bytes.count) {
                $0.write(number)
                $0.write(picture)
                $0.write(packet.dts.nanoseconds)
                $0.write(packet.pts.nanoseconds)
                $0.write(packet.isIDR)
                $0.write(packet.isDisposable)
                $0.write(packet.bytes)
            }
        case .sound(let number, let packet):
            WireFrame(.recorderSound, reserving: 24 + packet.bytes.count) {
                $0.write(number)
                $0.write(packet.dts.nanoseconds)
                $0.write(packet.bytes)
            }
        case .track(let number, let track, let packet):
            WireFrame(.recorderTrack, reserving: 24 + packet.bytes.count) {
                $0.write(number)
                $0.write(track)
                $0.write(packet.dts.nanoseconds)
                $0.write(packet.bytes)
            }
        case .loss(let number, let picture, let count):
            WireFrame(.recorderLoss) {
                $0.write(number)
                $0.write(picture)
                $0.write(count)
            }
        case .note(let number, let note):
            WireFrame(.recorderNote, reserving: 288) {
                $0.write(number)
                $0.write(note.kind.rawValue)
                $0.write(note.picture)
                $0.write(note.wallClock)
                $0.write(note.text, atMost: Self.longestNote)
            }
        case .comment(let number, let comment):
            WireFrame(.recorderComment, reserving: 28 + comment.body.count) {
                $0.write(number)
                comment.write(to: &$0)
            }
        case .room(let room):
            WireFrame(.recorderRoom, reserving: 20 + room.body.count) { room.write(to: &$0) }
        case .measure(let token): WireFrame(.recorderMeasure) { $0.write(token) }
        case .finish: WireFrame(.recorderFinish) { _ in }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .recorderOpen?: self = .open(try RecorderTask(&reader))
        case .recorderDevice?: self = .device
        case .recorderConfigure?: self = .configure(try StreamConfiguration(&reader))
        case .recorderPicture?:
            let number = try reader.read(Int64.self)
            let picture = try reader.read(Int64.self)
            let dts = MediaTime(nanoseconds: try reader.read())
            let pts = MediaTime(nanoseconds: try reader.read())
            let isIDR = try reader.readBool("IDR flag")
            let isDisposable = try reader.readBool("disposable flag")
            let bytes = try reader.readBytes(atMost: Self.longestPicture, "access unit")
            self = .picture(
                number: number, picture: picture,
                Packet(kind: .video(isIDR: isIDR, isDisposable: isDisposable), dts: dts, pts: pts, bytes: bytes))
        case .recorderSound?:
            let number = try reader.read(Int64.self)
            let time = MediaTime(nanoseconds: try reader.read())
            let bytes = try reader.readBytes(atMost: 8192, "AAC frame")
            self = .sound(number: number, Packet(kind: .audio, dts: time, pts: time, bytes: bytes))
        case .recorderTrack?:
            let number = try reader.read(Int64.self)
            let track = try reader.read(UInt8.self)
            let time = MediaTime(nanoseconds: try reader.read())
            let bytes = try reader.readBytes(atMost: 8192, "AAC frame")
            self = .track(number: number, track: track, Packet(kind: .audio, dts: time, pts: time, bytes: bytes))
        case .recorderLoss?:
            let number = try reader.read(Int64.self)
            let picture = try reader.read(Int64.self)
            self = .loss(number: number, picture: picture, count: try reader.read())
        case .recorderNote?:
            let number = try reader.read(Int64.self)
            guard let kind = RecorderNote.Kind(rawValue: try reader.read()) else { throw reader.outsideRange("kind") }
            let picture = try reader.read(Int64.self)
            let clock = try reader.read(Int64.self)
            let text = try reader.readString(atMost: Self.longestNote, "note")
            self = .note(number: number, RecorderNote(kind, picture: picture, wallClock: clock, text: text))
        case .recorderComment?:
            let number = try reader.read(Int64.self)
            self = .comment(number: number, try RecorderComment(&reader))
        case .recorderRoom?: self = .room(try RecorderComment(&reader))
        case .recorderMeasure?: self = .measure(token: try reader.read())
        case .recorderFinish?: self = .finish
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}

extension Packet {
    var isDisposable: Bool { if case .video(_, isDisposable: true) = kind { true } else { false } }
}

extension RecorderComment {
    fileprivate func write(to writer: inout WireWriter) {
        writer.write(number)
        writer.write(time)
        writer.write(body)
    }

    fileprivate init(_ reader: inout WireReader) throws(WireError) {
        self.init(
            number: try reader.read(), time: try reader.read(),
            body: try reader.readBytes(atMost: Self.longestBody, "comment"))
        // What stands in front of the rest makes one line of it, and one object.
        guard body.count > 2, body.first == UInt8(ascii: "{"), !body.contains(0x0A) else {
            throw reader.outsideRange("comment")
        }
    }
}

extension RecorderTask {
    fileprivate func write(to writer: inout WireWriter) {
        writer.write(format.rawValue)
        writer.write(path, atMost: 4096)
        writer.write(isPattern)
        writer.write(persists)
        writer.write(recording.high)
        writer.write(recording.low)
        writer.write(segment)
        writer.write(segmentSeconds)
        writer.write(segmentByteCount)
        writer.write(pieceMilliseconds)
        writer.write(timelineStart != nil)
        writer.write(timelineStart ?? 0)
        writer.write(floor.byteCount)
        writer.write(floor.millionths)
        writer.write(keep.seconds)
        writer.write(keep.byteCount)
        writer.write(part != nil)
        (part ?? RecordedPart(path: "", device: 0, inode: 0, byteCount: 0)).write(to: &writer)
    }

    fileprivate init(_ reader: inout WireReader) throws(WireError) {
        guard let format = RecordingFormat(rawValue: try reader.read()) else { throw reader.outsideRange("format") }
        let path = try reader.readString(atMost: 4096, "path")
        let isPattern = try reader.readBool("pattern flag")
        self.init(format, path: path, isPattern: isPattern, persists: try reader.readBool("persistence flag"))
        recording.high = try reader.read()
        recording.low = try reader.read()
        segment = try reader.read()
        segmentSeconds = try reader.read()
        segmentByteCount = try reader.read()
        pieceMilliseconds = try reader.read()
        guard pieceMilliseconds >= 1, pieceMilliseconds <= 10_000 else { throw reader.outsideRange("piece") }
        let isLate = try reader.readBool("clock flag")
        let timelineStart = try reader.read(Int64.self)
        if isLate { self.timelineStart = timelineStart }
        floor = Floor(byteCount: try reader.read(), millionths: try reader.read())
        guard floor.millionths <= 1_000_000 else { throw reader.outsideRange("floor") }
        keep = Keep(seconds: try reader.read(), byteCount: try reader.read())
        let goesOn = try reader.readBool("part flag")
        let part = try RecordedPart(&reader)
        if goesOn { self.part = part }
    }
}

extension RecordedPart {
    func write(to writer: inout WireWriter) {
        writer.write(path, atMost: 4096)
        writer.write(device)
        writer.write(inode)
        writer.write(byteCount)
        writer.write(origin)
    }

    init(_ reader: inout WireReader) throws(WireError) {
        self.init(
            path: try reader.readString(atMost: 4096, "path"), device: try reader.read(), inode: try reader.read(),
            byteCount: try reader.read())
        origin = try reader.read()
        guard byteCount <= UInt64(Int64.max) else { throw reader.outsideRange("byte count") }
    }
}

extension StreamConfiguration {
    func write(to writer: inout WireWriter) {
        writer.write(UInt16(canvas.width))
        writer.write(UInt16(canvas.height))
        writer.write(frameRate.numerator)
        writer.write(frameRate.denominator)
        writer.write(UInt32(clamping: videoBitsPerSecond))
        writer.write(UInt32(clamping: audioBitsPerSecond))
        writer.write(avcConfiguration)
        writer.write(audioSpecificConfig)
        writer.write(UInt8(clamping: tracks.count))
        for track in tracks.prefix(Self.mostTracks) { writer.write(track, atMost: 255) }
    }

    init(_ reader: inout WireReader) throws(WireError) {
        let width = Int(try reader.read(UInt16.self))
        let height = Int(try reader.read(UInt16.self))
        guard let canvas = Canvas(width: width, height: height) else { throw reader.outsideRange("canvas") }
        let numerator = try reader.read(UInt32.self)
        guard let frameRate = FrameRate(numerator, try reader.read()) else { throw reader.outsideRange("rate") }
        self.init(
            canvas: canvas, frameRate: frameRate, videoBitsPerSecond: Int(try reader.read(UInt32.self)),
            audioBitsPerSecond: Int(try reader.read(UInt32.self)),
            avcConfiguration: try reader.readBytes(atMost: 65_536, "AVC configuration"),
            audioSpecificConfig: try reader.readBytes(atMost: 64, "AudioSpecificConfig"))
        let count = Int(try reader.read(UInt8.self))
        guard count <= Self.mostTracks else { throw reader.outsideRange("number of tracks") }
        for _ in 0..<count { tracks.append(try reader.readString(atMost: 255, "track")) }
    }
}
