package import BulkheadMedia
import Glibc

/// The moving picture of the `test` source: colour bars, a box that sweeps from side to side, a square that flashes on
/// each second, a clock, and the frame number in digits and as a ``FrameCode``.
///
/// Everything that moves lies in a few rectangles, so a slot that once had the whole picture needs only those redrawn.
package final class TestPicture {
    private let canvas: Canvas
    private let frameRate: FrameRate
    private let background: UnsafeMutableRawBufferPointer
    private let sweep: PixelRectangle
    private let flash: PixelRectangle
    private let text: PixelRectangle
    private let textScale: Int

    /// A picture of the canvas's size whose clock counts frames at `frameRate`.
    package init(canvas: Canvas, frameRate: FrameRate) {
        self.canvas = canvas
        self.frameRate = frameRate
        let code = FrameCode.rows(height: canvas.height)
        let barHeight = canvas.height * 62 / 100 & ~1
        let sweepHeight = max(2, canvas.height * 6 / 100 & ~1)
        sweep = PixelRectangle(x: 0, y: barHeight, width: canvas.width, height: sweepHeight)
        let side = canvas.height / 4 & ~1
        flash = PixelRectangle(
            x: (canvas.width - side) / 2 & ~1, y: (barHeight - side) / 2 & ~1, width: side, height: side)
        let textTop = barHeight + sweepHeight
        text = PixelRectangle(x: 0, y: textTop, width: canvas.width, height: max(0, code.lowerBound - textTop))
        // Two lines of 8 dots, half a line between and around them.
        textScale = min(
            max(1, text.height / 22), PixelFont.scale(fitting: "00:00:00:00", width: canvas.width * 9 / 10, limit: 64))
        background = UnsafeMutableRawBufferPointer.allocate(byteCount: canvas.layout.byteCount, alignment: 64)
        background.initializeMemory(as: UInt8.self, repeating: 0)
        if let painter = PicturePainter(background, canvas: canvas) {
            painter.fill(.black)
            let colors: [(Double, Double, Double)] = [
                (1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1),
            ]
            for (index, (red, green, blue)) in colors.enumerated() {
                let left = canvas.width * index / colors.count & ~1
                let right = index == colors.count - 1 ? canvas.width : canvas.width * (index + 1) / colors.count & ~1
                let bar = PixelRectangle(x: left, y: 0, width: right - left, height: barHeight)
                painter.fill(
                    bar, VideoColor(red: red * 0.75, green: green * 0.75, blue: blue * 0.75, for: canvas))
            }
        }
    }

    deinit { background.deallocate() }

    /// Draws the picture of frame `number`. `isFresh` tells that `bytes` never held a picture of this source.
    package func draw(frame number: Int64, into bytes: UnsafeMutableRawBufferPointer, isFresh: Bool) {
        guard let painter = PicturePainter(bytes, canvas: canvas) else { return }
        if isFresh { bytes.copyMemory(from: UnsafeRawBufferPointer(background)) }
        let time = frameRate.time(of: number)
        let clock = TestClock(number, frameRate: frameRate)

        painter.fill(sweep, .black)
        let period: Int64 = 4_000_000_000
        let phase = time.nanoseconds % period
        let way = phase < period / 2 ? phase : period - phase
        var box = sweep
        box.width = min(canvas.width, sweep.height * 2)
        box.x = Int(way.scaled(by: Int64(canvas.width - box.width), over: period / 2)) & ~1
        painter.fill(box, .white)

        painter.fill(flash, time.nanoseconds % 1_000_000_000 < 100_000_000 ? .white : .black)

        painter.fillLuma(text, VideoColor.black.y)
        let lineHeight = PixelFont.glyphHeight * textScale
        let gap = max(0, (text.height - 2 * lineHeight) / 3)
        painter.drawCentred(clock.description, y: text.y + gap, scale: textScale)
        painter.drawCentred("frame \(number)", y: text.y + 2 * gap + lineHeight, scale: textScale)

        let code = FrameCode(UInt32(truncatingIfNeeded: number))
        painter.fillRows(FrameCode.rows(height: canvas.height), with: code.row(width: canvas.width))
    }
}

/// Hours, minutes, seconds and frames since the start.
package struct TestClock: Hashable, Sendable, CustomStringConvertible {
    /// Whole seconds since the start.
    package let seconds: Int64
    /// Counted from the first frame of the second.
    package let frame: Int64

    /// The clock at frame `number`, counted from 0.
    package init(_ number: Int64, frameRate: FrameRate) {
        seconds = max(0, frameRate.time(of: number).nanoseconds / 1_000_000_000)
        let start = MediaTime(nanoseconds: seconds * 1_000_000_000)
        let before = frameRate.frame(at: start)
        frame = number - (frameRate.time(of: before) < start ? before + 1 : before)
    }

    package var description: String {
        [seconds / 3600, seconds / 60 % 60, seconds % 60, frame].map { $0 < 10 ? "0\($0)" : "\($0)" }
            .joined(separator: ":")
    }
}

/// The sound of the `test` source: a tenth of a second of 1 kHz on each second, else silence.
package struct TestSound: Sendable {
    private let period: [Float]
    private static let beepSampleCount = AudioFormat.sampleRate / 10

    /// The tone, computed once.
    package init() {
        // 48 samples: the tone starts and ends where it crosses zero, without a click.
        period = (0..<48).map { 0.25 * Float(sin(2 * Double.pi * Double($0) / 48)) }
    }

    /// Interleaved stereo from sample `start` on, which is at least 0.
    package func samples(from start: Int64, count: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: count * AudioFormat.channelCount) { target, filled in
            var place = Int(start % Int64(AudioFormat.sampleRate))
            for index in 0..<count {
                let value = place < Self.beepSampleCount ? period[place % 48] : 0
                target[index * 2] = value
                target[index * 2 + 1] = value
                place += 1
                if place == AudioFormat.sampleRate { place = 0 }
            }
            filled = count * AudioFormat.channelCount
        }
    }
}
