/// Lays a transparent picture on black.
final class Transparency {
    /// The alpha plane, 255 for opaque.
    let alpha: UnsafeMutablePointer<UInt8>
    let stride: Int
    private let width: Int
    private let height: Int

    /// For pictures of this size, both even.
    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        stride = (width + 63) & ~63
        // Room for what swscale writes beyond a row.
        alpha = .allocate(capacity: stride * height + 64)
        alpha.initialize(repeating: 255, count: stride * height + 64)
    }

    deinit { alpha.deallocate() }

    /// Darkens I420 planes in limited range by what is transparent.
    func blend(_ planes: [UnsafeMutableRawPointer], strides: [Int]) {
        for (index, plane) in planes.enumerated() {
            let shift = index == 0 ? 0 : 1
            // Black in limited range, and no colour.
            let base = index == 0 ? 16 : 128
            for y in 0..<height >> shift {
                let row = plane.assumingMemoryBound(to: UInt8.self) + y * strides[index]
                let opacity = alpha + (y << shift) * stride
                for x in 0..<width >> shift {
                    let share = Int(opacity[x << shift])
                    if share == 255 { continue }
                    row[x] = UInt8(clamping: base + (Int(row[x]) - base) * share / 255)
                }
            }
        }
    }
}
