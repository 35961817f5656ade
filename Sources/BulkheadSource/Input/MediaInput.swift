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
    /// The file's first timestamp as its header or first packets tell; positions count from it.
    private(set) var startTime: Int64 = 0
    private(set) var video: UnsafeMutablePointer<AVStream>?
    private(set) var audio: UnsafeMutablePointer<AVStream>?
    private var context: UnsafeMutablePointer<AVFormatContext>?
    private var repair = TimestampRepair(streams: [:], forwardLimit: 1_000_000_000, isLive: false)
    private var held = HeldPackets()
    private var descriptorReader: DescriptorReader?
    private let interrupt: InterruptGuard
    private let settings: SourceSettings
    private let packet: UnsafeMutablePointer<AVPacket>
    private var lastArrival = MonotonicTime.now
    /// How long packets of a live input have been waited for since ``takeWaitingTime()``, in nanoseconds.
    private var waitingTime: Int64 = 0
    private var toldJump: Int64?
    /// Of a live input whose format has no times, which libavformat invents at a rate of its own.
    private var arrivals: ArrivalClock?

    /// A live stream from the network that gives nothing for so long is lost, whatever its connection says.
    static let silenceLimit: Duration = .seconds(12)
    /// How long a server or device may take until its streams are known.
    static let openingLimit: Duration = .seconds(15)
    static let nanoseconds = AVRational(num: 1, den: 1_000_000_000)

    init(_ address: InputAddress, settings: SourceSettings, link: MasterLink) throws(OpenFailure) {
        guard let packet = av_packet_alloc() else { throw .refused(Refusal(.other, "memory is short")) }
        self.packet = packet
        self.address = address
        self.settings = settings
        interrupt = InterruptGuard(link)
        LibavLog.start()
        try open()
    }

    deinit {
        close()
        var packet: UnsafeMutablePointer<AVPacket>? = packet
        av_packet_free(&packet)
    }

    // MARK: opening

    private func open() throws(OpenFailure) {
        if case .file = address.kind { try checkFile() }
        if case .device = address.kind { try DeviceLibrary.load() }
        var format: UnsafePointer<AVInputFormat>?
        if !address.format.isEmpty {
            format = av_find_input_format(address.format)
            if format == nil {
                throw .refused(Refusal(.settings, "the input format \(address.format) isn't known here"))
            }
        }
        let mayBlock = address.kind != .file
        interrupt.restart(deadline: mayBlock ? .now.advanced(by: Self.openingLimit) : nil)
        var result: CInt = 0
        // A camera or screen that can't give the canvas's size or rate gives what it has.
        for options in InputOptions.attempts(address, canvas: settings.canvas, frameRate: settings.frameRate) {
            result = try openContext(format, options)
            if result != bulkhead_averror(EINVAL), result != bulkhead_averror(EIO) { break }
        }
        guard result >= 0, let context else { throw failure(result) }
        let found = avformat_find_stream_info(context, nil)
        guard found >= 0 else { throw failure(found) }
        try chooseStreams(context)
        interrupt.restart(deadline: nil)
        interrupt.reportsWaiting = true
        startTime =
            context.pointee.start_time == bulkhead_av_nopts_value
            ? 0 : context.pointee.start_time.scaled(by: 1000, over: 1)
        isLive = InputOptions.isLive(address, hasDuration: context.pointee.duration > 0)
        lastArrival = .now
        if isLive, context.pointee.iformat.pointee.flags & AVFMT_NOTIMESTAMPS != 0, video != nil, audio == nil {
            arrivals = ArrivalClock(step: video.map { Self.packetStep($0, isSteady: false) } ?? 0)
        }
        startTimesAnew(context)
    }

    private func openContext(
        _ format: UnsafePointer<AVInputFormat>?, _ options: [(String, String)]
    ) throws(OpenFailure) -> CInt {
        guard let created = avformat_alloc_context() else { throw .refused(Refusal(.other, "memory is short")) }
        created.pointee.interrupt_callback = interrupt.callback
        if InputOptions.isLive(address, hasDuration: false) {
            created.pointee.max_analyze_duration = 1_500_000
            created.pointee.fps_probe_size = 2
        }
        if descriptorReader == nil, let descriptor = try pipeDescriptor() {
            descriptorReader = DescriptorReader(descriptor, interrupt: interrupt)
        }
        if let descriptorReader { created.pointee.pb = descriptorReader.context }
        var dictionary: OpaquePointer?
        defer { av_dict_free(&dictionary) }
        for (name, value) in options { av_dict_set(&dictionary, name, value, 0) }
        var opening: UnsafeMutablePointer<AVFormatContext>? = created
        let result = avformat_open_input(&opening, address.target, format, &dictionary)
        context = result >= 0 ? opening : nil
        return result
    }

    /// A descriptor that is read without libavformat's file protocol, which can't be interrupted in a pipe.
    private func pipeDescriptor() throws(OpenFailure) -> CInt? {
        if case .standardInput = address.kind { return STDIN_FILENO }
        guard let path = address.path else { return nil }
        var information = stat()
        guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFIFO else { return nil }
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(bulkhead_averror(errno)) }
        return descriptor
    }

    private func checkFile() throws(OpenFailure) {
        guard let path = address.path else { return }
        var information = stat()
        guard stat(path, &information) == 0, access(path, R_OK) == 0 else {
            throw .refused(LibavError(code: bulkhead_averror(errno)).refusal(opening: address))
        }
        if information.st_mode & S_IFMT == S_IFDIR {
            throw .refused(LibavError(code: bulkhead_averror(EISDIR)).refusal(opening: address))
        }
        if information.st_mode & S_IFMT == S_IFREG, information.st_size == 0 {
            throw .refused(Refusal(.notMedia, "\(address.name) is empty"))
        }
    }

    private func failure(_ code: CInt) -> OpenFailure {
        if let stop = interrupt.stop { return .stopped(stop) }
        if interrupt.timedOut { return .refused(Refusal(.timedOut, "\(address.name) did not answer in time")) }
        let error = LibavError(code: code)
        // The TCP protocol answers with EIO whatever went wrong with the name.
        if code == bulkhead_averror(EIO), let host = address.host, !HostName.isResolvable(host) {
            return .refused(Refusal(.nameNotResolved, "the name \(host) can't be resolved"))
        }
        if code == bulkhead_averror_invalid_data, lacksIndex {
            return .refused(Refusal(.notMedia, "\(address.name) is cut off: its index is missing"))
        }
        return .refused(error.refusal(opening: address))
    }

    /// The file begins as MP4 and QuickTime do, whose index a recording gets at its end.
    private var lacksIndex: Bool {
        guard let path = address.path, let file = fopen(path, "rb") else { return false }
        defer { fclose(file) }
        var head = [UInt8](repeating: 0, count: 8)
        guard fread(&head, 1, head.count, file) == head.count else { return false }
        return Array(head[4...]) == Array("ftyp".utf8)
    }

    private func chooseStreams(_ context: UnsafeMutablePointer<AVFormatContext>) throws(OpenFailure) {
        let videoIndex = av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, nil, 0)
        let audioIndex = av_find_best_stream(context, AVMEDIA_TYPE_AUDIO, -1, videoIndex, nil, 0)
        video = nil
        audio = nil
        guard let streams = context.pointee.streams else { throw failure(bulkhead_averror_stream_not_found) }
        for index in 0..<Int(context.pointee.nb_streams) {
            guard let stream = streams[index] else { continue }
            if index == Int(videoIndex) {
                video = stream
            } else if index == Int(audioIndex) {
                audio = stream
            } else {
                stream.pointee.discard = AVDISCARD_ALL
            }
        }
        if video == nil, audio == nil {
            throw .refused(Refusal(.notMedia, "\(address.name) has neither picture nor sound"))
        }
    }

    /// Forgets the packets that were read ahead, and the times of those that came before.
    private func startTimesAnew(_ context: UnsafeMutablePointer<AVFormatContext>) {
        held.removeAll()
        let flags = context.pointee.iformat.pointee.flags
        let expectsJumps = isLive || flags & AVFMT_TS_DISCONT != 0
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
                return .packet(packet, isVideo: isVideo)
            }
            switch readAhead() {
            case .packet(_, let isVideo):
                let stamp = stamp(of: packet)
                if held.isEmpty, let times = repair.place(stamp, following: [], .more) {
                    set(times)
                    return .packet(packet, isVideo: isVideo)
                }
                guard held.append(packet, stamp) else { return .failed(LibavError(code: bulkhead_averror(ENOMEM))) }
            case .end where !held.isEmpty: held.isAtEnd = true
            case .failed where !held.isEmpty:
                // It will be said again when what came before it is used up.
                held.isAtEnd = true
            case let other: return other
            }
        }
    }

    /// By how much the input's time has jumped, in nanoseconds, where it has since this was asked last.
    func takeJump() -> Int64? {
        guard repair.lastJump != toldJump else { return nil }
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
        while true {
            av_packet_unref(packet)
            let begin = isLive ? MonotonicTime.now : MonotonicTime(nanoseconds: 0)
            if isLive, case .network = address.kind {
                interrupt.restart(deadline: begin.advanced(by: Self.silenceLimit))
            }
            let result = av_read_frame(context, packet)
            if isLive { waitingTime += MonotonicTime.now.since(begin) }
            if let stop = interrupt.stop { return .stopped(stop) }
            switch result {
            case 0...: break
            case _ where interrupt.timedOut: return .failed(LibavError(code: bulkhead_averror(ETIMEDOUT)))
            case bulkhead_averror_again: return .nothingYet
            case bulkhead_averror_eof: return .end
            default: return .failed(LibavError(code: result))
            }
            let index = packet.pointee.stream_index
            let isVideo = index == video?.pointee.index
            guard isVideo || index == audio?.pointee.index, let stream = isVideo ? video : audio else { continue }
            av_packet_rescale_ts(packet, stream.pointee.time_base, Self.nanoseconds)
            if let time = arrivals?.stamp(at: MonotonicTime.now.nanoseconds) {
                packet.pointee.dts = time
                packet.pointee.pts =
                    (stream.pointee.codecpar?.pointee.video_delay ?? 0) > 0 ? bulkhead_av_nopts_value : time
            }
            packet.pointee.time_base = Self.nanoseconds
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

    private func set(_ times: PlacedTimes) {
        packet.pointee.dts = times.dts ?? bulkhead_av_nopts_value
        packet.pointee.pts = times.pts ?? bulkhead_av_nopts_value
    }

    // MARK: seeking

    /// Goes back to the first packet.
    func rewind() throws(OpenFailure) {
        guard let context else { return }
        if descriptorReader != nil { throw .refused(Refusal(.settings, "\(address.name) can't be read twice")) }
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
        guard let context, descriptorReader == nil, !isLive else { return false }
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
        return SourceDescription(
            hasVideo: video != nil, hasAudio: audio != nil, isLive: isLive,
            duration: isStill && audio == nil ? 0 : isLive || duration <= 0 ? -1 : duration.scaled(by: 1000, over: 1),
            summary: context.map { InputSummary(context: $0, video: video, audio: audio).text } ?? "")
    }

    static func codecName(_ parameters: AVCodecParameters) -> String {
        avcodec_get_name(parameters.codec_id).map { String(cString: $0) } ?? "unknown"
    }
}
