import BulkheadMedia
import CBulkheadLinux
import Glibc

/// Memory between two pages that can't be touched. What lies around the content within its own pages has a pattern.
final class GuardedMemory {
    enum Side { case start, end }

    private static let pattern: UInt8 = 0xA5
    let content: UnsafeMutableRawBufferPointer
    private let name: String
    private let whole: UnsafeMutableRawBufferPointer
    private let inner: UnsafeMutableRawBufferPointer

    /// - Parameters:
    ///   - side: which end of the content lies at an untouchable page.
    ///   - name: what it is, for the report of a crash: "the input's luma plane".
    init?(byteCount: Int, at side: Side, name: String) {
        let page = Int(getpagesize())
        let innerCount = (max(1, byteCount) + page - 1) / page * page
        guard
            let base = mmap(
                nil, innerCount + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            base != MAP_FAILED
        else { return nil }
        whole = UnsafeMutableRawBufferPointer(start: base, count: innerCount + 2 * page)
        inner = UnsafeMutableRawBufferPointer(start: base + page, count: innerCount)
        let start = side == .start ? base + page : base + page + innerCount - byteCount
        content = UnsafeMutableRawBufferPointer(start: start, count: byteCount)
        self.name = name
        memset(base + page, Int32(Self.pattern), innerCount)
        mprotect(base, page, PROT_NONE)
        mprotect(base + page + innerCount, page, PROT_NONE)
        bulkhead_watch_memory(base, page, "before the start of \(name)")
        bulkhead_watch_memory(base + page, innerCount, "in \(name), which may only be read")
        bulkhead_watch_memory(base + page + innerCount, page, "behind the end of \(name)")
    }

    deinit {
        bulkhead_forget_memory(whole.baseAddress, whole.count)
        munmap(whole.baseAddress, whole.count)
    }

    /// Whether the content may be written to.
    func allowWriting(_ isAllowed: Bool) {
        mprotect(inner.baseAddress, inner.count, isAllowed ? PROT_READ | PROT_WRITE : PROT_READ)
    }

    /// What was written to beside the content; nil when nothing was.
    var damage: String? {
        guard let first = inner.baseAddress, let start = content.baseAddress else { return nil }
        let before = UnsafeRawBufferPointer(start: first, count: start - first)
        let after = UnsafeRawBufferPointer(
            start: start + content.count, count: inner.count - before.count - content.count)
        if before.contains(where: { $0 != Self.pattern }) { return "before the start of \(name)" }
        if after.contains(where: { $0 != Self.pattern }) { return "behind the end of \(name)" }
        return nil
    }
}

/// A picture whose planes lie between pages that can't be touched, each row with padding of a known pattern.
final class GuardedPicture {
    struct Layout: Hashable {
        /// Beyond the width rounded up to 64.
        var extraStride: Int
        var side: GuardedMemory.Side
        /// What the padding and what is not filled consist of.
        var filling: UInt8
    }

    private static let planeNames = ["luma", "Cb", "Cr"]
    let planes: [GuardedMemory]
    let strides: [Int]
    private let widths: [Int]
    private let heights: [Int]
    private let name: String
    private let filling: UInt8

    init?(width: Int, height: Int, _ layout: Layout, name: String) {
        widths = [width, width / 2, width / 2]
        heights = [height, height / 2, height / 2]
        strides = widths.map { ($0 + 63) & ~63 + layout.extraStride }
        self.name = name
        filling = layout.filling
        var planes: [GuardedMemory] = []
        for plane in 0..<3 {
            guard
                let memory = GuardedMemory(
                    byteCount: strides[plane] * heights[plane], at: layout.side,
                    name: "\(name)'s \(Self.planeNames[plane]) plane")
            else { return nil }
            planes.append(memory)
        }
        self.planes = planes
        clear()
    }

    /// Fills everything, the padding too.
    func clear() {
        for plane in planes {
            guard let base = plane.content.baseAddress else { continue }
            memset(base, Int32(filling), plane.content.count)
        }
    }

    /// Draws a picture that differs from number to number: noise in the range of pictures.
    func draw(_ number: Int) {
        for plane in 0..<3 {
            guard let base = planes[plane].content.baseAddress else { continue }
            var noise = [UInt8](repeating: 0, count: widths[plane] + 256)
            var state = UInt32(truncatingIfNeeded: number &* 7919 &+ plane &* 104_729 &+ 1)
            for index in noise.indices {
                state = state &* 1_664_525 &+ 1_013_904_223
                noise[index] = 16 + UInt8(truncatingIfNeeded: state >> 24) % 219
            }
            noise.withUnsafeBytes { noise in
                for y in 0..<heights[plane] {
                    guard let source = noise.baseAddress else { return }
                    (base + y * strides[plane]).copyMemory(from: source + (y * 37) % 256, byteCount: widths[plane])
                }
            }
        }
    }

    /// The pixels without padding, plane by plane.
    var pixels: [UInt8] {
        var pixels: [UInt8] = []
        for plane in 0..<3 {
            for y in 0..<heights[plane] {
                let start = y * strides[plane]
                pixels += planes[plane].content[start..<start + widths[plane]]
            }
        }
        return pixels
    }

    /// Where something was written that is not the picture's; nil when nothing was.
    var damage: String? {
        for plane in 0..<3 {
            if let damage = planes[plane].damage { return damage }
            for y in 0..<heights[plane] {
                let start = y * strides[plane]
                if planes[plane].content[start + widths[plane]..<start + strides[plane]].contains(where: {
                    $0 != filling
                }) {
                    return "behind the end of row \(y) of \(name)'s \(Self.planeNames[plane]) plane"
                }
            }
        }
        return nil
    }

    func allowWriting(_ isAllowed: Bool) { for plane in planes { plane.allowWriting(isAllowed) } }
}
