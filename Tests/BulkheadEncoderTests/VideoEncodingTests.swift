import BulkheadChildRuntime
import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import Foundation
import SystemPackage
import Testing

extension VideoSettings {
    /// 320x240 at 30 frames a second, 600 kbit/s, an IDR every 30 frames, veryfast.
    static func small(
        bframes: UInt8? = nil, tune: String = "", profile: String = "", keyframeInterval: UInt32 = 30,
        bitsPerSecond: UInt32 = 600_000, frameRate: FrameRate? = FrameRate(30)
    ) throws -> VideoSettings {
        VideoSettings(
            canvas: try #require(Canvas(width: 320, height: 240)), frameRate: try #require(frameRate),
            bitsPerSecond: bitsPerSecond, bufferMilliseconds: 1000, keyframeInterval: keyframeInterval,
            bframes: bframes, preset: "veryfast", tune: tune, profile: profile, threads: 0)
    }
}

@Suite(.timeLimit(.minutes(2))) struct VideoEncodingTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var bframes: UInt8?
        var tune = ""
        var profile = ""
        var keyframeInterval: UInt32 = 30
        /// Of AVCDecoderConfigurationRecord's second byte; ISO/IEC 14496-10, A.2.
        var profileNumber: UInt8 = 100
        var reorders = true
        var testDescription: String { "\(tune) \(profile) bframes \(bframes.map(String.init) ?? "-")" }
    }

    static let cases = [
        Case(tune: "zerolatency", reorders: false),
        Case(bframes: 3),
        Case(bframes: 3, keyframeInterval: 25),
        Case(profile: "baseline", profileNumber: 66, reorders: false),
        Case(bframes: 2, tune: "zerolatency", profile: "main", profileNumber: 77),
    ]

    /// Platforms warn of a still slide that needs next to nothing: filler (NAL unit type 12) makes up for it.
    @Test(arguments: [false, true]) func stillPictureIsFilledUpWhereTheBitrateIsConstant(isConstant: Bool) throws {
        var settings = try VideoSettings.small(tune: "zerolatency")
        settings.isConstantRate = isConstant
        let child = try EncoderChild()
        guard case .ready = try child.configure(settings) else {
            Issue.record("the settings were refused")
            return
        }
        let pool = try TestPictures.pool(id: 7, canvas: settings.canvas, count: 1)
        try child.announce(pool)
        var byteCount = 0
        var types: Set<UInt8> = []
        for frame in Int64(0)..<150 {
            // Doubled on the way, as a change on air or congestion does it.
            if frame == 90 { try child.send(EncoderRequest.reconfigure(bitsPerSecond: 1_200_000)) }
            let slot = SlotReference(pool: 7, slot: 0)
            try child.send(EncoderRequest.encode(frame: frame, slot: slot, forceIDR: false))
            guard case .accessUnit(let unit) = try child.reply() else {
                Issue.record("frame \(frame) has no access unit")
                return
            }
            #expect(unit.isWellFormed)
            types.formUnion(try Decoding.nalUnits(unit.bytes).map { $0[0] & 0x1F })
            if frame == 90 { byteCount = 0 }
            byteCount += unit.bytes.count
            // A second to fill the buffer, and then two that count: 150 kB.
            if frame == 29 { byteCount = 0 }
            if frame == 89 { #expect(isConstant ? (135_000...165_000).contains(byteCount) : byteCount < 100_000) }
        }
        // Two seconds at twice the rate, of which the buffer may take a part.
        #expect(isConstant ? (200_000...330_000).contains(byteCount) : byteCount < 100_000, "\(byteCount)")
        #expect(types.contains(12) == isConstant)
    }

    @Test(arguments: cases)
    func everyFrameIsAnsweredOnceAndDecodes(_ given: Case) throws {
        let settings = try VideoSettings.small(
            bframes: given.bframes, tune: given.tune, profile: given.profile,
            keyframeInterval: given.keyframeInterval)
        let child = try EncoderChild()
        guard case .ready(let avc, _, let maximumDelay, let reorderDepth) = try child.configure(settings) else {
            Issue.record("the settings were refused")
            return
        }
        #expect(avc[1] == given.profileNumber)
        #expect((reorderDepth > 0) == given.reorders)
        if given.tune == "zerolatency", !given.reorders { #expect(maximumDelay == 0) }

        let count = 100
        let first: FrameNumber = 4000
        let pool = try TestPictures.pool(id: 7, canvas: settings.canvas, count: count)
        try child.announce(pool)
        var replies: [EncoderReply] = []
        for index in 0..<count {
            try child.send(
                EncoderRequest.encode(
                    frame: first + Int64(index), slot: SlotReference(pool: 7, slot: UInt32(index)), forceIDR: false))
            replies += try child.repliesSoFar()
            let outstanding = index + 1 - replies.count
            // Frames on their way in the socket come on top of those that x264 holds.
            if outstanding > Int(maximumDelay) { replies.append(try child.reply()) }
        }
        try child.send(EncoderRequest.flush)
        while replies.last != .flushed { replies.append(try child.reply()) }
        replies.removeLast()

        let units = try replies.map { reply in
            guard case .accessUnit(let unit) = reply else { throw EncoderChild.Failure.unexpected(reply) }
            return unit
        }
        #expect(units.map(\.frame).sorted() == (0..<count).map { first + Int64($0) })
        let expectedIDRs = (0..<Int64(count)).filter { $0 % Int64(given.keyframeInterval) == 0 }
        #expect(units.filter(\.isIDR).map { $0.frame - first } == expectedIDRs)
        for (place, unit) in units.enumerated() {
            let types = try Decoding.nalUnits(unit.bytes).map { $0[0] & 0x1F }
            #expect(types.allSatisfy { $0 == (unit.isIDR ? 5 : 1) }, "frame \(unit.frame) has units \(types)")
            let references = try Decoding.nalUnits(unit.bytes).map { $0[0] >> 5 }
            #expect(unit.isDisposable == references.allSatisfy { $0 == 0 })
            // No access unit comes earlier than the depth allows.
            let shownBefore = units[..<place].filter { $0.frame > unit.frame }.count
            #expect(shownBefore <= Int(reorderDepth))
            // Nothing shown before an IDR comes after it: GOPs are closed.
            if unit.isIDR { #expect(units[place...].allSatisfy { $0.frame >= unit.frame }) }
        }
        if given.reorders { #expect(units.contains { $0.isDisposable }) }

        let codes = try Decoding.codes(of: units, avcConfiguration: avc, canvas: settings.canvas)
        #expect(codes == (0..<UInt32(count)).map { $0 })

        child.hangUp()
        let exit = try child.waitForExit()
        #expect(exit == ChildExit(status: 0))
    }

    @Test func forcedIDRsStandWhereTheyWereAsked() throws {
        let settings = try VideoSettings.small(bframes: 3, keyframeInterval: 40)
        let units = try encode(settings, frames: (0..<100).map { $0 }, forced: [13, 70])
        #expect(units.filter(\.isIDR).map(\.frame) == [0, 13, 53, 70])
    }

    @Test func holesInTheFrameNumbersAreKept() throws {
        let frames: [FrameNumber] = Array(0..<20) + Array(27..<40) + [1000, 5_000_000_000]
        let units = try encode(VideoSettings.small(bframes: 2), frames: frames, forced: [])
        #expect(units.map(\.frame).sorted() == frames)
    }

    @Test func bitrateIsHeldAndChanged() throws {
        let settings = try VideoSettings.small(tune: "zerolatency", bitsPerSecond: 800_000)
        let units = try encode(settings, frames: (0..<360).map { $0 }, forced: [], reconfigureAt: [180: 300_000])
        let early = rate(units.filter { (60..<180).contains($0.frame) })
        let late = rate(units.filter { (240..<360).contains($0.frame) })
        #expect((640_000...960_000).contains(early), "\(early) bit/s")
        #expect((230_000...375_000).contains(late), "\(late) bit/s")
    }

    /// Thousands of answers wait while requests are still to be written: many times what a socket holds, 212,992 bytes
    /// that a few hundred small messages fill. Where only one side were served at a time, both would wait for ever.
    @Test func requestsAndAnswersBeyondWhatASocketHolds() throws {
        var settings = try VideoSettings.small(tune: "zerolatency")
        settings.canvas = try #require(Canvas(width: 64, height: 64))
        let child = try EncoderChild()
        guard case .ready = try child.configure(settings) else {
            Issue.record("the settings were refused")
            return
        }
        let pool = try TestPictures.pool(id: 1, canvas: settings.canvas, count: 2)
        try child.announce(pool)
        let frames: [FrameNumber] = Array(0..<3000)
        try child.encode(frames, SlotReference(pool: 1, slot: 1))
        try child.send(EncoderRequest.flush)
        for frame in frames {
            guard case .accessUnit(let unit) = try child.reply() else {
                Issue.record("no access unit came for frame \(frame)")
                return
            }
            #expect(unit.frame == frame)
        }
        #expect(try child.reply() == .flushed)
    }

    @Test func childThatReadsNoMoreIsToldOf() throws {
        let child = try EncoderChild()
        try child.freeze()
        child.patienceMilliseconds = 100
        let error = #expect(throws: EncoderChild.Failure.self) {
            // The socket holds some hundreds.
            for _ in 0..<10_000 { try child.send(EncoderRequest.reconfigure(bitsPerSecond: 400_000)) }
        }
        #expect("\(try #require(error))".contains("waitingFor: \"the encoder to read what it is sent"))
        let silence = #expect(throws: EncoderChild.Failure.self) { try child.reply() }
        #expect("\(try #require(silence))".contains("waitingFor: \"an answer of the encoder"))
    }

    @Test func bitrateOutOfRangeLeavesTheRateAndSaysSo() throws {
        let child = try EncoderChild()
        guard case .ready = try child.configure(.small()) else {
            Issue.record("the settings were refused")
            return
        }
        try child.send(EncoderRequest.reconfigure(bitsPerSecond: 3))
        try child.send(EncoderRequest.flush)
        #expect(try child.reply() == .flushed)
        child.hangUp()
        let exit = try child.waitForExit()
        #expect(exit.status == 0)
        #expect(exit.lines == ["bulkhead-encoder: bitrate 3 is out of range: it stays as it was"])
    }

    @Test func equalSettingsGiveEqualParameterSets() throws {
        var settings = try VideoSettings.small(bframes: 3, frameRate: FrameRate(30_000, 1001))
        let first = try avcConfiguration(settings)
        #expect(try avcConfiguration(settings) == first)
        settings.threads = 1
        #expect(try avcConfiguration(settings) == first)
        settings.profile = "main"
        #expect(try avcConfiguration(settings) != first)
    }

    @Test func poolsComeAndGo() throws {
        let settings = try VideoSettings.small(tune: "zerolatency")
        let child = try EncoderChild()
        guard case .ready = try child.configure(settings) else {
            Issue.record("the settings were refused")
            return
        }
        for id in UInt32(1)...3 {
            let pool = try TestPictures.pool(id: id, canvas: settings.canvas, count: 2)
            try child.announce(pool)
            try child.send(
                EncoderRequest.encode(frame: Int64(id), slot: SlotReference(pool: id, slot: 1), forceIDR: false))
            guard case .accessUnit(let unit) = try child.reply() else {
                Issue.record("no access unit came")
                return
            }
            #expect(unit.frame == Int64(id))
            try child.send(EncoderRequest.dropPool(id: id))
        }
        try child.send(
            EncoderRequest.encode(frame: 4, slot: SlotReference(pool: 2, slot: 0), forceIDR: false))
        let exit = try child.waitForExit()
        #expect(exit.status == 1)
        #expect(exit.lines == ["bulkhead-encoder: the master named pool 2, which it hasn't announced"])
    }

    @Test func waitingTakesNoProcessorTime() throws {
        let child = try EncoderChild()
        guard case .ready = try child.configure(.small()) else {
            Issue.record("the settings were refused")
            return
        }
        let before = try #require(child.cpuTicks)
        // The one wait for time: that nothing happens in it is what is looked at.
        #expect(try child.reply(within: 500) == nil)
        let after = try #require(child.cpuTicks)
        #expect(after - before <= 1)
    }

    // MARK: helpers

    private func avcConfiguration(_ settings: VideoSettings) throws -> [UInt8] {
        let child = try EncoderChild()
        let reply = try child.configure(settings)
        guard case .ready(let avc, _, _, _) = reply else { throw EncoderChild.Failure.unexpected(reply) }
        return avc
    }

    private func rate(_ units: [AccessUnit]) -> Double {
        Double(units.reduce(0) { $0 + $1.bytes.count * 8 }) / Double(units.count) * 30
    }

    private func encode(
        _ settings: VideoSettings, frames: [FrameNumber], forced: Set<FrameNumber>,
        reconfigureAt rates: [FrameNumber: UInt32] = [:]
    ) throws -> [AccessUnit] {
        let child = try EncoderChild()
        let ready = try child.configure(settings)
        guard case .ready = ready else { throw EncoderChild.Failure.unexpected(ready) }
        let pool = try TestPictures.pool(id: 1, canvas: settings.canvas, count: 64)
        try child.announce(pool)
        var replies: [EncoderReply] = []
        for (index, frame) in frames.enumerated() {
            if let rate = rates[frame] { try child.send(EncoderRequest.reconfigure(bitsPerSecond: rate)) }
            try child.send(
                EncoderRequest.encode(
                    frame: frame, slot: SlotReference(pool: 1, slot: UInt32(index % 64)),
                    forceIDR: forced.contains(frame)))
            replies += try child.repliesSoFar()
        }
        try child.send(EncoderRequest.flush)
        while replies.last != .flushed { replies.append(try child.reply()) }
        return try replies.dropLast().map { reply in
            guard case .accessUnit(let unit) = reply else { throw EncoderChild.Failure.unexpected(reply) }
            return unit
        }
    }
}
