/// What happened in a day on air, or in what there was of it.
package struct DaySummary: Codable, Hashable, Sendable {
    /// How long the broadcast was on air.
    package var seconds: Double
    /// Frames of the timeline.
    package var frames: Int
    /// Frames that were left out because no encoder kept up.
    package var skipped: Int
    /// Frames that showed the slate because no encoder worked.
    package var slated: Int
    /// Which children died, and how often: `encoder 2`.
    package var deaths: [String]
    /// Which links came back on air, and how often: `main 3`.
    package var reconnections: [String]
    /// The size of all that is recorded, in bytes.
    package var bytes: Int64
    /// The worst trouble in words; nil where there was none.
    package var worst: String?

    package init(
        seconds: Double = 0, frames: Int = 0, skipped: Int = 0, slated: Int = 0, deaths: [String] = [],
        reconnections: [String] = [], bytes: Int64 = 0, worst: String? = nil
    ) {
        self.seconds = seconds
        self.frames = frames
        self.skipped = skipped
        self.slated = slated
        self.deaths = deaths
        self.reconnections = reconnections
        self.bytes = bytes
        self.worst = worst
    }

    /// Reads what an event carries.
    init(_ values: Values) throws(HappeningError) {
        self.init(
            seconds: try values.required(.seconds), frames: try values.required(.frames),
            skipped: try values.required(.skipped), slated: try values.required(.slated),
            deaths: try values.required(.died), reconnections: try values.required(.reconnected),
            bytes: try values.required(.bytes), worst: try values.optional(.worst))
    }
}

/// What has happened in a broadcast: in the last day, since its beginning, and what is wrong now.
package struct SummaryReport: Codable, Hashable, Sendable {
    /// The last 24 hours, to the hour, or what there was of them.
    package var lastDay: DaySummary
    /// Since the beginning, or since the master resumed the broadcast.
    package var sinceStart: DaySummary
    /// What is wrong and not over yet, the oldest first, in words.
    package var troubles: [String]

    package init(lastDay: DaySummary, sinceStart: DaySummary, troubles: [String]) {
        self.lastDay = lastDay
        self.sinceStart = sinceStart
        self.troubles = troubles
    }
}
