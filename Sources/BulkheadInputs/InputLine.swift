import BulkheadChildren
import BulkheadModel
import BulkheadWire

/// One input and what is known of it. Not a value: it is looked at several times a frame, and a copy costs more than a look.
final class InputLine {
    let post: PostID
    var machine: InputMachine
    /// To be called once the input has been opened, or can't be; nil where no request waits for that.
    var answer: Inputs.Answer?
    /// A request has added it, and it has not been open yet.
    var isNew: Bool
    /// The input that it is a backup of; nil for none.
    var main: InputID?
    /// It is a backup that is opened only where it is needed.
    var isCold = false
    var count = InputCount()
    /// Of requests for another file of a list that the process has not answered yet.
    var skips: [Inputs.Answer] = []
    /// The newest small picture of it, as a JPEG; nil before the first.
    var thumbnail: [UInt8]?

    init(post: PostID, machine: InputMachine, answer: Inputs.Answer? = nil, isNew: Bool = false) {
        self.post = post
        self.machine = machine
        self.answer = answer
        self.isNew = isNew
    }

    /// Answers requests that the process does not answer any more.
    func settleSkips(_ error: BroadcastError?) {
        let answers = skips
        skips = []
        for answer in answers { answer(error) }
    }
}
