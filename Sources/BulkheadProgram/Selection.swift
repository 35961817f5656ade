package import BulkheadModel

/// Which input gives the picture and which the sound.
package struct Selection: Codable, Hashable, Sendable {
    /// Nil for the slate.
    package private(set) var picture: InputID?
    /// Nil for silence.
    package private(set) var sound: InputID?
    /// A person has chosen: inputs that come are not offered any more.
    package private(set) var isTaken = false

    package init(picture: InputID? = nil, sound: InputID? = nil) {
        self.picture = picture
        self.sound = sound
    }

    /// An input with picture or sound is there. Of those that have a picture the one named first gives it, and so with
    /// sound, unless a person has chosen.
    package mutating func offer(_ input: InputID, hasPicture: Bool, hasSound: Bool) {
        if hasPicture { picture = isTaken ? picture ?? input : min(picture ?? input, input) }
        if hasSound { sound = isTaken ? sound ?? input : min(sound ?? input, input) }
    }

    /// An input gives the picture from now on, and the sound where it has some.
    package mutating func take(_ input: InputID, hasSound: Bool) {
        picture = input
        if hasSound { sound = input }
        isTaken = true
    }

    /// What `former` gave is given by `input` from now on, as far as it has it.
    package mutating func replace(_ former: InputID, by input: InputID, hasPicture: Bool, hasSound: Bool) {
        if picture == former, hasPicture { picture = input }
        if sound == former, hasSound { sound = input }
    }

    /// There is no such input any more.
    package mutating func remove(_ input: InputID) {
        if picture == input { picture = nil }
        if sound == input { sound = nil }
    }
}
