package import BulkheadChildRuntime
package import BulkheadMedia
import BulkheadSystem
import BulkheadWire
import Glibc

/// The second step of a source's cell: what it takes to read one input, and nothing else.
///
/// A file is that file; a list of files is the folder that the list lies in, and the files that it names elsewhere.
/// Sockets of the network there are where the input is an address, local ones where it is a server of screen or sound,
/// orders to drivers where it is a device. Nothing is written but to devices.
package enum SourceCell {
    /// Gives up what reading `address` does not take. Call it on the only thread that there is so far, before anything is
    /// opened.
    static func enter(for address: InputAddress, files named: [String] = []) -> CellReport {
        Cell.enter(profile(for: address, files: named))
    }

    /// As above, for a card.
    static func enter(for card: Card) -> CellReport { Cell.enter(profile(for: card)) }

    /// What reading `address` takes, and files that were named with it.
    package static func profile(for address: InputAddress, files named: [String] = []) -> CellProfile {
        var profile = CellProfile(outOfMemoryScore: 500)
        profile.capabilities = .readAnyFile
        profile.calls = []
        var files = CellProfile.machine + CellProfile.libraries
        files += named.map { FileGrant(.read, .file, named: $0) }
        switch address.kind {
        case .test, .standardInput, .color: break
        case .title: files += fonts
        case .file: files += grants(forFile: address)
        case .network(let scheme):
            profile.calls = needsLocalSockets(scheme, host: address.host) ? [.network, .localSockets] : .network
            profile.openings = .network
            files += CellProfile.names + secrets(of: scheme)
        case .device:
            if address.format == "lavfi" {
                files += grants(inGraph: address.target)
                guard address.target.contains("//") else { break }
                profile.calls = .network
                profile.openings = .network
                files += CellProfile.names
            } else if nodeFormats.contains(address.format) {
                profile.calls = .devices
                if address.format == "kmsgrab" { profile.capabilities = [.readAnyFile, .seeScreen] }
                files += devices(address)
            } else {
                profile.calls = [.network, .localSockets, .devices]
                profile.openings = [.network, .localSockets]
                files += CellProfile.names + devices(address)
            }
        }
        profile.files = files
        return profile
    }

    /// What drawing a card takes: typefaces, and its logo.
    package static func profile(for card: Card) -> CellProfile {
        var profile = CellProfile(outOfMemoryScore: 500)
        profile.capabilities = .readAnyFile
        profile.calls = []
        let logo = card.logoPath.isEmpty ? [] : [FileGrant(.read, [.file, .other], named: card.logoPath)]
        profile.files = CellProfile.machine + CellProfile.libraries + fonts + logo
        return profile
    }

    /// Typefaces beside those that lie with programs, what fontconfig knows of all of them, and where it is told to look.
    private static var fonts: [FileGrant] {
        let named = ["FONTCONFIG_FILE", "FONTCONFIG_PATH"].compactMap(variable)
        return (["/etc/fonts", "/var/cache/fontconfig"] + named).map { FileGrant(.read, .any, named: $0) }
            + inHome([
                ".fonts", ".fonts.conf", ".local/share/fonts", ".config/fontconfig", ".cache/fontconfig",
            ])
    }

    // MARK: files

    private static func grants(forFile address: InputAddress) -> [FileGrant] {
        guard let path = address.path, !path.isEmpty else { return [] }
        if ListedFiles.isFolder(path) { return [FileGrant(.read, .folder, named: path)] }
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let isList = namesOthers(path, format: address.format)
        guard isList else { return [FileGrant(.read, [.file, .other], named: path)] }
        let start = beginning(of: path, byteCount: ListedFiles.mostBytes)
        let isConcat = address.format == "concat" || start.starts(with: "ffconcat version".utf8)
        let text = FileName.text(Array(start))
        let named =
            isConcat
            ? ListedFiles.paths(in: text, from: folder)
            : M3UList.isPlain(text, path) ? ListedFiles.paths(inM3U: text, from: folder) : []
        return [FileGrant(.read, [.file, .other], named: path), FileGrant(.read, .folder, named: folder)]
            + named.map { FileGrant(.read, .file, named: $0) }
    }

    /// Demuxers of lists and of numbered pictures.
    private static let listFormats: Set<String> = [
        "concat", "hls", "dash", "imf", "image2", "webm_dash_manifest", "vobsub",
    ]
    private static let listEndings = [".m3u8", ".m3u", ".mpd", ".ffconcat", ".idx"]
    /// Who opens a file with such a name means that film: a list in disguise may name what it likes, and gets nothing.
    static let filmEndings = [
        ".mp4", ".m4v", ".m4a", ".mov", ".mkv", ".webm", ".flv", ".ts", ".mts", ".m2ts", ".avi", ".mpg", ".mpeg",
        ".wmv",
        ".ogg", ".ogv", ".mp3", ".aac", ".wav", ".flac", ".jpg", ".jpeg", ".png", ".gif", ".webp",
    ]
    /// How lists begin, whatever their files are called.
    private static let listBeginnings = [
        "#EXTM3U", "ffconcat version", "<?xml", "<MPD", "\u{FEFF}<?xml", "\u{FEFF}#EXTM3U",
    ]

    /// Whether the input is a list of other files, or a pattern of their names.
    static func namesOthers(_ path: String, format: String) -> Bool {
        if listFormats.contains(format) || path.contains("%") { return true }
        let name = path.lowercased()
        if listEndings.contains(where: { name.hasSuffix($0) }) { return true }
        return !filmEndings.contains { name.hasSuffix($0) } && isListByContent(path)
    }

    private static func isListByContent(_ path: String) -> Bool {
        let start = beginning(of: path, byteCount: 64)
        return listBeginnings.contains { start.starts(with: $0.utf8) }
    }

    /// The first bytes of a regular file; none of anything else.
    static func beginning(of path: String, byteCount: Int) -> ArraySlice<UInt8> {
        var information = stat()
        let name = FileName.bytes(path)
        guard stat(name, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return [] }
        let descriptor = open(name, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: min(byteCount, max(64, Int(clamping: information.st_size))))
        let count = read(descriptor, &bytes, bytes.count)
        return bytes.prefix(max(0, count))
    }

    /// The files that the text of a filter graph names, such as `movie=/srv/film.mp4` or `lut3d=grey.cube`.
    private static func grants(inGraph graph: String) -> [FileGrant] {
        let separators = Set("=:,;'[]|")
        return graph.split { separators.contains($0) }.map { FileGrant(.read, .file, named: String($0)) }
    }

    // MARK: network

    /// Programs of the user that listen at local sockets do what they are told, the session bus anything: no path is kept
    /// from a process that may make such sockets. What they take besides is done without them: names are then looked up by
    /// DNS, but for those of the local network, which Avahi knows.
    private static func needsLocalSockets(_ scheme: String, host: String?) -> Bool {
        guard scheme != "unix", var host = host?.lowercased() else { return scheme == "unix" }
        if host.last == "." { host.removeLast() }
        return host.hasSuffix(".local")
    }

    /// Where protocols that need more than an address have theirs.
    private static func secrets(of scheme: String) -> [FileGrant] {
        switch scheme {
        case "sftp": inHome([".ssh"])
        case "smb": inHome([".smb"]) + [FileGrant(.read, .any, named: "/etc/samba")]
        default: []
        }
    }

    // MARK: devices

    /// Devices that are files, and take no server.
    private static let nodeFormats: Set<String> = ["v4l2", "video4linux2", "fbdev", "kmsgrab", "oss"]

    private static func devices(_ address: InputAddress) -> [FileGrant] {
        let nodes =
            ["/dev/snd", "/dev/dsp", "/dev/dri", "/dev/shm"]
            + (address.target.hasPrefix("/dev/") ? [address.target] : [])
        let settings = [
            "/etc/asound.conf", "/etc/alsa", "/etc/pulse", "/etc/pipewire", "/etc/machine-id",
            "/var/lib/dbus/machine-id", "/proc/asound", "/sys/class/video4linux", "/run/udev", "/sys/class/sound",
            variable("XAUTHORITY") ?? "", variable("XDG_RUNTIME_DIR") ?? "",
        ].filter { !$0.isEmpty }
        return nodes.map { FileGrant([.read, .write, .control, .make], .any, named: $0) }
            + settings.map { FileGrant(.read, .any, named: $0) }
            + inHome([".asoundrc", ".Xauthority", ".config/pulse", ".config/alsa", ".config/pipewire", ".pulse-cookie"])
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    private static func inHome(_ names: [String]) -> [FileGrant] {
        guard let home = variable("HOME"), home.hasPrefix("/"), home.count > 1 else {
            return []
        }
        return names.map { FileGrant(.read, .any, named: "\(home)/\($0)") }
    }
}
