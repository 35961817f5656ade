import BulkheadMedia
import BulkheadSystem
import BulkheadWire
import CFFmpeg
import Glibc

/// One input that libavformat has open, with the streams that were chosen from it.
///
/// All times that leave it are nanoseconds, with the jumps of the input's timestamps taken out.
final class MediaInput {
    enum Reading {
        case packet(UnsafeMutablePointer<AVPacket>, isVideo: Bool)
        case nothingYet
        case end
        case failed(LibavError)
        case stopped(SourceStop)
    }

    let address: InputAddress
    private(set) var isLive = false
    /// A live stream in segments, which can be made to wait.
    private(set) var isSegmented = false
    /// The file's first timestamp as its header or first packets tell; positions count from it.
    private(set) var startTime: Int64 = 0
    /// From this time on, in nanoseconds, nothing is read; nil for all.
    var outPoint: Int64?
    /// The streams that have come to it.
    private var isPastOut = (video: false, audio: false)
    private(set) var video: UnsafeMutablePointer<AVStream>?
    private(set) var audio: UnsafeMutablePointer<AVStream>?
    private var context: UnsafeMutablePointer<AVFormatContext>?
    private var repair = TimestampRepair(streams: [:], forwardLimit: 1_000_000_000, isLive: false)
    private var held = HeldPackets()
    /// Why no more can be read, behind the packets that are held.
    private var failure: LibavError?
    let interrupt: InterruptGuard
    private let opener: InputOpener
    private let packet: UnsafeMutablePointer<AVPacket>
    /// What is handed out while the other one is being read.
    private let heldPacket: UnsafeMutablePointer<AVPacket>
    private var lastArrival = MonotonicTime.now
    /// How long packets of a live input have been waited for since ``takeWaitingTime()``, in nanoseconds.
    private var waitingTime: Int64 = 0
    private var toldJump: Int64?
    /// Of packets of the chosen streams, since the input was opened first.
    private var readByteCount: UInt64 = 0
    private var corruptCount: UInt64 = 0
    private var keyframes = KeyframeDistance()
    /// Of a live input whose format has no times, which libavformat invents at a rate of its own.
    private var arrivals: ArrivalClock?

    /// A live stream from the network that gives nothing for so long is lost, whatever its connection says.
    static let silenceLimit: Duration = .seconds(12)
    /// One in segments may be that long: a segment, and what its server does about the next.
    static let segmentLimit: Duration = .seconds(30)
    /// From when on an input counts as silent, in nanoseconds.
    private static let silenceBorne: Int64 = 500_000_000
    static let nanoseconds = AVRational(num: 1, den: 1_000_000_000)

    /// - Parameter ahead: it is opened on a thread that must not talk with the master (``InterruptGuard/takeOver()``).
    init(
        _ address: InputAddress, settings: SourceSettings, link: MasterLink, ahead: Cancellation? = nil
    ) throws(OpenFailure) {
        guard let packet = av_packet_alloc() else { throw .refused(Refusal(.other, "memory is short")) }
        self.packet = packet
        guard let heldPacket = av_packet_alloc() else {
            var packet: UnsafeMutablePointer<AVPacket>? = packet
            av_packet_free(&packet)
            throw .refused(Refusal(.other, "memory is short"))
        }
        self.heldPacket = heldPacket
        self.address = address
        interrupt = InterruptGuard(link, ahead: ahead)
        opener = InputOpener(address, settings: settings, interrupt: interrupt)
        LibavLog.start()
        try open()
    }

    deinit {
        close()
        for packet in [packet, heldPacket] {
            var packet: UnsafeMutablePointer<AVPacket>? = packet
            av_packet_free(&packet)
        }
    }

    /// Codecs whose streams say their rate themselves.
    private static let ratedCodecs: Set<String> = ["h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4", "vc1"]

    // MARK: opening

    private func open() throws(OpenFailure) {
        let opened = try opener.open()
        (context, video, audio) = (opened.context, opened.video, opened.audio)
        let context = opened.context
        startTime =
            context.pointee.start_time == bulkhead_av_nopts_value
            ? 0 : context.pointee.start_time.scaled(by: 1000, over: 1)
        // A server passes on what its publisher said of itself, such as the length of the film that is played there.
        let isEndless = isFLV && context.pointee.pb.map { avio_size($0) <= 0 } ?? false
        let hasDuration = context.pointee.duration > 0 && !isEndless
        isSegmented = InputOptions.isSegmented(
            address, format: String(cString: context.pointee.iformat.pointee.name), hasDuration: hasDuration)
        isLive = !isSegmented && InputOptions.isLive(address, hasDuration: hasDuration)
        lastArrival = .now
        if isLive, context.pointee.iformat.pointee.flags & AVFMT_NOTIMESTAMPS != 0, video != nil, audio == nil {
            arrivals = ArrivalClock(step: video.map { Self.packetStep($0, isSteady: false) } ?? 0)
        }
        startTimesAnew(context)
    }

    /// Forgets the packets that were read ahead, and the times of those that came before.
    private func startTimesAnew(_ context: UnsafeMutablePointer<AVFormatContext>) {
        held.removeAll()
        failure = nil
        isPastOut = (false, false)
        let flags = context.pointee.iformat.pointee.flags
        let expectsJumps = isLive || isSegmented || flags & AVFMT_TS_DISCONT != 0
        var streams: [Int: TimestampRepair.Stream] = [:]
        for (stream, isSteady) in [(video, false), (audio, true)] {
            guard let stream else { continue }
            streams[Int(stream.pointee.index)] = TimestampRepair.Stream(
                step: Self.packetStep(stream, isSteady: isSteady), isSteady: isSteady)
        }
        repair = TimestampRepair(
            streams: streams, forwardLimit: expectsJumps ? 1_000_000_000 : 10_000_000_000, isLive: isLive)
    }

    /// How far packets of `stream` are apart, by what its header says; 0 when it says nothing.
    private static func packetStep(_ stream: UnsafeMutablePointer<AVStream>, isSteady: Bool) -> Int64 {
        guard let parameters = stream.pointee.codecpar?.pointee else { return 0 }
        if isSteady {
            guard parameters.frame_size > 0, parameters.sample_rate > 0 else { return 0 }
            return Int64(parameters.frame_size).scaled(by: 1_000_000_000, over: Int64(parameters.sample_rate))
        }
        let rate = stream.pointee.avg_frame_rate
        return rate.num > 0 && rate.den > 0
            ? Int64(1_000_000_000).scaled(by: Int64(rate.den), over: Int64(rate.num)) : 0
    }

    private func close() {
        video = nil
        audio = nil
        held.removeAll()
        // A reader of our own outlives the context: its data can't be read twice.
        avformat_close_input(&context)
    }

    /// Leaves packets of the picture out from now on.
    func discardPictures() {
        video?.pointee.discard = AVDISCARD_ALL
        video = nil
    }

    /// Leaves packets of the sound out from now on.
    func discardSound() {
        audio?.pointee.discard = AVDISCARD_ALL
        audio = nil
    }

    // MARK: reading

    /// The next packet of a chosen stream, with times in nanoseconds. It stays valid until the next call.
    func read() -> Reading {
        while true {
            if let stamp = held.first,
                let times = repair.place(stamp, following: held.following, held.lookahead(isLive: isLive))
            {
                held.takeFirst(into: packet)
                set(times)
                let index = packet.pointee.stream_index
                let isVideo = index == video?.pointee.index
                // What was read ahead may not be used any more.
                guard isVideo || index == audio?.pointee.index else { continue }
                if isPastEnd(isVideo: isVideo) {
                    if hasReadAll { return .end }
                    continue
                }
                return .packet(packet, isVideo: isVideo)
            }
            switch readAhead() {
            case .packet(_, let isVideo):
                let stamp = stamp(of: packet)
                if held.isEmpty, let times = repair.place(stamp, following: [], .more) {
                    set(times)
                    if isPastEnd(isVideo: isVideo) {
                        if hasReadAll { return .end }
                        continue
                    }
                    return .packet(packet, isVideo: isVideo)
                }
                guard held.append(packet, stamp) else { return .failed(LibavError(code: bulkhead_averror(ENOMEM))) }
            case .end where !held.isEmpty: held.isAtEnd = true
            case .failed(let error) where !held.isEmpty:
                // It is said when what came before it is used up; libavformat would then say something else.
                failure = error
                held.isAtEnd = true
            case let other: return other
            }
        }
    }

    /// Whether the packet lies behind ``outPoint``, which is noted of its stream.
    private func isPastEnd(isVideo: Bool) -> Bool {
        let time = packet.pointee.dts == bulkhead_av_nopts_value ? packet.pointee.pts : packet.pointee.dts
        guard let outPoint, time != bulkhead_av_nopts_value, time >= outPoint else { return false }
        if isVideo { isPastOut.video = true } else { isPastOut.audio = true }
        return true
    }

    private var hasReadAll: Bool { (video == nil || isPastOut.video) && (audio == nil || isPastOut.audio) }

    /// A packet that was held back, where the input has been silent for so long that what comes next can't judge it in time;
    /// nil while there is none. It stays valid until the next call, and may be asked for in the midst of ``read()``.
    func takeHeldInSilence() -> (packet: UnsafeMutablePointer<AVPacket>, isVideo: Bool)? {
        guard isSilent else { return nil }
        while let stamp = held.first {
            guard let times = repair.place(stamp, following: held.following, .full) else { return nil }
            held.takeFirst(into: heldPacket)
            Self.set(times, of: heldPacket)
            let index = heldPacket.pointee.stream_index
            let isVideo = index == video?.pointee.index
            if isVideo || index == audio?.pointee.index { return (heldPacket, isVideo) }
        }
        return nil
    }

    /// Nothing has come for a while.
    var isSilent: Bool { MonotonicTime.now.since(lastArrival) > Self.silenceBorne }

    /// Reading may have to wait for more to come.
    var mayKeepWaiting: Bool { isLive || opener.readsPipe || address.kind != .file }

    /// A server sends it as it is made, and what is not read at once waits in the kernel: not so with segments and datagrams.
    var waitsInKernel: Bool {
        guard case .network(let scheme) = address.kind else { return false }
        return scheme.hasPrefix("rtmp") || scheme.hasPrefix("http") && isFLV
    }

    private var isFLV: Bool { context?.pointee.iformat.map { String(cString: $0.pointee.name) } == "flv" }

    /// It comes through a pipe, as somebody makes it.
    var isPiped: Bool { opener.readsPipe }

    /// By how much the input's time has jumped, in nanoseconds, where it has since this was asked last.
    func takeJump() -> Int64? {
        // Of an input without a clock there is nothing to say.
        guard repair.lastJump != toldJump, arrivals == nil else { return nil }
        toldJump = repair.lastJump
        return toldJump
    }

    /// How long packets of a live input have been waited for since this was asked last, in nanoseconds.
    func takeWaitingTime() -> Int64 {
        defer { waitingTime = 0 }
        return waitingTime
    }

    /// The next packet of a chosen stream as it stands in the input, but for the unit of its times.
    private func readAhead() -> Reading {
        guard let context else { return .end }
        if let failure { return .failed(failure) }
        while true {
            av_packet_unref(packet)
            let begin = isLive ? MonotonicTime.now : MonotonicTime(nanoseconds: 0)
            if isSegmented {
                interrupt.restart(deadline: .now.advanced(by: Self.segmentLimit))
            } else if isLive, case .network = address.kind {
                interrupt.restart(deadline: begin.advanced(by: Self.silenceLimit))
            }
            let result = av_read_frame(context, packet)
            if isLive { waitingTime += MonotonicTime.now.since(begin) }
            if let stop = interrupt.stop { return .stopped(stop) }
            switch result {
            case 0...: break
            // What libavformat still had comes between the end of patience and its word on it.
            case bulkhead_averror_exit,
                _ where interrupt.timedOut:
                return .failed(LibavError(code: bulkhead_averror(ETIMEDOUT)))
            case bulkhead_averror_again: return .nothingYet
            case bulkhead_averror_eof: return .end
            default: return .failed(LibavError(code: result))
            }
            let index = packet.pointee.stream_index
            let isVideo = index == video?.pointee.index
            guard isVideo || index == audio?.pointee.index, let stream = isVideo ? video : audio else { continue }
            readByteCount += UInt64(max(0, packet.pointee.size))
            if packet.pointee.flags & AV_PKT_FLAG_CORRUPT != 0 { corruptCount += 1 }
            av_packet_rescale_ts(packet, stream.pointee.time_base, Self.nanoseconds)
            if let time = arrivals?.stamp(at: MonotonicTime.now.nanoseconds) {
                packet.pointee.dts = time
                packet.pointee.pts =
                    (stream.pointee.codecpar?.pointee.video_delay ?? 0) > 0 ? bulkhead_av_nopts_value : time
            }
            packet.pointee.time_base = Self.nanoseconds
            if isVideo, packet.pointee.dts != bulkhead_av_nopts_value {
                keyframes.take(packet.pointee.dts, isKeyframe: packet.pointee.flags & AV_PKT_FLAG_KEY != 0)
            }
            return .packet(packet, isVideo: isVideo)
        }
    }

    private func stamp(of packet: UnsafeMutablePointer<AVPacket>) -> PacketStamp {
        let missing = bulkhead_av_nopts_value
        let now = MonotonicTime.now
        defer { lastArrival = now }
        return PacketStamp(
            stream: Int(packet.pointee.stream_index),
            dts: packet.pointee.dts == missing ? nil : packet.pointee.dts,
            pts: packet.pointee.pts == missing ? nil : packet.pointee.pts,
            elapsed: isLive ? now.since(lastArrival) : 0)
    }

    private func set(_ times: PlacedTimes) { Self.set(times, of: packet) }

    private static func set(_ times: PlacedTimes, of packet: UnsafeMutablePointer<AVPacket>) {
        packet.pointee.dts = times.dts ?? bulkhead_av_nopts_value
        packet.pointee.pts = times.pts ?? bulkhead_av_nopts_value
    }

    /// What has come of a live input from the network; nil for all else.
    /// - Parameter undecoded: packets that no decoder could take.
    func figures(undecoded: Int = 0) -> SourceFigures? {
        guard isLive, case .network = address.kind else { return nil }
        let srt = opener.srtFigures
        return SourceFigures(
            byteCount: readByteCount, dropCount: corruptCount + UInt64(max(0, undecoded)) + (srt?.dropped ?? 0),
            keyframeMilliseconds: keyframes.milliseconds, srt: srt)
    }

    // MARK: seeking

    /// Goes back to the first packet.
    func rewind() throws(OpenFailure) {
        guard let context else { return }
        if opener.readsPipe { throw .refused(Refusal(.settings, "\(address.name) can't be read twice")) }
        startTimesAnew(context)
        let name = String(cString: context.pointee.iformat.pointee.name)
        let result =
            InputOptions.bytewiseFormats.contains(name)
            ? av_seek_frame(context, -1, 0, AVSEEK_FLAG_BYTE)
            : avformat_seek_file(
                context, -1, .min,
                context.pointee.start_time == bulkhead_av_nopts_value
                    ? 0 : context.pointee.start_time, .max, AVSEEK_FLAG_BACKWARD)
        if result >= 0 { return }
        close()
        try open()
    }

    /// Goes to a place from which everything after `position` (nanoseconds from the start) can be decoded; false when
    /// the input can't be read twice.
    func seek(to position: Int64) throws(OpenFailure) -> Bool {
        guard let context, !opener.readsPipe, !isLive, !isSegmented else { return false }
        let name = String(cString: context.pointee.iformat.pointee.name)
        guard InputOptions.bytewiseFormats.contains(name) else {
            // What can't be sought in is read from its start.
            if !jump(to: position) { try rewind() }
            return true
        }
        // These formats don't say where their keyframes are: go back until one comes first.
        var step: Int64 = 0
        while position > step, jump(to: position - step) {
            if leadsToKeyframe(before: position) {
                _ = jump(to: position - step)
                return true
            }
            step = max(2_000_000_000, step * 2)
        }
        try rewind()
        return true
    }

    private func jump(to position: Int64) -> Bool {
        guard let context else { return false }
        startTimesAnew(context)
        let target = max(0, position).scaled(by: 1, over: 1000).addingReportingOverflow(startTime / 1000).partialValue
        return avformat_seek_file(context, -1, .min, target, target, AVSEEK_FLAG_BACKWARD) >= 0
    }

    private func leadsToKeyframe(before position: Int64) -> Bool {
        guard video != nil else { return true }
        while case .packet(let packet, let isVideo) = read() {
            guard isVideo, packet.pointee.pts != bulkhead_av_nopts_value else { continue }
            let place = packet.pointee.pts.subtractingReportingOverflow(startTime).partialValue
            if packet.pointee.flags & AV_PKT_FLAG_KEY != 0 { return place <= position }
            if place > position { return false }
        }
        return false
    }

    // MARK: what it is

    /// The picture is the cover of a file with sound: one that stands as long as the sound.
    var isCover: Bool { video.map { $0.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC != 0 } ?? false }

    /// How long the input says it is, in nanoseconds; 0 where it says nothing.
    var statedLength: Int64 {
        // A length by size and bitrate is a guess.
        guard let context, context.pointee.duration_estimation_method != AVFMT_DURATION_FROM_BITRATE else { return 0 }
        return max(0, context.pointee.duration).scaled(by: 1000, over: 1)
    }

    /// The input is a file with one picture that does not move.
    var isStill: Bool {
        guard case .file = address.kind, let format = context?.pointee.iformat else { return false }
        let name = String(cString: format.pointee.name)
        return name == "image2" || name.hasSuffix("_pipe")
    }

    var description: SourceDescription {
        let duration = context?.pointee.duration ?? 0
        let formats = context.map(InputFormats.init)
        var picture = video.flatMap {
            formats?.picture($0, isStill: isStill || isCover, isDrawn: address.format == "lavfi")
        }
        if let codec = picture?.codec, arrivals != nil, !Self.ratedCodecs.contains(codec) {
            // 25, which libavformat has invented: the pictures come as they come.
            picture?.rateNumerator = 0
            picture?.rateDenominator = 0
        }
        let sound = audio.flatMap { formats?.sound($0) }
        let container = context?.pointee.iformat.map { String(cString: $0.pointee.name) } ?? ""
        var description = SourceDescription(
            hasVideo: video != nil, hasAudio: audio != nil, isLive: isLive,
            duration: isStill && audio == nil ? 0 : isLive || duration <= 0 ? -1 : duration.scaled(by: 1000, over: 1),
            summary: InputSummary(
                container: container, picture: picture, sound: sound,
                pictureTracks: formats?.tracks(AVMEDIA_TYPE_VIDEO) ?? [],
                soundTracks: formats?.tracks(AVMEDIA_TYPE_AUDIO) ?? []
            ).text, picture: picture, sound: sound)
        description.comesBack = isSegmented
        return description
    }

    static func codecName(_ parameters: AVCodecParameters) -> String {
        avcodec_get_name(parameters.codec_id).map { String(cString: $0) } ?? "unknown"
    }
}
