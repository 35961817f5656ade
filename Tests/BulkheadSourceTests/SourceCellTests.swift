import BulkheadChildRuntime
import BulkheadMedia
import BulkheadSource
import BulkheadSystem
import BulkheadTestSupport
import Foundation
import Testing

/// What a source keeps for each kind of input: no more than it takes to read that one.
@Suite(.timeLimit(.minutes(1))) struct SourceCellTests {
    private static func paths(_ url: String, format: String = "") -> Set<String> {
        let profile = SourceCell.profile(for: InputAddress(url, inputFormat: format))
        return Set((profile.files ?? []).map(\.path))
    }

    private static func calls(_ url: String, format: String = "") -> Confinement.Calls? {
        SourceCell.profile(for: InputAddress(url, inputFormat: format)).calls
    }

    @Test func onlyAnAddressHasSockets() {
        for url in ["test", "-", "/srv/film.mp4", "lavfi:testsrc"] { #expect(Self.calls(url) == []) }
        for url in ["https://example.com/a.m3u8", "rtsp://camera/1", "srt://host:9000", "udp://239.0.0.1:5000"] {
            #expect(Self.calls(url) == .network)
        }
        // Names of the local network are Avahi's to know, by a socket of its own.
        for url in ["rtsp://camera.local/1", "http://Camera.LOCAL./a", "unix:///run/camera"] {
            #expect(Self.calls(url) == [.network, .localSockets], "\(url)")
        }
        for url in ["v4l2:/dev/video0", "/dev/video1"] { #expect(Self.calls(url) == .devices, "\(url)") }
        for url in ["x11::0.0", "alsa:default", "pulse:default"] {
            #expect(Self.calls(url) == [.network, .localSockets, .devices], "\(url)")
        }
    }

    @Test func aFileIsThatFile() {
        let film = Self.paths("/srv/films/film.mp4").subtracting(Self.paths("test"))
        #expect(film == ["/srv/films/film.mp4"])
        #expect(Self.paths("-") == Self.paths("test"))
    }

    @Test(arguments: ["/srv/live/list.m3u8", "/srv/live/LIST.M3U8", "/srv/live/p%03d.png", "/srv/live/x.mpd"])
    func aListIsItsFolder(path: String) {
        #expect(Self.paths(path).subtracting(Self.paths("test")) == [path, "/srv/live"])
    }

    @Test func aListIsKnownByItsContent() throws {
        let folder = try TemporaryFolder()
        for (text, isList) in [("ffconcat version 1.0\nfile a.mp4\n", true), ("#EXTM3U\n", true), ("just text", false)]
        {
            let path = folder.path("input")
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            #expect(Self.paths(path).contains(folder.url.path) == isList, "\(text)")
        }
        #expect(Self.paths("/srv/live/list", format: "concat").contains("/srv/live"))
    }

    /// It would open the folder that films are downloaded to, or any file.
    @Test(arguments: ["ffconcat version 1.0\nfile /srv/secret\n", "#EXTM3U\n/srv/secret\n"])
    func aListThatIsCalledAFilmGetsNothing(text: String) throws {
        let folder = try TemporaryFolder()
        let path = folder.path("Film.MP4")
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        #expect(Self.paths(path).subtracting(Self.paths("test")) == [path])
        // Unless it is said that it is one.
        #expect(Self.paths(path, format: "concat").contains(folder.url.path))
    }

    /// Quoting as FFmpeg's documentation has it ("Utilities", "Quoting and escaping").
    @Test func aListsFilesAreReadWhereverTheyLie() throws {
        let folder = try TemporaryFolder()
        let list = folder.path("list")
        let text = """
            ffconcat version 1.0
            file /srv/a.mp4
            duration 5
              file '/srv/b c.mp4'
            file /srv/d\\ e.mp4
            file '/srv/it'\\''s.mp4'
            file ../f.mp4
            file http://example.com/g.mp4
            files /srv/h.mp4
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: list))
        let files = Self.paths(list).subtracting(Self.paths("test")).subtracting([list, folder.url.path])
        let named = ["/srv/a.mp4", "/srv/b c.mp4", "/srv/d e.mp4", "/srv/it's.mp4", folder.url.path + "/../f.mp4"]
        #expect(files == Set(named))
        // Any other format's text names nothing.
        try Data("#EXTM3U\nfile /srv/a.mp4\n".utf8).write(to: URL(fileURLWithPath: list))
        #expect(!Self.paths(list).contains("/srv/a.mp4"))
    }

    @Test func aGraphReadsTheFilesThatItNames() {
        let graph = Self.paths("lavfi:movie=/srv/a.mp4,lut3d=file=/srv/x.cube").subtracting(Self.paths("test"))
        #expect(graph.isSuperset(of: ["/srv/a.mp4", "/srv/x.cube"]))
        #expect(!graph.contains("/srv"))
    }

    /// What draws words reads typefaces and its logo, calls nothing and opens nothing.
    @Test func aCardReadsTypefacesAndItsLogo() {
        let profile = SourceCell.profile(for: Card(.slate, "x", logoPath: "/srv/logo.png"))
        #expect(profile.calls == [] && profile.openings == [])
        let files = Set((profile.files ?? []).map(\.path))
        #expect(files.isSuperset(of: ["/srv/logo.png", "/etc/fonts", "/usr"]) && !files.contains("/srv"))
        #expect((profile.files ?? []).allSatisfy { $0.access == .read || $0.path.hasPrefix("/dev/") })
        let title = Self.paths("title:x")
        #expect(title == files.subtracting(["/srv/logo.png"]))
        #expect(Self.paths("color:red") == Self.paths("test") && Self.calls("title:x") == [])
    }

    /// Nothing but a device is written to.
    @Test(arguments: ["test", "/srv/film.mp4", "/srv/list.m3u8", "https://example.com/a", "lavfi:testsrc"])
    func nothingIsWritten(url: String) {
        let profile = SourceCell.profile(for: InputAddress(url, inputFormat: ""))
        let written = (profile.files ?? []).filter { !$0.access.isDisjoint(with: [.write, .make]) }.map(\.path)
        #expect(Set(written) == ["/dev/null", "/dev/full"])
    }
}
