import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadOutputs
import BulkheadSystem
import BulkheadWire
import Testing

/// What a broadcast's own server is given, over the deaths of those that serve.
@Suite(.timeLimit(.minutes(1))) struct OriginMachineTests {
    private static let now = MonotonicTime(nanoseconds: 1_000_000_000)
    private static let wallClock: Int64 = 1_790_000_000_000

    private static func configuration(_ byte: UInt8) throws -> StreamConfiguration {
        StreamConfiguration(
            canvas: try #require(Canvas(width: 640, height: 360)), frameRate: try #require(FrameRate(25)),
            videoBitsPerSecond: 1, audioBitsPerSecond: 1, avcConfiguration: [byte], audioSpecificConfig: [2])
    }

    private static func picture(_ number: Int, configuration: Int = 1) -> Packet {
        let time = MediaTime(milliseconds: Int64(number) * 40)
        return Packet(
            kind: .video(isIDR: number % 50 == 0, isDisposable: false), dts: time, pts: time, bytes: [1, 2],
            configuration: configuration)
    }

    private static func machine(_ limits: OriginMachine.Limits = .init()) throws -> OriginMachine {
        let address = try #require(ListenAddress(":0", anyHost: ListenAddress.everywhere))
        var machine = OriginMachine(address, limits: limits)
        #expect(machine.handle(.start, at: Self.now) == [.launch(after: .zero)])
        #expect(machine.handle(.configuration(try configuration(1), number: 1), at: Self.now).isEmpty)
        return machine
    }

    private static func feed(_ machine: inout OriginMachine, _ numbers: Range<Int>) -> [OriginMachine.Action] {
        numbers.flatMap { number in
            machine.handle(.packet(picture(number), wallClock: wallClock + Int64(number) * 40), at: Self.now)
        }
    }

    @Test func theNextOneIsGivenWhatPlayersMayAskFor() throws {
        var machine = try Self.machine()
        _ = machine.handle(.launched(1), at: Self.now)
        #expect(machine.handle(.greeted(1), at: Self.now).isEmpty)
        // It is opened once the time is known.
        #expect(
            Self.feed(&machine, 0..<1)
                == [.give(1, .open(host: "0.0.0.0", port: 0, timeZero: Self.wallClock))])
        let first = machine.handle(.ready(1, port: 8080), at: Self.now)
        #expect(first.contains(.ready(1)) && first.contains(.give(1, .configure(try Self.configuration(1)))))
        #expect(first.last == .give(1, .picture(Self.picture(0))))
        _ = Self.feed(&machine, 1..<1000)
        #expect(machine.handle(.ended(1, "SIGKILL"), at: Self.now) == [.launch(after: .zero)])
        _ = Self.feed(&machine, 1000..<1010)
        _ = machine.handle(.launched(2), at: Self.now)
        // At the same port, with the same clock.
        #expect(
            machine.handle(.greeted(2), at: Self.now)
                == [.give(2, .open(host: "0.0.0.0", port: 8080, timeZero: Self.wallClock))])
        let second = machine.handle(.ready(2, port: 8080), at: Self.now)
        let pictures = second.compactMap { if case .give(2, .picture(let packet)) = $0 { packet } else { nil } }
        // 16 seconds and the GOP that they begin in.
        #expect(pictures.first?.isIDR == true && pictures.last == Self.picture(1009))
        #expect((400...450).contains(pictures.count))
        #expect(zip(pictures, pictures.dropFirst()).allSatisfy { $1.dts > $0.dts })
        #expect(second.count { if case .post = $0 { true } else { false } } == 0)
    }

    @Test func configurationsComeBeforeTheirPictures() throws {
        var machine = try Self.machine()
        _ = machine.handle(.launched(1), at: Self.now)
        _ = machine.handle(.greeted(1), at: Self.now)
        _ = Self.feed(&machine, 0..<60)
        _ = machine.handle(.configuration(try Self.configuration(2), number: 2), at: Self.now)
        _ = machine.handle(
            .packet(Self.picture(100, configuration: 2), wallClock: Self.wallClock), at: Self.now)
        let actions = machine.handle(.ready(1, port: 1), at: Self.now)
        let requests = actions.compactMap { if case .give(1, let request) = $0 { request } else { nil } }
        #expect(requests.first == .configure(try Self.configuration(1)))
        #expect(requests.suffix(2).first == .configure(try Self.configuration(2)))
    }

    @Test func whatIsKeptIsBounded() throws {
        var limits = OriginMachine.Limits()
        limits.byteCount = 130 * 60
        var machine = try Self.machine(limits)
        _ = Self.feed(&machine, 0..<1000)
        _ = machine.handle(.launched(1), at: Self.now)
        _ = machine.handle(.greeted(1), at: Self.now)
        let given = machine.handle(.ready(1, port: 1), at: Self.now).count {
            if case .give = $0 { true } else { false }
        }
        #expect(given <= 61)
    }

    @Test func oneThatSaysNothingIsReplaced() throws {
        var machine = try Self.machine()
        _ = machine.handle(.launched(1), at: Self.now)
        #expect(machine.handle(.tick, at: Self.now.advanced(by: .seconds(4))).isEmpty)
        _ = machine.handle(.alive(1, players: 3), at: Self.now.advanced(by: .seconds(4)))
        #expect(machine.playerCount == 3)
        #expect(machine.handle(.tick, at: Self.now.advanced(by: .seconds(8))).isEmpty)
        guard case .dismiss(1, _)? = machine.handle(.tick, at: Self.now.advanced(by: .seconds(10))).first else {
            Issue.record("it stays")
            return
        }
    }

    @Test func troubleIsToldOnceAndItsEndToo() throws {
        var machine = try Self.machine()
        _ = machine.handle(.launched(1), at: Self.now)
        #expect(machine.handle(.trouble(1, text: "a"), at: Self.now) == [.post(.notListening(text: "a"))])
        #expect(machine.handle(.trouble(1, text: "a"), at: Self.now).isEmpty)
        let actions = machine.handle(.ready(1, port: 80), at: Self.now)
        #expect(actions.contains(.post(.ready(address: "http://0.0.0.0:80/live/main", port: 80))))
    }

    @Test func theEndIsToldAndNoneFollows() throws {
        var machine = try Self.machine()
        _ = machine.handle(.launched(1), at: Self.now)
        #expect(machine.handle(.finish, at: Self.now) == [.give(1, .finish), .release(1)])
        #expect(machine.handle(.ended(1, "released"), at: Self.now).isEmpty)
    }
}
