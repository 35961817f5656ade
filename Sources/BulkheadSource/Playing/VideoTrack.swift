import BulkheadMedia
import BulkheadWire
import CFFmpeg

/// The picture side of an input: what has been decoded, what goes out next.
final class VideoTrack {
    let decoder: StreamDecoder
    /// Decoded, its place in source time not yet worked out.
    let decoded: FrameBox
    /// To be sent next, unless a later picture for the same frame of the canvas comes.
    let candidate: FrameBox
    /// Sent last, to be sent again where no other follows.
    private let shown: FrameBox
    var candidatePTS: Int64 = 0
    var candidatePosition: Int64 = 0
    var hasEnded = false
    /// The source time of the last picture that was sent, or that is not wanted any more.
    var lastPTS: Int64
    /// The source time up to which the last decoded picture stands.
    var lastEnd: Int64 = 0
    /// Whether pictures come faster than the canvas's rate, so that some can be left out before they are scaled.
    let isThinned: Bool
    private let writer: PictureWriter
    private let frameRate: FrameRate
    private let frameDuration: Int64
    /// The source time at which a frame of the canvas begins: of the first picture, where the input is live.
    private var cellStart: Int64?
    /// One picture that stands as long as the sound.
    let isCover: Bool
    /// A photograph, shown for a second in each pass.
    private let isStill: Bool
    private let deinterlacing: Deinterlacing
    private var filter: PictureFilter?
    private var isFlushed = false
    private var lastFilteredTime: Int64?
    private var lacksFilter = false
    /// What the user should know of the pictures, once.
    private(set) var remark: String?
    private var lastTime: Int64?
    private var aspect = 1.0
    private var orientation = PictureOrientation.upright

    init(
        _ input: MediaInput, _ stream: UnsafeMutablePointer<AVStream>, _ decoder: StreamDecoder,
        settings: SourceSettings, hasAlpha: Bool
    ) throws(OpenFailure) {
        self.decoder = decoder
        decoded = try FrameBox()
        candidate = try FrameBox()
        shown = try FrameBox()
        writer = PictureWriter(canvas: settings.canvas, hasAlpha: hasAlpha)
        frameRate = settings.frameRate
        deinterlacing = settings.deinterlacing
        lastPTS = settings.resume?.pts ?? -1
        let rate = stream.pointee.avg_frame_rate
        let hasRate = rate.num > 0 && rate.den > 0
        let framesPerSecond = hasRate ? Double(rate.num) / Double(rate.den) : 0
        isCover = input.isCover
        isThinned = !isCover && framesPerSecond > settings.frameRate.framesPerSecond * 1.05
        isStill = input.isStill
        frameDuration =
            hasRate ? Int64(1_000_000_000).scaled(by: Int64(rate.den), over: Int64(rate.num)) : 40_000_000
        adopt(stream)
    }

    /// Takes the shape of pixels and the orientation from `stream`.
    private func adopt(_ stream: UnsafeMutablePointer<AVStream>) {
        orientation = InputFormats.orientation(of: stream)
        let ratio = stream.pointee.sample_aspect_ratio
        if ratio.num > 0, ratio.den > 0 { aspect = Double(ratio.num) / Double(ratio.den) }
    }

    /// Decodes the next picture into `decoded`, and filters it where it needs that.
    func decode() -> StreamDecoder.Outcome {
        while true {
            if let filter, filter.pull(decoded.frame) { return take(decoded.frame.pointee.pts) }
            switch decoder.next(decoded.frame) {
            case .frame:
                let stamp = decoded.frame.pointee.best_effort_timestamp
                guard let filter = filter(for: decoded.frame.pointee) else { return take(stamp) }
                // Filters reckon with times: one that is missing follows from the last.
                let time =
                    stamp != bulkhead_av_nopts_value
                    ? stamp : lastFilteredTime.map { $0.addingReportingOverflow(frameDuration).partialValue } ?? 0
                lastFilteredTime = time
                decoded.frame.pointee.pts = time
                guard filter.push(decoded.frame) else { return take(stamp) }
            case .needsPackets: return .needsPackets
            case .ended:
                guard let filter, !isFlushed else { return .ended }
                isFlushed = true
                guard filter.push(nil) else { return .ended }
            }
        }
    }

    /// The filter that pictures like `frame` need; nil where they can stay as they are, or it is not to be had.
    private func filter(for frame: AVFrame) -> PictureFilter? {
        guard let need = PictureFilter.need(of: frame, after: filter?.need, deinterlacing) else {
            filter = nil
            return nil
        }
        if filter?.need == need { return filter }
        guard !lacksFilter else { return nil }
        let givesFields = frameRate.interval.nanoseconds * 3 < frameDuration * 2
        filter = PictureFilter(need, givesFields: givesFields)
        isFlushed = false
        lacksFilter = filter == nil
        remark =
            lacksFilter
            ? "its pictures are interlaced or of a high dynamic range, and stay so: libavfilter can't be used"
            : need.transfer.isEmpty
                ? "its pictures are interlaced; they are deinterlaced"
                : "its pictures have a high dynamic range; they are mapped to the standard range"
        return filter
    }

    /// Notes the time of the picture that has been decoded.
    private func take(_ stamp: Int64) -> StreamDecoder.Outcome {
        let frame = decoded.frame.pointee
        let isStated = frame.pkt_duration > 0 && frame.pkt_duration < 60_000_000_000
        let duration = isStill ? 1_000_000_000 : isStated ? frame.pkt_duration : frameDuration
        let time =
            stamp != bulkhead_av_nopts_value
            ? stamp : lastTime.map { $0.addingReportingOverflow(duration).partialValue } ?? 0
        decoded.time = time
        decoded.duration = duration
        lastTime = time
        return .frame
    }

    /// Packets from another place follow.
    func restart() {
        decoder.restart()
        decoded.clear()
        filter = nil
        isFlushed = false
        lastFilteredTime = nil
        lastTime = nil
        hasEnded = false
    }

    /// Comes behind another file's pictures, the last of which stands until the first of these.
    func goOn(behind other: VideoTrack) {
        lastPTS = other.lastPTS
        lastEnd = other.lastEnd
    }

    /// What the user should know of the pictures, since this was asked last.
    func takeRemark() -> String? {
        defer { remark = nil }
        return remark
    }

    /// Counts the frames of the canvas from the first live picture, as the timeline does.
    func beginCells(at pts: Int64) { if cellStart == nil { cellStart = pts } }

    /// Moves the decoded picture on to be sent next.
    func promote(pts: Int64, position: Int64) {
        candidate.take(from: decoded)
        candidatePTS = pts
        candidatePosition = position
    }

    /// Nothing is left to be sent.
    var isExhausted: Bool { hasEnded && decoded.time == nil && candidate.time == nil }

    /// Makes the picture that was sent last the next once more, when it is to stand until `end`: a second after it was
    /// sent, or one frame before the end. False when that is over.
    func standStill(until end: Int64) -> Bool {
        guard shown.time != nil else { return false }
        let last = end.subtractingReportingOverflow(frameRate.interval.nanoseconds).partialValue
        let next = min(lastPTS.addingReportingOverflow(1_000_000_000).partialValue, last)
        // A sound that ends a block or two after the picture makes no still.
        guard next.subtractingReportingOverflow(lastPTS).partialValue > 150_000_000,
            av_frame_ref(candidate.frame, shown.frame) >= 0
        else { return false }
        candidate.time = shown.time
        candidatePTS = next
        candidatePosition = candidatePosition.addingReportingOverflow(next - lastPTS).partialValue
        return true
    }

    /// Whether both times fall to the same frame of the canvas, so that only the later one can be shown.
    func fallsTogether(_ first: Int64, _ second: Int64) -> Bool { cell(first) == cell(second) }

    private func cell(_ pts: Int64) -> Int64 {
        let interval = frameRate.interval
        let time = MediaTime(nanoseconds: pts) - MediaTime(nanoseconds: cellStart ?? 0)
        return frameRate.frame(at: time + (interval - FrameRate.leeway(interval: interval)))
    }

    /// Writes the next picture into `slot`, leaves the candidate empty and keeps the picture.
    func write(slot: UInt32, bytes: UnsafeMutableRawBufferPointer, poolGeneration: Int) throws(PictureWriter.Failure) {
        defer { shown.take(from: candidate) }
        let frame = candidate.frame
        let ratio = frame.pointee.sample_aspect_ratio
        let own = ratio.num > 0 && ratio.den > 0 ? Double(ratio.num) / Double(ratio.den) : aspect
        var turned = orientation
        if let data = av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX), data.pointee.size >= 36,
            let bytes = data.pointee.data
        {
            turned = InputFormats.orientation(at: bytes)
        }
        try writer.write(
            frame, aspect: own, orientation: turned, slot: slot, bytes: bytes, poolGeneration: poolGeneration)
    }
}
