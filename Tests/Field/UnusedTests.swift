import Testing

/// Inputs of which not all is used hold up nothing.
@Suite(.timeLimit(.minutes(3))) struct UnusedTests {
    @Test func secondFilmWithAnOptionIsClosedAndTheFirstOneEnds() async throws {
        let field = try Field()
        let films = [try await field.film("a.mp4"), try await field.film("b.mp4", seconds: 4)]
        let result = try await field.broadcast([films[0], "\(films[1]),audio=auto"])
        #expect(result.status == 0, "\(result.text)")
        #expect(try await result.pictures() == 50)
        #expect(result.text.contains("source 2: its picture and sound are not used"))
    }

    @Test func stillBesideAFilmIsClosed() async throws {
        let field = try Field()
        let film = try await field.film("a.mp4")
        let still = try await field.make("still.png", "-f lavfi -i color=red:size=64x64 -frames:v 1")
        let result = try await field.broadcast([film, still])
        #expect(result.status == 0, "\(result.text)")
        #expect(try await result.pictures() == 50)
    }

    @Test func silentFilmTakesTheSoundOfAnother() async throws {
        let field = try Field()
        let films = [try await field.film("a.mp4", sound: false), try await field.film("b.mp4")]
        let result = try await field.broadcast([films[0], "\(films[1]),video=none"])
        #expect(result.status == 0, "\(result.text)")
        #expect(try await (50...52).contains(result.pictures()))
        #expect(try await result.peak() ?? -100 > -30)
    }

    @Test func soundThatIsNotUsedIsClosedAndKilledByNobody() async throws {
        let field = try Field()
        let film = try await field.film("a.mp4")
        let sound = try await field.make("s.wav", "-f lavfi -i sine=duration=2")
        let result = try await field.broadcast([film, sound, "--loop", "--duration", "5"], isFast: false)
        #expect(result.status == 0, "\(result.text)")
        #expect(result.text.contains("source 2: its sound is not used"))
        #expect(!result.text.contains("crashed") && !result.text.contains("nothing came within"), "\(result.text)")
    }
}
