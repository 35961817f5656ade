package import BulkheadMedia
package import BulkheadModel
package import BulkheadWire

// What flows between the rooms of a broadcast, and nothing else does:
//
//     Inputs ──MediaOutlet──▶ Program ──FrameOutlet──▶ Chain ──FrameOutlet──▶ Encoding ──PacketOutlet──▶ Outputs
//
// A room is given the outlet to the next one and knows no other. Back flow capacity (``FrameLoad``, `hasRoom`), returned
// slots (through the pools) and requests (through the room's owner).

/// Where inputs put what they have read: the program.
package protocol MediaOutlet: AnyObject {
    /// An input is open for the first time, or again with a new process. A live one begins its time anew.
    func opened(_ input: InputID, _ description: SourceDescription)
    /// Takes a picture whose slot is held once.
    /// - Returns: false where it does not come after the last one; the slot stays the caller's then.
    func take(_ picture: Picture, of input: InputID) -> Bool
    /// Takes interleaved sound that begins at sample `start` of the input's own time.
    func take(sound samples: [Float], from start: Int64, of input: InputID)
    /// The process that read the input has ended; another one goes on.
    func interrupted(_ input: InputID)
    /// No more comes of the input.
    func ended(_ input: InputID)
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
    /// So little sound is on its way that a broadcast in no hurry should go on.
    package var hasSoundRoom: Bool
    /// The encoder on air has made a picture safe: where frames are too many, it is slow and not absent.
    package var isWorking: Bool

    package init(frames: Int, held: Int, limit: Int, hasSoundRoom: Bool, isWorking: Bool) {
        self.frames = frames
        self.held = held
        self.limit = limit
        self.hasSoundRoom = hasSoundRoom
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
