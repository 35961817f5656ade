import BulkheadMedia

/// What libavformat is told for each kind of input.
enum InputOptions {
    /// Formats whose files start with media: byte 0 is a better start than any timestamp.
    static let bytewiseFormats: Set<String> = ["mpegts", "mpeg", "h264", "hevc", "mpegvideo", "m4v"]

    /// Formats of one stream of pictures without times.
    static let bareFormats: Set<String> = ["h264", "hevc", "mpegvideo", "m4v", "mjpeg", "obu"]

    /// Formats whose demuxers go on behind an end that was none.
    static let resumableFormats: Set<String> = bareFormats.union(["mpegts"])

    /// Schemes of inputs that can be read at any speed when they have an end.
    private static let storedSchemes: Set<String> = ["http", "https", "ftp", "sftp", "smb", "concat", "data"]

    /// Whether the input runs by its own clock.
    static func isLive(_ address: InputAddress, hasDuration: Bool) -> Bool {
        switch address.kind {
        case .test, .color, .title, .file, .standardInput: false
        case .device: address.format != "lavfi"
        case .network(let scheme): !(storedSchemes.contains(scheme) && hasDuration)
        }
    }

    /// Whether the address names a connection alone, over which a stream comes as it is made.
    static func isBareTransport(_ address: InputAddress) -> Bool {
        guard case .network(let scheme) = address.kind else { return false }
        return ["tcp", "udp", "unix", "srt", "tls"].contains(scheme)
    }

    /// Whether the input comes in segments, each at once, as they are made. It is read as the timeline goes on, and not as
    /// segments come: what lies between is the server's to keep.
    static func isSegmented(_ address: InputAddress, format: String, hasDuration: Bool) -> Bool {
        guard case .network = address.kind else { return false }
        return !hasDuration && ["hls", "dash"].contains(format)
    }

    /// The sets of options to open the input with, the best first.
    static func attempts(_ address: InputAddress, canvas: Canvas, frameRate: FrameRate) -> [[(String, String)]] {
        let rate = ("framerate", "\(frameRate.numerator)/\(frameRate.denominator)")
        let size = ("video_size", canvas.description)
        switch (address.kind, address.format) {
        case (.device, "video4linux2"), (.device, "v4l2"): return [[rate, size], [size], [rate], []]
        case (.device, "x11grab"): return [[rate, ("draw_mouse", "1")]]
        case (.device, "kmsgrab"), (.device, "fbdev"): return [[rate]]
        case (.device, "pulse"): return [[("name", "bulkhead"), ("fragment_size", "3840")]]
        case (.network("rtmp"), _) where address.isCalled: return [[("listen", "1")]]
        case (.network(let scheme), _) where scheme.hasPrefix("rtsp"): return [[("rtsp_flags", "prefer_tcp")]]
        // Names are names: no pattern of numbers, and a list that a user names may name any file.
        case (.file, _): return [[("pattern_type", "none"), ("safe", "0")]]
        default: return [[]]
        }
    }
}
