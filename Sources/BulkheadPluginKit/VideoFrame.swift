import CBulkheadPlugin

/// One picture on its way through a plugin: an input to read and an output to fill, both I420, 8 bits, limited range.
/// It exists only while ``VideoFilter/process(_:)-(VideoFrame)`` runs. Where a filter works in place, both are the same picture.
public struct VideoFrame: ~Copyable {
    /// The planes of an I420 picture; the two of chroma have half the width and height.
    public enum Plane: Int, CaseIterable, Sendable {
        case luma = 0
        case cb = 1
        case cr = 2
    }

    /// In pixels.
    public let width: Int
    /// In rows, even.
    public let height: Int
    /// Rises from picture to picture.
    public let number: Int64
    /// The picture's time on the broadcast's timeline.
    public let ptsNanoseconds: Int64

    @usableFromInline let input: (UnsafePointer<UInt8>, UnsafePointer<UInt8>, UnsafePointer<UInt8>)
    @usableFromInline
    let output: (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt8>)
    @usableFromInline let inputStrides: (Int, Int, Int)
    @usableFromInline let outputStrides: (Int, Int, Int)

    init(
        width: Int, height: Int, number: Int64, ptsNanoseconds: Int64,
        input: (UnsafePointer<UInt8>, UnsafePointer<UInt8>, UnsafePointer<UInt8>),
        output: (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt8>)
    ) {
        self.width = width
        self.height = height
        self.number = number
        self.ptsNanoseconds = ptsNanoseconds
        self.input = input
        self.output = output
        inputStrides = (width, width / 2, width / 2)
        outputStrides = inputStrides
    }

    /// Nil when the host passed no picture.
    init?(_ frame: bulkhead_video_frame) {
        guard let y = frame.input.0, let cb = frame.input.1, let cr = frame.input.2, let toY = frame.output.0,
            let toCb = frame.output.1, let toCr = frame.output.2
        else { return nil }
        width = Int(frame.width)
        height = Int(frame.height)
        number = frame.number
        ptsNanoseconds = frame.pts_nanoseconds
        input = (y, cb, cr)
        output = (toY, toCb, toCr)
        inputStrides = (Int(frame.input_stride.0), Int(frame.input_stride.1), Int(frame.input_stride.2))
        outputStrides = (Int(frame.output_stride.0), Int(frame.output_stride.1), Int(frame.output_stride.2))
    }

    /// The number of pixels in a row of `plane`.
    @inlinable
    public borrowing func width(of plane: Plane) -> Int { plane == .luma ? width : width / 2 }

    /// The number of rows of `plane`.
    @inlinable
    public borrowing func height(of plane: Plane) -> Int { plane == .luma ? height : height / 2 }

    /// Calls `body` for each row of a plane, from top to bottom, with the row's number, its pixels in the input, and
    /// those in the output, which have no content yet. Both spans have the plane's width.
    @inlinable
    public borrowing func forEachRow(
        of plane: Plane, _ body: (_ y: Int, _ source: Span<UInt8>, _ target: inout MutableSpan<UInt8>) -> Void
    ) {
        let (source, sourceStride) = source(of: plane)
        let (target, targetStride) = target(of: plane)
        let width = width(of: plane)
        for y in 0..<height(of: plane) {
            let sourceRow = UnsafeBufferPointer(start: source + y * sourceStride, count: width)
            let targetRow = UnsafeMutableBufferPointer(start: target + y * targetStride, count: width)
            var span = targetRow.mutableSpan
            body(y, sourceRow.span, &span)
        }
    }

    /// Calls `body` for each row of a plane, from top to bottom, with the row's number and its pixels in the output:
    /// what a filter that works in place changes, or one that does not look at its input fills.
    @inlinable
    public borrowing func forEachRow(of plane: Plane, _ body: (_ y: Int, _ row: inout MutableSpan<UInt8>) -> Void) {
        let (target, targetStride) = target(of: plane)
        let width = width(of: plane)
        for y in 0..<height(of: plane) {
            let row = UnsafeMutableBufferPointer(start: target + y * targetStride, count: width)
            var span = row.mutableSpan
            body(y, &span)
        }
    }

    /// Takes a plane over as it came.
    @inlinable
    public borrowing func copy(_ plane: Plane) {
        let (source, sourceStride) = source(of: plane)
        let (target, targetStride) = target(of: plane)
        guard source != UnsafePointer(target) else { return }
        for y in 0..<height(of: plane) {
            (target + y * targetStride).update(from: source + y * sourceStride, count: width(of: plane))
        }
    }

    @usableFromInline
    borrowing func source(of plane: Plane) -> (UnsafePointer<UInt8>, stride: Int) {
        switch plane {
        case .luma: (input.0, inputStrides.0)
        case .cb: (input.1, inputStrides.1)
        case .cr: (input.2, inputStrides.2)
        }
    }

    @usableFromInline
    borrowing func target(of plane: Plane) -> (UnsafeMutablePointer<UInt8>, stride: Int) {
        switch plane {
        case .luma: (output.0, outputStrides.0)
        case .cb: (output.1, outputStrides.1)
        case .cr: (output.2, outputStrides.2)
        }
    }
}
