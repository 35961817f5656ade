package import BulkheadMedia
package import BulkheadModel
import BulkheadTimeline
package import BulkheadWire

/// The size and rate of a broadcast's picture, where the first input with a picture is to give them.
package struct PictureChoice: Hashable, Sendable {
    /// What goes out.
    package let canvas: Canvas
    /// What goes out.
    package let frameRate: FrameRate
    /// Which input was followed, from 0; nil where there was nothing to learn.
    package let input: Int?

    /// What `settings` say, and where they follow an input what is known of it.
    /// - Parameters:
    ///   - descriptions: of all inputs in their order; nil for one that is not open yet.
    ///   - isPatient: an input that is not open yet is waited for.
    /// - Returns: nil while it is not known which input is the first with a picture.
    package init?(_ settings: BroadcastSettings, _ descriptions: [SourceDescription?], isPatient: Bool) {
        let followsSize = settings.sizeFollowsInput ?? false
        let followsRate = settings.rateFollowsInput ?? false
        var natural = NaturalPicture()
        var input: Int?
        if followsSize || followsRate {
            for (index, description) in descriptions.enumerated() {
                guard let description else {
                    if isPatient { return nil }
                    break
                }
                // What a source draws by itself takes any size.
                guard description.hasVideo, !description.isDrawnStill else { continue }
                if let picture = description.picture { natural = NaturalPicture(picture) }
                input = index
                break
            }
        }
        canvas = (followsSize ? natural.canvas : nil) ?? settings.canvas
        frameRate = (followsRate ? natural.frameRate : nil) ?? settings.frameRate
        let hasLearned = (followsSize && natural.canvas != nil) || (followsRate && natural.frameRate != nil)
        self.input = hasLearned ? input : nil
    }
}
