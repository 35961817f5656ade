import BulkheadChildren
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

    private static func comment(_ number: Int64) -> RoomNews { .comment(number: number, at: .zero, [1]) }

    /// The room comes behind the stream, and the next origin is given all that viewers may not have.
    @Test func theNextOneIsGivenTheRoom() throws {
        var machine = try Self.machine()
        #expect(machine.handle(.news(.board([9], isOpen: true)), at: Self.now).isEmpty)
        _ = machine.handle(.launched(1), at: Self.now)
        _ = machine.handle(.greeted(1), at: Self.now)
        _ = Self.feed(&machine, 0..<1)
        #expect(machine.handle(.ready(1, port: 80), at: Self.now).last == .give(1, .room([9], isOpen: true)))
        for number in Int64(1)...400 {
            #expect(
                machine.handle(.news(Self.comment(number)), at: Self.now)
                    == [.give(1, .comment(number: number, at: .zero, [1]))])
        }
        _ = machine.handle(.news(.takenBack([399], fromPictureOnly: false)), at: Self.now)
        _ = machine.handle(.news(.takenBack([400], fromPictureOnly: true)), at: Self.now)
        // One that is too long is told to nobody.
        let long = RoomNews.comment(number: 401, at: .zero, [UInt8](repeating: 1, count: 20_000))
        #expect(machine.handle(.news(long), at: Self.now).isEmpty)
        _ = machine.handle(.ended(1, "SIGKILL"), at: Self.now)
        #expect(machine.handle(.news(Self.comment(402)), at: Self.now).isEmpty)
        _ = machine.handle(.launched(2), at: Self.now)
        _ = machine.handle(.greeted(2), at: Self.now)
        let given = machine.handle(.ready(2, port: 80), at: Self.now)
        let numbers = given.compactMap { action in
            if case .give(2, .comment(let number, _, _)) = action { number } else { nil }
        }
        #expect(numbers == Array(101...398) + [400, 402])
        #expect(given.contains(.give(2, .room([9], isOpen: true))))
    }

    /// A certificate is there before anybody can ask for it; that the next origin has it as well is no news.
    @Test func theCertificateComesFirst() throws {
        var machine = try Self.machine()
        #expect(machine.handle(.certificate(chain: [1], key: [2]), at: Self.now).isEmpty)
        _ = machine.handle(.launched(1), at: Self.now)
        _ = Self.feed(&machine, 0..<1)
        let open = machine.handle(.greeted(1), at: Self.now)
        #expect(open.first == .give(1, .certificate(chain: [1], key: [2])) && open.count == 2)
        #expect(machine.handle(.certified(1, problem: nil), at: Self.now).isEmpty)
        #expect(machine.handle(.certificate(chain: [1], key: [2]), at: Self.now).isEmpty)
        #expect(
            machine.handle(.certificate(chain: [3], key: [2]), at: Self.now)
                == [.give(1, .certificate(chain: [3], key: [2]))])
        let problem = machine.handle(.certified(1, problem: "it is none"), at: Self.now)
        #expect(problem == [.post(.certificateUnusable(text: "it is none"))])
        _ = machine.handle(.ended(1, "SIGKILL"), at: Self.now)
        _ = machine.handle(.launched(2), at: Self.now)
        #expect(machine.handle(.greeted(2), at: Self.now).first == .give(2, .certificate(chain: [3], key: [2])))
        #expect(machine.handle(.certified(2, problem: "it is none"), at: Self.now).isEmpty)
        _ = machine.handle(.certificate(chain: [4], key: [2]), at: Self.now)
        #expect(machine.handle(.certified(2, problem: nil), at: Self.now) == [.post(.certificateRead)])
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
        #expect(machine.record.restarts == 0 && machine.record.state == .ended)
    }

    /// With a certificate that can be used, the address is one of HTTPS.
    @Test(arguments: [nil, "it is none"]) func theAddressSaysWhetherItTakesTLS(problem: String?) throws {
        var machine = try Self.machine()
        _ = machine.handle(.certificate(chain: [1], key: [2]), at: Self.now)
        _ = machine.handle(.launched(1), at: Self.now)
        _ = machine.handle(.certified(1, problem: problem), at: Self.now)
        let actions = machine.handle(.ready(1, port: 8443), at: Self.now)
        let address = actions.compactMap { action -> String? in
            if case .post(.ready(let address, _)) = action { address } else { nil }
        }
        #expect(address.count == 1 && address.first?.hasPrefix(problem == nil ? "https://" : "http://") == true)
    }
}
