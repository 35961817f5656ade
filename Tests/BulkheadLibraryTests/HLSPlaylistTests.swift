import BulkheadLibrary
import BulkheadTestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct HLSPlaylistTests {
    /// Fragments of half a second, 100 bytes each, an IDR every two seconds.
    private func pieces(_ count: Int, from first: UInt64 = 1000) -> [HLSPlaylist.Piece] {
        (0..<count).map { (place: Int) -> HLSPlaylist.Piece in
            let start = first + UInt64(place) * 100
            return HLSPlaylist.Piece(
                bytes: start..<start + 100, startMilliseconds: Int64(place) * 500, startsWithIDR: place % 4 == 0)
        }
    }

    @Test func segmentsBeginWithIDRsAndFillTheFile() {
        let segments = HLSPlaylist.segments(pieces(20), end: 10_000, isEnded: true)
        #expect(
            segments == [
                .init(bytes: 1000..<1800, milliseconds: 4000), .init(bytes: 1800..<2600, milliseconds: 4000),
                .init(bytes: 2600..<3000, milliseconds: 2000),
            ])
    }

    /// What may still grow is not shown: a segment that was once listed never changes.
    @Test func openSegmentIsLeftOut() {
        for count in 1...40 {
            let now = HLSPlaylist.segments(pieces(count), end: Int64(count) * 500, isEnded: false)
            let later = HLSPlaylist.segments(pieces(count + 1), end: Int64(count + 1) * 500, isEnded: false)
            #expect(later.starts(with: now))
        }
        #expect(HLSPlaylist.segments(pieces(8), end: 4000, isEnded: false).isEmpty)
        #expect(HLSPlaylist.segments([], end: 0, isEnded: true).isEmpty)
    }

    /// RFC 8216, sections 4.3.2.2 and 4.3.3.
    @Test func playlistSaysWhereSegmentsLie() {
        let text = HLSPlaylist.text(
            [.init(bytes: 1000..<1800, milliseconds: 4004), .init(bytes: 1800..<1900, milliseconds: 50)],
            isEnded: true, file: "f?t", header: "h")
        #expect(
            text == """
                #EXTM3U
                #EXT-X-VERSION:7
                #EXT-X-TARGETDURATION:5
                #EXT-X-MEDIA-SEQUENCE:0
                #EXT-X-PLAYLIST-TYPE:VOD
                #EXT-X-INDEPENDENT-SEGMENTS
                #EXT-X-MAP:URI="h"
                #EXTINF:4.004,
                #EXT-X-BYTERANGE:800@1000
                f?t
                #EXTINF:0.050,
                #EXT-X-BYTERANGE:100@1800
                f?t
                #EXT-X-ENDLIST

                """)
    }
}
