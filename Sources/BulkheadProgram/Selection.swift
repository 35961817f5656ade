package import BulkheadModel

/// Which input gives the picture and which the sound.
package struct Selection: Codable, Hashable, Sendable {
    /// Nil for the slate.
    package private(set) var picture: InputID?
    /// Nil for silence.
    package private(set) var sound: InputID?

    package init(picture: InputID? = nil, sound: InputID? = nil) {
        self.picture = picture
        self.sound = sound
    }

    /// An input with picture or sound is there. Of those that have a picture the one named first gives it, and so with
    /// sound.
    package mutating func offer(_ input: InputID, hasPicture: Bool, hasSound: Bool) {
        if hasPicture { picture = min(picture ?? input, input) }
        if hasSound { sound = min(sound ?? input, input) }
    }
}
