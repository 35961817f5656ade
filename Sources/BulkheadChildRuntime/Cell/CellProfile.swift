package import BulkheadSystem
package import BulkheadWire
import Glibc

/// What the process of a role gives up, and what it keeps. ``Cell`` carries it out.
package struct CellProfile: Sendable {
    /// Bytes of private memory; nil leaves them as they are.
    package var memoryByteCount: UInt64?
    /// How many descriptors may be open; nil leaves them as they are.
    package var descriptorCount: UInt64?
    /// Further limits.
    package var limits: [(Confinement.Limit, UInt64)] = []
    /// How much sooner than others it is ended when the machine runs out of memory, in thousandths of that. The master has
    /// none: it is the last to go.
    package var outOfMemoryScore: Int
    /// What it keeps where it runs as root; nil for all.
    package var capabilities: Confinement.Capabilities? = []
    /// What it may still touch; nil until that is known.
    package var files: [FileGrant]?
    package var openings: Landlock.Openings = []
    /// What it may call besides what computing takes; nil leaves all calls as they are.
    package var calls: Confinement.Calls?
    /// What it starts may be given rights that it has not itself, as by a program that is set-user-ID.
    package var mayGainPrivileges = false
    /// It makes files: without Landlock, wherever its user may.
    package var writesFiles = false

    package init(outOfMemoryScore: Int) { self.outOfMemoryScore = outOfMemoryScore }

    /// What every process of `role` is under before it reads its first message; nil for a role that is none of a child's.
    ///
    /// A source and a plugin host learn by messages what they are to read: the first steps of their cells hold what does
    /// not depend on it, the second ones follow before they open anything.
    package static func first(of role: Role) -> CellProfile? {
        switch role {
        case .master: return nil
        case .encoder, .mixer: return computing(outOfMemoryScore: 200)
        case .decoder: return computing(outOfMemoryScore: 500)
        case .recorder:
            var profile = CellProfile(outOfMemoryScore: 100)
            profile.memoryByteCount = memoryShare
            profile.descriptorCount = 64
            profile.limits = modesty
            profile.capabilities = [.readAnyFile, .writeAnyFile]
            profile.calls = .narrowing
            profile.writesFiles = true
            return profile
        case .source:
            var profile = CellProfile(outOfMemoryScore: 500)
            profile.memoryByteCount = memoryShare
            profile.descriptorCount = 1024
            profile.limits = modesty
            profile.capabilities = [.readAnyFile, .seeScreen]
            profile.calls = [.network, .localSockets, .devices, .narrowing]
            return profile
        // What else it gives up depends on its targets, of which it learns by its first message.
        case .notifier:
            var profile = CellProfile(outOfMemoryScore: 600)
            profile.memoryByteCount = memoryShare
            profile.descriptorCount = 256
            profile.limits = modesty
            profile.capabilities = nil
            profile.mayGainPrivileges = true
            return profile
        case .chat: return connecting(outOfMemoryScore: 500, calls: [.network, .localSockets])
        case .origin:
            return connecting(outOfMemoryScore: 400, descriptorCount: 65_536, calls: [.network, .localSockets])
        // Datagrams alone: without the opening no TCP port is bound or connected to.
        case .srt: return connecting(outOfMemoryScore: 200, openings: [], calls: .network)
        case .pluginHost:
            var profile = CellProfile(outOfMemoryScore: 300)
            profile.capabilities = nil
            return profile
        }
    }

    /// For a process that turns one open file into another.
    package static var remuxing: CellProfile { computing(outOfMemoryScore: 500) }

    /// For a process that has all it needs when it starts: no files, no connections.
    private static func computing(outOfMemoryScore: Int) -> CellProfile {
        var profile = CellProfile(outOfMemoryScore: outOfMemoryScore)
        profile.memoryByteCount = memoryShare
        profile.descriptorCount = 256
        profile.limits = modesty
        profile.files = machine
        profile.calls = []
        return profile
    }

    /// For a process that talks with other machines, and reads nothing but what it takes to find and trust them.
    package static func connecting(
        outOfMemoryScore: Int, descriptorCount: UInt64 = 256, openings: Landlock.Openings = .network,
        calls: Confinement.Calls
    ) -> CellProfile {
        var profile = CellProfile(outOfMemoryScore: outOfMemoryScore)
        profile.memoryByteCount = memoryShare
        profile.descriptorCount = descriptorCount
        profile.limits = modesty
        profile.files = machine + libraries + names
        profile.openings = openings
        profile.calls = calls
        return profile
    }

    /// What no child needs, or not as much of as to leave others none: dumps, priority over others, queues, timers.
    package static var modesty: [(Confinement.Limit, UInt64)] {
        // Somebody may want the dumps. 0 would still have them piped to a program that collects them, as core(5) says; 1
        // has not.
        let wantsCores = getenv("BULKHEAD_CORES").map { String(cString: $0) } == "1"
        return (wantsCores ? [] : [(.coreDump, 1)]) + [
            (.queuedMessages, 0), (.priority, 0), (.realTimePriority, 0), (.queuedSignals, 256),
        ]
    }

    /// Half of the machine's memory, in bytes, but 1 to 16 GiB.
    package static var memoryShare: UInt64 {
        let pages = UInt64(max(0, sysconf(CInt(_SC_PHYS_PAGES))))
        let page = UInt64(max(0, sysconf(CInt(_SC_PAGESIZE))))
        return min(16 << 30, max(1 << 30, pages.multipliedReportingOverflow(by: page).0 / 2))
    }

    /// What the C library and the language's runtime look up of the machine and of this process.
    package static var machine: [FileGrant] {
        let readable = [
            "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/filesystems", "/proc/sys/vm/overcommit_memory",
            "/sys/devices/system/cpu", "/sys/devices/system/node", "/etc/localtime", "/etc/timezone", "/dev/random",
            "/dev/urandom",
        ]
        // Not /dev/zero, which makes memory that nothing counts.
        return readable.map { FileGrant(.read, .any, named: $0) }
            + ["/dev/null", "/dev/full"].map { FileGrant([.read, .write], .other, named: $0) }
    }

    /// What it takes to find a machine by its name, and to trust it.
    package static var names: [FileGrant] {
        let paths = [
            "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services",
            "/etc/protocols", "/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/ca-certificates.conf",
            "/etc/gnutls", "/etc/crypto-policies", "/run/systemd/resolve", "/run/NetworkManager", "/run/resolvconf",
            "/var/run/nscd",
        ]
        let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"].compactMap { (name: String) in
            getenv(name).map { String(cString: $0) }
        }
        return (paths + named).map { FileGrant(.read, .any, named: $0) }
    }

    /// Programs' and libraries' files. No folder here holds a user's data.
    package static var libraries: [FileGrant] {
        [
            "/usr", "/lib", "/lib64", "/lib32", "/libx32", "/nix/store", "/gnu/store", "/etc/ld.so.cache",
            "/etc/alternatives", "/dev/zero",
        ].map { FileGrant(.read, .any, named: $0) }
    }
}
