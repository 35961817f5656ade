package import BulkheadMedia
import BulkheadWire

/// How far a source that can wait has been on the timeline: where it goes on when all is begun anew.
package struct FeedPlace: Hashable, Sendable {
    /// The picture that is shown, by its source time and its place in the file.
    package struct Shown: Hashable, Sendable {
        package let pts: MediaTime
        package let position: MediaTime

        package init(pts: MediaTime, position: MediaTime) {
            self.pts = pts
            self.position = position
        }
    }

    /// Nil for a source without a picture.
    package let shown: Shown?
    /// The sample of source time that is heard next.
    package let sample: Int64

    package init(shown: Shown?, sample: Int64) {
        self.shown = shown
        self.sample = sample
    }
}

extension SourceFeed {
    /// Where the source stands before the tick of `time`, on a timeline with `interval` between two; nil for a live one, and for
    /// one of which nothing has been shown or heard.
    package func place(at time: MediaTime, interval: MediaTime) -> FeedPlace? {
        guard !description.isLive else { return nil }
        let heard = offset.map { max(0, (time - $0).sampleIndex) }
        guard description.hasVideo else {
            guard let sample = heard ?? (samples.start > 0 ? samples.start : nil) else { return nil }
            return FeedPlace(shown: nil, sample: sample)
        }
        // One that is shown before its time has not been on the timeline.
        guard let picture = pictures.current, !pictures.isEarly else { return nil }
        // Of one that waits, sound may have come further than the picture: that decides.
        return FeedPlace(
            shown: .init(pts: picture.pts, position: picture.position),
            sample: heard ?? max(0, (picture.pts + interval).sampleIndex))
    }
}
