package import BulkheadMedia

/// What is to be changed on air; nil leaves a setting as it is.
package struct SettingsChange: Codable, Hashable, Sendable {
    package var canvas: Canvas?
    package var videoBitsPerSecond: UInt32?
    package var audioBitsPerSecond: UInt32?
    package var preset: String?
    package var tune: String?
    package var profile: String?
    package var keyframeIntervalSeconds: Double?
    package var bframes: UInt8?
    package var bufferMilliseconds: UInt32?
    package var minimumVideoBitsPerSecond: UInt32?
    package var congestion: CongestionRule?

    package init() {}

    /// `settings` with the changes made.
    package func applied(to settings: BroadcastSettings) -> BroadcastSettings {
        var settings = settings
        settings.canvas = canvas ?? settings.canvas
        settings.videoBitsPerSecond = videoBitsPerSecond ?? settings.videoBitsPerSecond
        settings.audioBitsPerSecond = audioBitsPerSecond ?? settings.audioBitsPerSecond
        settings.preset = preset ?? settings.preset
        settings.tune = tune ?? settings.tune
        settings.profile = profile ?? settings.profile
        settings.keyframeIntervalSeconds = keyframeIntervalSeconds ?? settings.keyframeIntervalSeconds
        settings.bframes = bframes ?? settings.bframes
        settings.bufferMilliseconds = bufferMilliseconds ?? settings.bufferMilliseconds
        settings.minimumVideoBitsPerSecond = minimumVideoBitsPerSecond ?? settings.minimumVideoBitsPerSecond
        settings.congestion = congestion ?? settings.congestion
        return settings
    }
}

/// A part of the broadcast that can be started anew on air.
package enum RestartablePart: String, Codable, Hashable, Sendable, CaseIterable {
    case encoder
    case plugins
    case source
}
