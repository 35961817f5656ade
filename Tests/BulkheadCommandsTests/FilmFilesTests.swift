import ArgumentParser
import BulkheadCommands
import BulkheadModel
import Testing

/// Films that are named one by one, and the order of playlists.
@Suite(.timeLimit(.minutes(1))) struct FilmFilesTests {
    private func inputs(_ words: [String], _ more: String...) throws -> [InputSettings] {
        let arguments = words + ["--to", "rtmp://h/a/k"] + more
        return try BroadcastPlan(BroadcastOptions.parse(arguments).words).settings.inputs
    }

    @Test func severalFilmsAreOneInput() throws {
        let folder = try TemporaryFolder()
        let files = try ["a.mp4", "b", "s.wav", "c.MKV"].map { try folder.write("x", to: $0) }
        let read = try inputs(files)
        #expect(read.map(\.url) == [files[0], files[2]])
        #expect(read.map(\.files) == [[files[0], files[1], files[3]], nil])
    }

    @Test func emptyFilmIsLeftToTheList() throws {
        let folder = try TemporaryFolder()
        let (empty, film) = (try folder.write("", to: "a.mp4"), try folder.write("x", to: "b.mp4"))
        #expect(try inputs([empty, film]).map(\.files) == [[empty, film]])
        for words in [[empty], [empty, "\(film),name=b"], [empty, film, "--layout", "side-by-side"]] {
            #expect(throws: BroadcastError.self) { try inputs(words) }
        }
    }

    @Test func oneFilmIsNoList() throws {
        let folder = try TemporaryFolder()
        let (film, sound) = (try folder.write("x", to: "a.mp4"), try folder.write("x", to: "s.mp3"))
        for words in [
            [film, sound], [sound, film], [film, "test"], [film, "image:\(try folder.write("x", to: "p.png"))"],
        ] {
            #expect(try inputs(words).map(\.files) == [nil, nil])
        }
    }

    @Test func whatIsMeantToBeAnInputOfItsOwnIsOne() throws {
        let folder = try TemporaryFolder()
        let (first, second) = (try folder.write("x", to: "a.mp4"), try folder.write("x", to: "b.mp4"))
        #expect(try inputs([first, "\(second),name=guest"]).count == 2)
        #expect(try inputs([first, "\(second),video=none"]).count == 2)
        #expect(try inputs([first, second], "--layout", "side-by-side").count == 2)
        #expect(try inputs([first, second], "--loop").map(\.loops) == [true])
    }

    @Test func playlistMayBeShuffled() throws {
        let folder = try TemporaryFolder()
        #expect(try inputs(["playlist:\(folder.path),shuffle=4711"]).first?.shuffleSeed == 4711)
        #expect(try inputs(["playlist:\(folder.path),shuffle=true"]).first?.shuffleSeed != nil)
        #expect(try inputs(["playlist:\(folder.path),shuffle=false"]).first?.shuffleSeed == nil)
        let film = try folder.write("x", to: "a.mp4")
        for words in ["playlist:\(folder.path),shuffle=perhaps", "\(film),shuffle=true"] {
            #expect(throws: BroadcastError.self) { try inputs([words]) }
        }
    }

    @Test func listIsOneLine() {
        var input = InputStatus(id: 1, name: "source 1", state: .ready, summary: "list of 12", isShown: true)
        input.playlist = PlaylistStatus(
            file: "b.mp4", title: "Bee", number: 2, count: 12, next: "c.mp4", secondsLeft: 83.2)
        #expect(
            InputText.line(input)
                == "source 1: shown, list of 12; plays Bee (b.mp4), 2 of 12, 1:23 left; next c.mp4")
        input.playlist = PlaylistStatus(file: "c.mp4", number: 12, count: 12, secondsLeft: 3723)
        let status = BroadcastStatus(
            state: .onAir, children: [], links: [], secondsOnAir: 0, frames: 0, framesCommitted: 0,
            framesUncommitted: 0,
            framesRepeated: 0, framesSkipped: 0, framesUnfiltered: 0, framesSlated: 0, standby: "off",
            framesPerSecond: 0,
            bitsPerSecond: 0, showing: .picture, encoderAddress: "", plugins: [])
        var listed = status
        listed.inputs = [input]
        let text = StatusReport(masterPID: 1, broadcast: listed).text
        #expect(text.contains("playlist source 1: plays c.mp4, 12 of 12, 1:02:03 left"), "\(text)")
        #expect(InputText.line(input).hasSuffix("; plays c.mp4, 12 of 12, 1:02:03 left; nothing follows"))
    }
}
