import BulkheadEvents
import BulkheadTimeline

/// Which frames are left out because the encoder can't keep up.
struct Admission {
    /// How many were left out.
    private(set) var skipped = 0
    private var overload = OverloadRule()

    /// Whether the encoder keeps up well enough to be given the next frame, and what is to be told of that.
    /// - Parameter isFast: nothing hurries: a frame waits until there is room.
    mutating func admits(_ load: FrameLoad, isFast: Bool) -> (Bool, TimelineHappening?) {
        var news: TimelineHappening?
        var admits = load.frames < load.limit
        if !isFast {
            let wasThinning = overload.isThinning
            admits = overload.admits(backlog: load.frames - load.held, room: load.limit - load.held)
            if overload.isThinning, !wasThinning {
                news = .skipping(cause: load.isWorking ? .slowEncoder : .noEncoder)
            } else if wasThinning, !overload.isThinning {
                news = .keepingUp(skipped: skipped)
            }
        }
        if !admits { skipped += 1 }
        return (admits, news)
    }
}
