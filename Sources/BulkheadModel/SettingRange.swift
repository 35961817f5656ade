import BulkheadDanmaku
import BulkheadMedia

/// What the numbers of a broadcast's settings may be, wherever they come from: words, or another process.
package enum SettingRange {
    /// The video bitrate, in bits a second.
    package static let videoBitsPerSecond: ClosedRange<UInt32> = 20_000...200_000_000
    /// The audio bitrate, in bits a second.
    package static let audioBitsPerSecond: ClosedRange<UInt32> = 16_000...512_000
    /// From one IDR picture to the next.
    package static let keyframeIntervalSeconds: ClosedRange<Double> = 0.1...60
    /// The most consecutive B-frames.
    package static let bframes: ClosedRange<UInt8> = 0...16
    /// 0 for none.
    package static let bufferMilliseconds: ClosedRange<UInt32> = 0...60_000
    /// 0 leaves them to x264.
    package static let encoderThreads: ClosedRange<UInt8> = 0...128
    /// How long an input may be silent before the slate is shown.
    package static let slateAfterSeconds: ClosedRange<Double> = 0.1...3600
    /// How late a live picture may be.
    package static let picturePatienceSeconds: ClosedRange<Double> = 0...5
    /// How long a destination is tried at the start; 0 gives up at once.
    package static let patienceSeconds: ClosedRange<Double> = 0...7 * 86_400
    /// 0 prefers the live edge.
    package static let backfillSeconds: ClosedRange<Double> = 0...60
    /// The weight of a server beside others.
    package static let serverWeight = 1...1000
    /// The priority of a server; lower numbers come first.
    package static let serverPriority = 0...1000
    /// Of one broadcast.
    package static let mostInputs = 64
    /// Of one link.
    package static let mostServers = 16
    /// Of one broadcast.
    package static let mostLinks = 64
    /// A year: nothing that is given by hand is longer.
    package static let durationSeconds: ClosedRange<Double> = 0.001...366 * 86_400
    /// What an input's sound may be raised by; −∞ for silence.
    package static let gainDecibels = -Double.infinity...24
    /// Of one broadcast.
    package static let mostRecordings = 8
    /// After how long a recording goes on in the next file.
    package static let segmentSeconds: ClosedRange<Double> = 1...7 * 86_400
    /// After how many bytes a recording goes on in the next file.
    package static let segmentByteCount: ClosedRange<UInt64> = 1_000_000...1 << 50
    /// From one report of a recording to the next.
    package static let reportSeconds: ClosedRange<Double> = 1...3600
    /// What is kept in memory for replays.
    package static let replaySeconds: ClosedRange<Double> = 1...600
    /// What a recording leaves free on its disk.
    package static let floorByteCount: ClosedRange<UInt64> = 0...1 << 50
    /// The same, of the disk's size.
    package static let floorPercent: ClosedRange<Double> = 0...100
    /// How long segments are kept.
    package static let keepSeconds: ClosedRange<Double> = 1...366 * 86_400
    /// How much of a recording's segments is kept.
    package static let keepByteCount: ClosedRange<UInt64> = 100_000...1 << 55
    /// From left to right.
    package static let pan: ClosedRange<Double> = -1...1
    /// How much later an input's sound may be heard.
    package static let soundDelaySeconds: ClosedRange<Double> = 0...2
    /// From which level on an input counts as heard.
    package static let duckingThresholdDecibels: ClosedRange<Double> = -90...0
    /// By how much sound is turned down under another input.
    package static let duckingDepthDecibels: ClosedRange<Double> = 0...90
    /// The times of ducking.
    package static let duckingSeconds: ClosedRange<Double> = 0...10
    /// In dBTP.
    package static let ceilingDecibels: ClosedRange<Double> = -20...0
    /// In LUFS.
    package static let targetLoudness: ClosedRange<Double> = -40 ... -8
    /// How far the program may be raised or lowered towards its target.
    package static let levelingDecibels: ClosedRange<Double> = 0...24
    /// How fast.
    package static let levelingDecibelsPerSecond: ClosedRange<Double> = 0.05...6
}

extension BroadcastSettings {
    /// Checks what the control socket brought: an application of another version may have other ideas, and a number that
    /// can't be counted with must not end the master.
    /// - Throws: kind `control`, naming the first setting outside its range.
    package func checkRanges() throws(BroadcastError) {
        let destinationsFit =
            !(destinations.isEmpty && recordings?.isEmpty ?? true && origin == nil)
            && destinations.count <= SettingRange.mostLinks
            && destinations.allSatisfy(\.isInRange)
        let noticesFit = (notices ?? []).count <= NoticeTarget.mostTargets && (notices ?? []).allSatisfy(\.isInRange)
        let roomFits = room?.isInRange ?? true
        let chatsFit =
            (chats ?? []).count <= ChatTarget.mostTargets && (chats ?? []).allSatisfy(\.isInRange)
            && Set((chats ?? []).map(\.name)).count == (chats ?? []).count && (chats == nil || room != nil)
        let recordingsFit =
            (recordings?.count ?? 0) <= SettingRange.mostRecordings && recordings?.allSatisfy(\.isInRange) ?? true
        let originFits =
            origin.map { ListenAddress($0, anyHost: ListenAddress.everywhere) != nil } ?? (originCertificate == nil)
            && originCertificate?.isInRange ?? true
        let controlRoomFits = controlRoom?.isInRange ?? true
        let replayFits = replayPath.map(SavedReplay.isPath) ?? true
        let nameFits = name.map(RoomSettings.isName) ?? (resume == nil)
        let fits = [
            ("notify", noticesFit), ("control-room", controlRoomFits), ("room", roomFits), ("chat", chatsFit),
            ("input", !inputs.isEmpty && inputs.count <= SettingRange.mostInputs),
            ("backup", inputs.allSatisfy { $0.backup?.isInRange ?? true }), ("to", destinationsFit),
            ("record", recordingsFit), ("replay-path", replayFits), ("origin", originFits), ("name", nameFits),
        ]
        let outside = fits.first { !$0.1 }?.0 ?? Setting.all.first { !$0.isInRange(self) }?.name
        guard let outside else { return }
        throw BroadcastError(
            code: .settingOutOfRange, ["setting": outside], "the setting \(outside) is outside its range")
    }

    /// Checks whether the values go together.
    /// - Throws: kind `usage`.
    package func check() throws(BroadcastError) {
        if profile == "baseline", let bframes, bframes > 0 { throw Self.baselineHasNoBFrames("\(bframes)") }
        if isConstantRate == true, bufferMilliseconds == 0 {
            throw BroadcastError(
                code: .settingsConflict, "a constant bitrate takes a buffer, but buffer is 0",
                advice: "leave one of them out")
        }
        if let minimumVideoBitsPerSecond, minimumVideoBitsPerSecond > videoBitsPerSecond {
            let (least, wanted) = (
                BitRate(bitsPerSecond: minimumVideoBitsPerSecond), BitRate(bitsPerSecond: videoBitsPerSecond)
            )
            throw BroadcastError(
                .usage, "min-bitrate is \(least), above video-bitrate, which is \(wanted)",
                advice: "choose one that is lower, or leave min-bitrate away")
        }
        try checkNames()
        try checkLevel()
        try checkCopying()
    }

    /// Checks whether names are clear, and whether strips can be as they are.
    private func checkNames() throws(BroadcastError) {
        let names = inputs.compactMap(\.name)
        for (index, scene) in (scenes ?? []).enumerated() {
            try scene.check()
            try scene.checkName(inputs: names, scenes: scenes?.prefix(index).map(\.name) ?? [])
        }
        for index in inputs.indices { try inputs.checkStrip(of: index) }
    }

    static func baselineHasNoBFrames(_ bframes: String) -> BroadcastError {
        BroadcastError(
            code: .settingsConflict, "the baseline profile has no B-frames, but bframes is \(bframes)",
            advice: "choose profile main, or bframes 0")
    }

    /// Checks the canvas and the frame rate against what H.264 has a level for (ITU-T H.264, table A-1, level 6.2):
    /// beyond it no decoder is bound to follow, and no encoder here has ever kept up.
    /// - Throws: kind `usage`.
    package func checkLevel() throws(BroadcastError) {
        let macroblocks = ((canvas.width + 15) / 16) * ((canvas.height + 15) / 16)
        guard macroblocks <= 139_264 else {
            throw BroadcastError(
                code: .noLevel, ["size": "\(canvas)"], "H.264 has no level for pictures of \(canvas)",
                advice: "choose at most 8192x4320")
        }
        guard Double(macroblocks) * frameRate.framesPerSecond <= 16_711_680 else {
            throw BroadcastError(
                code: .noLevel, ["size": "\(canvas)", "fps": "\(frameRate)"],
                "H.264 has no level for \(canvas) at \(frameRate) frames a second")
        }
    }
}

extension [InputSettings] {
    /// Checks what is done with the sound of the input at `index`: its numbers, and which other input it makes room for.
    /// - Throws: kind `usage` or `control`.
    package func checkStrip(of index: Int) throws(BroadcastError) {
        guard let strip = self[index].strip else { return }
        try strip.check()
        guard let under = strip.ducking?.under else { return }
        let others = indices.filter { $0 != index }
        let isKnown = others.contains { place in
            ["\(place + 1)", "source \(place + 1)", self[place].name?.lowercased()].contains(under.lowercased())
        }
        guard !isKnown else { return }
        let names = others.map { self[$0].name ?? "\($0 + 1)" }
        throw BroadcastError(
            code: .unknownInput, ["name": under],
            "\(self[index].name ?? "input \(index + 1)") is to make room for \(under), which is no other input",
            advice: names.isEmpty ? "there is no other one" : "there are: \(names.joined(separator: ", "))")
    }
}
