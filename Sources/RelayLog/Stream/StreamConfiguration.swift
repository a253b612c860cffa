import JSON
import RelayStore

/// What the engine is asked to make.
enum StreamConfiguration {
    /// Nanoseconds of a second: the engine's times are in them.
    static let nanoseconds = 1_000_000_000

    /// The stream of a log. Age alone takes messages away: limits of bytes or messages, and what may be
    /// deleted, replaced or mirrored, have each brought servers apart. What is full is therefore never asked,
    /// and `discard` stays as it comes.
    static func stream(_ name: String, identity: LogIdentity, replicas: Int) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.name("name")
        json.value(name)
        json.name("subjects")
        json.beginArray()
        json.value("relay.\(name).log.>" as String)
        json.endArray()
        json.name("storage")
        json.value("file")
        json.name("num_replicas")
        json.value(replicas)
        json.name("retention")
        json.value("limits")
        json.name("max_age")
        json.value(Limits.keptDays * 86_400 * nanoseconds)
        json.name("duplicate_window")
        json.value(Limits.duplicateSeconds * nanoseconds)
        json.name("deny_delete")
        json.value(true)
        json.name("allow_direct")
        json.value(true)
        json.name("metadata")
        json.beginObject()
        json.name("relay.identity")
        json.value("\(identity)" as String)
        json.name("relay.replicas")
        json.value("\(replicas)" as String)
        json.endObject()
        json.endObject()
        return json.bytes
    }

    /// A reader from a number on: without acknowledgements, in the memory of one server, forgotten when nobody
    /// asks it.
    static func reader(_ name: String, of stream: String, from sequence: UInt64) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.name("stream_name")
        json.value(stream)
        json.name("action")
        json.value("create")
        json.name("config")
        json.beginObject()
        json.name("name")
        json.value(name)
        json.name("deliver_policy")
        json.value("by_start_sequence")
        json.name("opt_start_seq")
        json.value(sequence)
        json.name("ack_policy")
        json.value("none")
        json.name("replay_policy")
        json.value("instant")
        json.name("num_replicas")
        json.value(1 as Int)
        json.name("mem_storage")
        json.value(true)
        json.name("inactive_threshold")
        json.value(Limits.forgottenSeconds * nanoseconds)
        json.endObject()
        json.endObject()
        return json.bytes
    }

    /// A request for messages to a reader.
    static let pull: [UInt8] = {
        var json = JSONWriter()
        json.beginObject()
        json.name("batch")
        json.value(Limits.pulledMessages)
        json.name("max_bytes")
        json.value(Limits.pulledBytes)
        json.name("expires")
        json.value(Limits.pullSeconds * nanoseconds)
        json.name("idle_heartbeat")
        json.value(Limits.heartbeatMilliseconds * (nanoseconds / 1_000))
        json.endObject()
        return json.bytes
    }()

    /// A question for one message.
    static func message(_ sequence: UInt64) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.name("seq")
        json.value(sequence)
        json.endObject()
        return json.bytes
    }
}
