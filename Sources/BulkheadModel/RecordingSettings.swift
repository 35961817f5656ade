/// One recording of the program, kept by a process of its own.
package struct RecordingSettings: Codable, Hashable, Sendable {
    /// An absolute path that ends with `.mp4` or `.flv`, with the fields of strftime(3): `/r/show-%Y%m%d-%H%M%S.mp4`.
    package var path: String
    /// A file is followed by the next at the first keyframe after so many seconds; nil for never.
    package var segmentSeconds: Double?
    /// The same by its bytes.
    package var segmentByteCount: UInt64?
    /// The absolute path of a folder that is recorded to where the first disk takes nothing; empty for none.
    package var fallbackFolder: String
    /// From one report of size and duration to the next, in seconds; nil for 10.
    package var reportSeconds: Double?

    package init(
        path: String, segmentSeconds: Double? = nil, segmentByteCount: UInt64? = nil, fallbackFolder: String = "",
        reportSeconds: Double? = nil
    ) {
        self.path = path
        self.segmentSeconds = segmentSeconds
        self.segmentByteCount = segmentByteCount
        self.fallbackFolder = fallbackFolder
        self.reportSeconds = reportSeconds
    }

    /// What stands between two reports where nothing else is set, in seconds.
    package static let standardReportSeconds = 10.0

    /// Whether its numbers can be counted with, and its paths lie somewhere.
    package var isInRange: Bool {
        path.hasPrefix("/") && path.utf8.count <= 4000 && (path.hasSuffix(".mp4") || path.hasSuffix(".flv"))
            && (fallbackFolder.isEmpty || (fallbackFolder.hasPrefix("/") && fallbackFolder.utf8.count <= 4000))
            && (segmentSeconds.map(SettingRange.segmentSeconds.contains) ?? true)
            && (segmentByteCount.map(SettingRange.segmentByteCount.contains) ?? true)
            && (reportSeconds.map(SettingRange.reportSeconds.contains) ?? true)
    }
}
