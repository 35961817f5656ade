package import BulkheadEvents
package import BulkheadMedia
package import BulkheadModel

/// The program at one moment.
package struct ProgramSnapshot: Codable, Hashable, Sendable {
    /// The frame of the next tick, from 0.
    package let nextFrame: FrameNumber
    /// The block of sound that is cut next, from 0.
    package let nextBlock: Int64
    package let isRunning: Bool
    package let showing: ShownPicture
    package let selection: Selection
    /// Ticks for which the input had nothing new.
    package let framesRepeated: Int
    /// Pictures of live inputs that came while theirs were shown, and are in no frame.
    package let framesLeftOut: Int
    /// Ticks that were left out because the encoder could not keep up.
    package let framesSkipped: Int
    package let scenes: [SceneStatus]
    /// What was taken last, by its name.
    package let scene: String?
    /// What is taken next where nothing else is named.
    package let prepared: String?
    /// The inputs whose pictures are seen.
    package let seen: Set<InputID>
    /// The inputs of the scene in whose place a card stands.
    package let missing: Set<InputID>
    /// The inputs that are heard.
    package let heard: Set<InputID>
    package let sound: ProgramSoundStatus
    /// How inputs that have backups are.
    package let backups: [InputID: InputBackupStatus]
    package let mixer: MixerSnapshot
}
