import BulkheadMedia
import BulkheadWire
import CBulkheadPlugin

/// A plugin at work, of whatever kind. All calls come from one thread.
protocol PluginInstance: AnyObject {
    var name: String { get }
    var version: String { get }
    var abilities: PluginAbilities { get }
    /// The plugin wants the picture's input and output to be one.
    var worksInPlace: Bool { get }

    /// Changes one picture.
    func process(_ frame: inout bulkhead_video_frame) -> PluginOutcome
    /// Changes one block of sound in place.
    func process(_ block: inout bulkhead_audio_block) -> PluginOutcome
    /// Sets a parameter to what a user has written.
    /// - Throws: a refusal that names what is accepted; the plugin is as it was then.
    func setParameter(_ name: String, to text: String) throws(Refusal)
    func handle(_ event: inout bulkhead_event)
}

/// What became of a picture or a block of sound.
enum PluginOutcome: Hashable {
    case changed
    case unchanged
    /// Why it didn't work, for a person; what the plugin has written is not to be used.
    case failed(String)
}

/// What an instance is made for.
struct PluginStage {
    let canvas: Canvas
    let frameRate: FrameRate
}
