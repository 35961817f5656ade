import BulkheadSystem
import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// sd_notify(3) as a receiver sees it.
@Suite(.timeLimit(.minutes(1))) struct ServiceManagerTests {
    @Test(arguments: [false, true]) func oneDatagramForEachMessage(isAbstract: Bool) throws {
        let folder = try TemporaryFolder()
        let receiver = try NotifySocket(isAbstract ? nil : folder.path("notify"))
        let manager = try #require(ServiceManager(socket: receiver.address, watchdog: .seconds(10)))
        #expect(manager.tell("READY=1\nSTATUS=on air") && manager.tell("WATCHDOG=1"))
        #expect(receiver.receive() == "READY=1\nSTATUS=on air")
        #expect(receiver.receive() == "WATCHDOG=1")
        #expect(receiver.receive() == nil)
    }

    /// A manager that reads nothing holds up nobody, and is told later.
    @Test func whatIsNotTakenIsToBeToldAgain() throws {
        let receiver = try NotifySocket(nil)
        let manager = try #require(ServiceManager(socket: receiver.address, watchdog: nil))
        var told = 0
        while told < 100_000, manager.tell("WATCHDOG=1") { told += 1 }
        #expect(told > 0 && told < 100_000)
        while receiver.receive() != nil {}
        #expect(manager.tell("WATCHDOG=1"))
    }

    /// Nobody is there any more: nothing is to be told again.
    @Test func aSocketThatIsGoneIsNotWaitedFor() throws {
        let folder = try TemporaryFolder()
        let manager = try #require(ServiceManager(socket: folder.path("none"), watchdog: nil))
        #expect(manager.tell("READY=1"))
    }

    @Test(arguments: ["", "@", "relative", "vsock:2:1", "/" + String(repeating: "a", count: 107), "/a\u{0}b"])
    func whatIsNoAddressIsNone(address: String) {
        #expect(ServiceManager(socket: address, watchdog: nil) == nil)
    }

    @Test func theLongestPathFits() {
        #expect(ServiceManager(socket: "/" + String(repeating: "a", count: 106), watchdog: nil) != nil)
    }
}
