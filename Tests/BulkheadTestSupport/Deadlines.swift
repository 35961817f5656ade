package import Foundation

/// What did not come within its time.
package struct DeadlinePassed: Error, CustomStringConvertible {
    package let description: String
}

/// Waits until `condition` holds, on this thread; false if it doesn't within `timeout`. For tests that are not `async`.
package func eventuallyOnThisThread(
    within timeout: Duration = .seconds(10), _ condition: () throws -> Bool
) rethrows -> Bool {
    let deadline = ContinuousClock.now + timeout
    while true {
        if try condition() { return true }
        if ContinuousClock.now > deadline { return false }
        _ = poll(nil, 0, 10)
    }
}

extension FileHandle {
    /// What can be read, waited for at most `timeout`; empty at the end.
    /// - Throws: ``DeadlinePassed``, which says that `what` was waited for.
    package func availableData(within timeout: Duration = .seconds(20), waitingFor what: String) throws -> Data {
        var entry = pollfd(fd: fileDescriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, CInt(timeout / .milliseconds(1))) == 1 else {
            throw DeadlinePassed(description: "waited \(timeout) for \(what)")
        }
        return availableData
    }
}
