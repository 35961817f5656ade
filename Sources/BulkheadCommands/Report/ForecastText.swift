package import BulkheadMaster
import BulkheadMedia
import BulkheadModel

/// What a broadcast would be, for people.
package enum ForecastText {
    /// One fact a line: inputs, what would become of each, and what would go out where.
    package static func lines(_ forecast: Forecast) -> [String] {
        var lines: [String] = []
        for (index, input) in forecast.inputs.enumerated() {
            let name = input.called.map { ", \($0)" } ?? ""
            lines.append("input \(index + 1)\(name): \(input.name): \(input.summary)\(length(input))")
            lines += input.notices.map { "  \($0)" }
            if input.givesPicture { lines.append("  picture: \(picture(input, forecast))") }
            if input.givesSound { lines.append("  sound: \(sound(input))") }
            if let strip = input.strip {
                lines.append("  mixed with: \(AudioText.words(strip).joined(separator: ", "))")
            }
            if !input.unused.isEmpty {
                lines.append("  not used: \(input.unused.joined(separator: " and ")), which an input before it gives")
            }
        }
        if !forecast.inputs.contains(where: \.givesPicture) {
            lines.append("no input has a picture: the slate is shown")
        }
        if !forecast.inputs.contains(where: \.givesSound) { lines.append("no input has sound: the sound is silence") }
        let size = "\(forecast.canvas) at \(DecimalText.short(forecast.frameRate.framesPerSecond)) fps"
        let follows = forecast.follows.map { ", after input \($0)" } ?? ""
        lines.append(
            "output: H.264 \(forecast.profile), \(size)\(follows), \(rate(forecast.videoBitsPerSecond)), preset "
                + "\(forecast.preset), a keyframe every \(DecimalText.short(forecast.keyframeIntervalSeconds)) s; AAC-LC, "
                + "48000 Hz stereo, \(rate(forecast.audioBitsPerSecond))")
        lines += forecast.destinations.map { "to: \($0)" }
        lines += forecast.warnings.map { "warning: \($0)" }
        return lines + ["dry run: nothing was published or written"]
    }

    private static func length(_ input: Forecast.Input) -> String {
        input.isLive ? ", live" : input.seconds.map { ", \(DecimalText.short($0)) s" } ?? ""
    }

    private static func picture(_ input: Forecast.Input, _ forecast: Forecast) -> String {
        guard let format = input.picture, let treatment = input.pictureTreatment else {
            return "drawn as it goes out"
        }
        var parts: [String] = []
        if let fields = treatment.deinterlacedInto {
            parts.append(fields == .pictures ? "deinterlaced to a picture for each field" : "deinterlaced")
        }
        if let range = treatment.mappedRange {
            parts.append("mapped from high dynamic range (\(range == .pq ? "PQ" : "HLG")) to the standard range")
        }
        if treatment.isTurned { parts.append("turned upright") }
        if treatment.isLaidOnBlack { parts.append("laid on black where it is transparent") }
        if treatment.isScaled {
            parts.append(
                "scaled from \(format.width)x\(format.height) to \(treatment.shownWidth)x\(treatment.shownHeight)")
        }
        if treatment.hasSideBars { parts.append("black left and right") }
        if treatment.hasTopBars { parts.append("black above and below") }
        if let matrix = treatment.convertedMatrix { parts.append("colours converted to \(matrix)") }
        if treatment.narrowsRange { parts.append("full range narrowed to limited range") }
        if let own = treatment.framesPerSecond, treatment.leavesOut || treatment.repeats {
            let rates = "\(DecimalText.short(own)) to \(DecimalText.short(forecast.frameRate.framesPerSecond)) fps"
            parts.append(
                treatment.leavesOut ? "\(rates) by leaving pictures out" : "\(rates) by showing pictures again")
        }
        let pixels = format.pixelFormat.isEmpty ? "" : "\(format.pixelFormat): "
        if treatment.isReduced { parts.append("reduced to yuv420p") }
        return pixels + (parts.isEmpty ? "goes out as it is" : parts.joined(separator: "; "))
    }

    private static func sound(_ input: Forecast.Input) -> String {
        guard let format = input.sound, let treatment = input.soundTreatment else { return "made as it goes out" }
        var parts: [String] = []
        if treatment.isFoldedDown {
            let layout = format.layout.isEmpty ? "\(format.channelCount) channels" : format.layout
            parts.append("folded down from \(layout) to stereo")
        }
        if treatment.isDoubled { parts.append("one channel on both sides") }
        if treatment.isResampled { parts.append("resampled from \(format.sampleRate) to 48000 Hz") }
        return parts.isEmpty ? "goes out as it is" : parts.joined(separator: "; ")
    }

    private static func rate(_ bitsPerSecond: UInt32) -> String { StatusLine.rate(Int(bitsPerSecond)) }
}

/// What a broadcast would be as one line of JSON.
package struct ForecastLine: Encodable {
    /// What kind of line it is: `forecast`.
    package let kind = "forecast"
    private let forecast: Forecast

    package init(_ forecast: Forecast) { self.forecast = forecast }

    private enum CodingKeys: String, CodingKey { case kind }

    package func encode(to encoder: any Encoder) throws {
        try forecast.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
    }
}
