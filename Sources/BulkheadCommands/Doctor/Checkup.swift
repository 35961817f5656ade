import BulkheadChildren
import BulkheadControl
import BulkheadMaster
import BulkheadModel
import BulkheadSystem
import BulkheadWire
import Glibc
import SystemPackage

/// Looks at what a broadcast needs, and at what can be opened on this machine.
struct Checkup {
    private let programs: Programs

    init(programs: Programs) { self.programs = programs }

    func findings() -> [Finding] {
        [Finding(.ok, "bulkhead", "version \(BulkheadVersion.build)")]
            + [Role.encoder, .source, .mixer, .recorder, .pluginHost, .notifier, .chat, .origin, .srt, .decoder]
            .map(program)
            + [plugins, typefaces, memory] + cells(programs) + sandbox(programs) + [
                controlFolder, cameras, screen, sound,
            ]
    }

    // MARK: what is installed

    /// A child's program: there, of this version, and able to start, which shows that its libraries are there.
    private func program(_ role: Role) -> Finding {
        let name = role.executableName
        let path = programs.path(of: name)
        guard FilePaths.isExecutable(path) else {
            return Finding(
                .missing, name, "there is no program \(path)",
                advice: "build it with make build, install it with make install, or name its folder with --libexec")
        }
        guard let call = try? ProgramCall(path, ["--version"]) else {
            return Finding(.missing, name, "\(path) can't be started", advice: "build or install it again")
        }
        let line = call.text.split(separator: "\n").last.map(String.init) ?? ""
        guard call.isSuccess else {
            return Finding(
                .missing, name, "it does not start\(line.isEmpty ? "" : ": \(line)")",
                advice: "install what it needs with make deps, then build again")
        }
        // Builds may differ: what must be the same is the schema of the messages.
        guard line.hasSuffix("(schema \(BulkheadVersion.wire))") else {
            return Finding(
                .missing, name,
                "\(path) is \(line.isEmpty ? "of an unknown version" : line), not schema \(BulkheadVersion.wire)",
                advice: "install all programs of one version")
        }
        return Finding(.ok, name, "\(line.dropFirst(name.count + 1)), \(path)")
    }

    private var plugins: Finding {
        let names = PluginFolders.all(beside: programs).flatMap { folder in
            FilePaths.names(in: folder).compactMap { PluginFolders.name(ofFile: $0) }
        }
        guard !names.isEmpty else { return Finding(.absent, "plugins", "none are installed") }
        return Finding(.ok, "plugins", Set(names).sorted().joined(separator: ", "))
    }

    /// What titles, the slate and the names of inputs are set in.
    private var typefaces: Finding {
        let home = environment("HOME") ?? ""
        let folders = ["/usr/share/fonts", "/usr/local/share/fonts", "\(home)/.local/share/fonts", "\(home)/.fonts"]
        guard folders.contains(where: { Self.holdsTypeface($0, depth: 4) }) else {
            return Finding(
                .absent, "typefaces", "none are installed: the slate is shown in plain letters",
                advice: "install one, such as fonts-dejavu-core, or fonts-noto for all scripts")
        }
        return Finding(.ok, "typefaces", "titles and the slate are set in one")
    }

    private static func holdsTypeface(_ folder: String, depth: Int) -> Bool {
        let names = FilePaths.names(in: folder)
        let endings = [".ttf", ".otf", ".ttc", ".otc", ".pfb"]
        if names.contains(where: { name in endings.contains { name.lowercased().hasSuffix($0) } }) { return true }
        guard depth > 0 else { return false }
        return names.contains {
            FilePaths.isFolder("\(folder)/\($0)") && holdsTypeface("\(folder)/\($0)", depth: depth - 1)
        }
    }

    // MARK: what the system allows

    private var memory: Finding {
        do throws(Errno) {
            try OwnedDescriptor(memfdNamed: "bulkhead-doctor", byteCount: 4096).close()
            return Finding(.ok, "shared memory", "sealed memory files work")
        } catch {
            return Finding(
                .missing, "shared memory", "sealed memory files do not work: \(error.phrase)",
                advice: "use Linux 5.10 or later, and allow memfd_create where system calls are filtered")
        }
    }

    private var controlFolder: Finding {
        do throws(BroadcastError) {
            _ = try ControlAddress.standard(pid: getpid())
            let running = ControlAddress.running(in: ControlAddress.folder).map { "unix:\($0)" }
            return Finding(
                .ok, "control folder",
                ControlAddress.folder + (running.isEmpty ? "" : ", running: " + running.joined(separator: ", ")))
        } catch {
            return Finding(.absent, "control folder", error.problem, advice: error.advice)
        }
    }

    // MARK: what can be opened

    private var cameras: Finding {
        let devices = FilePaths.names(in: "/dev").filter { $0.hasPrefix("video") }.map { "/dev/\($0)" }
        guard !devices.isEmpty else { return Finding(.absent, "cameras", "none: there is no /dev/video*") }
        let readable = devices.filter { access($0, R_OK | W_OK) == 0 }
        guard !readable.isEmpty else {
            return Finding(
                .absent, "cameras", "\(devices.joined(separator: ", ")) may not be opened by this user",
                advice: "add the user to the group video")
        }
        return Finding(.ok, "cameras", readable.map { "v4l2:\($0)" }.joined(separator: ", "))
    }

    private var screen: Finding {
        let local = DisplayName.local.map { "x11:\($0)" }.joined(separator: ", ")
        guard let display = environment("DISPLAY") else {
            if environment("WAYLAND_DISPLAY") != nil {
                return Finding(
                    .absent, "screen", "Wayland without X11 can't be grabbed", advice: "log in to an X11 session")
            }
            return Finding(
                .absent, "screen", "none: DISPLAY is not set",
                advice: local.isEmpty ? "" : "these displays answer: \(local)")
        }
        guard DisplayName(display)?.answers ?? true else {
            return Finding(
                .absent, "screen", "DISPLAY is \(display), but no display answers there",
                advice: local.isEmpty ? "check DISPLAY" : "these displays answer: \(local)")
        }
        return Finding(.ok, "screen", "x11:\(display)")
    }

    private var sound: Finding {
        var inputs: [String] = []
        if let runtime = environment("XDG_RUNTIME_DIR"), LocalSocket.answers(at: "\(runtime)/pulse/native") {
            inputs.append("pulse:default")
        }
        // Capture devices of ALSA end in "c".
        let captures = FilePaths.names(in: "/dev/snd").filter { $0.hasPrefix("pcm") && $0.hasSuffix("c") }
        if captures.contains(where: { access("/dev/snd/\($0)", R_OK) == 0 }) { inputs.append("alsa:default") }
        guard inputs.isEmpty else { return Finding(.ok, "sound", inputs.joined(separator: ", ")) }
        return Finding(
            .absent, "sound", captures.isEmpty ? "no microphone" : "microphones may not be opened by this user",
            advice: captures.isEmpty ? "" : "add the user to the group audio")
    }

    private func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
