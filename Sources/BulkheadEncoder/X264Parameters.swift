import BulkheadMedia
import BulkheadWire
import CX264

/// The settings that x264 takes, checked before it sees them so that a person is told what would do.
enum X264Parameters {
    static let presets = names(bulkhead_x264_preset_name)
    static let tunes = names(bulkhead_x264_tune_name)
    /// x264's profiles for 8-bit 4:2:0 pictures, the only ones that Bulkhead has.
    static let profiles = ["baseline", "main", "high"]
    static let bitsPerSecond: ClosedRange<UInt32> = 10_000...1_000_000_000
    static let keyframeIntervals: ClosedRange<UInt32> = 1...100_000
    /// x264's own limit, X264_THREAD_MAX, stands in none of its headers.
    static let threads: ClosedRange<UInt32> = 0...128
    static let bufferMilliseconds: ClosedRange<UInt32> = 0...60_000

    /// What x264 is opened with.
    /// - Throws: a refusal that names the setting and what is accepted instead.
    static func make(_ settings: VideoSettings) throws(Refusal) -> x264_param_t {
        try check(settings)
        var param = x264_param_t()
        let taken = settings.preset.withOptionalCString { preset in
            settings.tune.withOptionalCString { tune in x264_param_default_preset(&param, preset, tune) }
        }
        guard taken == 0 else {
            throw Refusal(.settings, "x264 does not take tune \(settings.tune) with preset \(settings.preset)")
        }
        bulkhead_x264_log_briefly(&param)

        param.i_width = Int32(settings.canvas.width)
        param.i_height = Int32(settings.canvas.height)
        param.i_csp = X264_CSP_I420
        param.i_fps_num = settings.frameRate.numerator
        param.i_fps_den = settings.frameRate.denominator
        param.i_timebase_num = settings.frameRate.denominator
        param.i_timebase_den = settings.frameRate.numerator
        param.b_vfr_input = 0
        param.i_threads = Int32(settings.threads)

        // IDRs by count alone: two encoders with the same settings cut the same GOPs.
        param.i_keyint_max = Int32(settings.keyframeInterval)
        param.i_keyint_min = Int32(settings.keyframeInterval)
        param.i_scenecut_threshold = 0
        param.b_open_gop = 0
        param.b_intra_refresh = 0
        if let bframes = settings.bframes { param.i_bframe = Int32(bframes) }

        setRate(of: &param, bitsPerSecond: settings.bitsPerSecond, bufferMilliseconds: settings.bufferMilliseconds)

        // What players assume for the size anyway, said: limited range, BT.709 from 720 rows on, else BT.601 (525 lines).
        let colours: Int32 = settings.canvas.height >= 720 ? 1 : 6
        param.vui.b_fullrange = 0
        param.vui.i_colorprim = colours
        param.vui.i_transfer = colours
        param.vui.i_colmatrix = colours
        // Filler alone, and no HRD parameters: x264 changes no bitrate on air where those are written.
        param.rc.b_filler = settings.isConstantRate ? 1 : 0

        // Access units as RTMP and MP4 carry them: lengths instead of start codes, parameter sets apart.
        param.b_annexb = 0
        param.b_repeat_headers = 0
        param.b_aud = 0

        if !settings.profile.isEmpty {
            guard x264_param_apply_profile(&param, settings.profile) == 0 else {
                throw Refusal(.settings, "x264 does not take profile \(settings.profile) with these settings")
            }
        }
        return param
    }

    /// Average bitrate; with a buffer, its rate is also the highest.
    static func setRate(of param: inout x264_param_t, bitsPerSecond: UInt32, bufferMilliseconds: UInt32) {
        let kilobits = Int32(clamping: (bitsPerSecond + 500) / 1000)
        param.rc.i_rc_method = X264_RC_ABR
        param.rc.i_bitrate = kilobits
        param.rc.i_vbv_max_bitrate = bufferMilliseconds > 0 ? kilobits : 0
        param.rc.i_vbv_buffer_size =
            bufferMilliseconds > 0 ? Int32(clamping: max(1, Int64(kilobits) * Int64(bufferMilliseconds) / 1000)) : 0
    }

    private static func check(_ settings: VideoSettings) throws(Refusal) {
        try check("preset", settings.preset, isOneOf: presets)
        try check("profile", settings.profile, isOneOf: profiles)
        let named = settings.tune.split(whereSeparator: { ",./-+".contains($0) }).map(String.init)
        for tune in named { try check("tune", tune, isOneOf: tunes) }
        // x264 would take the first and only warn of the others.
        let looks = Set(named).subtracting(["fastdecode", "zerolatency"])
        guard looks.count <= 1 else {
            throw Refusal(
                .settings, "tune \(settings.tune) is too much: only fastdecode and zerolatency go with another one")
        }
        try check("video bitrate", settings.bitsPerSecond, isIn: bitsPerSecond, "bits per second")
        try check("keyframe interval", settings.keyframeInterval, isIn: keyframeIntervals, "frames")
        try check("buffer", settings.bufferMilliseconds, isIn: bufferMilliseconds, "milliseconds")
        try check("number of threads", UInt32(settings.threads), isIn: threads, "(0 leaves it to x264)")
        if settings.isConstantRate, settings.bufferMilliseconds == 0 {
            throw Refusal(.settings, "a constant bitrate takes a buffer, and none is asked for")
        }
        if settings.profile == "baseline", let bframes = settings.bframes, bframes > 0 {
            throw Refusal(
                .settings,
                "profile baseline has no B-frames, but \(bframes) are asked for: profile main and high have them")
        }
    }

    private static func check(_ setting: String, _ value: String, isOneOf names: [String]) throws(Refusal) {
        guard value.isEmpty || names.contains(value) else {
            throw Refusal(.settings, "\(setting) \(value) isn't known: it is one of \(names.joined(separator: ", "))")
        }
    }

    private static func check(
        _ setting: String, _ value: UInt32, isIn range: ClosedRange<UInt32>, _ unit: String
    ) throws(Refusal) {
        guard range.contains(value) else {
            throw Refusal(
                .settings, "\(setting) \(value) is out of range: \(range.lowerBound) to \(range.upperBound) \(unit)")
        }
    }

    private static func names(_ name: (Int32) -> UnsafePointer<CChar>?) -> [String] {
        var names: [String] = []
        while let next = name(Int32(names.count)) { names.append(String(cString: next)) }
        return names
    }
}

extension String {
    /// As a C string, or NULL for an empty text.
    fileprivate func withOptionalCString<Result>(_ body: (UnsafePointer<CChar>?) -> Result) -> Result {
        isEmpty ? body(nil) : withCString { body($0) }
    }
}
