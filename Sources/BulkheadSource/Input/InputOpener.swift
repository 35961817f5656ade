import BulkheadMedia
import BulkheadSRT
import BulkheadSystem
import BulkheadWire
import CFFmpeg
import Glibc

/// What libavformat has opened, with the streams that were chosen from it. Whoever has it closes the context.
struct OpenedInput {
    let context: UnsafeMutablePointer<AVFormatContext>
    let video: UnsafeMutablePointer<AVStream>?
    let audio: UnsafeMutablePointer<AVStream>?
}

/// Opens what an address names, as often as it is read from its start, and says why that can't be done.
final class InputOpener {
    private let address: InputAddress
    private let settings: SourceSettings
    private let interrupt: InterruptGuard
    private var context: UnsafeMutablePointer<AVFormatContext>?
    /// A reader of our own outlives every context: its data can't be read twice.
    private var descriptorReader: DescriptorReader?
    /// The connection of an input by SRT; it outlives the context.
    private var srtReader: SRTReader?

    /// How long a server or device may take until its streams are known.
    private static let openingLimit: Duration = .seconds(15)
    /// Little more than a second of what a small camera sends; libavformat's own is a megabyte.
    private static let bareProbeByteCount: CInt = 1 << 14
    /// How long a pipe may be silent before what it has brought has to do.
    private static let silenceBorne: Duration = .seconds(2)
    /// In microseconds of the stream's own time.
    private static let bareAnalysis: Int64 = 600_000

    init(_ address: InputAddress, settings: SourceSettings, interrupt: InterruptGuard) {
        self.address = address
        self.settings = settings
        self.interrupt = interrupt
    }

    /// The input can be read once.
    var readsPipe: Bool { descriptorReader != nil }

    /// What libsrt has counted of an input by SRT; nil for others.
    var srtFigures: SRTFigures? { srtReader?.figures }

    /// Opens the input and chooses the streams.
    func open() throws(OpenFailure) -> OpenedInput {
        if case .file = address.kind { try checkFile() }
        if case .device = address.kind { try DeviceLibrary.load() }
        var format: UnsafePointer<AVInputFormat>?
        if !address.format.isEmpty {
            format = av_find_input_format(address.format)
            if format == nil {
                throw .refused(Refusal(.settings, "the input format \(address.format) isn't known here"))
            }
        }
        // One that is called waits as long as it takes, and says that it does.
        let isCalled = address.isCalled
        if isCalled { interrupt.reportsWaiting = true }
        let mayBlock = address.kind != .file && !isCalled
        interrupt.restart(deadline: mayBlock ? .now.advanced(by: Self.openingLimit) : nil)
        context = nil
        if let srt = address.srt {
            // The last connection goes before the next one comes.
            srtReader = nil
            do throws(OpenFailure) {
                srtReader = try SRTReader(srt, named: address.name, interrupt: interrupt)
            } catch { throw interrupt.timedOut ? failure(bulkhead_averror(ETIMEDOUT)) : error }
            // Whoever has called is now looked at as one who was called.
            if isCalled { interrupt.restart(deadline: .now.advanced(by: Self.openingLimit)) }
        }
        var result: CInt = 0
        // A camera or screen that can't give the canvas's size or rate gives what it has.
        for options in InputOptions.attempts(address, canvas: settings.canvas, frameRate: settings.frameRate) {
            result = try openContext(format, options)
            if result != bulkhead_averror(EINVAL), result != bulkhead_averror(EIO) { break }
        }
        guard result >= 0, let context else { throw failure(result) }
        do throws(OpenFailure) {
            try PictureLimit.check(context, of: address.name)
            try analyze(context)
            try PictureLimit.check(context, of: address.name)
            let streams = try streams(of: context)
            interrupt.restart(deadline: nil)
            interrupt.reportsWaiting = true
            return OpenedInput(context: context, video: streams.video, audio: streams.audio)
        } catch {
            avformat_close_input(&self.context)
            throw error
        }
    }

    /// Finds out what the streams are.
    ///
    /// A bare stream without times that comes as it is made, through a pipe or a connection, such as a camera's H.264, has one stream and tells
    /// all in its first pictures; libavformat would listen for five seconds.
    private func analyze(_ context: UnsafeMutablePointer<AVFormatContext>) throws(OpenFailure) {
        let usual = context.pointee.max_analyze_duration
        let format = String(cString: context.pointee.iformat.pointee.name)
        let comesAsMade = readsPipe || InputOptions.isLive(address, hasDuration: false)
        let isBare = comesAsMade && InputOptions.bareFormats.contains(format)
        if isBare { context.pointee.max_analyze_duration = Self.bareAnalysis }
        let found = findStreams(context, format)
        guard found >= 0 else { throw failure(found) }
        guard isBare else { return }
        context.pointee.max_analyze_duration = usual
        let parameters = context.pointee.streams?[0]?.pointee.codecpar?.pointee
        // Where it was joined in the midst of a GOP, what tells is still to come.
        guard parameters?.codec_type == AVMEDIA_TYPE_VIDEO, parameters?.width == 0 else { return }
        let again = PictureLimit.findStreams(context)
        guard again >= 0 else { throw failure(again) }
    }

    /// What a pipe brings at first and then keeps silent is to be shown, although more would tell more about it.
    private func findStreams(_ context: UnsafeMutablePointer<AVFormatContext>, _ format: String) -> CInt {
        guard let reader = descriptorReader, InputOptions.resumableFormats.contains(format) else {
            return PictureLimit.findStreams(context)
        }
        let found = reader.ending(afterSilenceOf: Self.silenceBorne) { PictureLimit.findStreams(context) }
        let isKnown = (0..<Int(context.pointee.nb_streams)).contains { index in
            let parameters = context.pointee.streams?[index]?.pointee.codecpar?.pointee
            return (parameters?.width ?? 0) > 0 || (parameters?.sample_rate ?? 0) > 0
        }
        return isKnown ? found : PictureLimit.findStreams(context)
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
        if InputOptions.isBareTransport(address) {
            // Formats without a header to go by are looked at up to here before they are believed.
            created.pointee.format_probesize = Self.bareProbeByteCount
        }
        if descriptorReader == nil, let descriptor = try pipeDescriptor() {
            descriptorReader = DescriptorReader(descriptor, interrupt: interrupt)
        }
        if let descriptorReader { created.pointee.pb = descriptorReader.context }
        if let srtReader { created.pointee.pb = srtReader.context }
        var dictionary: OpaquePointer?
        defer { av_dict_free(&dictionary) }
        for (name, value) in options { av_dict_set(&dictionary, name, value, 0) }
        var opening: UnsafeMutablePointer<AVFormatContext>? = created
        let result = avformat_open_input(&opening, FileName.bytes(address.target), format, &dictionary)
        context = result >= 0 ? opening : nil
        return result
    }

    /// A descriptor that is read without libavformat's file protocol, which can't be interrupted in a pipe.
    private func pipeDescriptor() throws(OpenFailure) -> CInt? {
        if case .standardInput = address.kind { return STDIN_FILENO }
        guard let path = address.path else { return nil }
        var information = stat()
        guard stat(FileName.bytes(path), &information) == 0, information.st_mode & S_IFMT == S_IFIFO else { return nil }
        let descriptor = Glibc.open(FileName.bytes(path), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(bulkhead_averror(errno)) }
        return descriptor
    }

    private func checkFile() throws(OpenFailure) {
        guard let path = address.path else { return }
        var information = stat()
        let name = FileName.bytes(path)
        guard stat(name, &information) == 0, access(name, R_OK) == 0 else {
            throw .refused(LibavError(code: bulkhead_averror(errno)).refusal(opening: address))
        }
        if information.st_mode & S_IFMT == S_IFDIR {
            throw .refused(LibavError(code: bulkhead_averror(EISDIR)).refusal(opening: address))
        }
        if information.st_mode & S_IFMT == S_IFREG, information.st_size == 0 {
            throw .refused(Refusal(.other, "\(address.name) is empty"))
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
            return .refused(Refusal(.other, "\(address.name) is cut off: its index is missing"))
        }
        return .refused(error.refusal(opening: address))
    }

    /// The file begins as MP4 and QuickTime do, whose index a recording gets at its end.
    private var lacksIndex: Bool {
        guard let path = address.path, let file = fopen(FileName.bytes(path), "rb") else { return false }
        defer { fclose(file) }
        var head = [UInt8](repeating: 0, count: 8)
        guard fread(&head, 1, head.count, file) == head.count else { return false }
        return Array(head[4...]) == Array("ftyp".utf8)
    }

    /// The stream that gives the picture or the sound; negative for none.
    private func index(
        of type: AVMediaType, _ choice: TrackChoice, beside other: CInt,
        in context: UnsafeMutablePointer<AVFormatContext>
    ) throws(OpenFailure) -> CInt {
        switch choice {
        case .automatic: return av_find_best_stream(context, type, -1, other, nil, 0)
        case .none: return -1
        case .number, .language: break
        }
        let alike = (0..<Int(context.pointee.nb_streams)).compactMap { context.pointee.streams?[$0] }.filter {
            $0.pointee.codecpar?.pointee.codec_type == type
        }
        let languages = alike.map { stream in
            av_dict_get(stream.pointee.metadata, "language", nil, 0).map { String(cString: $0.pointee.value) } ?? ""
        }
        guard let place = choice.place(among: languages) else {
            let kind = type == AVMEDIA_TYPE_VIDEO ? "picture" : "sound"
            let there = languages.enumerated().map { $1.isEmpty ? "\($0 + 1)" : "\($0 + 1) (\($1))" }
            let list = there.isEmpty ? "it has none" : "there are: \(there.joined(separator: ", "))"
            throw .refused(Refusal(.settings, "\(address.name) has no track \(choice) with \(kind); \(list)"))
        }
        return alike[place].pointee.index
    }

    private func streams(
        of context: UnsafeMutablePointer<AVFormatContext>
    ) throws(OpenFailure) -> (video: UnsafeMutablePointer<AVStream>?, audio: UnsafeMutablePointer<AVStream>?) {
        let videoIndex = try index(of: AVMEDIA_TYPE_VIDEO, settings.video, beside: -1, in: context)
        let audioIndex = try index(of: AVMEDIA_TYPE_AUDIO, settings.audio, beside: videoIndex, in: context)
        var video: UnsafeMutablePointer<AVStream>?
        var audio: UnsafeMutablePointer<AVStream>?
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
            throw .refused(Refusal(.other, "\(address.name) has neither picture nor sound"))
        }
        return (video, audio)
    }
}
