import BulkheadChildRuntime
import BulkheadMedia
import BulkheadSystem
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Foundation
import Testing

@Suite(.timeLimit(.minutes(2))) struct PluginProcessingTests {
    /// Pure green in BT.601, limited range: ITU-R BT.601-7, items 2.5.1 to 2.5.4, worked out by hand.
    static let green: [UInt8] = [145, 54, 34]
    /// The same for #E02020.
    static let redByDefault: [UInt8] = [93, 100, 212]

    @Test func withoutPluginsTheInputGoesOn() throws {
        let host = try PluginHostChild()
        #expect(try host.process(Picture(host.canvas)) == nil)
    }

    @Test func borderInCChangesThePicture() throws {
        let host = try PluginHostChild()
        #expect(
            try host.load("Border", ["width": "8", "color": "#00ff00"])
                == .loaded(id: 1, name: "Border", version: "1.0", abilities: .video))
        let picture = Picture(host.canvas)
        #expect(try host.process(picture) == picture.bordered(8, Self.green))
    }

    @Test func invertInSwiftChangesThePicture() throws {
        let host = try PluginHostChild()
        #expect(try host.load("Invert") == .loaded(id: 1, name: "Invert", version: "1.0", abilities: .video))
        let picture = Picture(host.canvas)
        #expect(try host.process(picture) == picture.inverted)
    }

    @Test func parametersReachAPluginInSwift() throws {
        let host = try PluginHostChild()
        _ = try host.load("Invert", ["chroma": "false"])
        let picture = Picture(host.canvas)
        var expected = picture.inverted
        expected.planes[1] = picture.planes[1]
        expected.planes[2] = picture.planes[2]
        #expect(try host.process(picture) == expected)
        try host.child.send(PluginRequest.unload(id: 1))
        #expect(try host.child.reply() == .unloaded(id: 1))
        _ = try host.load("Invert", ["chroma": "no", "luma": "off"])
        #expect(try host.process(picture) == nil)
    }

    /// Chains of plugins that work in place (B) and of ones that don't (I), by the number of buffers they need.
    @Test(arguments: ["BI", "IB", "II", "BIB", "IBI", "III", "BBII", "IIBB", "IIII", "IIIIB"])
    func chainsRunInOrder(_ chain: String) throws {
        let host = try PluginHostChild()
        let picture = Picture(host.canvas)
        var expected = picture
        for (index, letter) in chain.enumerated() {
            let width = 4 + index * 2
            if letter == "B" {
                _ = try host.load("Border", id: UInt32(index + 1), ["width": "\(width)", "color": "#00FF00"])
                expected = expected.bordered(width, Self.green)
            } else {
                _ = try host.load("Invert", id: UInt32(index + 1))
                expected = expected.inverted
            }
        }
        for frame in Int64(0)..<3 { #expect(try host.process(picture, frame: frame) == expected) }
    }

    @Test func pluginsAreTakenOutOfTheMiddle() throws {
        let host = try PluginHostChild()
        let picture = Picture(host.canvas)
        for id in UInt32(1)...3 { _ = try host.load(id == 2 ? "Border" : "Invert", id: id) }
        try host.child.send(PluginRequest.unload(id: 1))
        #expect(try host.child.reply() == .unloaded(id: 1))
        #expect(try host.process(picture) == picture.bordered(16, Self.redByDefault).inverted)
    }

    /// What becomes of the picture when the second of two plugins says this.
    @Test(arguments: ["0", "1", "-EIO"], [true, false])
    func outcomesAreFollowed(_ result: String, _ worksInPlace: Bool) throws {
        let library = try TestLibrary(
            process: "memset(frame->output[0], 99, frame->width); return \(result);",
            entry: worksInPlace ? "plugin.capabilities |= BULKHEAD_VIDEO_IN_PLACE;" : "")
        let host = try PluginHostChild()
        let picture = Picture(host.canvas)
        #expect(try host.load(library.path) == .loaded(id: 1, name: "Test", version: "1", abilities: .video))
        let alone = try host.process(picture)
        if result == "0" {
            #expect(alone?.planes[0][0] == [UInt8](repeating: 99, count: host.canvas.width))
        } else {
            #expect(alone == nil)
        }
        _ = try host.load("Invert", id: 2)
        let followed = try host.process(picture)
        if result == "0" {
            #expect(followed?.planes[0][0] == [UInt8](repeating: 251 - 99, count: host.canvas.width))
        } else {
            #expect(followed == picture.inverted)
        }
        #expect(host.times.map(\.id) == [1, 2] && host.times.map(\.hasFailed) == [result == "-EIO", false])
        host.child.hangUp()
        #expect(try host.child.waitForExit() == ChildExit(status: 0))
        // It is told once.
        #expect(host.log == (result == "-EIO" ? [.log(id: 1, .warning, "failed at frame 5: Input/output error")] : []))
    }

    @Test func framesAreDescribed() throws {
        let library = try TestLibrary(
            process: """
                if (frame->byte_count != sizeof *frame || frame->width != 80 || frame->height != 48) return -EINVAL;
                if (frame->number != 123456789012 || frame->pts_nanoseconds != 40) return -ERANGE;
                if (frame->input_stride[0] < 80 || frame->input_stride[1] < 40) return -EDOM;
                return 0;
                """)
        let host = try PluginHostChild()
        _ = try host.load(library.path)
        #expect(try host.process(Picture(host.canvas), frame: 123_456_789_012) != nil)
    }

    @Test func crashOfAPluginEndsTheHostBySignal() throws {
        let library = try TestLibrary(process: "*(volatile int *)8 = 0; return 0;")
        let host = try PluginHostChild()
        _ = try host.load(library.path)
        #expect(throws: WireSocketError.self) { try host.process(Picture(host.canvas)) }
        let exit = try host.child.waitForExit()
        #expect(exit.isSignal && exit.status == SIGSEGV)
        // A backtrace follows, for the death record.
        #expect(exit.lines.first == "crashed by SIGSEGV" && exit.lines.count > 3)
    }

    /// A pipe holds 64 KiB: what is said beyond that would wait for ever, were it not read while its answer is awaited.
    @Test func standardErrorIsReadMeanwhile() throws {
        let library = try TestLibrary(
            process: """
                static char line[1024];
                memset(line, 'x', sizeof line);
                for (int i = 0; i < 200; i++) if (write(2, line, sizeof line) < 0) return -errno;
                return 1;
                """)
        let host = try PluginHostChild()
        _ = try host.load(library.path)
        #expect(try host.process(Picture(host.canvas)) == nil)
        host.child.hangUp()
        #expect(try host.child.waitForExit().lines.first?.utf8.count == 200 * 1024)
    }

    @Test func waitingTakesNoProcessorTime() throws {
        let host = try PluginHostChild()
        _ = try host.load("Invert")
        let before = try #require(host.child.cpuTicks)
        // The one wait for time: that nothing happens in it is what is looked at.
        #expect(try host.child.reply(within: 500) == nil)
        let after = try #require(host.child.cpuTicks)
        #expect(after - before <= 1)
    }
}
