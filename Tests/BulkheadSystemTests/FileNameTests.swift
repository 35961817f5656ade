import BulkheadSystem
import BulkheadTestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct FileNameTests {
    private func roundTrip(_ bytes: [UInt8]) -> [UInt8] {
        FileName.bytes(FileName.text(bytes)).dropLast().map { UInt8(bitPattern: $0) }
    }

    @Test func namesInUTF8AreWhatTheyAre() {
        #expect(FileName.text(Array("/srv/Käse 🎥.mp4".utf8)) == "/srv/Käse 🎥.mp4")
        #expect(FileName.bytes("é") == [-61, -87, 0])
        #expect(FileName.text([]) == "" && FileName.bytes("") == [0])
    }

    @Test func latin1Survives() {
        let name = Array("caf".utf8) + [0xE9] + Array(".mp4".utf8)
        #expect(FileName.text(name).hasPrefix("caf") && FileName.text(name).hasSuffix(".mp4"))
        #expect(roundTrip(name) == name)
    }

    /// Also what looks like one of our own characters.
    @Test func everyNameSurvives() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<500 {
            let name = (0..<Int.random(in: 0...24, using: &random)).map { _ in UInt8.random(in: 1...255, using: &random)
            }
            #expect(roundTrip(name) == name)
        }
        for escape in ["\u{10FE80}", "\u{10FEE9}", "\u{10FEFF}a"] {
            #expect(roundTrip(Array(escape.utf8)) == Array(escape.utf8))
        }
    }
}
