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
    /// The free space below which nothing is written; with ``floorPercent`` the lesser of the two. Where both are nil, it is
    /// ``standardFloorByteCount`` or ``standardFloorPercent``.
    package var floorByteCount: UInt64?
    /// The same, of the size of the file system.
    package var floorPercent: Double?
    /// Segments that are older are removed; nil for never. This and ``keepByteCount`` are for `.mp4` alone, whose files say
    /// that they are recordings.
    package var keepSeconds: Double?
    /// The oldest segments are removed where all together have more bytes; nil for never.
    package var keepByteCount: UInt64?

    package init(
        path: String, segmentSeconds: Double? = nil, segmentByteCount: UInt64? = nil, fallbackFolder: String = "",
        reportSeconds: Double? = nil, floorByteCount: UInt64? = nil, floorPercent: Double? = nil,
        keepSeconds: Double? = nil, keepByteCount: UInt64? = nil
    ) {
        self.floorByteCount = floorByteCount
        self.floorPercent = floorPercent
        self.keepSeconds = keepSeconds
        self.keepByteCount = keepByteCount
        self.path = path
        self.segmentSeconds = segmentSeconds
        self.segmentByteCount = segmentByteCount
        self.fallbackFolder = fallbackFolder
        self.reportSeconds = reportSeconds
    }

    /// What stands between two reports where nothing else is set, in seconds.
    package static let standardReportSeconds = 10.0
    /// What stays free where nothing else is set: this, or the percentage where that is less.
    package static let standardFloorByteCount: UInt64 = 500_000_000
    package static let standardFloorPercent = 1.0

    /// It removes old segments.
    package var removes: Bool { keepSeconds != nil || keepByteCount != nil }

    /// It is written in MP4, which has place for chapters and further tracks; else in FLV.
    package var isMP4: Bool { path.hasSuffix(".mp4") }

    /// Whether its numbers can be counted with, and its paths lie somewhere.
    package var isInRange: Bool {
        path.hasPrefix("/") && path.utf8.count <= 4000 && (path.hasSuffix(".mp4") || path.hasSuffix(".flv"))
            && (fallbackFolder.isEmpty || (fallbackFolder.hasPrefix("/") && fallbackFolder.utf8.count <= 4000))
            && (segmentSeconds.map(SettingRange.segmentSeconds.contains) ?? true)
            && (segmentByteCount.map(SettingRange.segmentByteCount.contains) ?? true)
            && (reportSeconds.map(SettingRange.reportSeconds.contains) ?? true)
            && (floorByteCount.map(SettingRange.floorByteCount.contains) ?? true)
            && (floorPercent.map(SettingRange.floorPercent.contains) ?? true)
            && (keepSeconds.map(SettingRange.keepSeconds.contains) ?? true)
            && (keepByteCount.map(SettingRange.keepByteCount.contains) ?? true)
            && (!removes || path.hasSuffix(".mp4"))
    }
}
