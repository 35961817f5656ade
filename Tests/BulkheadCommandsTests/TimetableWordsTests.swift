import BulkheadCommands
import BulkheadModel
import Testing

/// The timetable of a configuration file.
@Suite(.timeLimit(.minutes(1))) struct TimetableWordsTests {
    private static func words(_ text: String) throws -> BroadcastWords {
        try ConfigurationFile.words(in: text, named: "show.yaml")
    }

    @Test func entriesAreReadInTheirOrder() throws {
        let words = try Self.words(
            """
            timezone: Europe/Berlin
            timetable:
              - {at: "0 1 * * *", do: {scene: talk}}
              - at: "30 20 * * fri"
                do: {set: {video-bitrate: 4M, cbr: true}}
              - at: "@hourly"
                do:
                  - record: {mark: hour}
                  - input: {skip: music, take: cam}
              - {at: "@daily", do: {scene: {take: night, fade: 1s}, plugin: {disable: logo}, link: {pause: main}}}
              - {at: "@weekly", do: {restart: encoder, record: save-replay, input: {add: "test,name=late"}}}
            """)
        #expect(words.timezone == "Europe/Berlin")
        let entries = words.timetable
        #expect(entries.map(\.at.text) == ["0 1 * * *", "30 20 * * fri", "@hourly", "@daily", "@weekly"])
        #expect(
            entries.map(\.text) == [
                "scene talk", "set video-bitrate=4M cbr=true", "mark hour, input skip music, input take cam",
                "scene night, plugin disable logo, link pause main",
                "restart encoder, save a replay, input add late",
            ])
        #expect(entries[0].changes == [.scene(.take("talk", .cut))])
        #expect(
            entries[2].changes == [
                .mark("hour"), .input(.skip("music", file: nil)), .scene(.take("cam", .cut)),
            ])
        #expect(entries[3].changes.first == .scene(.take("night", Transition(.fade, milliseconds: 1000))))
        // It is what a broadcast hands over.
        let line = JSONLine.encode(Timetable(zone: words.timezone, entries: entries))
        #expect(try JSONLine.decode(Timetable.self, from: line).entries == entries)
    }

    @Test(
        arguments: [
            ("timetable:\n  - {at: \"0 0 31 4 *\", do: {scene: a}}\n", "line 2: ", "never comes"),
            ("timetable:\n  - {at: \"61 * * * *\", do: {scene: a}}\n", "line 2: ", "minute"),
            ("timetable:\n  - at: \"@daily\"\n    do: {sing: a}\n", "line 3: ", "sing"),
            ("timetable:\n  - at: \"@daily\"\n    do: {set: {fps: 25}}\n", "line 3: ", "can't be changed on air"),
            ("timetable:\n  - at: \"@daily\"\n    do: {set: {video-bitrate: lots}}\n", "line 3: ", "lots"),
            ("timetable:\n  - {at: \"@daily\"}\n", "line 2: ", "does nothing"),
            ("timetable:\n  - {do: {scene: a}}\n", "line 2: ", "not when"),
            ("timetable: {at: \"@daily\"}\n", "line 1: ", "is a list"),
            ("timetable:\n  - {at: \"@daily\", do: {scene: {take: a, spin: 1s}}}\n", "line 2: ", "spin"),
            ("timetable:\n  - {at: \"@daily\", do: {link: {move: a}}}\n", "line 2: ", "move"),
            ("timetable:\n  - {at: \"@daily\", do: {input: {add: /none.mp4}}}\n", "line 2: ", "none.mp4"),
            ("timezone: Mars/Olympus\n", "line 1: ", "no time zone"),
            ("timezone: ../../etc/passwd\n", "line 1: ", "no time zone"),
        ] as [(String, String, String)])
    func whatIsWrongIsSaidWithItsLine(text: String, place: String, words: String) {
        let error = #expect(throws: BroadcastError.self) { try Self.words(text) }
        #expect(error?.kind == .usage || error?.kind == .input)
        #expect(
            error?.problem.contains(place) == true && error?.problem.contains(words) == true,
            "\(error.debugDescription)")
    }
}
