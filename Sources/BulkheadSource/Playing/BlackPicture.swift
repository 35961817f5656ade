import BulkheadFrames
import BulkheadMedia
import BulkheadWire

/// The black picture that stands where a list begins with sound alone and has pictures later on: for the master a picture that
/// is not there is one that is late.
struct BlackPicture {
    /// The source time of the last one; negative before the first.
    private(set) var lastTime: Int64 = -1
    private let canvas: Canvas
    private let interval: Int64

    init(_ canvas: Canvas, _ rate: FrameRate) {
        self.canvas = canvas
        interval = rate.interval.nanoseconds
    }

    /// When the next one is to be shown, in a file that begins at `start` and lasts until `end`: at its start, then each second,
    /// and one frame before its end. Nil while there is none.
    private func nextTime(from start: Int64, until end: Int64) -> Int64? {
        let last = end.subtractingReportingOverflow(interval).partialValue
        guard lastTime >= start else { return start <= last ? start : nil }
        let next = min(lastTime.addingReportingOverflow(1_000_000_000).partialValue, last)
        return next.subtractingReportingOverflow(lastTime).partialValue > 150_000_000 ? next : nil
    }

    /// Shows the next one, where its time has come and a slot is there; true when it has.
    mutating func show(from start: Int64, until end: Int64, _ link: MasterLink) throws(SourceStop) -> Bool {
        guard link.usesPictures, let pool = link.pool, let slot = link.freeSlots.first,
            let bytes = pool.bytes(of: slot),
            let time = nextTime(from: start, until: end)
        else { return false }
        PicturePainter(bytes, canvas: canvas)?.fill(.black)
        _ = link.takeSlot()
        lastTime = time
        try link.send(
            .video(slot: slot, pts: time, position: time.subtractingReportingOverflow(start).partialValue))
        return true
    }
}
