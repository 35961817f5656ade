import BulkheadPluginKit

/// Holds picture and sound back, both by the same time: to be in step with a late source, or to have a moment in which
/// something can still be stopped. An example of a plugin in Swift that takes pictures and sound and keeps both.
struct Delay: VideoFilter, AudioFilter {
    static let delay = Parameter("delay", 200, in: 0...5000, unit: "ms", "How long picture and sound are held back.")
    static let soundOffset = Parameter(
        "sound-offset", 0, in: -1000...1000, unit: "ms",
        "How much later the sound is than the picture; below zero it is earlier, as far as it is held back at all.")
    static let info = PluginInfo(
        name: "Delay", version: "1.0", description: "Holds picture and sound back, both by the same time.",
        author: "The Bulkhead authors", license: "MIT", parameters: [delay, soundOffset])

    private var pictures: PictureDelay
    private var sound: SoundDelay

    init(_ setup: PluginSetup) {
        pictures = PictureDelay(setup.format)
        sound = SoundDelay(channelCount: setup.format.channelCount)
        update(setup)
    }

    /// What is held stays: a longer delay shows it again, a shorter one leaves some of it out.
    mutating func update(_ setup: PluginSetup) {
        // Pictures can only be late by whole frames: the sound is late by as much.
        let frameCount = (Double(setup[Self.delay]) / 1000 * setup.format.frameRate).rounded()
        let seconds = frameCount / setup.format.frameRate
        pictures.delayNanoseconds = Int64((seconds * 1_000_000_000).rounded())
        let soundSeconds = max(0, seconds + Double(setup[Self.soundOffset]) / 1000)
        sound.delaySampleCount = Int((soundSeconds * Double(setup.format.sampleRate)).rounded())
    }

    mutating func process(_ frame: borrowing VideoFrame) -> Outcome { pictures.process(frame) }

    mutating func process(_ block: borrowing AudioBlock) -> Outcome { sound.process(block) }
}

@c(bulkhead_plugin_entry)
public func entry(hostVersion: UInt32) -> UnsafeRawPointer? { Delay.pluginEntry(hostVersion: hostVersion) }
