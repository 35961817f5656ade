/// A picture of a plugin's own: one that it keeps for later, or one that a test has it change. I420 without padding.
public struct Picture: Hashable, Sendable {
    /// In pixels, both even.
    public let width: Int
    /// In rows, even.
    public let height: Int
    /// Luma, then Cb, then Cr, row by row.
    public private(set) var bytes: [UInt8]

    /// A picture of one color, black where none is given.
    public init(width: Int, height: Int, _ color: Color = Color(0)) {
        precondition(width > 0 && height > 0 && width % 2 == 0 && height % 2 == 0, "sizes are even")
        self.width = width
        self.height = height
        let pixel = color.pixel(inPictureOf: height)
        bytes = [UInt8](repeating: pixel.luma, count: width * height)
        bytes += [UInt8](repeating: pixel.cb, count: width * height / 4)
        bytes += [UInt8](repeating: pixel.cr, count: width * height / 4)
    }

    /// One pixel of a plane, in the plane's own pixels.
    public subscript(plane: VideoFrame.Plane, x: Int, y: Int) -> UInt8 {
        get { bytes[index(plane, x, y)] }
        set { bytes[index(plane, x, y)] = newValue }
    }

    private func index(_ plane: VideoFrame.Plane, _ x: Int, _ y: Int) -> Int {
        let rowWidth = plane == .luma ? width : width / 2
        precondition(x >= 0 && x < rowWidth && y >= 0 && y < (plane == .luma ? height : height / 2))
        return offset(of: plane) + y * rowWidth + x
    }

    private func offset(of plane: VideoFrame.Plane) -> Int {
        switch plane {
        case .luma: 0
        case .cb: width * height
        case .cr: width * height + width * height / 4
        }
    }

    /// Takes over the input of `frame`, which has this picture's size.
    public mutating func take(_ frame: borrowing VideoFrame) {
        precondition(frame.width == width && frame.height == height, "the sizes are the same")
        let offsets = VideoFrame.Plane.allCases.map { offset(of: $0) }
        bytes.withUnsafeMutableBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            for plane in VideoFrame.Plane.allCases {
                let (source, stride) = frame.source(of: plane)
                let rowWidth = frame.width(of: plane)
                for y in 0..<frame.height(of: plane) {
                    (base + offsets[plane.rawValue] + y * rowWidth).update(from: source + y * stride, count: rowWidth)
                }
            }
        }
    }

    /// Fills the output of `frame`, which has this picture's size.
    public func fill(_ frame: borrowing VideoFrame) {
        precondition(frame.width == width && frame.height == height, "the sizes are the same")
        let offsets = VideoFrame.Plane.allCases.map { offset(of: $0) }
        bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            for plane in VideoFrame.Plane.allCases {
                let (target, stride) = frame.target(of: plane)
                let rowWidth = frame.width(of: plane)
                for y in 0..<frame.height(of: plane) {
                    (target + y * stride).update(from: base + offsets[plane.rawValue] + y * rowWidth, count: rowWidth)
                }
            }
        }
    }

    /// The picture as `filter` leaves it, as a test has it.
    public func filtered<Filter: VideoFilter>(
        by filter: inout Filter, number: Int64 = 0, ptsNanoseconds: Int64 = 0
    ) throws -> Picture {
        var result = Filter.worksInPlace ? self : Picture(width: width, height: height)
        let (cb, cr) = (offset(of: .cb), offset(of: .cr))
        let outcome = try bytes.withUnsafeBufferPointer { input in
            try result.bytes.withUnsafeMutableBufferPointer { output -> Outcome in
                guard let output = output.baseAddress else { return .unchanged }
                let from = Filter.worksInPlace ? UnsafePointer(output) : input.baseAddress ?? UnsafePointer(output)
                return try filter.process(
                    VideoFrame(
                        width: width, height: height, number: number, ptsNanoseconds: ptsNanoseconds,
                        input: (from, from + cb, from + cr), output: (output, output + cb, output + cr)))
            }
        }
        return outcome == .changed ? result : self
    }
}
