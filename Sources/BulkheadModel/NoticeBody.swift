import FoundationEssentials

/// What is sent of an event, as JSON: its kind, when, from whom, and the event itself.
package struct NoticeBody<Content: Encodable>: Encodable {
    /// The event's code, such as `link.lost`.
    let type: String
    /// ISO 8601, in UTC.
    let timestamp: String
    /// The broadcast that it is about.
    let origin: String
    let data: Content

    /// - Parameter seconds: since 1970.
    package init(type: String, seconds: Double, origin: String, data: Content) {
        self.type = type
        // What is written is cut, not rounded: half of its last digit makes up for that.
        timestamp = Date(timeIntervalSince1970: seconds + 0.0005)
            .ISO8601Format(.init(includingFractionalSeconds: true))
        self.origin = origin
        self.data = data
    }
}
