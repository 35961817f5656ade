import BulkheadSystem
import Testing

/// What is said of a kernel that lacks walls.
@Suite(.timeLimit(.minutes(1))) struct KernelWallsTests {
    @Test func whatIsMissingIsNamed() {
        #expect(KernelWalls(landlockVersion: 1, hasSeccomp: true).missing.isEmpty)
        let landlock = KernelWalls(landlockVersion: nil, hasSeccomp: true).missing
        #expect(landlock.count == 1 && landlock.allSatisfy { $0.contains("Landlock") })
        let seccomp = KernelWalls(landlockVersion: 7, hasSeccomp: false).missing
        #expect(seccomp.count == 1 && seccomp.allSatisfy { $0.contains("seccomp") })
        #expect(KernelWalls(landlockVersion: nil, hasSeccomp: false).missing == landlock + seccomp)
    }
}
