package import BulkheadMedia

/// Writes pictures and sound as an MPEG transport stream (ISO/IEC 13818-1): one program, H.264 and AAC in ADTS.
///
/// Tables are repeated each quarter of a second and before each IDR, the clock (PCR) with each picture, and with sound where
/// pictures are rarer than 25 a second. Times are 90 kHz in 33 bits, which begin anew after 26.5 hours.
package struct TransportStreamMuxer: Sendable {
    /// The bytes of one packet of a transport stream.
    package static let packetByteCount = 188

    private enum PID {
        static let programs: UInt16 = 0
        static let map: UInt16 = 0x1000
        static let video: UInt16 = 0x100
        static let audio: UInt16 = 0x101
    }

    /// How long a player may wait for the tables.
    private static let tableInterval = MediaTime(milliseconds: 250)
    /// How long the clock may be silent.
    private static let clockInterval = MediaTime(milliseconds: 40)
    /// The clock runs so far behind the pictures' DTS: the time that a player has for what comes late.
    private static let clockLead: Int64 = 18_000
    /// Added to all times, so that the clock begins above 0.
    private static let clockStart: Int64 = 90_000
    private static let clockMask: Int64 = 0x1_FFFF_FFFF

    /// The time on the timeline that is 0 in the stream, but for ``clockStart``.
    private let origin: MediaTime
    private var parameterSets: [UInt8] = []
    private var adts: ADTSHeader?
    private var counters: [UInt16: UInt8] = [:]
    private var mapVersion: UInt8 = 0
    private var isConfigured = false
    private var tablesAt: MediaTime?
    private var clockAt: MediaTime?

    /// - Parameter origin: the time on the timeline at which the stream's own begins.
    package init(origin: MediaTime = .zero) { self.origin = origin }

    /// What holds for all that follows; a player is told by a map with the next number.
    /// - Throws: ``TransportStreamError`` where a record can't be read; all stays as it was.
    package mutating func configure(_ configuration: StreamConfiguration) throws(TransportStreamError) {
        guard let sets = ParameterSets.annexB(ofRecord: configuration.avcConfiguration) else {
            throw .unreadableParameterSets
        }
        guard let header = ADTSHeader(audioSpecificConfig: configuration.audioSpecificConfig) else {
            throw .unreadableSoundFormat
        }
        if isConfigured, sets != parameterSets || header != adts { mapVersion = (mapVersion + 1) & 0x1F }
        parameterSets = sets
        adts = header
        isConfigured = true
        tablesAt = nil
    }

    /// Appends `packet` as transport stream packets; before ``configure(_:)`` and where it is malformed, nothing.
    package mutating func write(_ packet: Packet, into output: inout [UInt8]) {
        guard isConfigured else { return }
        if packet.isVideo { writePicture(packet, into: &output) } else { writeSound(packet, into: &output) }
    }

    // MARK: pictures and sound

    private mutating func writePicture(_ packet: Packet, into output: inout [UInt8]) {
        // An access unit delimiter for any kind of slices (ITU-T H.264, 7.3.2.4).
        var stream: [UInt8] = [0, 0, 0, 1, 0x09, 0xF0]
        stream.reserveCapacity(packet.bytes.count + parameterSets.count + 32)
        if packet.isIDR { stream += parameterSets }
        guard AnnexB.append(packet.bytes, to: &stream) else { return }
        writeTables(at: packet.dts, isDue: packet.isIDR, into: &output)
        let dts = ticks(packet.dts)
        let pts = ticks(packet.pts)
        let times = pts == dts ? Self.stamp(0x20, pts) : Self.stamp(0x30, pts) + Self.stamp(0x10, dts)
        // Pictures may be longer than the field: 0 is allowed for them.
        let head = Self.head(streamID: 0xE0, byteCount: 0, times)
        clockAt = packet.dts
        write(
            [head, stream], on: PID.video, clock: (dts - Self.clockLead) & Self.clockMask, isIDR: packet.isIDR,
            into: &output)
    }

    private mutating func writeSound(_ packet: Packet, into output: inout [UInt8]) {
        guard let header = adts?.bytes(forFrameOf: packet.bytes.count) else { return }
        writeTables(at: packet.dts, isDue: false, into: &output)
        if clockAt.map({ packet.dts - $0 >= Self.clockInterval }) ?? true {
            clockAt = packet.dts
            writeClock((ticks(packet.dts) - Self.clockLead) & Self.clockMask, into: &output)
        }
        let head = Self.head(
            streamID: 0xC0, byteCount: header.count + packet.bytes.count, Self.stamp(0x20, ticks(packet.pts)))
        write([head, header, packet.bytes], on: PID.audio, clock: nil, isIDR: false, into: &output)
    }

    private func ticks(_ time: MediaTime) -> Int64 {
        let (sum, overflows) = (time - origin).nanoseconds.scaled(by: 90_000, over: 1_000_000_000)
            .addingReportingOverflow(Self.clockStart)
        return overflows ? 0 : sum & Self.clockMask
    }

    /// The head of a PES packet (2.4.3.6): `times` are one stamp or two.
    private static func head(streamID: UInt8, byteCount: Int, _ times: [UInt8]) -> [UInt8] {
        let length = byteCount == 0 ? 0 : byteCount + 3 + times.count
        let field = length <= 0xFFFF ? UInt16(length) : 0
        let flags: UInt8 = times.count == 10 ? 0xC0 : 0x80
        // Marker bits, and the packet begins with an access unit.
        return [0, 0, 1, streamID, UInt8(field >> 8), UInt8(field & 0xFF), 0x84, flags, UInt8(times.count)] + times
    }

    /// A PTS or DTS with its four leading bits.
    private static func stamp(_ lead: UInt8, _ ticks: Int64) -> [UInt8] {
        [
            lead | UInt8(ticks >> 29 & 0x0E) | 1, UInt8(ticks >> 22 & 0xFF), UInt8(ticks >> 14 & 0xFE) | 1,
            UInt8(ticks >> 7 & 0xFF), UInt8(ticks << 1 & 0xFE) | 1,
        ]
    }

    // MARK: packets

    /// Writes `parts`, one behind the other, as the payload of as many packets as it takes.
    private mutating func write(
        _ parts: [[UInt8]], on pid: UInt16, clock: Int64?, isIDR: Bool, into output: inout [UInt8]
    ) {
        var part = 0
        var position = 0
        var left = parts.reduce(0) { $0 + $1.count }
        var isFirst = true
        while left > 0 {
            var field: [UInt8] = []
            if isFirst, let clock { field = [(isIDR ? 0x40 : 0) | 0x10] + Self.clockBytes(clock) }
            let room = 184 - (field.isEmpty ? 0 : field.count + 1)
            let count = min(room, left)
            writeHeader(pid, begins: isFirst, field, stuffing: room - count, hasPayload: true, into: &output)
            var open = count
            while open > 0 {
                let taken = min(open, parts[part].count - position)
                output += parts[part][position..<position + taken]
                position += taken
                open -= taken
                if position == parts[part].count { (part, position) = (part + 1, 0) }
            }
            left -= count
            isFirst = false
        }
    }

    /// A packet that holds the clock alone.
    private mutating func writeClock(_ clock: Int64, into output: inout [UInt8]) {
        let field = [0x10] + Self.clockBytes(clock)
        writeHeader(
            PID.video, begins: false, field, stuffing: 183 - field.count, hasPayload: false, into: &output)
    }

    /// The header of a packet and its adaptation field (2.4.3.2, 2.4.3.4), which `stuffing` bytes make longer.
    private mutating func writeHeader(
        _ pid: UInt16, begins: Bool, _ field: [UInt8], stuffing: Int, hasPayload: Bool, into output: inout [UInt8]
    ) {
        let hasField = !field.isEmpty || stuffing > 0
        var counter = counters[pid] ?? 0x0F
        // The counter counts payloads.
        if hasPayload { counter = (counter + 1) & 0x0F }
        counters[pid] = counter
        output += [
            0x47, (begins ? 0x40 : 0) | UInt8(pid >> 8), UInt8(pid & 0xFF),
            (hasField ? 0x20 : 0) | (hasPayload ? 0x10 : 0) | counter,
        ]
        guard hasField else { return }
        if field.isEmpty {
            output.append(UInt8(stuffing - 1))
            if stuffing > 1 {
                output.append(0)
                output += repeatElement(0xFF, count: stuffing - 2)
            }
        } else {
            output.append(UInt8(field.count + stuffing))
            output += field
            output += repeatElement(0xFF, count: stuffing)
        }
    }

    private static func clockBytes(_ clock: Int64) -> [UInt8] {
        [
            UInt8(clock >> 25 & 0xFF), UInt8(clock >> 17 & 0xFF), UInt8(clock >> 9 & 0xFF), UInt8(clock >> 1 & 0xFF),
            UInt8(clock & 1) << 7 | 0x7E, 0,
        ]
    }

    // MARK: tables

    private mutating func writeTables(at time: MediaTime, isDue: Bool, into output: inout [UInt8]) {
        guard isDue || tablesAt.map({ time - $0 >= Self.tableInterval }) ?? true else { return }
        tablesAt = time
        // Program 1, by its map (2.4.4.3).
        writeTable(
            [0x00, 0, 0, 0x00, 0x01, 0xC1, 0, 0, 0x00, 0x01, 0xE0 | UInt8(PID.map >> 8), UInt8(PID.map & 0xFF)],
            on: PID.programs, into: &output)
        // H.264 as 0x1B, AAC in ADTS as 0x0F; the clock comes with the pictures (2.4.4.8).
        writeTable(
            [
                0x02, 0, 0, 0x00, 0x01, 0xC1 | mapVersion << 1, 0, 0, 0xE0 | UInt8(PID.video >> 8),
                UInt8(PID.video & 0xFF), 0xF0, 0, 0x1B, 0xE0 | UInt8(PID.video >> 8), UInt8(PID.video & 0xFF), 0xF0, 0,
                0x0F, 0xE0 | UInt8(PID.audio >> 8), UInt8(PID.audio & 0xFF), 0xF0, 0,
            ], on: PID.map, into: &output)
    }

    private mutating func writeTable(_ table: [UInt8], on pid: UInt16, into output: inout [UInt8]) {
        var table = table
        let length = table.count - 3 + 4
        table[1] = 0xB0 | UInt8(length >> 8)
        table[2] = UInt8(length & 0xFF)
        let sum = TableChecksum.of(table)
        table += [UInt8(sum >> 24), UInt8(sum >> 16 & 0xFF), UInt8(sum >> 8 & 0xFF), UInt8(sum & 0xFF)]
        writeHeader(pid, begins: true, [], stuffing: 0, hasPayload: true, into: &output)
        output.append(0)
        output += table
        output += repeatElement(0xFF, count: 183 - table.count)
    }
}

/// Why a stream can't be written as a transport stream.
package enum TransportStreamError: Error, Hashable, CustomStringConvertible {
    case unreadableParameterSets
    case unreadableSoundFormat

    package var description: String {
        switch self {
        case .unreadableParameterSets: "the pictures' parameter sets can't be read"
        case .unreadableSoundFormat: "the sound's format can't be written in ADTS"
        }
    }
}

/// The CRC of tables (ISO/IEC 13818-1, annex A): 0x04C11DB7, all ones at first, nothing reflected.
enum TableChecksum {
    static func of(_ bytes: [UInt8]) -> UInt32 {
        var sum: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            sum ^= UInt32(byte) << 24
            for _ in 0..<8 { sum = sum & 0x8000_0000 == 0 ? sum << 1 : sum << 1 ^ 0x04C1_1DB7 }
        }
        return sum
    }
}
