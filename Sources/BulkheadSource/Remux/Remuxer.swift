import CFFmpeg
import Glibc

/// Puts the pictures and sound of an MP4 file into another container as they are, with its chapters.
struct Remuxer {
    /// Why it can't be done.
    enum Failure: Error, CustomStringConvertible {
        case unknownFormat(String)
        case input(LibavError)
        case output(LibavError)

        var description: String {
            switch self {
            case .unknownFormat(let name): "libavformat has no muxer \(name)"
            case .input(let error): "it can't be read: \(error)"
            case .output(let error): "it can't be written: \(error)"
            }
        }
    }

    private let input: UnsafeMutablePointer<AVFormatContext>
    private let output: UnsafeMutablePointer<AVFormatContext>
    /// For each stream of the input its place in the output; nil for one that is left out.
    private var places: [Int?] = []

    /// Copies all of `source` into `target`.
    /// - Parameter format: what libavformat calls the container: `matroska`, or `mp4` for one in fragments.
    static func copy(_ source: DescriptorFile, to target: DescriptorFile, as format: String) throws(Failure) {
        var input = avformat_alloc_context()
        input?.pointee.pb = source.context
        // Nothing may be opened besides: no other file that a file names.
        let opened = avformat_open_input(&input, nil, av_find_input_format("mov"), nil)
        guard opened >= 0, let opening = input else { throw .input(LibavError(code: opened)) }
        defer { avformat_close_input(&input) }
        let found = avformat_find_stream_info(opening, nil)
        guard found >= 0 else { throw .input(LibavError(code: found)) }
        var output: UnsafeMutablePointer<AVFormatContext>?
        guard avformat_alloc_output_context2(&output, nil, format, nil) >= 0, let writing = output else {
            throw .unknownFormat(format)
        }
        defer { avformat_free_context(output) }
        writing.pointee.pb = target.context
        writing.pointee.flags |= AVFMT_FLAG_CUSTOM_IO
        var remuxer = Remuxer(input: opening, output: writing)
        try remuxer.declareStreams()
        remuxer.copyChapters()
        try remuxer.run()
    }

    private init(input: UnsafeMutablePointer<AVFormatContext>, output: UnsafeMutablePointer<AVFormatContext>) {
        self.input = input
        self.output = output
    }

    private static func check(_ code: CInt) throws(Failure) {
        guard code >= 0 else { throw .output(LibavError(code: code)) }
    }

    private mutating func declareStreams() throws(Failure) {
        for place in 0..<Int(input.pointee.nb_streams) {
            guard let stream = input.pointee.streams[place], let parameters = stream.pointee.codecpar,
                [AVMEDIA_TYPE_VIDEO, AVMEDIA_TYPE_AUDIO].contains(parameters.pointee.codec_type)
            else {
                places.append(nil)
                continue
            }
            guard let made = avformat_new_stream(output, nil) else { throw .output(LibavError(code: -ENOMEM)) }
            try Self.check(avcodec_parameters_copy(made.pointee.codecpar, parameters))
            // Tags are those of the container that it came in.
            made.pointee.codecpar.pointee.codec_tag = 0
            made.pointee.time_base = stream.pointee.time_base
            made.pointee.avg_frame_rate = stream.pointee.avg_frame_rate
            made.pointee.disposition = stream.pointee.disposition
            av_dict_copy(&made.pointee.metadata, stream.pointee.metadata, 0)
            places.append(Int(made.pointee.index))
        }
    }

    /// libavformat frees them with the output, and has no call that makes one.
    private func copyChapters() {
        for place in 0..<Int(input.pointee.nb_chapters) {
            guard let chapter = input.pointee.chapters[place],
                let copy = av_mallocz(MemoryLayout<AVChapter>.size)?.assumingMemoryBound(to: AVChapter.self)
            else { continue }
            copy.pointee.id = chapter.pointee.id
            copy.pointee.time_base = chapter.pointee.time_base
            copy.pointee.start = chapter.pointee.start
            copy.pointee.end = chapter.pointee.end
            av_dict_copy(&copy.pointee.metadata, chapter.pointee.metadata, 0)
            var count = CInt(output.pointee.nb_chapters)
            av_dynarray_add(&output.pointee.chapters, &count, copy)
            output.pointee.nb_chapters = UInt32(max(0, count))
        }
    }

    /// An MP4 is written in fragments, each from a keyframe on, so that none of it is ever changed again.
    private func writeHeader() throws(Failure) {
        var options: OpaquePointer?
        defer { av_dict_free(&options) }
        if String(cString: output.pointee.oformat.pointee.name) == "mp4" {
            av_dict_set(&options, "movflags", "frag_keyframe+empty_moov+default_base_moof", 0)
        }
        try Self.check(avformat_write_header(output, &options))
    }

    private func run() throws(Failure) {
        try writeHeader()
        var packet = av_packet_alloc()
        defer { av_packet_free(&packet) }
        guard let packet else { throw .output(LibavError(code: -ENOMEM)) }
        while true {
            let result = av_read_frame(input, packet)
            if result == bulkhead_averror_eof { break }
            guard result >= 0 else { throw .input(LibavError(code: result)) }
            defer { av_packet_unref(packet) }
            let from = Int(packet.pointee.stream_index)
            guard places.indices.contains(from), let place = places[from],
                let old = input.pointee.streams[from], let new = output.pointee.streams[place]
            else { continue }
            av_packet_rescale_ts(packet, old.pointee.time_base, new.pointee.time_base)
            packet.pointee.stream_index = CInt(place)
            packet.pointee.pos = -1
            try Self.check(av_interleaved_write_frame(output, packet))
        }
        try Self.check(av_write_trailer(output))
        avio_flush(output.pointee.pb)
        try Self.check(output.pointee.pb.pointee.error)
    }
}
