import BulkheadChildRuntime
import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Testing

/// A real `bulkhead-source` with a pool, and this test as a master that wants all it can get.
final class SourceUnderTest {
    struct Shot: Equatable {
        var pts: Int64
        var position: Int64
    }

    struct Entered: Equatable {
        var entry: UInt32
        var time: Int64
    }

    /// What came until the test had enough.
    struct Take {
        var description: SourceDescription?
        var shots: [Shot] = []
        var firstSample: Int64?
        /// Interleaved stereo.
        var samples: [Float] = []
        var notices: [String] = []
        var waitingCount = 0
        var entered: [Entered] = []
        var places: [PlaylistPlace] = []
        /// As JPEGs.
        var thumbnails: [[UInt8]] = []
        /// Files that were being opened ahead, and what came of each.
        var preparing: [String] = []
        var prepared: [String] = []
        var skipAnswers: [Refusal?] = []
        var formats: [CopiedFormat] = []
        var copied: [CopiedPacket] = []
        var failure: Refusal?
        var hasEnded = false
    }

    let canvas: Canvas
    let layout: PictureLayout
    let child: ChildUnderTest<SourceReply>
    private let mapping: PoolMapping
    private let slotCount: UInt32
    private(set) var take = Take()
    /// Slots are not lent again for now: the pictures in them wait for their turn.
    var keepsSlots = false
    private var keptSlots: [UInt32] = []

    init(
        _ url: String, inputFormat: String = "", canvas size: String = "320x180", rate: String = "30",
        loops: Bool = false, deinterlacing: Deinterlacing = .auto, resume: SourceResume? = nil,
        playlist: PlaylistSettings = PlaylistSettings(), slotCount: Int = 8,
        hasAlpha: Bool = false, card: Card? = nil, variables: [String] = [],
        beforeOpening: (Int32) throws -> Void = { _ in }
    ) throws {
        canvas = try #require(Canvas(size))
        self.slotCount = UInt32(slotCount)
        layout = PictureLayout(canvas, hasAlpha: hasAlpha)
        let pool = try FramePool(id: 7, canvas: canvas, slotCount: slotCount, hasAlpha: hasAlpha)
        child = try ChildUnderTest(.source, variables: variables)
        let reader = try pool.readerDescriptor()
        mapping = try PoolMapping(pool.shape, reader, access: .readOnly)
        reader.close()
        let writer = try pool.writerDescriptor()
        let frameRate = try #require(FrameRate(rate))
        var settings = SourceSettings(
            url: url, inputFormat: inputFormat, canvas: canvas, frameRate: frameRate, loops: loops,
            deinterlacing: deinterlacing, resume: resume)
        settings.card = card
        settings.playlist = playlist
        try beforeOpening(child.pid)
        try child.send(SourceRequest.open(settings))
        try child.send(SourceRequest.pool(pool.shape), passing: writer)
        writer.close()
        try child.send(SourceRequest.play(canvas, frameRate, hasAlpha: hasAlpha))
        if let resume { try child.send(SourceRequest.audioCredit(untilSample: resume.audioSample + 96_000)) }
    }

    /// Lets the source play until it has ended or failed, or `isEnough` says so after a message. `look` sees each
    /// picture before its slot is lent again.
    func play(
        look: (Shot, UnsafeRawBufferPointer) throws -> Void = { _, _ in },
        until isEnough: (Take) -> Bool = { _ in false }
    ) throws {
        if take.description == nil {
            for slot in 0..<slotCount { try child.send(SourceRequest.lend(slot: slot)) }
            try child.send(SourceRequest.audioCredit(untilSample: 96_000))
        }
        let deadline = MonotonicTime.now.advanced(by: .seconds(60))
        while !take.hasEnded, take.failure == nil {
            try #require(MonotonicTime.now < deadline, "the source is done in time")
            switch try child.reply() {
            case .opened(let description): take.description = description
            case .video(let slot, let pts, let position):
                let bytes = try #require(mapping.bytes(of: slot))
                let shot = Shot(pts: pts, position: position)
                take.shots.append(shot)
                try look(shot, UnsafeRawBufferPointer(bytes))
                if keepsSlots { keptSlots.append(slot) } else { try child.send(SourceRequest.lend(slot: slot)) }
                let sample = MediaTime(nanoseconds: pts).sampleIndex
                try child.send(SourceRequest.audioCredit(untilSample: sample + 96_000))
            case .audio(let start, let samples):
                let first = take.firstSample ?? start
                take.firstSample = first
                try #require(start == first + Int64(take.samples.count / 2), "sound is contiguous")
                take.samples += samples
                if take.shots.isEmpty {
                    try child.send(SourceRequest.audioCredit(untilSample: start + 192_000))
                }
            case .entered(let place, let time):
                take.places.append(place)
                take.entered.append(Entered(entry: place.number, time: time))
            case .preparing(let file): take.preparing.append(file)
            case .prepared(let next): take.prepared.append(next)
            case .leftOut(_, let refusal): take.notices.append("\(refusal.description); it is left out")
            case .skipping(let refusal): take.skipAnswers.append(refusal)
            case .copies(let format): take.formats.append(format)
            case .copied(let packet):
                take.copied.append(packet)
                try child.send(SourceRequest.copy(until: packet.dts.nanoseconds + 2_000_000_000))
            case .counted: break
            case .thumbnail(let bytes): take.thumbnails.append(bytes)
            case .waiting: take.waitingCount += 1
            case .notice(let text): take.notices.append(text)
            case .ended: take.hasEnded = true
            case .failed(let refusal): take.failure = refusal
            }
            if isEnough(take) { return }
        }
    }

    /// Lends all slots again, those that were kept first.
    func lendAgain() throws {
        keepsSlots = false
        for slot in keptSlots { try child.send(SourceRequest.lend(slot: slot)) }
        keptSlots = []
    }

    /// The alpha of one pixel; nil where pictures have none.
    func alpha(_ bytes: UnsafeRawBufferPointer, _ x: Int, _ y: Int) -> Int? {
        layout.alpha.map { Int(bytes[$0.offset + y * $0.stride + x]) }
    }

    /// The mean of a rectangle of the luma plane, and of the colours under it.
    func mean(_ bytes: UnsafeRawBufferPointer, _ area: PixelRectangle) -> (y: Int, cb: Int, cr: Int) {
        func mean(_ plane: PictureLayout.Plane, _ divisor: Int) -> Int {
            var sum = 0
            var count = 0
            for y in area.y / divisor..<(area.y + area.height) / divisor {
                for x in area.x / divisor..<(area.x + area.width) / divisor {
                    sum += Int(bytes[plane.offset + y * plane.stride + x])
                    count += 1
                }
            }
            return count == 0 ? -1 : sum / count
        }
        return (mean(canvas.layout.luma, 1), mean(canvas.layout.cb, 2), mean(canvas.layout.cr, 2))
    }

    /// The picture's bytes without the padding of its rows.
    func pixels(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        canvas.layout.planes.flatMap { plane in
            (0..<plane.height).flatMap {
                bytes[plane.offset + $0 * plane.stride..<plane.offset + $0 * plane.stride + plane.width]
            }
        }
    }
}

/// Media files made with the ffmpeg program, in a folder that is removed with this object.
final class MediaFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "bulkhead-source-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    subscript(name: String) -> String { path + "/" + name }

    /// Makes a file: `arguments`, as they would stand in a shell without quotes, come before its name.
    func make(_ name: String, _ arguments: String) throws -> String {
        let process = try Self.ffmpeg(arguments.split(separator: " ").map(String.init) + ["-y", self[name]])
        let status = try process.waitOnThisThread()
        try #require(status == 0, "ffmpeg made \(name): \(process.errorText)")
        return self[name]
    }

    /// Starts ffmpeg; whoever calls ends it.
    static func ffmpeg(_ arguments: [String]) throws -> RunningProcess {
        try RunningProcess("ffmpeg", ["-v", "error", "-nostdin"] + arguments)
    }

    func bytes(of name: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(fileURLWithPath: self[name]))) }

    func write(_ bytes: some Collection<UInt8>, to name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: self[name]))
        return self[name]
    }

    /// Options for quick H.264.
    static let x264 = "-pix_fmt yuv420p -c:v libx264 -preset ultrafast"

    static func picture(_ seconds: Double, size: String = "320x180", rate: Int = 30) -> String {
        "-f lavfi -i testsrc2=s=\(size):r=\(rate):d=\(seconds)"
    }

    static func sound(_ seconds: Double, sampleRate: Int = 48_000) -> String {
        "-f lavfi -i sine=f=440:d=\(seconds):r=\(sampleRate)"
    }
}
