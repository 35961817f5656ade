/// What a node's file says of uploads: nothing, or `upload-key-file` and perhaps limits.
struct UploadSettings {
    let key: [UInt8]
    private(set) var limits = UploadLimits()

    /// Nil where none are taken.
    init?(_ settings: inout Configuration) throws(StartError) {
        let file = try settings.optionalText("upload-key-file")
        if let text = try settings.optionalText("upload-largest") {
            guard let largest = Quantity.bytes(text) else {
                throw StartError(settings: "upload-largest wants a size, such as 8GB")
            }
            limits.largest = largest
        }
        if let text = try settings.optionalText("upload-rate") {
            guard let rate = Quantity.bytes(text) else {
                throw StartError(settings: "upload-rate wants a size, such as 20MB")
            }
            limits.bytesPerSecond = rate
        }
        if let text = try settings.optionalText("upload-kept") {
            guard let kept = Quantity.duration(text) else {
                throw StartError(settings: "upload-kept wants a time, such as 24h")
            }
            limits.kept = kept
        }
        if let text = try settings.optionalText("upload-count") {
            guard let count = Int(text), (1...1000).contains(count) else {
                throw StartError(settings: "upload-count wants a number from 1 to 1000")
            }
            limits.most = count
        }
        guard let file else { return nil }
        key = try LibraryKey.read(settings.place(file))
    }
}
