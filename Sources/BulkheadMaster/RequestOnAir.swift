import BulkheadAudience
import BulkheadControl
import BulkheadModel
import BulkheadOutputs

/// Carries out the requests that change a broadcast on air.
enum RequestOnAir {
    /// Carries out a request on the reactor's thread, and answers it when it is done.
    static func carryOut(_ exchange: ControlExchange, by broadcast: isolated Broadcast) {
        switch exchange.request {
        case .stop:
            broadcast.stop()
            exchange.answer(.done)
        case .set(let change): broadcast.change(change, done: exchange.settle)
        case .restart(let part): broadcast.restart(part, done: exchange.settle)
        case .mark(let text):
            do throws(BroadcastError) {
                let (frame, seconds) = try broadcast.mark(text)
                exchange.answer(.marked(frame: frame, seconds: seconds))
            } catch { exchange.answer(.failed(error)) }
        case .keyframe: exchange.settle(broadcast.askForKeyframe())
        case .plugin(let change): broadcast.change(change, done: exchange.settle)
        case .input(let change): broadcast.change(change, done: exchange.settle)
        case .scene(let change):
            do throws(BroadcastError) {
                exchange.answer(try broadcast.change(change).map { .changed(frame: $0) } ?? .done)
            } catch { exchange.answer(.failed(error)) }
        case .audio(let change):
            do throws(BroadcastError) {
                exchange.answer(.changed(frame: try broadcast.change(change)))
            } catch { exchange.answer(.failed(error)) }
        case .link(let change):
            do throws(BroadcastError) {
                try broadcast.change(change)
                exchange.answer(.done)
            } catch { exchange.answer(.failed(error)) }
        case .room:
            do throws(BroadcastError) {
                exchange.answer(.room(try broadcast.roomReport()))
            } catch { exchange.answer(.failed(error)) }
        case .comments(let count):
            do throws(BroadcastError) {
                exchange.answer(.comments(try broadcast.room().history(count ?? .max)))
            } catch { exchange.answer(.failed(error)) }
        case .changeRoom(let change):
            do throws(BroadcastError) {
                try broadcast.room().change(change)
                exchange.answer(.done)
            } catch { exchange.answer(.failed(error)) }
        case .timetable(let count):
            exchange.answer(.timetable(broadcast.upcoming(min(max(1, count ?? 10), 1000))))
        case .summary: exchange.answer(.summary(broadcast.summary))
        case .thumbnails: exchange.answer(.thumbnails(broadcast.thumbnails()))
        case .program:
            broadcast.show(to: exchange.connection.number) { news in
                switch news {
                case .piece(let bytes): exchange.answer(.program(bytes))
                case .end: exchange.answer(.done)
                }
            }
        case .drill(let pid, let fault): exchange.settle(broadcast.drill(pid, fault))
        // Answered by the master control, with a broadcast or without.
        case .status, .broadcast, .events, .deaths, .servers, .saveReplay, .reload, .foresee: break
        }
    }
}
