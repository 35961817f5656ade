package import BulkheadMedia
package import BulkheadSRT

/// What a source's URL stands for, and what libavformat is told to open.
package struct InputAddress: Hashable, Sendable {
    /// What kind of input the URL names.
    package enum Kind: Hashable, Sendable {
        /// The built-in test picture.
        case test
        /// One colour.
        case color(PaintColor)
        /// Words that are drawn.
        case title(String)
        case file
        case standardInput
        /// A URL with this scheme, in lower case.
        case network(scheme: String)
        /// A device that libavdevice opens.
        case device
    }

    /// What kind of input it is.
    package let kind: Kind
    /// What libavformat opens.
    package let target: String
    /// The demuxer's name, or empty to probe.
    package let format: String
    /// For a person: the URL without passwords, stream keys and query.
    package let name: String
    /// Where and how, for an input by SRT.
    package private(set) var srt: SRTAddress?
    /// Others call, and are waited for.
    package private(set) var isCalled = false

    /// Reads a URL as users write it; `inputFormat` is a demuxer's name, or empty.
    package init(_ url: String, inputFormat: String) {
        if url == "test", inputFormat.isEmpty {
            self.init(.test, target: "", format: "", name: "test")
        } else if url.hasPrefix("color:"), inputFormat.isEmpty, let color = PaintColor(String(url.dropFirst(6))) {
            self.init(.color(color), target: "", format: "", name: url)
        } else if url.hasPrefix("title:"), inputFormat.isEmpty {
            self.init(.title(String(url.dropFirst(6))), target: "", format: "", name: url)
        } else if url == "-" || url == "pipe:" || url == "pipe:0" {
            self.init(.standardInput, target: "", format: inputFormat, name: "standard input")
        } else if !inputFormat.isEmpty, Self.deviceFormats.contains(inputFormat) {
            self.init(.device, target: url, format: inputFormat, name: url)
        } else if url.hasPrefix("/dev/video") {
            self.init(.device, target: url, format: inputFormat.isEmpty ? "video4linux2" : inputFormat, name: url)
        } else if let (prefix, rest) = Self.split(url), let format = Self.devicePrefixes[prefix] {
            self.init(.device, target: rest, format: format, name: url)
        } else if let srt = SRTAddress.input(url) {
            // What is secret goes by options: libavformat tells addresses to its log.
            self.init(
                .network(scheme: "srt"), target: "srt://\(srt.authority)", format: inputFormat, name: "\(srt)")
            self.srt = srt
            isCalled = srt.mode == .listener
        } else if url.lowercased().hasPrefix(SRTAddress.listeningPrefix + "rtmp://") {
            let address = String(url.dropFirst(SRTAddress.listeningPrefix.count))
            self.init(
                .network(scheme: "rtmp"), target: address, format: inputFormat,
                name: SRTAddress.listeningPrefix + Self.redacted(address))
            isCalled = true
        } else if let scheme = Self.scheme(of: url) {
            if scheme == "file" {
                let path = String(url.dropFirst(url.hasPrefix("file://") ? 7 : 5))
                self.init(.file, target: "file:" + path, format: inputFormat, name: path)
            } else {
                self.init(.network(scheme: scheme), target: url, format: inputFormat, name: Self.redacted(url))
            }
        } else {
            // Without the prefix a colon in a file's name would be taken for a scheme.
            // "async:rtmp://host/app/key" is no file either, but it is shown.
            self.init(.file, target: "file:" + url, format: inputFormat, name: Self.redacted(url))
        }
    }

    private init(_ kind: Kind, target: String, format: String, name: String) {
        self.kind = kind
        self.target = target
        self.format = format
        self.name = name
    }

    /// The path of a file; nil for all else.
    package var path: String? { kind == .file ? String(target.dropFirst(5)) : nil }

    /// The name of the machine that a network URL names, without brackets; nil for all else.
    package var host: String? {
        guard case .network = kind, let start = target.firstRange(of: "://")?.upperBound else { return nil }
        var authority = target[start...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
        if authority.first == "[" { return String(authority.dropFirst().prefix { $0 != "]" }) }
        let host = authority.prefix { $0 != ":" }
        return host.isEmpty ? nil : String(host)
    }

    /// The demuxers of libavdevice that read from hardware, a screen or a sound server.
    static let deviceFormats: Set<String> = [
        "video4linux2", "v4l2", "x11grab", "alsa", "pulse", "oss", "jack", "fbdev", "kmsgrab", "dv1394", "iec61883",
        "lavfi",
    ]

    private static let devicePrefixes = [
        "v4l2": "video4linux2", "x11": "x11grab", "x11grab": "x11grab", "alsa": "alsa", "pulse": "pulse",
        "lavfi": "lavfi",
    ]

    private static func split(_ url: String) -> (String, String)? {
        guard let colon = url.firstIndex(of: ":") else { return nil }
        let rest = url[url.index(after: colon)...]
        return rest.hasPrefix("//") ? nil : (String(url[..<colon]), String(rest))
    }

    private static func scheme(of url: String) -> String? {
        if url.hasPrefix("file:") { return "file" }
        guard let separator = url.firstRange(of: "://") else { return nil }
        let scheme = url[..<separator.lowerBound]
        let isPlain = scheme.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
        return isPlain && scheme.first?.isLetter == true ? scheme.lowercased() : nil
    }

    /// `url` without what may be a secret: user and password, the query, and behind RTMP's application the stream key.
    static func redacted(_ url: String) -> String {
        guard let start = url.firstRange(of: "://")?.upperBound else { return url }
        let scheme = url[..<start]
        var rest = url[start...].prefix { $0 != "?" && $0 != "#" }
        let authorityEnd = rest.firstIndex(of: "/") ?? rest.endIndex
        if let at = rest[..<authorityEnd].lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
        let word = scheme.dropLast(3).split(separator: ":").last?.lowercased() ?? ""
        guard word.hasPrefix("rtmp") || word.hasPrefix("srt") else {
            return String(scheme + rest)
        }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        return String(scheme) + parts.prefix(2).joined(separator: "/")
    }
}
