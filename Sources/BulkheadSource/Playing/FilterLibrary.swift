import CFFmpeg
import Glibc

/// libavfilter, loaded only for pictures that need it: with it come libraries that others do without.
struct FilterLibrary {
    typealias Graph = UnsafeMutablePointer<AVFilterGraph>
    typealias Ends = UnsafeMutablePointer<UnsafeMutablePointer<AVFilterInOut>?>
    typealias Context = UnsafeMutablePointer<AVFilterContext>
    typealias MakeGraph = @convention(c) () -> Graph?
    typealias FreeGraph = @convention(c) (UnsafeMutablePointer<Graph?>?) -> Void
    typealias Parse = @convention(c) (Graph?, UnsafePointer<CChar>?, Ends?, Ends?) -> CInt
    typealias Configure = @convention(c) (Graph?, UnsafeMutableRawPointer?) -> CInt
    typealias Add = @convention(c) (Context?, UnsafeMutablePointer<AVFrame>?, CInt) -> CInt
    typealias Take = @convention(c) (Context?, UnsafeMutablePointer<AVFrame>?) -> CInt

    let makeGraph: MakeGraph
    let freeGraph: FreeGraph
    let parse: Parse
    let configure: Configure
    let add: Add
    let take: Take

    /// Nil where libavfilter can't be loaded. It stays loaded.
    init?() {
        let name = String(cString: bulkhead_avfilter_library_name())
        guard let library = dlopen(name, RTLD_NOW | RTLD_LOCAL),
            let makeGraph = dlsym(library, "avfilter_graph_alloc"),
            let freeGraph = dlsym(library, "avfilter_graph_free"),
            let parse = dlsym(library, "avfilter_graph_parse2"),
            let configure = dlsym(library, "avfilter_graph_config"),
            let add = dlsym(library, "av_buffersrc_add_frame_flags"),
            let take = dlsym(library, "av_buffersink_get_frame")
        else { return nil }
        self.makeGraph = unsafeBitCast(makeGraph, to: MakeGraph.self)
        self.freeGraph = unsafeBitCast(freeGraph, to: FreeGraph.self)
        self.parse = unsafeBitCast(parse, to: Parse.self)
        self.configure = unsafeBitCast(configure, to: Configure.self)
        self.add = unsafeBitCast(add, to: Add.self)
        self.take = unsafeBitCast(take, to: Take.self)
    }
}
