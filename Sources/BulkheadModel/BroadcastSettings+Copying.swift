import BulkheadMedia

extension BroadcastSettings {
    /// Checks whether an input that is passed on as it is goes with the rest.
    /// - Throws: kind `usage`, naming the first setting that asks for something to be made of it.
    func checkCopying() throws(BroadcastError) {
        guard copies == true else { return }
        guard inputs.count == 1, let input = inputs.first, input.files == nil else {
            throw Self.refusal("several inputs", "it passes one on as it is")
        }
        let made = [
            ("plugins", !plugins.isEmpty), ("scenes", scenes?.isEmpty == false), ("a layout", layout != nil),
            ("a size", sizeFollowsInput != true), ("a frame rate", rateFollowsInput != true),
            ("a loudness", loudnessTarget ?? .silence != .silence),
            ("deinterlacing", deinterlacing ?? .auto != .auto), ("a mix of sound", input.strip != nil),
        ].first { $0.1 }?.0
        if let made { throw Self.refusal(made, "nothing is decoded that could be changed") }
        if children != .both { throw Self.refusal("a mode that starts one child", "nothing is encoded") }
        if slateClock == true { throw Self.refusal("a clock on the slate", "that is encoded once") }
        if recordsTracks == true {
            throw Self.refusal("recorded tracks of inputs", "the sound is the input's own already")
        }
    }

    private static func refusal(_ what: String, _ why: String) -> BroadcastError {
        BroadcastError(
            code: .settingsConflict, "copy does not go with \(what): \(why)", advice: "leave one of them out")
    }
}
