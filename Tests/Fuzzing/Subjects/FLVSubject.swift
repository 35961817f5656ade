import BulkheadFLV
import BulkheadMedia
import NIOCore

extension FuzzSubject {
    /// FLV files, and what the payloads of their tags begin with.
    static let flv = FuzzSubject(name: "flv", maximumByteCount: 16_384) { bytes in
        let whole = read([bytes])
        try rule(whole == read(bytes.pieces), "an FLV file's tags depend on how its bytes come")
        let byteCount = whole.tags.reduce(0) { $0 + $1.payload.readableBytes + FLVTag.headerByteCount + 4 }
        try rule(byteCount <= bytes.count, "tags hold more bytes than came")

        var written = FLVWriter().fileHeader
        for tag in whole.tags {
            try written.writeTag(tag)
            if let header = VideoPayloadHeader(tag.payload) {
                try rule(header.byteCount <= tag.payload.readableBytes, "a video header is longer than its payload")
            }
            if let header = AudioPayloadHeader(tag.payload), header.soundFormat != AudioPayloadHeader.enhanced {
                try rule(header.byteCount <= tag.payload.readableBytes, "an audio header is longer than its payload")
            }
        }
        let again = read([Array(written.readableBytesView)])
        try rule(again.tags == whole.tags && again.error == nil, "tags are others when they are written and read")
    }

    private static func read(_ pieces: [[UInt8]]) -> (tags: [FLVTag], error: FLVError?) {
        var decoder = FLVDecoder(tagByteLimit: 8192)
        var tags: [FLVTag] = []
        do throws(FLVError) {
            for piece in pieces {
                decoder.append(ByteBuffer(bytes: piece))
                while let tag = try decoder.next() { tags.append(tag) }
            }
        } catch { return (tags, error) }
        return (tags, nil)
    }
}
