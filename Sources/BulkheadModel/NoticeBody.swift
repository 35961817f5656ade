import FoundationEssentials

/// What a notice says of a trouble that lasts.
package struct NoticeAlarm: Codable, Hashable, Sendable {
    /// `raised`, `lasting` or `cleared`.
    package let state: String
    /// How long the trouble has lasted; nil where it has just begun.
    package let seconds: Double?
    /// How often it was told before.
    package let repetition: Int

    package init(state: String, seconds: Double?, repetition: Int) {
        self.state = state
        self.seconds = seconds
        self.repetition = repetition
    }
}

/// What is sent of an event, as JSON: its kind, when, from whom, and the event itself.
package struct NoticeBody<Content: Encodable>: Encodable {
    /// The event's code, such as `link.lost`.
    let type: String
    /// ISO 8601, in UTC.
    let timestamp: String
    /// The broadcast that it is about.
    let origin: String
    /// One line for people.
    let text: String
    /// Missing for an event that stands for itself.
    let alarm: NoticeAlarm?
    /// How many events were not told because of the target's rate; missing for none.
    let leftOut: Int?
    let data: Content

    /// - Parameter seconds: since 1970.
    package init(
        type: String, seconds: Double, origin: String, text: String, alarm: NoticeAlarm? = nil, leftOut: Int? = nil,
        data: Content
    ) {
        self.text = text
        self.alarm = alarm
        self.leftOut = leftOut
        self.type = type
        // What is written is cut, not rounded: half of its last digit makes up for that.
        timestamp = Date(timeIntervalSince1970: seconds + 0.0005)
            .ISO8601Format(.init(includingFractionalSeconds: true))
        self.origin = origin
        self.data = data
    }
}

/// What a notifier that passes a notice on to a command or a file reads of it.
package struct NoticeContent: Decodable, Sendable {
    /// What is read of the event.
    package struct Event: Decodable, Sendable {
        /// `notice`, `warning` or `error`.
        package let level: String?
        /// What the event is about.
        package let part: Part?
    }

    package let type: String
    package let timestamp: String
    package let origin: String
    package let text: String
    package let alarm: NoticeAlarm?
    package let leftOut: Int?
    package let data: Event
}
