/// AAC frames of silence, which need no encoder.
///
/// A frame without any band of lines (`max_sfb` 0) is silence whatever its rate is, so that a handful of bits for each
/// element is all that there is to write (ISO/IEC 14496-3, 4.4.2).
package enum SilentSound {
    private enum Element: UInt8 { case single = 0, pair = 1, lowFrequency = 3 }

    /// The elements of a layout, in their order (ISO/IEC 14496-3, 1.6.3.5).
    private static let elements: [UInt8: [Element]] = [
        1: [.single], 2: [.pair], 3: [.single, .pair], 4: [.single, .pair, .single], 5: [.single, .pair, .pair],
        6: [.single, .pair, .pair, .lowFrequency], 7: [.single, .pair, .pair, .pair, .lowFrequency],
    ]

    /// One raw frame in the layout of that number; nil for a layout that has none.
    package static func frame(channelLayout: UInt8) -> [UInt8]? {
        guard let elements = elements[channelLayout] else { return nil }
        var bits: [Bool] = []
        var tags: [Element: UInt8] = [:]
        for element in elements {
            write(element.rawValue, 3, to: &bits)
            write(tags[element, default: 0], 4, to: &bits)
            tags[element, default: 0] += 1
            if element == .pair {
                write(1, 1, to: &bits)
                writeWindow(to: &bits)
                // No channel is the middle or the side of the other.
                write(0, 2, to: &bits)
                for _ in 0..<2 { writeChannel(hasWindow: false, to: &bits) }
            } else {
                writeChannel(hasWindow: true, to: &bits)
            }
        }
        write(7, 3, to: &bits)
        while bits.count % 8 != 0 { bits.append(false) }
        return stride(from: 0, to: bits.count, by: 8).map { start in
            bits[start..<start + 8].reduce(UInt8(0)) { $0 << 1 | ($1 ? 1 : 0) }
        }
    }

    /// An `individual_channel_stream` (4.4.2.7): gain, window, and that nothing follows.
    private static func writeChannel(hasWindow: Bool, to bits: inout [Bool]) {
        write(0, 8, to: &bits)
        if hasWindow { writeWindow(to: &bits) }
        // Neither pulses, nor shaping of noise, nor control of gain.
        write(0, 3, to: &bits)
    }

    /// An `ics_info` (4.4.2.1): one long window of the sine's form, no band, no prediction.
    private static func writeWindow(to bits: inout [Bool]) {
        write(0, 1 + 2 + 1, to: &bits)
        write(0, 6, to: &bits)
        write(0, 1, to: &bits)
    }

    private static func write(_ value: UInt8, _ count: Int, to bits: inout [Bool]) {
        for place in (0..<count).reversed() { bits.append(value >> UInt8(place) & 1 == 1) }
    }
}
