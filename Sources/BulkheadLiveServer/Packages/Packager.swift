import BulkheadFLV
import BulkheadMP4
package import BulkheadRTMP
package import NIOCore

/// A piece of a stream as MP4, which is one part of an HLS segment as well.
package struct MediaPart: Hashable, Sendable {
    /// `moof` and `mdat`.
    package let bytes: ByteBuffer
    /// When its first sample is decoded, in milliseconds of the stream.
    package let start: Int64
    /// Up to the next part, in milliseconds.
    package let duration: Int64
    /// It begins with a picture that a decoder can start with, or there are no pictures.
    package let isIndependent: Bool
    /// Nothing of what was before leads here: a gap, or another publisher.
    package let isBehindGap: Bool

    package init(bytes: ByteBuffer, start: Int64, duration: Int64, isIndependent: Bool, isBehindGap: Bool) {
        self.bytes = bytes
        self.start = start
        self.duration = duration
        self.isIndependent = isIndependent
        self.isBehindGap = isBehindGap
    }
}

/// Makes MP4 of a stream's messages: an initialization segment, and parts of a quarter of a second.
///
/// A part ends where the next picture would make it too long, and before each picture that a decoder can start with. Which
/// tracks there are is decided by what comes first: pictures wait half a second for sound, sound a second for pictures. H.264,
/// H.265 and AV1 are packaged, and AAC. A value: no clock, no socket.
package struct Packager: Sendable {
    package enum Output: Hashable, Sendable {
        /// Other tracks, or other configurations, from the next part on.
        case tracks(PackagedTracks)
        case part(MediaPart)
    }

    /// Why a stream has no MP4.
    package enum Obstacle: Hashable, Sendable {
        /// Nothing has come yet that can be played.
        case nothingYet
        /// Pictures are coded so, which has no place in MP4 here.
        case pictures(String)
        /// Sound is coded so.
        case sound(String)
    }

    /// How long a part is at most, in milliseconds; longer where pictures come more slowly.
    package static let partMilliseconds: Int64 = 250
    private static let patienceForSound: Int64 = 500
    private static let patienceForPictures: Int64 = 1000
    /// In bytes, of what is waiting for tracks or for the end of a part.
    private static let waitingByteLimit = 32 << 20

    private struct Unit {
        let isVideo: Bool
        let time: Int64
        let compositionOffset: Int64
        let isKey: Bool
        let isDisposable: Bool
        let bytes: [UInt8]
    }

    private var video: VideoTrack?
    private var sound: SoundTrack?
    private var size: (width: UInt16, height: UInt16)?
    private var waiting: [Unit] = []
    private var waitingByteCount = 0
    private var writer: LiveFragmentWriter?
    private var isBehindGap = false
    /// In ticks of the sound's track: where the next frame belongs.
    private var soundTicks: Int64?
    /// Of the picture before, in milliseconds.
    private var lastPictureDuration: Int64 = 40
    /// Pictures before the first that a decoder can start with are left out.
    private var awaitsKey = true
    /// Why there are no parts; nil where there are some.
    package private(set) var obstacle: Obstacle? = .nothingYet

    package init() {}

    // MARK: what comes

    /// Takes a message that came at `time`, in milliseconds of the stream.
    package mutating func take(_ message: Message, at time: Int64) -> [Output] {
        switch message.type {
        case .video: return take(picture: message.payload, at: time)
        case .audio: return take(sound: message.payload, at: time)
        case .data:
            noteSize(message.payload)
            return []
        default: return []
        }
    }

    /// What comes has nothing to do with what came: the last part is given, and the next one begins with a picture that a decoder
    /// can start with.
    package mutating func breakOff() -> [Output] {
        let rest = cut(through: waiting.count, until: nil)
        isBehindGap = true
        awaitsKey = true
        soundTicks = nil
        return rest
    }

    /// Another publisher: nothing is known of its stream.
    package mutating func restart() -> [Output] {
        let rest = breakOff()
        waiting = []
        waitingByteCount = 0
        (video, sound, size, writer) = (nil, nil, nil, nil)
        obstacle = .nothingYet
        return rest
    }

    private mutating func take(picture payload: ByteBuffer, at time: Int64) -> [Output] {
        guard let header = VideoPayloadHeader(payload) else { return [] }
        guard let coding = header.codec.packaged else {
            if header.frameType != .command { obstacle = .pictures(header.codec.name) }
            return []
        }
        let data = Array(payload.readableBytesView.dropFirst(header.byteCount))
        switch header.content {
        case .sequenceHeader: return configure(coding, data)
        case .accessUnit(let compositionTime):
            guard video != nil, header.frameType != .command, !data.isEmpty else { return [] }
            if awaitsKey {
                guard header.isIDR else { return [] }
                awaitsKey = false
            }
            return add(
                Unit(
                    isVideo: true, time: time, compositionOffset: Int64(compositionTime), isKey: header.isIDR,
                    isDisposable: header.frameType == .disposableInter, bytes: data))
        case .endOfSequence, .other: return []
        }
    }

    private mutating func configure(_ coding: VideoTrack.Coding, _ record: [UInt8]) -> [Output] {
        guard record.count >= 4 else { return [] }
        let own = coding == .avc ? PictureSize(avcConfiguration: record).map { ($0.width, $0.height) } : nil
        guard let size = own ?? size else {
            obstacle = .pictures("a coding whose size was not said")
            return []
        }
        let track = VideoTrack(coding, avcConfiguration: record, width: size.0, height: size.1)
        guard track != video else { return [] }
        let rest = writer == nil ? [] : cut(through: waiting.count, until: nil)
        // Sound from before the first picture.
        (waiting, waitingByteCount) = ([], 0)
        video = track
        writer = nil
        awaitsKey = true
        return rest
    }

    private mutating func take(sound payload: ByteBuffer, at time: Int64) -> [Output] {
        guard let header = AudioPayloadHeader(payload) else { return [] }
        guard header.soundFormat == AudioPayloadHeader.aac else {
            if video == nil { obstacle = .sound("a coding other than AAC") }
            return []
        }
        let data = Array(payload.readableBytesView.dropFirst(header.byteCount))
        if header.isSequenceHeader {
            guard let track = SoundTrack(audioSpecificConfig: data), track != sound else { return [] }
            let rest = writer == nil ? [] : cut(through: waiting.count, until: nil)
            sound = track
            soundTicks = nil
            // Pictures are not started anew: the tracks are settled where the next one that a decoder can start with comes.
            if writer != nil { (writer, awaitsKey) = (nil, video != nil) }
            return rest
        }
        guard sound != nil, !data.isEmpty, video == nil || !awaitsKey else { return [] }
        return add(
            Unit(isVideo: false, time: time, compositionOffset: 0, isKey: true, isDisposable: false, bytes: data))
    }

    /// What onMetaData says of the pictures' size.
    private mutating func noteSize(_ payload: ByteBuffer) {
        var (rest, decoder) = (payload, AMF0Decoder())
        guard let values = try? decoder.decodeAll(from: &rest), let properties = values.last,
            let width = properties["width"]?.number, let height = properties["height"]?.number,
            (1...65_535).contains(width), (1...65_535).contains(height)
        else { return }
        size = (UInt16(width), UInt16(height))
    }

    // MARK: parts

    private mutating func add(_ unit: Unit) -> [Output] {
        guard waitingByteCount + unit.bytes.count <= Self.waitingByteLimit else {
            waiting = []
            waitingByteCount = 0
            return breakOff()
        }
        if unit.isVideo, let last = waiting.last(where: \.isVideo) {
            lastPictureDuration = max(1, min(10_000, unit.time - last.time))
        }
        waiting.append(unit)
        waitingByteCount += unit.bytes.count
        var outputs: [Output] = []
        while isSettled, let next = startOfNextPart {
            outputs += cut(through: next, until: waiting[next].time)
        }
        return outputs
    }

    /// Where in what waits a part begins that is not the first.
    private var startOfNextPart: Int? {
        guard let first = waiting.firstIndex(where: isLeading) else { return nil }
        let limit = max(Self.partMilliseconds, ownDuration(of: waiting[first]))
        return waiting.indices.dropFirst(first + 1).first { index in
            let unit = waiting[index]
            guard isLeading(unit) else { return false }
            // Where it would lead beyond the limit, it does not belong to the first part any more.
            return unit.isVideo && unit.isKey || unit.time - waiting[first].time + ownDuration(of: unit) > limit
        }
    }

    /// Pictures say where parts begin and end; without any, sound does.
    private func isLeading(_ unit: Unit) -> Bool { unit.isVideo || video == nil }

    /// Whether it is known which tracks there are.
    private var isSettled: Bool {
        if writer != nil || video != nil && sound != nil { return true }
        guard let first = waiting.first, let last = waiting.last else { return false }
        return last.time - first.time > (video != nil ? Self.patienceForSound : Self.patienceForPictures)
    }

    /// Gives the first `count` of what waits as a part.
    private mutating func cut(through count: Int, until next: Int64?) -> [Output] {
        guard isSettled, count > 0, let first = waiting.first else { return [] }
        var outputs: [Output] = []
        if writer == nil {
            let tracks = PackagedTracks(video: video, sound: sound)
            writer = LiveFragmentWriter(tracks: tracks.tracks)
            outputs.append(.tracks(tracks))
            obstacle = nil
        }
        let units = waiting.prefix(count)
        waiting.removeFirst(count)
        waitingByteCount = waiting.reduce(0) { $0 + $1.bytes.count }
        let leading = units.first(where: isLeading) ?? first
        let end = next ?? (units.last { $0.isVideo == leading.isVideo }.map { $0.time + ownDuration(of: $0) })
        let samples = samples(Array(units), until: end)
        guard let bytes = try? writer?.fragment(of: samples) else { return outputs }
        outputs.append(
            .part(
                MediaPart(
                    bytes: ByteBuffer(bytes: bytes), start: leading.time,
                    duration: max(1, (end ?? leading.time) - leading.time),
                    isIndependent: video == nil || leading.isVideo && leading.isKey, isBehindGap: isBehindGap)))
        isBehindGap = false
        return outputs
    }

    private func ownDuration(of unit: Unit) -> Int64 {
        unit.isVideo ? lastPictureDuration : 1 + 1_024_000 / Int64(sound?.sampleRate ?? 48_000)
    }

    private mutating func samples(_ units: [Unit], until end: Int64?) -> [Sample] {
        let pictures = units.filter(\.isVideo)
        var samples: [Sample] = []
        for (index, unit) in pictures.enumerated() {
            let next = index + 1 < pictures.count ? pictures[index + 1].time : end ?? unit.time + lastPictureDuration
            samples.append(
                Sample(
                    track: PackagedTracks.videoID, dts: max(0, unit.time &* 90),
                    compositionOffset: Int32(clamping: unit.compositionOffset * 90),
                    duration: UInt32(clamping: max(1, next - unit.time) * 90), isSync: unit.isKey,
                    isDisposable: unit.isDisposable, bytes: unit.bytes))
        }
        guard let sound else { return samples }
        let rate = Int64(sound.sampleRate)
        for unit in units where !unit.isVideo {
            let exact = unit.time.multipliedReportingOverflow(by: rate).partialValue / 1000
            // Milliseconds are too coarse for sound: frames follow each other while the timestamps agree.
            var ticks = soundTicks ?? max(0, exact)
            if abs(ticks - exact) > rate / 10 { ticks = max(ticks, exact) }
            soundTicks = ticks + sound.frameTicks
            samples.append(
                Sample(
                    track: PackagedTracks.soundID, dts: ticks, duration: UInt32(clamping: sound.frameTicks),
                    bytes: unit.bytes))
        }
        return samples
    }
}

extension VideoPayloadHeader.Codec {
    /// The coding in MP4; nil for those that are not packaged.
    fileprivate var packaged: VideoTrack.Coding? {
        switch self {
        case .avc, .fourCC(0x6176_6331): .avc
        case .fourCC(0x6876_6331): .hevc
        case .fourCC(0x6176_3031): .av1
        case .legacy, .fourCC: nil
        }
    }

    fileprivate var name: String {
        switch self {
        case .legacy(let number): "codec \(number)"
        case .fourCC(let code):
            String(decoding: (0..<4).map { UInt8(truncatingIfNeeded: code >> (24 - 8 * $0)) & 0x7F }, as: UTF8.self)
        }
    }
}
