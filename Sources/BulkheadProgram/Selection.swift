package import BulkheadModel

/// Which input gives the picture and which the sound.
package struct Selection: Codable, Hashable, Sendable {
    /// Nil for the slate.
    package internal(set) var picture: InputID?
    /// Nil for silence.
    package internal(set) var sound: InputID?

    /// An input with picture or sound is there. Of those that have a picture the one named first gives it, and so with
    /// sound.
    mutating func offer(_ input: InputID, hasPicture: Bool, hasSound: Bool) {
        if hasPicture { picture = min(picture ?? input, input) }
        if hasSound { sound = min(sound ?? input, input) }
    }
}
