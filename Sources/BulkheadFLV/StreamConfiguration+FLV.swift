package import BulkheadMedia
package import NIOCore

extension StreamConfiguration {
    /// An AVC sequence header: `17 00 000000` and the AVCDecoderConfigurationRecord.
    package var videoSequenceHeader: ByteBuffer {
        var payload = ByteBuffer()
        payload.reserveCapacity(5 + avcConfiguration.count)
        payload.writeBytes([0x17, 0, 0, 0, 0])
        payload.writeBytes(avcConfiguration)
        return payload
    }

    /// An AAC sequence header: `AF 00` and the AudioSpecificConfig. The first byte says 44 kHz stereo for any AAC.
    package var audioSequenceHeader: ByteBuffer {
        var payload = ByteBuffer()
        payload.reserveCapacity(2 + audioSpecificConfig.count)
        payload.writeBytes([0xAF, 0])
        payload.writeBytes(audioSpecificConfig)
        return payload
    }

    /// The properties of onMetaData, in the order in which OBS writes them: servers show them and read codecs there.
    package var metadata: AMF0Object {
        let sound = AudioSpecificConfig.heard(in: audioSpecificConfig)
        return [
            "duration": 0, "fileSize": 0,
            "width": .number(Double(canvas.width)), "height": .number(Double(canvas.height)),
            "videocodecid": 7, "videodatarate": .number(Double(videoBitsPerSecond) / 1000),
            "framerate": .number(frameRate.framesPerSecond),
            "audiocodecid": 10, "audiodatarate": .number(Double(audioBitsPerSecond) / 1000),
            "audiosamplerate": .number(Double(sound.sampleRate)), "audiosamplesize": 16,
            "audiochannels": .number(Double(sound.channelCount)), "stereo": .boolean(sound.channelCount > 1),
            "encoder": "Bulkhead",
        ]
    }

    /// A script tag's payload: "onMetaData" and an ECMA array. RTMP puts "@setDataFrame" in front.
    package var metadataPayload: ByteBuffer { metadataPayload(with: AMF0Object()) }

    /// The same with properties of one's own behind those of pictures and sound, of which none may lack: servers take a missing
    /// width for 0.
    package func metadataPayload(with extras: AMF0Object) -> ByteBuffer {
        var metadata = metadata
        for extra in extras.properties where metadata[extra.name] == nil { metadata.append(extra.name, extra.value) }
        var payload = ByteBuffer()
        payload.writeAMF0("onMetaData")
        payload.writeAMF0(.ecmaArray(metadata))
        return payload
    }
}

extension Packet {
    /// The payload of an FLV tag or RTMP message: `17`, `27` or `37` for an IDR, an inter and a disposable inter
    /// picture, `01`, the composition time and the access unit; or `AF 01` and the AAC frame.
    package var flvPayload: ByteBuffer {
        var payload = ByteBuffer()
        payload.reserveCapacity(5 + bytes.count)
        writeFLVHeader(to: &payload)
        payload.writeBytes(bytes)
        return payload
    }

    /// What stands before the access unit or AAC frame in ``flvPayload``: 5 bytes or 2.
    package var flvHeader: ByteBuffer {
        var header = ByteBuffer()
        writeFLVHeader(to: &header)
        return header
    }

    private func writeFLVHeader(to payload: inout ByteBuffer) {
        switch kind {
        case .video(let isIDR, let isDisposable):
            let frameType: UInt8 = isIDR ? 1 : isDisposable ? 3 : 2
            payload.writeInteger(frameType << 4 | 7)
            payload.writeInteger(UInt32(0x0100_0000) | UInt32(bitPattern: compositionTimeMilliseconds) & 0xFF_FFFF)
        case .audio: payload.writeInteger(UInt16(0xAF01))
        }
    }

    /// `pts - dts`, each rounded to milliseconds before: the sum with the rounded DTS is then the rounded PTS. Held
    /// within the signed 24 bits of FLV.
    package var compositionTimeMilliseconds: Int32 {
        let (difference, overflows) = pts.milliseconds.subtractingReportingOverflow(dts.milliseconds)
        return overflows ? 0 : Int32(max(-0x80_0000, min(0x7F_FFFF, difference)))
    }
}
