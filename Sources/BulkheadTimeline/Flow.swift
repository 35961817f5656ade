package import BulkheadMedia
package import BulkheadModel
package import BulkheadWire

// What flows between the rooms of a broadcast, and nothing else does:
//
//     Inputs ──MediaOutlet──▶ Program ──FrameOutlet──▶ Chain ──FrameOutlet──▶ Encoding ──PacketOutlet──▶ Outputs
//
// A room is given the outlet to the next one and knows no other. Back flow capacity (``MediaSupply``, ``FrameLoad``,
// `hasRoom`), returned slots (through the pools) and requests (through the room's owner).

/// Where inputs put what they have read: the program.
package protocol MediaOutlet: AnyObject {
    /// The first frame has been due.
    var hasBegun: Bool { get }
    /// How many pictures of one input may be held from here on: its source's pool has as many slots.
    var slotCount: Int { get }
    /// An input is to come: the start waits for it for a while. One that is there already begins its time anew.
    /// - Parameters:
    ///   - name: what people call it.
    ///   - isKept: it stays open where nothing of it is used.
    func expect(_ input: InputID, name: String, isKept: Bool)
    /// People call an input `name` from now on.
    func renamed(_ input: InputID, to name: String)
    /// An input is open for the first time, or again with a new process. A live one begins its time anew.
    func opened(_ input: InputID, _ description: SourceDescription)
    /// An input that has just been opened for the first time goes on where an earlier broadcast was: its sound begins at
    /// `sample` of source time.
    func goesOn(_ input: InputID, from sample: Int64)
    /// Takes a picture whose slot is held once.
    /// - Returns: false where it does not come after the last one; the slot stays the caller's then.
    func take(_ picture: Picture, of input: InputID) -> Bool
    /// Takes interleaved sound that begins at sample `start` of the input's own time.
    /// - Returns: the sample of the input's own time that is to come next.
    func take(sound samples: [Float], from start: Int64, of input: InputID) -> Int64
    /// Takes what must be known of the packets that follow, which are passed on as they are.
    /// - Returns: what is wrong with it; nil where nothing is.
    func take(_ format: CopiedFormat, of input: InputID) -> String?
    /// Takes a packet that is passed on as it is.
    /// - Returns: what is wrong with it; nil where nothing is.
    func take(_ packet: CopiedPacket, of input: InputID) -> String?
    /// So much of a live input comes at the moment.
    func counted(_ arrival: InputArrival, of input: InputID)
    /// Nothing more is there of a live input: what comes next has just been captured.
    func caughtUp(_ input: InputID)
    /// The process that read the input has ended; another one goes on.
    func interrupted(_ input: InputID)
    /// The process that read the input has ended; another one reads it from its beginning.
    func beganAnew(_ input: InputID)
    /// No more comes of the input.
    func ended(_ input: InputID)
    /// There is no such input any more.
    func removed(_ input: InputID)
    /// Takes a still picture that was asked for. Its slot is held once.
    func take(_ picture: StillPicture, for still: Still)
    /// A still picture that was asked for does not come.
    func failed(_ still: Still, _ failure: StillFailure)
    /// A still picture comes, and its user should know this of it.
    func noted(_ still: Still, _ text: String)
}

/// How a live input comes.
package struct InputArrival: Hashable, Sendable {
    /// Of its packets, over the last two seconds.
    package var bitsPerSecond: Int
    /// Packets that were damaged, or never came, since its process has it open.
    package var drops: Int
    /// How far its keyframes are apart, in seconds; nil before there was one.
    package var keyframeSeconds: Double?

    package init(bitsPerSecond: Int, drops: Int, keyframeSeconds: Double? = nil) {
        self.bitsPerSecond = bitsPerSecond
        self.drops = drops
        self.keyframeSeconds = keyframeSeconds
    }
}

extension MediaOutlet {
    package func counted(_ arrival: InputArrival, of input: InputID) {}
    package func take(_ format: CopiedFormat, of input: InputID) -> String? { unasked }
    package func take(_ packet: CopiedPacket, of input: InputID) -> String? { unasked }
    private var unasked: String { "it passed a packet on that nobody wants" }
}

/// What a picture is for that is shown instead of an input.
package enum Still: Hashable, Sendable {
    /// The slate: the picture of this file.
    case slateFile(path: String)
    /// The slate, drawn in a typeface. Where it has a clock, further pictures come, each with the time.
    case slate
    /// The name of an input, on nothing.
    case name(InputID)
}

/// A picture that is shown instead of an input.
package struct StillPicture: Hashable, Sendable {
    package let slot: SlotReference
    /// The size of its pool's pictures.
    package let canvas: Canvas
    /// Where in the picture something is to be seen, with even edges.
    package let content: PixelRectangle
    /// It shows the time of day, and is not to be kept for later.
    package let isClock: Bool

    package init(slot: SlotReference, canvas: Canvas, content: PixelRectangle? = nil, isClock: Bool = false) {
        self.slot = slot
        self.canvas = canvas
        self.content = content ?? canvas.rectangle
        self.isClock = isClock
    }
}

/// Why a still picture does not come.
package enum StillFailure: Hashable, Sendable {
    /// It can't be opened, or holds no picture.
    case refused(Refusal)
    /// The process that read it ended, for this cause.
    case readerEnded(String)
}

/// What flows back from the program to the inputs: how far each may be ahead of it.
package protocol MediaSupply: AnyObject {
    func demand(_ demand: MediaDemand, of input: InputID)
    /// What of the input is used, where that is not all. One of which nothing is used is closed for good.
    func use(_ use: MediaUse, of input: InputID)
    /// Packets of the input may be passed on up to this source time.
    func copy(until time: MediaTime, of input: InputID)
    /// Several inputs may be shown at once: pictures of their names are wanted from now on.
    func wantNames()
    /// A backup that is opened only when it is needed is needed now.
    func wake(_ input: InputID)
    /// It is of no use any more, until it is needed again.
    func rest(_ input: InputID)
}

/// What of an input is used.
package struct MediaUse: Hashable, Sendable {
    package var pictures: Bool
    package var sound: Bool

    package init(pictures: Bool, sound: Bool) {
        self.pictures = pictures
        self.sound = sound
    }

    package var isNothing: Bool { !pictures && !sound }
}

extension SourceDescription {
    /// The same without what is not used of it.
    package func restricted(to use: MediaUse) -> SourceDescription {
        var description = self
        description.hasVideo = hasVideo && use.pictures
        description.hasAudio = hasAudio && use.sound
        return description
    }
}

/// How far one input may be ahead of the timeline.
package struct MediaDemand: Hashable, Sendable {
    /// How many pictures may be on their way or wait for their tick.
    package var pictures: Int
    /// How many of these wait already.
    package var waiting: Int
    /// So many are asked for at once, at least: a file's pictures come long before the first of them is due.
    package var step: Int
    /// The sample of the input's own time up to which sound may come.
    package var soundEnd: Int64

    package init(pictures: Int, waiting: Int, step: Int = 1, soundEnd: Int64) {
        self.pictures = pictures
        self.waiting = waiting
        self.step = step
        self.soundEnd = soundEnd
    }
}

/// Where frames and sound of the timeline go next, in order and each once: from the program to the chain, and from the
/// chain to the encoding.
package protocol FrameOutlet: AnyObject {
    /// Takes a picture whose slot is held once.
    func take(_ frame: TimelineFrame)
    func take(_ block: AudioLedger.Block)
    /// How much is in this room and behind it.
    var load: FrameLoad { get }
}

/// How much of the timeline is on its way and not safe.
package struct FrameLoad: Hashable, Sendable {
    /// Pictures that wait or are being encoded.
    package var frames: Int
    /// Of these, what the encoder holds by its nature: look-ahead, B-frames.
    package var held: Int
    /// How many pictures may be on their way.
    package var limit: Int
    /// So little sound is on its way, and so little waits in the outputs, that a broadcast in no hurry should go on.
    package var hasRoom: Bool
    /// The encoder on air has made a picture safe: where frames are too many, it is slow and not absent.
    package var isWorking: Bool

    package init(frames: Int, held: Int, limit: Int, hasRoom: Bool, isWorking: Bool) {
        self.frames = frames
        self.held = held
        self.limit = limit
        self.hasRoom = hasRoom
        self.isWorking = isWorking
    }
}

/// Where committed packets go: to the outputs, in DTS order and each once.
package protocol PacketOutlet: AnyObject {
    /// Told what players must know for packets of configuration `number`, before the first of them.
    func configure(_ configuration: StreamConfiguration, number: Int)
    func take(_ packet: Packet)
    /// So little waits that a broadcast in no hurry should go on.
    var hasRoom: Bool { get }
}
