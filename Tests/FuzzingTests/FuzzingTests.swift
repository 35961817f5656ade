import BulkheadFuzzing
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct FuzzingTests {
    private static let seeds = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../Fuzzing/Seeds").standardizedFileURL

    private static func inputs(of subject: FuzzSubject) throws -> [(name: String, bytes: [UInt8])] {
        let folder = seeds.appending(path: subject.name)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { name in
            (name, Array(try Data(contentsOf: folder.appending(path: name))))
        }
    }

    /// The seeds are small real inputs, and every input by which fuzzing has found a mistake.
    @Test(arguments: FuzzSubject.all)
    func allRulesHoldForTheSeedsAndForTheirBeginnings(subject: FuzzSubject) throws {
        let inputs = try Self.inputs(of: subject)
        #expect(!inputs.isEmpty)
        for (name, bytes) in inputs {
            #expect(bytes.count <= subject.maximumByteCount, "\(name) is longer than the fuzzer's inputs")
            for end in Set([0, 1, bytes.count / 3, bytes.count - 1, bytes.count]) where end >= 0 {
                #expect(throws: Never.self, "\(name), its first \(end) bytes") {
                    try subject.check(Array(bytes[..<end]))
                }
            }
        }
    }

    /// A little of what the fuzzer does, so that a broken rule does not have to wait for it.
    @Test(arguments: FuzzSubject.all)
    func allRulesHoldForSpoiledSeeds(subject: FuzzSubject) throws {
        var numbers = SystemRandomNumberGenerator()
        for (name, bytes) in try Self.inputs(of: subject) where !bytes.isEmpty {
            for _ in 0..<20 {
                var spoiled = bytes
                for _ in 0...Int.random(in: 0..<4, using: &numbers) {
                    spoiled[Int.random(in: 0..<spoiled.count, using: &numbers)] = .random(in: 0...255, using: &numbers)
                }
                #expect(throws: Never.self, "\(name), spoiled: \(Data(spoiled).base64EncodedString())") {
                    try subject.check(spoiled)
                }
            }
        }
    }
}
