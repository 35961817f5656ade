/// What a broadcast keeps for replays at one moment.
package struct ReplayStatus: Codable, Hashable, Sendable {
    /// How long what is kept lasts.
    package var seconds: Double
    /// How much is to be kept: a little more is, since GOPs are kept whole.
    package var wantedSeconds: Double
    /// In memory.
    package var bytes: Int
    /// What is kept at most, whatever is wanted.
    package var mostBytes: Int
    /// How many replays are being saved.
    package var saving: Int

    package init(seconds: Double, wantedSeconds: Double, bytes: Int, mostBytes: Int, saving: Int) {
        self.seconds = seconds
        self.wantedSeconds = wantedSeconds
        self.bytes = bytes
        self.mostBytes = mostBytes
        self.saving = saving
    }
}

/// A replay that was saved.
package struct SavedReplay: Codable, Hashable, Sendable {
    /// Its file; where the encoder was set anew within the span, one file for each setting, in order.
    package var paths: [String]
    /// How long it lasts.
    package var seconds: Double
    package var frames: Int
    /// Of all files together.
    package var bytes: UInt64

    package init(paths: [String], seconds: Double, frames: Int, bytes: UInt64) {
        self.paths = paths
        self.seconds = seconds
        self.frames = frames
        self.bytes = bytes
    }

    /// Whether a replay can be written to `path`: an absolute one that ends with `.mp4`.
    package static func isPath(_ path: String) -> Bool {
        path.hasPrefix("/") && path.hasSuffix(".mp4") && path.utf8.count <= 4000
    }
}
