import BulkheadEvents
import BulkheadFLV
import BulkheadMedia
import BulkheadWire
import NIOCore

/// Judges a stream's messages and what a decoder reads in them. It owns no socket, no process and no clock.
struct StreamWatch {
    /// What the owner has to do.
    enum Action {
        case tell(Observation)
        case decode(DecoderRequest, isIDR: Bool)
    }

    /// An access unit whose picture has not come out of the decoder.
    private struct Pending {
        var pts: Int64
        var seconds: Double
    }

    private(set) var numbers = NumberJudge()
    private(set) var gaps = GapJudge()
    private(set) var sync = SyncJudge()
    private(set) var videoTimes = TimestampJudge()
    private(set) var audioTimes = TimestampJudge()
    private(set) var videoRate = RateJudge()
    private(set) var audioRate = RateJudge()
    private(set) var size: (width: Int, height: Int)?
    private(set) var keyframes = 0
    /// What was read in parts of pictures, where these are looked at.
    private(set) var looks: [PartsLook] = []
    private static let mostLooks = 1 << 20
    private var lastIDR: Int64?
    private var shortestInterval: Int64?
    private var longestInterval: Int64?
    private var videoHeader: [UInt8]?
    private var audioHeader: [UInt8]?
    private var videoName = ""
    private var audioName = ""
    private var videoChanges = 0
    private var audioChanges = 0
    private var pending: [Int64: Pending] = [:]
    private var nextUnit: Int64 = 0
    private var lastGapTold = 0.0
    private var toldUndecodable = false
    /// The file's own time takes the place of arrival.
    let isFile: Bool

    /// A gap is told from this many milliseconds on, and when it is longer than the usual one many times over.
    private static let toldGapMilliseconds = 150.0
    /// Pictures come out of a decoder behind at most so many others.
    private static let reorderLimit: Int64 = 64

    init(isFile: Bool) { self.isFile = isFile }

    var secondsOfMedia: Double { Double(videoTimes.span) / 1000 }
    var unitCount: Int64 { nextUnit }
    var pendingCount: Int { pending.count }

    // MARK: what comes

    /// Takes a message of the stream: its FLV payload, which came so many seconds after the first.
    mutating func take(
        _ kind: FLVTag.Kind, timestamp: UInt32, payload: ByteBuffer, at seconds: Double, isDecoding: Bool
    ) -> [Action] {
        switch kind {
        case .video: takeVideo(payload, timestamp, seconds, isDecoding)
        case .audio: takeAudio(payload, timestamp, seconds, isDecoding)
        case .script: []
        }
    }

    private mutating func takeVideo(
        _ payload: ByteBuffer, _ timestamp: UInt32, _ seconds: Double, _ isDecoding: Bool
    ) -> [Action] {
        guard let header = VideoPayloadHeader(payload), header.frameType != .command else { return [] }
        let bytes = Array(payload.readableBytesView.dropFirst(header.byteCount))
        switch header.content {
        case .sequenceHeader:
            guard videoHeader != bytes else { return [] }
            videoName = CodecNames.video(header.codec, configuration: bytes)
            let isChange = videoHeader != nil
            var actions = [Action.tell(Observation(.video(codec: videoName, isChange: isChange), at: seconds))]
            if isChange { videoChanges += 1 }
            videoHeader = bytes
            if let fourCC = CodecNames.fourCC(header.codec) {
                let request = DecoderRequest.configureVideo(codec: fourCC, configuration: bytes)
                actions.append(.decode(request, isIDR: false))
            }
            return actions
        case .accessUnit(let composition):
            return takeAccessUnit(
                bytes, header, timestamp, Int64(composition), payload.readableBytes, seconds, isDecoding)
        case .endOfSequence, .other: return []
        }
    }

    private mutating func takeAccessUnit(
        _ bytes: [UInt8], _ header: VideoPayloadHeader, _ timestamp: UInt32, _ composition: Int64, _ byteCount: Int,
        _ arrival: Double, _ isDecoding: Bool
    ) -> [Action] {
        var actions: [Action] = []
        let unit = nextUnit
        nextUnit += 1
        let (dts, fault) = videoTimes.take(timestamp)
        let seconds = isFile ? secondsOfMedia : arrival
        if let fault { actions.append(.tell(Self.finding(fault, .video, at: seconds, unit: unit))) }
        let usual = gaps.percentile(0.5) ?? 0
        if let gap = gaps.take(unit: unit, at: seconds), gap.milliseconds >= max(Self.toldGapMilliseconds, 4 * usual) {
            actions.append(
                .tell(Observation(.gap(milliseconds: Int(gap.milliseconds.rounded()), unit: unit), at: seconds)))
        }
        videoRate.take(byteCount: byteCount, at: seconds)
        if header.isIDR {
            keyframes += 1
            if let lastIDR, dts > lastIDR {
                shortestInterval = min(shortestInterval ?? .max, dts - lastIDR)
                longestInterval = max(longestInterval ?? 0, dts - lastIDR)
            }
            lastIDR = dts
        }
        if isDecoding {
            pending[unit] = Pending(pts: dts + composition, seconds: seconds)
            actions.append(.decode(.picture(unit: unit, bytes: bytes), isIDR: header.isIDR))
        }
        return actions
    }

    private mutating func takeAudio(
        _ payload: ByteBuffer, _ timestamp: UInt32, _ seconds: Double, _ isDecoding: Bool
    ) -> [Action] {
        guard let header = AudioPayloadHeader(payload) else { return [] }
        let bytes = Array(payload.readableBytesView.dropFirst(header.byteCount))
        let fourCC = Self.audioFourCC(payload, header)
        if header.isSequenceHeader || (audioHeader == nil && fourCC == CodecNames.number(".mp3")) {
            let configuration = header.isSequenceHeader ? bytes : []
            guard audioHeader != configuration else { return [] }
            audioName = CodecNames.audio(fourCC, configuration: configuration)
            let isChange = audioHeader != nil
            var actions = [Action.tell(Observation(.audio(codec: audioName, isChange: isChange), at: seconds))]
            if isChange { audioChanges += 1 }
            audioHeader = configuration
            if let fourCC {
                let request = DecoderRequest.configureAudio(codec: fourCC, configuration: configuration)
                actions.append(.decode(request, isIDR: false))
            }
            return actions
        }
        var actions: [Action] = []
        let (time, fault) = audioTimes.take(timestamp)
        if let fault { actions.append(.tell(Self.finding(fault, .audio, at: seconds, unit: nil))) }
        audioRate.take(byteCount: payload.readableBytes, at: isFile ? secondsOfMedia : seconds)
        if isDecoding {
            let pts = MediaTime(milliseconds: time).nanoseconds
            actions.append(.decode(.sound(pts: pts, bytes: bytes), isIDR: false))
        }
        return actions
    }

    /// The codec of an audio payload; nil for those of the legacy form that have no FourCC.
    private static func audioFourCC(_ payload: ByteBuffer, _ header: AudioPayloadHeader) -> UInt32? {
        switch header.soundFormat {
        case AudioPayloadHeader.aac: CodecNames.number("mp4a")
        case AudioPayloadHeader.enhanced: payload.getInteger(at: payload.readerIndex + 1)
        case 2: CodecNames.number(".mp3")
        default: nil
        }
    }

    private static func finding(
        _ fault: TimestampJudge.Fault, _ track: Track, at seconds: Double, unit: Int64?
    ) -> Observation {
        switch fault {
        case .backwards(let milliseconds):
            Observation(
                .timestampsBackwards(track: track, milliseconds: Int(clamping: milliseconds), unit: unit), at: seconds)
        case .repeated: Observation(.timestampRepeated(track: track, unit: unit), at: seconds)
        case .jump(let milliseconds):
            Observation(
                .timestampsJumped(track: track, milliseconds: Int(clamping: milliseconds), unit: unit), at: seconds)
        }
    }

    // MARK: what is read in it

    /// Takes an answer of the decoder.
    mutating func take(_ reply: DecoderReply) -> [Observation] {
        switch reply {
        case .picture(let picture): return takePicture(picture)
        case .undecodable(let unit):
            guard let entry = pending.removeValue(forKey: unit) else { return [] }
            numbers.skip(1)
            guard !toldUndecodable else { return [] }
            toldUndecodable = true
            return [Observation(.undecodable(unit: unit), at: entry.seconds)]
        case .beep(let pts):
            return Self.observation(offset: sync.take(beepAt: Double(pts) / 1e6), at: secondsOfMedia)
        case .refused(let refusal):
            return [Observation(.decoderTrouble(text: "not decoded: \(refusal)"), at: secondsOfMedia)]
        case .flushed: return []
        }
    }

    private mutating func takePicture(_ picture: DecodedPicture) -> [Observation] {
        // What was answered before a decoder died is answered again by the next one.
        guard let entry = pending.removeValue(forKey: picture.unit) else { return [] }
        size = (Int(picture.width), Int(picture.height))
        giveUp(before: picture.unit - Self.reorderLimit)
        if !picture.partNumbers.isEmpty, looks.count < Self.mostLooks {
            looks.append(PartsLook(milliseconds: entry.pts, numbers: picture.partNumbers))
        }
        var observations: [Observation] = []
        if let number = picture.number {
            let offset = sync.take(flashLuma: picture.flashLuma, at: Double(entry.pts))
            observations = Self.observation(offset: offset, at: entry.seconds)
            gaps.name(unit: picture.unit, frame: number)
        }
        return observations
            + numbers.take(picture.number).map { finding in
                let happening: ViewerHappening =
                    switch finding {
                    case .lost(let range): .framesLost(frame: Int64(range.lowerBound), frames: range.count)
                    case .repeated(let number): .frameRepeated(frame: Int64(number))
                    case .disordered(let number, let earlier):
                        .framesDisordered(frame: Int64(number), after: Int64(earlier))
                    case .restarted(let number, let earlier):
                        .sourceRestarted(frame: Int64(number), after: Int64(earlier))
                    }
                return Observation(happening, at: entry.seconds)
            }
    }

    private static func observation(offset: Double?, at seconds: Double) -> [Observation] {
        guard let offset, abs(offset) >= SyncJudge.noticeable else { return [] }
        return [Observation(.outOfSync(milliseconds: Int(offset.rounded())), at: seconds)]
    }

    /// Notes that these access units are not looked at.
    mutating func skip(_ units: some Sequence<Int64>) {
        let known = units.filter { pending.removeValue(forKey: $0) != nil }
        if !known.isEmpty { numbers.skip(known.count) }
    }

    /// Counts what a decoder has swallowed as not looked at.
    private mutating func giveUp(before unit: Int64) {
        guard pending.count > Int(Self.reorderLimit) else { return }
        skip(pending.keys.filter { $0 < unit })
    }

    /// Notes that nothing more comes out of the decoder.
    mutating func finish() { skip(Array(pending.keys)) }

    /// The first access unit that the decoder has not answered.
    var firstPending: Int64? { pending.keys.min() }

    // MARK: connections

    /// Notes that timestamps begin anew, because the viewer or the publisher has connected anew.
    mutating func beginAnew() {
        videoTimes.beginAnew()
        audioTimes.beginAnew()
        sync.beginAnew()
        lastIDR = nil
        // A publisher that comes again sends again what it doesn't know to have arrived.
        numbers.reconnected()
    }

    // MARK: the report

    func view(at seconds: Double, silentSeconds: Double) -> LiveView {
        let now = isFile ? secondsOfMedia : seconds
        let (framesPerSecond, videoBits) = videoRate.recentRate(at: now)
        return LiveView(
            secondsWatched: now, framesPerSecond: framesPerSecond,
            bitsPerSecond: videoBits + audioRate.recentRate(at: now).bitsPerSecond, frame: numbers.last,
            lost: numbers.lost, repeated: numbers.repeated, disordered: numbers.disordered,
            timestampFaults: [videoTimes, audioTimes].reduce(0) { $0 + $1.backwards + $1.repeated + $1.jumps },
            longestGapMilliseconds: gaps.longest?.milliseconds ?? 0, offsetMilliseconds: sync.typical,
            isNumbered: numbers.numbered > 0, silentSeconds: silentSeconds)
    }

    func report(seconds: Double, reconnects: Int, decoderRestarts: Int) -> StreamReport {
        // Servers begin with what they have kept: by the time of arrival, rates would come out too high.
        let span = secondsOfMedia
        func perSecond(_ amount: Int) -> Double { span > 0 ? Double(amount) / span : 0 }
        var arrival: StreamReport.Arrival?
        if let longest = gaps.longest, let median = gaps.percentile(0.5), let usual = gaps.percentile(0.99) {
            arrival = StreamReport.Arrival(
                longestGap: longest, medianGapMilliseconds: median, usualGapMilliseconds: usual)
        }
        return StreamReport(
            seconds: isFile ? span : seconds,
            video: videoRate.count == 0
                ? nil
                : StreamReport.Video(
                    codec: videoName, width: size?.width, height: size?.height, accessUnits: videoRate.count,
                    framesPerSecond: perSecond(videoRate.count - 1),
                    bitsPerSecond: Int(perSecond(videoRate.byteCount * 8)), keyframes: keyframes,
                    shortestKeyframeIntervalSeconds: shortestInterval.map { Double($0) / 1000 },
                    longestKeyframeIntervalSeconds: longestInterval.map { Double($0) / 1000 },
                    configurationChanges: videoChanges),
            audio: audioRate.count == 0
                ? nil
                : StreamReport.Audio(
                    codec: audioName, packets: audioRate.count,
                    bitsPerSecond: Int(perSecond(audioRate.byteCount * 8)), configurationChanges: audioChanges),
            arrival: arrival, videoTimestamps: .init(videoTimes), audioTimestamps: .init(audioTimes),
            numbers: .init(numbers),
            sync: sync.typical.flatMap { typical in
                sync.worst.map {
                    StreamReport.Sync(
                        typicalOffsetMilliseconds: typical, worstOffsetMilliseconds: $0, beeps: sync.offsets.count)
                }
            },
            reconnects: reconnects, decoderRestarts: decoderRestarts)
    }
}

/// What was read in the parts of one picture that are looked at.
package struct PartsLook: Hashable, Sendable {
    /// The picture's time in the stream.
    package let milliseconds: Int64
    /// In the order of the parts; nil where none could be read.
    package let numbers: [UInt32?]

    package init(milliseconds: Int64, numbers: [UInt32?]) {
        self.milliseconds = milliseconds
        self.numbers = numbers
    }
}
