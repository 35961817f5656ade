import BulkheadChildren
import BulkheadEncoding
import BulkheadEvents
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// The picture that is shown where there is none: drawn by the master, or read from the user's file by a source process.
extension Broadcast {
    /// Draws the built-in slate, and has the user's read in its place.
    func makeSlate() throws(BroadcastError) {
        do {
            let pool = try pools.create(settings.canvas, slotCount: 1)
            let canvas = settings.canvas
            slate = try pools.fill(pool) {
                SlatePicture(title: "STAND BY", detail: "THE PICTURE WILL BE BACK").draw(into: $0, canvas: canvas)
            }
            try pools.seal(pool)
        } catch {
            throw BroadcastError(.internal, "no memory for pictures is to be had: \(error)")
        }
        if !settings.slatePath.isEmpty { try readSlate() }
        if let slate { encoding.slateIsDrawn(slate, settings.canvas) }
    }

    private func readSlate() throws(BroadcastError) {
        let canvas = settings.canvas
        let source = SourceSettings(
            url: settings.slatePath, inputFormat: "", canvas: canvas, frameRate: frameRate, loops: false, resume: nil)
        let stub: SourceStub
        do {
            let pool = try pools.create(canvas, slotCount: 2)
            stub = SourceStub(
                try Child(.source, programs.launch(.source), on: reactor), source, pool: pool, of: pools)
        } catch {
            throw BroadcastError(
                .installation, "the source can't be started: \(error)",
                advice: launchAdvice(error))
        }
        slateReaders.append(stub)
        childStarted()
        let id = ObjectIdentifier(stub)
        stub.onOpened = { [unowned self] in slateOpened(id, $0) }
        stub.onPicture = { [unowned self] in slateRead(id, $0, canvas) }
        stub.onFailed = { [unowned self] in slateFailed($0.reason) }
        stub.onEnd = { [unowned self] in slateReaderEnded(id, $0) }
        do { try stub.child.activate() } catch { stub.child.dismiss("it could not be watched: \(error)") }
    }

    private func slateReader(_ id: ObjectIdentifier) -> SourceStub? {
        slateReaders.first { ObjectIdentifier($0) == id }
    }

    private func slateOpened(_ id: ObjectIdentifier, _ description: SourceDescription) {
        guard description.hasVideo else { return slateFailed(Reason("no-picture", "it holds no picture")) }
        slateReader(id)?.lend(upTo: 1, waiting: 0)
    }

    private func slateRead(_ id: ObjectIdentifier, _ picture: Picture, _ canvas: Canvas) {
        defer { slateReader(id)?.child.hangUp() }
        guard canvas == settings.canvas else { return pools.release(picture.slot) }
        if let slate { pools.release(slate) }
        slate = picture.slot
        encoding.slateIsDrawn(picture.slot, canvas)
    }

    private func slateFailed(_ reason: Reason) {
        guard origin == nil else {
            return post(.timeline, .timeline(.slateUnusable(path: settings.slatePath, reason: reason)))
        }
        let problem = "the slate \(settings.slatePath) can't be used: \(reason.text)"
        fail(BroadcastError(.input, problem, advice: "name a picture, such as a PNG file"))
    }

    private func slateReaderEnded(_ id: ObjectIdentifier, _ end: ChildEnd) {
        if let stub = slateReader(id) { pools.retire(stub.pool) }
        slateReaders.removeAll { ObjectIdentifier($0) == id }
        if end.cause.isItsOwn, state != .ended {
            post(.timeline, .timeline(.slateReaderDied(cause: "\(end.cause)")))
        }
        childEnded()
    }
}
