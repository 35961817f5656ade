import BulkheadMedia
import BulkheadMixer
import Glibc
import Testing

/// A picture of a test: its memory, which lives as long as this. Whoever reads or writes before or behind it ends the test.
final class TestPicture {
    let canvas: Canvas
    let bytes: UnsafeMutableRawBufferPointer
    private let memory: UnsafeMutableRawPointer
    private static let guardByteCount = 4096

    /// A picture of one colour.
    init(_ width: Int, _ height: Int, _ color: VideoColor = .black) throws {
        canvas = try #require(Canvas(width: width, height: height))
        let byteCount = canvas.layout.byteCount
        let mapping = mmap(nil, byteCount + 2 * Self.guardByteCount, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        memory = try #require(mapping == MAP_FAILED ? nil : mapping)
        bytes = UnsafeMutableRawBufferPointer(start: memory + Self.guardByteCount, count: byteCount)
        try #require(mprotect(memory + Self.guardByteCount, byteCount, PROT_READ | PROT_WRITE) == 0)
        bytes.initializeMemory(as: UInt8.self, repeating: 77)
        PicturePainter(bytes, canvas: canvas)?.fill(color)
    }

    /// A picture whose planes have these values, by plane, column and row of the plane.
    convenience init(_ width: Int, _ height: Int, _ value: (Int, Int, Int) -> Int) throws {
        try self.init(width, height)
        for (plane, layout) in canvas.layout.planes.enumerated() {
            for y in 0..<layout.height {
                for x in 0..<layout.width { self[plane, x, y] = UInt8(value(plane, x, y)) }
            }
        }
    }

    deinit { munmap(memory, bytes.count + 2 * Self.guardByteCount) }

    var view: PictureView {
        get throws { try #require(PictureView(bytes, canvas: canvas)) }
    }

    subscript(plane: Int, x: Int, y: Int) -> UInt8 {
        get {
            let layout = canvas.layout.planes[plane]
            return bytes[layout.offset + y * layout.stride + x]
        }
        set {
            let layout = canvas.layout.planes[plane]
            bytes[layout.offset + y * layout.stride + x] = newValue
        }
    }

    /// Where this picture differs from what it is to be by more than `tolerance`; at most five places, in words.
    func differences(_ tolerance: Int = 0, _ expected: (Int, Int, Int) -> Int) -> [String] {
        var found: [String] = []
        for (plane, layout) in canvas.layout.planes.enumerated() {
            for y in 0..<layout.height {
                for x in 0..<layout.width {
                    let (is_, should) = (Int(self[plane, x, y]), expected(plane, x, y))
                    guard abs(is_ - should) > tolerance else { continue }
                    found.append("plane \(plane) \(x),\(y): \(is_) instead of \(should)")
                    if found.count == 5 { return found }
                }
            }
        }
        return found
    }
}

typealias Pictures = Composition<PictureView>

func rectangle(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> PixelRectangle {
    PixelRectangle(x: x, y: y, width: width, height: height)
}

/// Draws one group of layers on a canvas that held something else before.
func drawn(_ width: Int, _ height: Int, _ layers: [(TestPicture, PictureLayer)]) throws -> TestPicture {
    let result = try TestPicture(width, height, VideoColor(y: 99, cb: 50, cr: 60))
    let group = Pictures.Group(
        try layers.map { Pictures.Layer(try $0.0.view, $0.1) }, clip: result.canvas.rectangle)
    Compositor(result.canvas).draw(Pictures([group]), into: result.bytes)
    return result
}
