import BulkheadDrill
import BulkheadMedia
import BulkheadProbe
import Testing

@Suite(.timeLimit(.minutes(1))) struct DrillScenesTests {
    private func scenes(_ inputs: Int, count: Int = 50, seed: UInt64 = 3) throws -> DrillScenes {
        DrillScenes(
            inputs: inputs, count: count, seed: seed, seconds: 30, on: try #require(Canvas(width: 640, height: 360)))
    }

    @Test(arguments: [2, 4, 9]) func everyInputIsSeenInPlacesOfItsOwn(inputs: Int) throws {
        let scenes = try scenes(inputs)
        for scene in scenes.scenes {
            #expect(!scene.places.isEmpty && Set(scene.places.values).count == scene.places.count, "\(scene.name)")
        }
        #expect(Set(scenes.scenes.flatMap(\.places.keys)) == Set(0..<inputs))
        #expect(Set(scenes.parts).count == scenes.parts.count && scenes.parts.count <= 64)
    }

    @Test func changesAreInOrderAndTheSameForASeed() throws {
        let scenes = try scenes(4)
        let (same, other) = (try self.scenes(4), try self.scenes(4, seed: 4))
        #expect(scenes.changes.count == 50 && scenes.changes == same.changes)
        #expect(scenes.changes != other.changes)
        for (one, next) in zip(scenes.changes, scenes.changes.dropFirst()) {
            #expect(one.seconds < next.seconds && one.scene != next.scene)
        }
        #expect(scenes.changes.allSatisfy { (1...29).contains($0.seconds) })
    }

    /// Two inputs, the second of which is shown from frame 10 to 19; each number that should be seen is seen but for one.
    @Test func numbersAreLookedForWhereTheSceneHasThem() throws {
        let scenes = try scenes(2)
        let all = try #require(scenes.scenes.firstIndex { $0.name == "all" })
        let shown = [(FrameNumber(0), 0), (FrameNumber(10), all), (FrameNumber(20), 0)].map {
            (frame: $0.0, scene: $0.1)
        }
        let looks = (0..<30).filter { $0 != 25 }.map { frame in
            let scene = scenes.scenes[(10..<20).contains(frame) ? all : 0]
            var numbers = [UInt32?](repeating: nil, count: scenes.parts.count)
            for (input, place) in scene.places {
                guard let index = scenes.parts.firstIndex(of: place) else { continue }
                let second = frame - 10 + (frame >= 15 ? 1 : 0)
                numbers[index] = UInt32(input == 0 ? frame : second)
            }
            return PartsLook(milliseconds: Int64((Double(frame) * 1000 / 30).rounded()), numbers: numbers)
        }
        let (inputs, missing) = scenes.judge(looks, shown: shown, rate: 30)
        #expect(missing == 1)
        #expect(inputs.map(\.shown) == [29, 10] && inputs.map(\.unread) == [0, 0])
        #expect(inputs.map(\.lost) == [0, 1])
    }
}
