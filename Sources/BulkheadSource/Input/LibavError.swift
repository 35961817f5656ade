package import BulkheadWire
import CFFmpeg
import Glibc

/// A negative AVERROR, as a call of the libav libraries returns it.
package struct LibavError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The negative AVERROR.
    package let code: CInt

    /// The error of a call that returned `code`.
    package init(code: CInt) { self.code = code }

    /// libav's own words for the code, in lower case.
    package var description: String {
        var text = [CChar](repeating: 0, count: 256)
        guard av_strerror(code, &text, text.count) == 0 else { return "error \(code)" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).lowercased()
    }

    /// What the error means for someone who asked to open `address`.
    package func refusal(opening address: InputAddress) -> Refusal {
        if address.kind == .device, let refusal = deviceRefusal(address) { return refusal }
        let name = address.name
        switch code {
        case bulkhead_averror(ENOENT), bulkhead_averror(ENODEV), bulkhead_averror(ENXIO),
            bulkhead_averror_http_not_found:
            return Refusal(.notFound, "there is no \(address.noun) \(name)")
        case bulkhead_averror(EACCES), bulkhead_averror(EPERM), bulkhead_averror_http_unauthorized,
            bulkhead_averror_http_forbidden:
            return Refusal(.accessDenied, "access to \(name) is denied")
        case bulkhead_averror(EBUSY):
            return Refusal(.deviceBusy, "\(name) is in use by another program")
        case bulkhead_averror(EISDIR):
            return Refusal(.other, "\(name) is a folder")
        case bulkhead_averror_decoder_not_found, bulkhead_averror_patch_welcome:
            return Refusal(.unsupportedCodec, "\(name) uses a coding that can't be decoded here")
        case bulkhead_averror_protocol_not_found:
            return Refusal(.settings, "\(name) has a scheme that isn't known here")
        case bulkhead_averror_demuxer_not_found:
            return Refusal(.settings, "the input format \(address.format) isn't known here")
        case bulkhead_averror(ETIMEDOUT):
            return Refusal(.timedOut, "\(name) did not answer in time")
        case bulkhead_averror(ECONNREFUSED):
            return Refusal(.unreachable, "\(name) can't be reached: connection refused")
        case bulkhead_averror(EHOSTUNREACH), bulkhead_averror(ENETUNREACH), bulkhead_averror(ECONNRESET),
            bulkhead_averror(EPIPE), bulkhead_averror_http_server_error, bulkhead_averror_http_other_4xx:
            return Refusal(.unreachable, "\(name) can't be reached: \(self)")
        case bulkhead_averror_invalid_data, bulkhead_averror_stream_not_found, bulkhead_averror_eof:
            if case .network = address.kind {
                return Refusal(.notMedia, "what comes from \(name) can't be read as media")
            }
            return Refusal(.notMedia, "\(name) can't be read as media")
        default:
            if case .network = address.kind { return Refusal(.unreachable, "\(name) can't be reached: \(self)") }
            return Refusal(.other, "\(name) can't be opened: \(self)")
        }
    }
}

extension LibavError {
    /// What the device demuxers mean by codes that say little.
    private func deviceRefusal(_ address: InputAddress) -> Refusal? {
        switch (address.format, code) {
        case ("x11grab", bulkhead_averror(EIO)):
            let display = address.target.isEmpty ? "in DISPLAY" : address.target
            return Refusal(.notFound, "there is no X display \(display), or it doesn't let this user in")
        case ("alsa", bulkhead_averror(EIO)):
            return Refusal(.notFound, "there is no sound device \(address.target), or another program uses it")
        case ("pulse", bulkhead_averror(ENOENT)), ("pulse", bulkhead_averror(ESRCH)), ("pulse", bulkhead_averror(EIO)),
            ("pulse", bulkhead_averror(ECONNREFUSED)):
            return Refusal(.unreachable, "the sound server can't be reached or has no source \(address.target)")
        case ("video4linux2", bulkhead_averror(ENOTTY)), ("v4l2", bulkhead_averror(ENOTTY)):
            return Refusal(.notFound, "\(address.target) is no camera")
        default: return nil
        }
    }
}

extension InputAddress {
    /// What kind of thing the address names.
    var noun: String {
        switch kind {
        case .file: "file"
        case .device: "device"
        case .test, .color, .title, .standardInput, .network: "stream"
        }
    }
}
