/// One thing that a request changes, would change, or can't change, as a person is told of it.
package struct ChangeOutcome: Codable, Hashable, Sendable {
    /// By which way it comes on air.
    package enum Way: String, Codable, Hashable, Sendable, CaseIterable {
        /// At once, with everything as it is.
        case inPlace = "in-place"
        /// At a frame, by a takeover to a process that works with it.
        case takeover
        /// It is opened or connected, and nothing else is touched.
        case added
        case removed
        /// Its successor is opened first, and takes its place.
        case replaced
        /// Not before the broadcast begins anew.
        case atStart = "at-start"
        /// It is so already.
        case unchanged
    }

    /// What it is: a setting by its name, or `input cam`, `scene talk`; no address stands in it.
    package var what: String
    package var way: Way
    /// Its new value, for a setting; nil for all else.
    package var value: String?
    /// Why it was not done; nil where it was, or is only looked at.
    package var error: BroadcastError?
    /// Why it can't change before the broadcast begins anew, as a phrase behind a colon; nil where it can.
    package var reason: String?

    package init(_ what: String, _ way: Way, value: String? = nil, error: BroadcastError? = nil, reason: String? = nil)
    {
        self.what = what
        self.way = way
        self.value = value
        self.error = error
        self.reason = reason
    }
}

/// A configuration that somebody hands over, because the broadcast can't read its file itself.
package struct ConfigurationText: Codable, Hashable, Sendable {
    /// The most bytes that it may have.
    package static let mostBytes = 1 << 19

    /// What stands for it in errors: the path of its file.
    package var name: String
    package var text: String

    package init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}

/// The configuration file of a broadcast, as a user sees it.
package struct ConfigurationStatus: Codable, Hashable, Sendable {
    /// Its absolute path.
    package var path: String
    /// Keys that were given as flags as well, which win over the file.
    package var flags: [String]

    package init(path: String, flags: [String]) {
        self.path = path
        self.flags = flags
    }
}
