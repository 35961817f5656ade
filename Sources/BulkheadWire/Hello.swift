/// What a process is for.
package enum Role: UInt8, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    case master = 0
    case encoder = 1
    case source = 2
    case pluginHost = 3
    /// Decodes for a viewer, whose own process is on the master's side of the socket.
    case decoder = 4

    package var description: String {
        switch self {
        case .master: "master"
        case .encoder: "encoder"
        case .source: "source"
        case .pluginHost: "plugin host"
        case .decoder: "decoder"
        }
    }

    /// The name of the program that plays this role.
    package var executableName: String {
        switch self {
        case .master: "bulkhead"
        case .encoder: "bulkhead-encoder"
        case .source: "bulkhead-source"
        case .pluginHost: "bulkhead-plugin-host"
        case .decoder: "bulkhead-decoder"
        }
    }
}

/// The version of Bulkhead and of the schema between its processes.
package enum BulkheadVersion {
    /// Raised with every change of the schema; two processes work together only when it is the same.
    package static let wire: UInt16 = 1
    package static let build = "0.1.0"
}

/// The first message of either side. Its layout never changes, so that any two versions can tell each other apart.
package struct Hello: WireMessage, Hashable {
    package static let type: UInt16 = 1
    private static let magic: UInt32 = 0x4448_4B42  // "BKHD"

    package let wireVersion: UInt16
    package let role: Role
    package let pid: Int32
    package let build: String

    package init(
        role: Role, pid: Int32, wireVersion: UInt16 = BulkheadVersion.wire, build: String = BulkheadVersion.build
    ) {
        self.wireVersion = wireVersion
        self.role = role
        self.pid = pid
        self.build = build
    }

    package var frame: WireFrame {
        WireFrame(Self.type) {
            $0.write(Self.magic)
            $0.write(wireVersion)
            $0.write(role.rawValue)
            $0.write(pid)
            $0.write(build, atMost: 256)
        }
    }

    package init(_ frame: WireFrame) throws(WireError) {
        guard frame.type == Self.type else { throw .unknownType(frame.type) }
        var reader = WireReader(frame)
        guard try reader.read(UInt32.self) == Self.magic else { throw reader.outsideRange("magic") }
        wireVersion = try reader.read()
        guard let role = Role(rawValue: try reader.read()) else { throw reader.outsideRange("role") }
        self.role = role
        pid = try reader.read()
        build = try reader.readString(atMost: 256, "build")
        try reader.finish()
    }

    /// Nil when both sides can work together, else a phrase that names both versions.
    package func mismatch(expecting role: Role) -> String? {
        if self.role != role { return "the other side says that it is the \(self.role), not the \(role)" }
        if wireVersion != BulkheadVersion.wire || build != BulkheadVersion.build {
            return "the \(self.role) is version \(build) (schema \(wireVersion)), this is version "
                + "\(BulkheadVersion.build) (schema \(BulkheadVersion.wire))"
        }
        return nil
    }
}

/// A shared-memory region of equal slots, as it is announced to a process that will map it.
package struct PoolShape: Hashable, Sendable {
    package let id: UInt32
    package let slotCount: UInt32
    /// In bytes, a multiple of 4096.
    package let slotByteCount: UInt32

    package init(id: UInt32, slotCount: UInt32, slotByteCount: UInt32) {
        self.id = id
        self.slotCount = slotCount
        self.slotByteCount = slotByteCount
    }

    package var byteCount: Int { Int(slotCount) * Int(slotByteCount) }

    func write(to writer: inout WireWriter) {
        writer.write(id)
        writer.write(slotCount)
        writer.write(slotByteCount)
    }

    init(_ reader: inout WireReader) throws(WireError) {
        id = try reader.read()
        slotCount = try reader.read()
        slotByteCount = try reader.read()
        guard (1...4096).contains(slotCount) else { throw reader.outsideRange("slot count") }
        guard slotByteCount > 0, slotByteCount % 4096 == 0, slotByteCount <= 1 << 28 else {
            throw reader.outsideRange("slot byte count")
        }
    }
}

/// One slot of one pool.
package struct SlotReference: Hashable, Sendable {
    package let pool: UInt32
    package let slot: UInt32

    package init(pool: UInt32, slot: UInt32) {
        self.pool = pool
        self.slot = slot
    }

    func write(to writer: inout WireWriter) {
        writer.write(pool)
        writer.write(slot)
    }

    init(_ reader: inout WireReader) throws(WireError) {
        pool = try reader.read()
        slot = try reader.read()
    }
}

/// Why a child can't do what it was asked: a stable code, and one lowercase phrase for a person.
package struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: UInt16, Hashable, Sendable {
        case other = 0
        case notFound = 1
        case accessDenied = 2
        case notMedia = 3
        case unsupportedCodec = 4
        case unreachable = 5
        case nameNotResolved = 6
        case deviceBusy = 7
        case settings = 8
        case missingSymbol = 9
        case wrongVersion = 10
        case timedOut = 11
        case notLibrary = 12
    }

    package let code: Code
    package let description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    func write(to writer: inout WireWriter) {
        writer.write(code.rawValue)
        writer.write(description, atMost: 4096)
    }

    init(_ reader: inout WireReader) throws(WireError) {
        code = Code(rawValue: try reader.read()) ?? .other
        description = try reader.readString(atMost: 4096, "description")
    }
}
