import BulkheadMaster
import BulkheadSystem
import Testing

/// What a service manager is told, and when.
@Suite(.timeLimit(.minutes(1))) struct ServiceMachineTests {
    private static func time(_ milliseconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: 5_000_000_000 + milliseconds * 1_000_000)
    }

    @Test func itIsReadyOnAirAndStopsOnce() {
        var machine = ServiceMachine(watchdog: nil)
        #expect(machine.look(.starting, next: 0, seconds: 0, at: Self.time(0)).first?.hasPrefix("STATUS=") == true)
        #expect(machine.look(.starting, next: 0, seconds: 0, at: Self.time(80)).isEmpty)
        #expect(machine.look(.onAir, next: 1, seconds: 0, at: Self.time(160)) == ["READY=1\nSTATUS=on air"])
        #expect(machine.look(.onAir, next: 3, seconds: 0, at: Self.time(240)).isEmpty)
        #expect(
            machine.look(.onAir, next: 303, seconds: 10.2, at: Self.time(10_300))
                == ["STATUS=on air for 10 s, frame 303"])
        #expect(machine.look(.ending, next: 303, seconds: 10, at: Self.time(10_400)) == ["STOPPING=1\nSTATUS=ending"])
        #expect(machine.look(.ended, next: 303, seconds: 10, at: Self.time(10_500)).isEmpty)
    }

    /// The whole point of a watchdog: a timeline that stands is not alive, however often it is looked at.
    @Test func noFrameNoSignOfLife() {
        var machine = ServiceMachine(watchdog: .seconds(9))
        #expect(machine.look(.starting, next: 0, seconds: 0, at: Self.time(0)).contains("WATCHDOG=1") == false)
        var signs = 0
        for step in 0..<100 {
            signs += machine.look(.onAir, next: Int64(step), seconds: 0, at: Self.time(Int64(step) * 100))
                .count { $0 == "WATCHDOG=1" }
        }
        // Each three seconds of nearly ten.
        #expect(signs == 4)
        for step in 100..<1000 {
            let messages = machine.look(.onAir, next: 100, seconds: 0, at: Self.time(Int64(step) * 100))
            signs += messages.count { $0 == "WATCHDOG=1" }
        }
        // The frame after the last sign counts once.
        #expect(signs == 5)
        #expect(machine.look(.onAir, next: 101, seconds: 0, at: Self.time(200_000)).contains("WATCHDOG=1"))
    }

    /// The last frames may take seconds to be encoded, and links longer to send them: that has its own deadlines.
    @Test func theEndIsAlive() {
        var machine = ServiceMachine(watchdog: .seconds(3))
        _ = machine.look(.onAir, next: 5, seconds: 0, at: Self.time(0))
        for second in 1...10 {
            let messages = machine.look(.ending, next: 5, seconds: 0, at: Self.time(Int64(second) * 1000))
            #expect(messages.contains("WATCHDOG=1"))
        }
    }
}
