package import NIOCore

/// Something that is said beside pictures and sound: a name and values in AMF 0, as FLV's script tags and RTMP's data messages
/// carry them.
/// - SeeAlso: Adobe FLV 10.1, annex E.4.4.
package struct ScriptData: Hashable, Sendable {
    /// Such as `onCuePoint`; readers pass over names that they don't know.
    package let name: String
    package let values: AMF0Object

    package init(_ name: String, _ values: AMF0Object) {
        self.name = name
        self.values = values
    }

    /// The payload: the name, and the values as an object.
    package var payload: ByteBuffer {
        var payload = ByteBuffer()
        payload.writeAMF0(.string(name))
        payload.writeAMF0(.object(values))
        return payload
    }
}
