package import BulkheadMedia

/// What a source is to open, and how its pictures and sound are to come out.
package struct SourceSettings: Hashable, Sendable {
    /// A file, a URL that libavformat knows, a device, `test`, `color:` with a colour, `title:` with words, or `-` for
    /// standard input.
    package var url: String
    /// What is to be drawn in place of opening ``url``; nil for an input.
    package var card: Card?
    /// A libavformat demuxer's name where probing is not enough, else empty.
    package var inputFormat: String
    /// The size that a camera is asked for.
    package var canvas: Canvas
    /// The rate that a camera or screen is asked for.
    package var frameRate: FrameRate
    /// Play the input again from the start when it ends.
    package var loops: Bool
    /// Which pictures are taken apart into their fields.
    package var deinterlacing: Deinterlacing
    /// Which track gives the picture.
    package var video = TrackChoice.automatic
    /// Which track gives the sound.
    package var audio = TrackChoice.automatic
    /// What is said of a list of files besides its name.
    package var playlist = PlaylistSettings()
    /// Packets are passed on as they are, and nothing is decoded.
    package var copies = false
    /// Set when the source takes over from one that died.
    package var resume: SourceResume?

    package init(
        url: String, inputFormat: String, canvas: Canvas, frameRate: FrameRate, loops: Bool,
        deinterlacing: Deinterlacing = .auto, resume: SourceResume? = nil
    ) {
        self.url = url
        self.inputFormat = inputFormat
        self.canvas = canvas
        self.frameRate = frameRate
        self.loops = loops
        self.deinterlacing = deinterlacing
        self.resume = resume
    }
}

/// Where a source that died had come to.
package struct SourceResume: Codable, Hashable, Sendable {
    /// The source time of the last picture that was delivered, in nanoseconds; the first wanted comes after it.
    package var pts: Int64
    /// Where that picture stands in the file, in nanoseconds from its start; starts again at 0 in each pass of a loop.
    package var position: Int64
    /// The source time, in 48 kHz samples, of the first sample that is wanted.
    package var audioSample: Int64
    /// Which file of a list it is, from 0; 0 for all else.
    package var entry: UInt32
    /// How often the list has been played to its end before.
    package var round: UInt32
    /// The path of that file, by which it is found where the list has changed; empty to go by `entry` alone.
    package var file: String

    package init(
        pts: Int64, position: Int64, audioSample: Int64, entry: UInt32 = 0, round: UInt32 = 0, file: String = ""
    ) {
        self.pts = pts
        self.position = position
        self.audioSample = audioSample
        self.entry = entry
        self.round = round
        self.file = file
    }
}

/// What the master asks of a source. **Source time** starts at 0 with the first picture or sound of the input and runs
/// on without jumps: over loops, over gaps and jumps in the input's own timestamps, for picture and sound alike.
package enum SourceRequest: WireMessage, Hashable {
    /// Sent once, first; answered by `opened` or `failed`.
    case open(SourceSettings)
    /// The pool to write pictures to; its descriptor comes along and is mapped at once, for writing.
    case pool(PoolShape)
    /// Pictures of this size are wanted, for a timeline of this rate. Sent once, after the pool.
    /// - hasAlpha: the pool's pictures have a plane of alpha.
    case play(Canvas, FrameRate, hasAlpha: Bool = false)
    /// A slot to fill with the next picture.
    case lend(slot: UInt32)
    /// Sound may be sent up to this sample of source time.
    case audioCredit(untilSample: Int64)
    /// What of the input is used; the rest need not be read.
    case use(pictures: Bool, sound: Bool)
    /// Another file of a list is to be played as soon as it is open: the next one, where `file` is empty, or the one of that
    /// number from 1, or name. Answered by `skipping`.
    case skip(file: String)
    /// Packets may be sent up to this source time, in nanoseconds; the first of these messages begins it, in place of
    /// `play`. A live input heeds none.
    case copy(until: Int64)
    /// A small picture of what was delivered last is wanted. Answered by `thumbnail`, unless nothing was.
    case makeThumbnail

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .open(let settings):
            WireFrame(.sourceOpen) {
                $0.write(settings.url)
                $0.write(settings.inputFormat, atMost: 256)
                $0.write(UInt16(settings.canvas.width))
                $0.write(UInt16(settings.canvas.height))
                $0.write(settings.frameRate.numerator)
                $0.write(settings.frameRate.denominator)
                $0.write(settings.loops)
                $0.write(settings.deinterlacing.code)
                $0.write("\(settings.video)", atMost: 8)
                $0.write("\(settings.audio)", atMost: 8)
                $0.write(settings.resume != nil)
                $0.write(settings.resume?.pts ?? 0)
                $0.write(settings.resume?.position ?? 0)
                $0.write(settings.resume?.audioSample ?? 0)
                $0.write(settings.resume?.entry ?? 0)
                $0.write(settings.resume?.round ?? 0)
                $0.write(settings.resume?.file ?? "", atMost: PlaylistPlace.longestPath)
                settings.playlist.write(to: &$0)
                $0.write(settings.card != nil)
                settings.card?.write(to: &$0)
                $0.write(settings.copies)
            }
        case .pool(let shape): WireFrame(.sourcePool, descriptor: true) { shape.write(to: &$0) }
        case .play(let canvas, let frameRate, let hasAlpha):
            WireFrame(.sourcePlay) {
                $0.write(UInt16(canvas.width))
                $0.write(UInt16(canvas.height))
                $0.write(frameRate.numerator)
                $0.write(frameRate.denominator)
                $0.write(hasAlpha)
            }
        case .lend(let slot): WireFrame(.sourceLend) { $0.write(slot) }
        case .audioCredit(let sample): WireFrame(.sourceAudioCredit) { $0.write(sample) }
        case .use(let pictures, let sound):
            WireFrame(.sourceUse) {
                $0.write(pictures)
                $0.write(sound)
            }
        case .skip(let file): WireFrame(.sourceSkip) { $0.write(file, atMost: PlaylistPlace.longestPath) }
        case .copy(let time): WireFrame(.sourceCopy) { $0.write(time) }
        case .makeThumbnail: WireFrame(.sourceMakeThumbnail) { _ in }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .sourceOpen?:
            let url = try reader.readString("URL")
            let inputFormat = try reader.readString(atMost: 256, "input format")
            let (canvas, frameRate) = try Self.picture(&reader)
            let loops = try reader.readBool("loop flag")
            guard let deinterlacing = Deinterlacing(code: try reader.read()) else {
                throw reader.outsideRange("deinterlacing")
            }
            guard let video = TrackChoice(try reader.readString(atMost: 8, "video track")),
                let audio = TrackChoice(try reader.readString(atMost: 8, "audio track"))
            else { throw reader.outsideRange("track") }
            let resumes = try reader.readBool("resume flag")
            let resume = SourceResume(
                pts: try reader.read(), position: try reader.read(), audioSample: try reader.read(),
                entry: try reader.read(), round: try reader.read(),
                file: try reader.readString(atMost: PlaylistPlace.longestPath, "file"))
            let playlist = try PlaylistSettings(&reader)
            var settings = SourceSettings(
                url: url, inputFormat: inputFormat, canvas: canvas, frameRate: frameRate, loops: loops,
                deinterlacing: deinterlacing, resume: resumes ? resume : nil)
            (settings.video, settings.audio, settings.playlist) = (video, audio, playlist)
            if try reader.readBool("card flag") { settings.card = try Card(&reader) }
            settings.copies = try reader.readBool("copy flag")
            self = .open(settings)
        case .sourcePool?: self = .pool(try PoolShape(&reader))
        case .sourcePlay?:
            let (canvas, frameRate) = try Self.picture(&reader)
            self = .play(canvas, frameRate, hasAlpha: try reader.readBool("alpha flag"))
        case .sourceLend?: self = .lend(slot: try reader.read())
        case .sourceAudioCredit?: self = .audioCredit(untilSample: try reader.read())
        case .sourceUse?:
            self = .use(pictures: try reader.readBool("picture flag"), sound: try reader.readBool("sound flag"))
        case .sourceCopy?: self = .copy(until: try reader.read())
        case .sourceMakeThumbnail?: self = .makeThumbnail
        case .sourceSkip?: self = .skip(file: try reader.readString(atMost: PlaylistPlace.longestPath, "file"))
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }

    private static func picture(_ reader: inout WireReader) throws(WireError) -> (Canvas, FrameRate) {
        let width = Int(try reader.read(UInt16.self))
        let height = Int(try reader.read(UInt16.self))
        guard let canvas = Canvas(width: width, height: height) else { throw reader.outsideRange("canvas") }
        let numerator = try reader.read(UInt32.self)
        let denominator = try reader.read(UInt32.self)
        guard let frameRate = FrameRate(numerator, denominator) else { throw reader.outsideRange("frame rate") }
        return (canvas, frameRate)
    }
}

extension Card {
    fileprivate func write(to writer: inout WireWriter) {
        writer.write(kind.rawValue)
        writer.write(words, atMost: 4 * Self.longestWords)
        writer.write(logoPath)
        writer.write(hasClock)
    }

    fileprivate init(_ reader: inout WireReader) throws(WireError) {
        guard let kind = Kind(rawValue: try reader.read()) else { throw reader.outsideRange("kind of card") }
        self.init(
            kind, try reader.readString(atMost: 4 * Self.longestWords, "words"),
            logoPath: try reader.readString("logo"), hasClock: try reader.readBool("clock flag"))
    }
}

/// What a source has found behind its URL.
package struct SourceDescription: Hashable, Sendable {
    /// The input has a picture.
    package var hasVideo: Bool
    /// The input has sound.
    package var hasAudio: Bool
    /// The input runs by its own clock and can't be made to wait: a device, a stream from the network.
    package var isLive: Bool
    /// In nanoseconds; 0 for a still picture without sound, -1 where it is not known or has no end.
    package var duration: Int64
    /// For a person: format, codecs, size, rate.
    package var summary: String
    /// What the input says of its pictures; nil where it has none, and for the test picture, which takes any form.
    package var picture: PictureFormat?
    /// What the input says of its sound; nil where it has none, and for the test picture.
    package var sound: SoundFormat?
    /// What sends the input may send again after an end, and can be made to wait all the same: a live stream in segments.
    package var comesBack = false
    /// Of a list, whose files have positions of their own each: the one that is played first. Nil for all else.
    package var place: PlaylistPlace?

    /// Only its user ends it: what sends it may come back at any time.
    package var isEndless: Bool { isLive || comesBack }

    package init(
        hasVideo: Bool, hasAudio: Bool, isLive: Bool, duration: Int64, summary: String, picture: PictureFormat? = nil,
        sound: SoundFormat? = nil
    ) {
        self.picture = picture
        self.sound = sound
        self.hasVideo = hasVideo
        self.hasAudio = hasAudio
        self.isLive = isLive
        self.duration = duration
        self.summary = summary
    }
}

/// What a source answers.
package enum SourceReply: WireMessage, Hashable {
    case opened(SourceDescription)
    /// A lent slot holds the picture of source time `pts`, which stands at `position` in the file; both in nanoseconds.
    /// `pts` rises.
    case video(slot: UInt32, pts: Int64, position: Int64)
    /// Interleaved floats from sample `start` of source time on; the next message goes on where this one ends.
    case audio(start: Int64, samples: [Float])
    /// A file of a list is played from here on; its beginning has source time `at`, in nanoseconds.
    case entered(PlaylistPlace, at: Int64)
    /// That file of a list is being opened ahead, beside the one that is played.
    case preparing(file: String)
    /// No file is being opened ahead any more. The one that is open comes next; empty for none.
    case prepared(next: String)
    /// A file of a list can't be played.
    case leftOut(file: String, Refusal)
    /// Answers `skip`: with nil where another file is on its way, with a refusal where nothing changes.
    case skipping(Refusal?)
    /// What must be known of the packets that follow, which are passed on as they are.
    case copies(CopiedFormat)
    /// A packet that is passed on as it is. `dts` rises for pictures, and so for sound.
    case copied(CopiedPacket)
    /// How much of a live input from the network has come; sent twice a second.
    case counted(SourceFigures)
    /// The picture that was delivered last, small, as a JPEG. Sent when it is asked for, and once unasked before `ended`.
    case thumbnail([UInt8])
    /// The input yields nothing at the moment; sent at least twice a second while that lasts.
    case waiting
    /// Something the user should know, that the source has dealt with.
    case notice(String)
    /// The input is at its end; all of it has been sent.
    case ended
    /// The input can't be opened or goes on no more.
    case failed(Refusal)

    /// The most floats in one message: a quarter of a second.
    package static let maximumFloatCount = AudioFormat.sampleRate / 4 * AudioFormat.channelCount
    /// The longest thumbnail, in bytes.
    package static let longestThumbnail = 65_536

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .opened(let description):
            WireFrame(.sourceOpened) {
                $0.write(description.hasVideo)
                $0.write(description.hasAudio)
                $0.write(description.isLive)
                $0.write(description.duration)
                $0.write(description.summary, atMost: 4096)
                $0.write(description.picture != nil)
                description.picture?.write(to: &$0)
                $0.write(description.sound != nil)
                description.sound?.write(to: &$0)
                $0.write(description.place != nil)
                description.place?.write(to: &$0)
                $0.write(description.comesBack)
            }
        case .video(let slot, let pts, let position):
            WireFrame(.sourceVideo) {
                $0.write(slot)
                $0.write(pts)
                $0.write(position)
            }
        case .audio(let start, let samples):
            WireFrame(.sourceAudio, reserving: samples.count * 4 + 16) {
                $0.write(start)
                $0.write(samples)
            }
        case .entered(let place, let time):
            WireFrame(.sourceEntered) {
                place.write(to: &$0)
                $0.write(time)
            }
        case .preparing(let file): WireFrame(.sourcePreparing) { $0.write(file, atMost: PlaylistPlace.longestPath) }
        case .prepared(let next): WireFrame(.sourcePrepared) { $0.write(next, atMost: PlaylistPlace.longestPath) }
        case .leftOut(let file, let refusal):
            WireFrame(.sourceLeftOut) {
                $0.write(file, atMost: PlaylistPlace.longestPath)
                refusal.write(to: &$0)
            }
        case .skipping(let refusal):
            WireFrame(.sourceSkipping) {
                $0.write(refusal != nil)
                refusal?.write(to: &$0)
            }
        case .copies(let format): WireFrame(.sourceCopies, reserving: 256) { format.write(to: &$0) }
        case .copied(let packet):
            WireFrame(.sourceCopied, reserving: packet.bytes.count + 40) { packet.write(to: &$0) }
        case .counted(let figures): WireFrame(.sourceCounted) { figures.write(to: &$0) }
        case .thumbnail(let bytes):
            WireFrame(.sourceThumbnail, reserving: bytes.count + 4) { $0.write(bytes) }
        case .waiting: WireFrame(.sourceWaiting) { _ in }
        case .notice(let text): WireFrame(.sourceNotice) { $0.write(text, atMost: 4096) }
        case .ended: WireFrame(.sourceEnded) { _ in }
        case .failed(let refusal): WireFrame(.sourceFailed) { refusal.write(to: &$0) }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .sourceOpened?:
            var description = SourceDescription(
                hasVideo: try reader.readBool("video flag"), hasAudio: try reader.readBool("audio flag"),
                isLive: try reader.readBool("live flag"), duration: try reader.read(),
                summary: try reader.readString(atMost: 4096, "summary"),
                picture: try reader.readBool("picture flag") ? try PictureFormat(&reader) : nil,
                sound: try reader.readBool("sound flag") ? try SoundFormat(&reader) : nil)
            description.place = try reader.readBool("place flag") ? try PlaylistPlace(&reader) : nil
            description.comesBack = try reader.readBool("return flag")
            self = .opened(description)
        case .sourceEntered?: self = .entered(try PlaylistPlace(&reader), at: try reader.read())
        case .sourcePreparing?:
            self = .preparing(file: try reader.readString(atMost: PlaylistPlace.longestPath, "file"))
        case .sourcePrepared?:
            self = .prepared(next: try reader.readString(atMost: PlaylistPlace.longestPath, "next file"))
        case .sourceLeftOut?:
            self = .leftOut(
                file: try reader.readString(atMost: PlaylistPlace.longestPath, "file"), try Refusal(&reader))
        case .sourceSkipping?: self = .skipping(try reader.readBool("refusal flag") ? try Refusal(&reader) : nil)
        case .sourceVideo?: self = .video(slot: try reader.read(), pts: try reader.read(), position: try reader.read())
        case .sourceAudio?:
            let start = try reader.read(Int64.self)
            let samples = try reader.readFloats(atMost: Self.maximumFloatCount, "samples")
            guard samples.count % AudioFormat.channelCount == 0 else { throw reader.outsideRange("samples") }
            self = .audio(start: start, samples: samples)
        case .sourceCopies?: self = .copies(try CopiedFormat(&reader))
        case .sourceCopied?: self = .copied(try CopiedPacket(&reader))
        case .sourceCounted?: self = .counted(try SourceFigures(&reader))
        case .sourceThumbnail?:
            self = .thumbnail(try reader.readBytes(atMost: Self.longestThumbnail, "thumbnail"))
        case .sourceWaiting?: self = .waiting
        case .sourceNotice?: self = .notice(try reader.readString(atMost: 4096, "notice"))
        case .sourceEnded?: self = .ended
        case .sourceFailed?: self = .failed(try Refusal(&reader))
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}
