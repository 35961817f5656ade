/// The first message of either side. Its layout never changes, so that any two versions can tell each other apart.
package struct Hello: WireMessage, Hashable {
    package static let type = MessageType.hello
    private static let magic: UInt32 = 0x4448_4B42  // "BKHD"

    /// The version of the schema that the sender speaks.
    package let wireVersion: UInt16
    /// What the sender does, or, from the master, what the child is to do.
    package let role: Role
    /// The sender's process.
    package let pid: Int32
    /// The sender's build, for people; only `wireVersion` decides.
    package let build: String

    /// A greeting with the version and build of this program.
    package init(
        role: Role, pid: Int32, wireVersion: UInt16 = BulkheadVersion.wire, build: String = BulkheadVersion.build
    ) {
        self.wireVersion = wireVersion
        self.role = role
        self.pid = pid
        self.build = build
    }

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        WireFrame(Self.type) {
            $0.write(Self.magic)
            $0.write(wireVersion)
            $0.write(role.rawValue)
            $0.write(pid)
            $0.write(build, atMost: 256)
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        guard frame.knownType == Self.type else { throw .unknownType(frame.type) }
        var reader = WireReader(frame)
        guard try reader.read(UInt32.self) == Self.magic else { throw reader.outsideRange("magic") }
        wireVersion = try reader.read()
        guard let role = Role(rawValue: try reader.read()) else { throw reader.outsideRange("role") }
        self.role = role
        pid = try reader.read()
        build = try reader.readString(atMost: 256, "build")
        try reader.finish()
    }

    /// Nil when both sides can work together, else a phrase that names both schemas. Builds may differ: a new version of a
    /// child goes on air beside a master that has been running for weeks, as long as the schema is the same.
    package func mismatch(expecting role: Role) -> String? {
        if self.role != role { return "the other side says that it is the \(self.role), not the \(role)" }
        if wireVersion != BulkheadVersion.wire {
            return "the \(self.role) is version \(build) (schema \(wireVersion)), this is version "
                + "\(BulkheadVersion.build) (schema \(BulkheadVersion.wire))"
        }
        return nil
    }
}
