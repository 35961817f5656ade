extension AccessUnit {
    /// Whether the bytes are what they should be as far as their structure tells: NAL units whose 4-byte lengths fill
    /// them exactly, at least one of them a slice, and IDR slices (ITU-T H.264, 7.4.1) just where ``isIDR`` says so.
    package var isWellFormed: Bool {
        var hasSlice = false
        var hasIDRSlice = false
        var rest = bytes[...]
        while !rest.isEmpty {
            guard rest.count > 4 else { return false }
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(4)
            guard length > 0, length <= rest.count, let header = rest.first, header & 0x80 == 0 else { return false }
            switch header & 0x1F {
            case 1: hasSlice = true
            case 5: hasIDRSlice = true
            default: break
            }
            rest = rest.dropFirst(length)
        }
        return isIDR ? hasIDRSlice && !hasSlice : hasSlice && !hasIDRSlice
    }
}
