package import BulkheadEvents
package import BulkheadMedia
package import BulkheadTimeline

extension CopyMachine {
    /// What a broadcast wants of a stream that is passed on.
    package struct Terms: Hashable, Sendable {
        /// No viewer waits: all goes out as fast as it comes.
        package var isFast: Bool
        /// How long the input may give no picture before the slate is shown.
        package var slateAfter: Duration
        /// Where on the timeline it ends; nil for no end.
        package var duration: MediaTime?
        /// Where on the timeline it begins: behind what an earlier broadcast has sent.
        package var start: MediaTime
        /// From where on the input is read, in source time.
        package var sourceStart: MediaTime

        package init(
            isFast: Bool = false, slateAfter: Duration = .seconds(3), duration: MediaTime? = nil,
            start: MediaTime = .zero, sourceStart: MediaTime = .zero
        ) {
            self.isFast = isFast
            self.slateAfter = slateAfter
            self.duration = duration
            self.start = start
            self.sourceStart = sourceStart
        }
    }

    package enum Event: Sendable {
        /// The input is open, by a first process or by another.
        case opened(isLive: Bool, FrameRate)
        /// The process that read the input has ended; another one goes on: with what is live, in a time that begins anew.
        case interrupted
        /// The input is read from its beginning from now on.
        case beganAnew
        /// No more comes of the input.
        case inputEnded
        /// The slate is encoded.
        case slate(SlateLoop)
        /// Time has passed, or the outputs take more.
        case tick
        /// A person wants the end.
        case end
    }

    package enum Action: Hashable, Sendable {
        /// The first picture goes out.
        case begin
        case configure(StreamConfiguration, number: Int)
        case send(Packet)
        /// The source may pass on packets up to this source time.
        case credit(until: MediaTime)
        /// The slate is to be encoded to fit to this.
        case makeSlate(Canvas, FrameRate, profile: String)
        case post(TimelineHappening)
        /// The last packet has gone out.
        case ended
    }

    /// How far the stream has gone out: what a later broadcast goes on behind.
    package struct Place: Hashable, Sendable {
        /// On the timeline, of pictures and sound.
        package var reached = MediaTime.zero
        /// The number that the next picture would have at an even rate.
        package var frame: FrameNumber = 0
        /// The input's last picture; nil before the first.
        var shown: FeedPlace.Shown?
        /// The input's last sound, in source time; nil before the first.
        var sound: MediaTime?

        /// How far the input has gone out.
        package var feed: FeedPlace { FeedPlace(shown: shown, sample: sound?.sampleIndex ?? 0) }
    }

    /// What has gone out, for people.
    package struct Figures: Hashable, Sendable {
        /// Pictures of the input, and of the slate.
        package var copied = 0
        package var slated = 0
        /// Pictures that came and are in no stream: before an IDR, or while the slate stood for them.
        package var leftOut = 0
    }
}
