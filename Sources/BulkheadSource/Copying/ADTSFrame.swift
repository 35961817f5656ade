package import BulkheadMedia

/// An AAC frame behind an ADTS header (ISO/IEC 14496-3, 1.A.2), as transport streams have it.
package struct ADTSFrame: Hashable, Sendable {
    /// Of the sound.
    package let configuration: AudioSpecificConfig
    /// Where the raw frame stands in the packet.
    package let payload: Range<Int>

    /// Reads the frame that fills `bytes`; nil for what is none, and for several raw frames behind one header.
    package init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count > 7, bytes[0] == 0xFF, bytes[1] & 0xF6 == 0xF0, bytes[6] & 3 == 0 else { return nil }
        let length = Int(bytes[3] & 3) << 11 | Int(bytes[4]) << 3 | Int(bytes[5] >> 5)
        let header = bytes[1] & 1 == 1 ? 7 : 9
        let layout = (bytes[2] & 1) << 2 | bytes[3] >> 6
        guard length > header, length <= bytes.count, layout > 0,
            let configuration = AudioSpecificConfig(
                objectType: (bytes[2] >> 6) + 1, rateIndex: Int(bytes[2] >> 2 & 15), channelLayout: layout)
        else { return nil }
        self.configuration = configuration
        payload = header..<length
    }
}
