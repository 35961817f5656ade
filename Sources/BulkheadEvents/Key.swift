/// The names of the values of events, one meaning each; the raw values are stable. docs/events.md lists them.
package enum Key: String, CaseIterable, Hashable, Sendable {
    /// What is done: `retries`, `next-recorder`, `next-file`, `fallback` or `none`; of a timetable, in words.
    case action
    /// Where a socket listens, such as `unix:/run/bulkhead.sock` or an RTMP URL.
    case address
    /// The frame that came before.
    case after
    /// What was paid, such as `5.0 EUR`.
    case amount
    /// Servers of the link that answer.
    case answering
    /// A time of the day, such as `08:00`.
    case at
    /// Audio messages received.
    case audioMessages
    /// Media waiting in the queue, in milliseconds.
    case backfillMilliseconds
    /// The video bitrate from now on.
    case bitsPerSecond
    /// The name of a broadcast.
    case broadcast
    /// Bytes received, sent or written.
    case bytes
    /// How fast a file grows.
    case bytesPerSecond
    /// The call in which the plugin was: `open`, `create`, `destroy`, `set-parameter`, `video`, `audio` or `event`.
    case call
    /// The size of the picture, such as `1280x720`.
    case canvas
    /// Why: a signal or exit code, a missed deadline, or one of a fixed set of words.
    case cause
    /// Why the link's rule chose the server, in words.
    case choice
    /// Codec and format in words.
    case codec
    /// A count of comments.
    case comments
    /// The condition that is met, such as `no-data 1s`.
    case condition
    /// How many files a playlist has.
    case count
    /// How many processes have died of it.
    case deaths
    /// From the sign's first showing to the decision, in milliseconds.
    case detectMilliseconds
    /// Which children died, and how often: `encoder 2`.
    case died
    /// Bytes that are on the disk.
    case durableBytes
    /// A timetable's entry: its time as it was written, such as `0 1 * * *`.
    case entry
    /// The system's number of an error.
    case errno
    /// A count of events.
    case events
    /// A list of names of fields.
    case fields
    /// The path of the saved state; of a playlist, a file's name.
    case file
    /// The name that it had before.
    case former
    /// The way from which the stream goes: `push` or `pull`.
    case formerWay
    /// The beginning, in seconds since 1970.
    case from
    /// A frame's number on the timeline, from 0; of a viewer, the number in the picture.
    case frame
    /// A count of frames.
    case frames
    /// Frames a second, rounded: 29.97.
    case framesPerSecond
    /// Frames that had to be encoded again.
    case framesLate
    /// What the file system has left.
    case freeBytes
    /// When the disk will be full at this rate, in seconds.
    case fullInSeconds
    /// Time off air, in milliseconds.
    case gapMilliseconds
    /// Where the source goes on: `position`, `next-pass`, `next-file` or `end`.
    case goal
    /// That position in the input, in seconds.
    case goalSeconds
    /// From the server's taking the stream to its first IDR, in milliseconds.
    case idrMilliseconds
    /// Whether this isn't the first configuration.
    case isChange
    /// Whether the process was started by hand.
    case isForeign
    /// Whether nothing of the input is used, so that it was closed.
    case isClosed
    /// Whether the broadcast is on air.
    case isOnAir
    /// Whether this place has been skipped before, by less.
    case isRepeated
    /// Whether the slate stands in for an input.
    case isStandIn
    /// Pictures in no frame.
    case leftOut
    /// A count of lines.
    case lines
    /// A duration or a difference, in milliseconds.
    case milliseconds
    /// What the switch does by itself: `auto`, `hold`, `push` or `pull`.
    case mode
    /// The place of a file in the order of its playlist, from 1.
    case number
    /// Where the stream's time 0 is on the timeline, in seconds.
    case originSeconds
    /// The name of the file of a playlist that comes next.
    case nextFile
    /// A list of `name=value`.
    case parameters
    /// A file's path.
    case path
    /// The other side's address.
    case peer
    /// What is shown: `picture`, `last-picture` or `slate`.
    case picture
    /// A process ID.
    case pid
    /// A plugin's name.
    case plugin
    /// A list of plugins' names.
    case plugins
    /// A TCP port.
    case port
    /// A place in the chain, from 1.
    case position
    /// A position in the input, in seconds.
    case positionSeconds
    /// The encoder's preset.
    case preset
    /// A count of publishers.
    case publishers
    /// The stable code of a refusal or an error, such as `not-found` or `timeout`.
    case reason
    /// Why a segment was removed: `age` or `size`.
    case removal
    /// Frames that showed the last picture again.
    case repeated
    /// The name of a live room.
    case room
    /// Which links came back on air, and how often: `main 3`.
    case reconnected
    /// What is shown: the name of an input.
    case scene
    case input
    /// A duration, in seconds.
    case seconds
    /// The number of a file in its recording, from 0.
    case segment
    /// A server's name, without a stream key.
    case server
    /// Servers of the link.
    case servers
    /// The level that was asked for: `notice`, `warning` or `error`.
    case severity
    /// Messages dropped for a slow player.
    case shed
    /// What is wrong: `no-answer`, `not-reading`, `not-acknowledging` or `not-answering`.
    case sign
    /// Frames that showed the slate because no encoder worked.
    case slated
    /// Frames skipped since the start, or since the last summary.
    case skipped
    /// A source's number, from 1.
    case source
    /// The end of what the process wrote to its standard error, at most 4 KiB.
    case standardError
    /// From the way's stop until the server took the other one's stream, in milliseconds.
    case startMilliseconds
    /// From the decision until the way that was left had stopped, in milliseconds.
    case stopMilliseconds
    /// A stream's name, without its key.
    case stream
    /// Which file: `media` or `index`.
    case subject
    /// What the input holds, in words.
    case summary
    /// What people call the target of a notice.
    case target
    /// The words of a plugin, a child, a server or the system; one lowercase phrase.
    case text
    /// What becomes of the timeline of a broadcast that is resumed: `continue` or `fresh`.
    case timeline
    /// What a playlist calls a file.
    case title
    /// `video` or `audio`.
    case track
    /// What is wrong with a file: `full`, `read-only`, `not-answering` and others.
    case trouble
    /// All that is wrong with a file.
    case troubles
    /// Frames that the process had not finished.
    case uncommitted
    /// The user that a process ran as.
    case uid
    /// An access unit's number, from 0.
    case unit
    /// The end, in seconds since 1970.
    case until
    /// What is not used: `picture`, `sound`.
    case unused
    /// Video messages received.
    case videoMessages
    /// The video bitrate that was asked for.
    case wanted
    /// The duty before: `standby`, `next` or `twin`.
    case was
    /// A way of a stream to its server: `push` or `pull`.
    case way
    /// The worst trouble of a day, in words.
    case worst
}
