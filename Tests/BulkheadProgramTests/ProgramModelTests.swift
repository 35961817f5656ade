import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadProgram
import BulkheadSystem
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Testing

/// The timeline under any order of pictures, sound, deaths and load.
@Suite(.timeLimit(.minutes(1))) struct ProgramModelTests {
    /// One input as the test plays it.
    private struct Player {
        let id: InputID
        let description: SourceDescription
        var picture: Int64 = 0
        var sound: Int64 = 0
        var hasEnded = false
        var isOpen = false
    }

    private struct Theatre {
        var script: Script
        var players: [Player]
        /// Slots that the machine has taken and not given back.
        var held: Set<SlotReference> = []
        var lastFrame: FrameNumber = -1
        var nextBlock: Int64 = 0
        var isOver = false
        var isOnAir = false
        var ticks = 0
        var given = 0
        var slates = 0
        var shown = ShownPicture.picture
        var isSkipping = false

        mutating func take(_ actions: [ProgramMachine.Action]) {
            for action in actions {
                switch action {
                case .begin: #expect(isOnAir)
                case .give(let frame, let slot):
                    #expect(frame > lastFrame && held.contains(slot), "a picture that is here, in a later frame")
                    lastFrame = frame
                    given += 1
                case .mix, .tell: Issue.record("one input alone is mixed")
                case .giveSlate(let frame):
                    #expect(frame > lastFrame)
                    lastFrame = frame
                    slates += 1
                case .giveTracks: Issue.record("nothing taps the desk")
                case .giveSound(let block):
                    #expect(block.number == nextBlock, "each block once and in order")
                    #expect(block.samples.count == AudioFormat.floatsPerBlock)
                    nextBlock += 1
                case .release(let slot): #expect(held.remove(slot) != nil, "each slot is given back once")
                case .demand(let input, let demand):
                    #expect(players.contains { $0.id == input })
                    #expect(demand.pictures >= 0 && demand.waiting >= 0 && demand.step > 0)
                case .use(let input, _): #expect(players.contains { $0.id == input })
                case .post(let happening): note(happening)
                case .end:
                    #expect(!isOver)
                    isOver = true
                }
            }
        }

        private mutating func note(_ happening: TimelineHappening) {
            switch happening {
            case .onAir:
                #expect(!isOnAir)
                isOnAir = true
            case .showing(let picture, _):
                #expect(picture != shown, "only changes are told")
                shown = picture
            case .skipping:
                #expect(!isSkipping)
                isSkipping = true
            case .keepingUp(let skipped):
                #expect(isSkipping && skipped == script.machine.framesSkipped)
                isSkipping = false
            case .lag(let milliseconds): #expect(milliseconds > 2000)
            case .uneven(let repeated, let leftOut): #expect(repeated + leftOut > 0)
            default: Issue.record("a program does not post \(happening)")
            }
        }

        mutating func open(_ index: Int) {
            take(script.handle(.inputOpened(players[index].id, players[index].description)))
            players[index].isOpen = true
        }

        mutating func tickIfDue() {
            guard script.isDue else { return }
            let before = script.machine.clock.nextFrame
            let wasSkipped = script.machine.framesSkipped
            let hadGiven = given + slates
            take(script.tick())
            guard !isOver else { return }
            ticks += 1
            #expect(script.machine.clock.nextFrame == before + 1)
            // Each tick is a frame or is counted as skipped.
            #expect(given + slates - hadGiven + script.machine.framesSkipped - wasSkipped == 1)
            // No sound that is due is missing: less than a block, or the grace of a live source, whose pictures may be
            // ahead of the clock by the patience and two frames.
            let time = script.machine.clock.nextTime
            #expect(
                AudioFormat.time(ofBlock: nextBlock + 1) > time - SoundDesk.liveGrace - MediaTime(milliseconds: 180))
            #expect(nextBlock == 0 || AudioFormat.time(ofBlock: nextBlock - 1) < time + SoundDesk.lead)
        }

        mutating func step(_ random: inout SeededGenerator) {
            let index = Int.random(in: players.indices, using: &random)
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<8 where players[index].isOpen && !players[index].hasEnded && players[index].description.hasVideo:
                players[index].picture += Int64.random(in: -10...80, using: &random)
                let known = script.passedOver.count
                if let slot = script.picture(players[index].picture, of: players[index].id) { held.insert(slot) }
                for number in script.passedOver[known...] {
                    let slot = held.first { $0.slot == number }
                    #expect(slot.map { held.remove($0) != nil } ?? false, "each slot is given back once")
                }
            case 8..<12 where players[index].isOpen && !players[index].hasEnded && players[index].description.hasAudio:
                let end = players[index].sound + Int64.random(in: 0...120, using: &random)
                script.sound(from: players[index].sound, to: end, of: players[index].id)
                players[index].sound = end
            case 12 where players[index].isOpen:
                take(script.handle(.inputInterrupted(players[index].id)))
                players[index].isOpen = false
            case 13: open(index)
            case 14 where Int.random(in: 0..<10, using: &random) == 0:
                take(script.handle(.inputEnded(players[index].id)))
                players[index].hasEnded = true
            case 15: script.load = Self.load(&random)
            case 16: take(script.handle(.timer))
            default:
                script.wait(Int64.random(in: 0...45, using: &random))
                if !isOnAir { take(script.handle(.begin)) }
                tickIfDue()
            }
        }

        private static func load(_ random: inout SeededGenerator) -> FrameLoad {
            let frames = Int.random(in: 0...50, using: &random)
            return FrameLoad(
                frames: frames, held: Int.random(in: 0...min(frames, 10), using: &random), limit: 50,
                hasRoom: Bool.random(using: &random), isWorking: Bool.random(using: &random))
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64], [false, true])
    func anyOrderOfEventsGivesEachFrameOnce(seed: UInt64, isFast: Bool) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2 {
            let seconds = Bool.random(using: &random) ? Double.random(in: 0.1...6, using: &random) : nil
            let descriptions: [SourceDescription] = [
                .file(), .file(audio: false), .file(video: false), .camera(), .camera(audio: true),
            ]
            let players = (1...Int.random(in: 1...3, using: &random)).map {
                Player(
                    id: InputID($0), description: descriptions[Int.random(in: 0..<5, using: &random)])
            }
            var theatre = Theatre(
                script: try Script(
                    isFast: isFast, slateAfter: .milliseconds(Int64.random(in: 100...800, using: &random)),
                    seconds: seconds),
                players: players)
            for player in players {
                theatre.take(
                    theatre.script.handle(.inputExpected(player.id, name: "source \(player.id)", isKept: false)))
            }
            for _ in 0..<500 where !theatre.isOver { theatre.step(&random) }
            if !theatre.isOver, theatre.isOnAir {
                theatre.take(theatre.script.handle(.end))
                #expect(theatre.isOver)
            }
            if theatre.isOver {
                // Nothing follows the end.
                theatre.script.wait(1000)
                #expect(theatre.script.tick().isEmpty && theatre.script.handle(.end).isEmpty && !theatre.script.isDue)
            }
            if let seconds, theatre.isOnAir {
                #expect(theatre.lastFrame < max(1, Int64((seconds * 25).rounded(.up))))
            }
        }
    }
}
