import BulkheadMedia
import CFFmpeg

/// Makes progressive pictures of standard range of those that are interlaced or have a high dynamic range.
///
/// Fields become pictures by bwdif, one for each frame or one for each field. Light of PQ and HLG (ITU-R BT.2100) is
/// made linear, with 203 cd/m² as white (ITU-R BT.2408), rolled off above it, and coded as BT.709.
final class PictureFilter {
    /// What pictures are like that need it.
    struct Need: Hashable {
        var width: CInt
        var height: CInt
        var format: CInt
        var isInterlaced: Bool
        /// Pictures that don't say that they are interlaced are so too.
        var deinterlacesAll: Bool
        /// By zscale's name; empty for a standard range.
        var transfer: String
        var isFullRange: Bool
        var aspect: String
    }

    let need: Need
    private let library: FilterLibrary
    private var graph: FilterLibrary.Graph?
    private var source: FilterLibrary.Context?
    private var sink: FilterLibrary.Context?

    /// What `frame` needs; nil where it can stay as it is. Pictures between interlaced ones pass the filter unchanged.
    static func need(of frame: AVFrame, after last: Need?, _ deinterlacing: Deinterlacing) -> Need? {
        let transfer =
            switch frame.color_trc {
            case AVCOL_TRC_SMPTE2084: "smpte2084"
            case AVCOL_TRC_ARIB_STD_B67: "arib-std-b67"
            default: ""
            }
        let isInterlaced =
            switch deinterlacing {
            case .auto: frame.interlaced_frame != 0 || (last?.isInterlaced ?? false)
            case .off: false
            case .on: true
            }
        guard isInterlaced || !transfer.isEmpty else { return nil }
        let aspect = frame.sample_aspect_ratio
        return Need(
            width: frame.width, height: frame.height, format: frame.format, isInterlaced: isInterlaced,
            deinterlacesAll: deinterlacing == .on, transfer: transfer,
            isFullRange: frame.color_range == AVCOL_RANGE_JPEG,
            aspect: aspect.num > 0 && aspect.den > 0 ? "\(aspect.num)/\(aspect.den)" : "1/1")
    }

    /// Nil where the filters are not to be had.
    /// - Parameter givesFields: a picture for each field.
    init?(_ need: Need, givesFields: Bool) {
        guard let library = FilterLibrary(), let graph = library.makeGraph() else { return nil }
        self.need = need
        self.library = library
        self.graph = graph
        var ends: (inputs: UnsafeMutablePointer<AVFilterInOut>?, outputs: UnsafeMutablePointer<AVFilterInOut>?)
        let chain = Self.chain(need, givesFields: givesFields)
        guard library.parse(graph, chain, &ends.inputs, &ends.outputs) >= 0, library.configure(graph, nil) >= 0,
            let filters = graph.pointee.filters
        else { return nil }
        for index in 0..<Int(graph.pointee.nb_filters) {
            guard let filter = filters[index], let name = filter.pointee.filter.pointee.name else { continue }
            if String(cString: name) == "buffer" { source = filter }
            if String(cString: name) == "buffersink" { sink = filter }
        }
        guard source != nil, sink != nil else { return nil }
    }

    deinit { library.freeGraph(&graph) }

    private static func chain(_ need: Need, givesFields: Bool) -> String {
        var steps = [
            "buffer=video_size=\(need.width)x\(need.height):pix_fmt=\(need.format):time_base=1/1000000000"
                + ":pixel_aspect=\(need.aspect)"
        ]
        if need.isInterlaced {
            steps += [
                "bwdif=mode=\(givesFields ? "send_field" : "send_frame"):parity=auto:deint="
                    + (need.deinterlacesAll ? "all" : "interlaced"),
                "settb=1/1000000000",
            ]
        }
        if !need.transfer.isEmpty {
            steps += [
                "zscale=tin=\(need.transfer):pin=bt2020:min=bt2020nc:t=linear:npl=203"
                    + ":rin=\(need.isFullRange ? "pc" : "tv")",
                "format=gbrpf32le", "tonemap=mobius:param=0.5:peak=4.926:desat=0",
                "zscale=tin=linear:pin=bt2020:p=bt709:t=bt709:m=bt709:r=tv", "format=yuv420p",
            ]
        }
        return (steps + ["buffersink"]).joined(separator: ",")
    }

    /// Takes over what `frame` holds; NULL at the end. Its time is its `pts`.
    func push(_ frame: UnsafeMutablePointer<AVFrame>?) -> Bool { library.add(source, frame, 0) >= 0 }

    /// Puts the next picture into `frame`.
    func pull(_ frame: UnsafeMutablePointer<AVFrame>) -> Bool { library.take(sink, frame) >= 0 }
}
