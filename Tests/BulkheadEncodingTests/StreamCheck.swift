import BulkheadChildren
import BulkheadEncoding
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire
import Testing

/// What viewers get, and what they may expect of it whatever has happened to encoders.
extension Studio {
    var pictures: [Packet] { packets.filter(\.isVideo) }
    var sound: [Packet] { packets.filter { !$0.isVideo } }

    /// The frames that were left out, as events say.
    var skipped: [FrameNumber] {
        happenings.compactMap {
            if case .encoder(.frameSkipped(let frame, _)) = $0.happening { frame } else { nil }
        }
    }

    func count(_ word: EncoderHappening.Word) -> Int {
        happenings.count {
            if case .encoder(let happening) = $0.happening { happening.facts.word == word } else { false }
        }
    }

    func count(_ word: ChildHappening.Word, _ duty: Duty? = nil) -> Int {
        happenings.count {
            guard case .child(let happening) = $0.happening else { return false }
            return happening.facts.word == word && (duty == nil || $0.part.duty == duty)
        }
    }

    /// The frames of the pictures that have gone out, in their order of decoding. The stream is delayed by the reordering
    /// of its first encoder.
    func frames(reorderDepth: UInt32? = nil) -> [FrameNumber] {
        let delay = Int64(reorderDepth ?? kind.reorderDepth)
        return pictures.map { ($0.pts.nanoseconds + 20_000_000) / 40_000_000 - delay }
    }

    /// Nothing that was given is lost, nothing is sent twice, and no time runs backwards.
    func expectWhole(
        reorderDepth: UInt32? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let frames = frames(reorderDepth: reorderDepth)
        #expect(isDrained && failure == nil, sourceLocation: sourceLocation)
        #expect(
            frames.sorted() + [] == (0..<FrameNumber(given.count)).filter { !skipped.contains($0) },
            sourceLocation: sourceLocation)
        #expect(
            zip(pictures, pictures.dropFirst()).allSatisfy { $0.dts < $1.dts }, "DTS rises",
            sourceLocation: sourceLocation)
        #expect(pictures.allSatisfy { $0.dts <= $0.pts }, "DTS before PTS", sourceLocation: sourceLocation)
        #expect(pictures.first?.isIDR ?? true, "begins with an IDR", sourceLocation: sourceLocation)
        #expect(
            released.map(\.slot).sorted() == given.map(\.slot).sorted(), "every slot is free, once",
            sourceLocation: sourceLocation)
        #expect(
            zip(sound, sound.dropFirst()).allSatisfy { $0.dts < $1.dts }, "sound rises", sourceLocation: sourceLocation)
        for (index, packet) in packets.enumerated() where packet.isVideo {
            #expect(
                configurations.contains(packet.configuration), "packet \(index) is announced",
                sourceLocation: sourceLocation)
        }
    }
}
