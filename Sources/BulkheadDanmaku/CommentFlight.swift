package import BulkheadMedia

/// A recorded comment in its place on the picture, as the overlay shows it.
package struct CommentFlight: Hashable, Sendable {
    package let flying: FlyingComment
    /// What the room looked like then.
    package let settings: DanmakuSettings

    /// 0xRRGGBB.
    package var color: UInt32 { flying.comment.color ?? settings.color }
    /// What is seen: equal comments are one, with their number.
    package var text: String { flying.count > 1 ? "\(flying.text) ×\(flying.count)" : flying.text }
}

extension CommentFlight {
    /// Lays comments out as the room does on air: the same lanes, the same merging, and the same that find no place.
    ///
    /// - Parameters:
    ///   - comments: in any order. Those that were blocked, and those said before the beginning, are not shown.
    ///   - rooms: how the room shows them, in any order; where there is none, as a room does of which nothing is set.
    ///   - canvas: the size of the picture.
    /// - Returns: what flies, in the order in which it begins, and how many comments are no part of it.
    package static func all(
        _ comments: [RecordedComment], _ rooms: [RecordedRoom], over canvas: Canvas
    ) -> (flights: [CommentFlight], leftOut: Int) {
        var layout = Layout(canvas)
        let rooms = rooms.filter { $0.settings.outside == nil }.sorted { $0.seconds < $1.seconds }
        func settings(at seconds: Double) -> DanmakuSettings {
            rooms.last { $0.seconds <= seconds }?.settings ?? rooms.first?.settings ?? DanmakuSettings()
        }
        let spoken = comments.map { (comment: $0, seconds: $0.saidAt(settings(at: $0.seconds))) }
            .filter { $0.comment.isBlocked != true && (0...longest).contains($0.seconds) }
            .sorted { ($0.seconds, $0.comment.number) < ($1.seconds, $1.comment.number) }
        for (comment, seconds) in spoken {
            layout.take(comment.comment, settings(at: seconds), at: Int64(seconds * 1e9))
        }
        let flights = layout.finish()
        return (flights, comments.count - flights.reduce(0) { $0 + $1.flying.count })
    }

    /// A year, in seconds: no recording is longer.
    private static let longest = 31_536_000.0

    /// The stage of a room that is played once more.
    private struct Layout {
        /// From one look at those that wait to the next, as on air.
        private static let step: Int64 = 40_000_000

        private var stage: DanmakuStage
        private var time: Int64 = 0
        private var flights: [CommentFlight] = []
        /// Those of what flies, by their comments.
        private var settings: [FlyingComment.ID: DanmakuSettings] = [:]

        init(_ canvas: Canvas) { stage = DanmakuStage(canvas) }

        mutating func take(_ comment: RoomComment, _ settings: DanmakuSettings, at time: Int64) {
            advance(to: time)
            var settings = settings
            // It is shown here whatever was switched off on air.
            settings.isShown = true
            if settings != stage.settings { stage.change(to: settings) }
            _ = stage.offer(comment, at: MediaTime(nanoseconds: time))
        }

        mutating func finish() -> [CommentFlight] {
            while stage.waitingCount > 0 { step(to: time + Self.step) }
            step(to: .max)
            return flights.sorted { $0.flying.start < $1.flying.start }
        }

        private mutating func advance(to end: Int64) {
            while stage.waitingCount > 0, time + Self.step < end { step(to: time + Self.step) }
            step(to: end)
        }

        private mutating func step(to time: Int64) {
            self.time = time
            for flying in stage.flying {
                let settings = self.settings[flying.id] ?? stage.settings
                if flying.end <= time {
                    flights.append(CommentFlight(flying: flying, settings: settings))
                    self.settings[flying.id] = nil
                } else {
                    self.settings[flying.id] = settings
                }
            }
            stage.advance(to: MediaTime(nanoseconds: time))
        }
    }
}

extension FlyingComment {
    fileprivate struct ID: Hashable {
        let source: String
        let id: String
        let start: Int64
    }

    fileprivate var id: ID { ID(source: comment.source, id: comment.id, start: start) }
}
