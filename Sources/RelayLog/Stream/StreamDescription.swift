import JSON
import RelayStore

/// What the engine says of a stream.
struct StreamDescription {
    let name: String
    /// Nil when the stream is not one of ours.
    let identity: LogIdentity?
    let first: UInt64
    let last: UInt64
    let bytes: UInt64
    let leader: String?
    /// The answering server's.
    let version: ServerVersion?
    private let replicas: Int64
    /// What was asked for when the log was made.
    private let wantedReplicas: Int64
    private let isOnDisk: Bool
    private let keepsMessages: Bool
    private let isDirect: Bool

    /// Reads an answer to a question about a stream, or what is wrong.
    init(_ answer: JSONValue, name: String) throws(SharedLogError) {
        if let error = answer["error"] { throw Self.failure(error, of: name) }
        guard let configuration = answer["config"], let state = answer["state"],
            let count = state["messages"]?.integer, let first = state["first_seq"]?.integer,
            let last = state["last_seq"]?.integer
        else {
            throw .unreachable(why: "the engine's answer about the log \(name) cannot be read")
        }
        self.name = name
        // Of a stream that had no message yet it says that the first is 0.
        self.first = UInt64(count == 0 ? last + 1 : first)
        self.last = UInt64(last)
        bytes = UInt64(state["bytes"]?.integer ?? 0)
        leader = answer["cluster"]?["leader"]?.string.map { String($0) }
        let metadata = configuration["metadata"]
        identity = metadata?["relay.identity"]?.string.flatMap { LogIdentity(String($0)) }
        version = metadata?["_nats.ver"]?.string.flatMap { ServerVersion(String($0)) }
        wantedReplicas =
            metadata?["relay.replicas"]?.string.flatMap { Int64(String($0)) }
            ?? Int64(Limits.replicas)
        replicas = configuration["num_replicas"]?.integer ?? 0
        isOnDisk = configuration["storage"]?.string?.matches("file") ?? false
        keepsMessages = configuration["deny_delete"]?.boolean ?? false
        isDirect = configuration["allow_direct"]?.boolean ?? false
    }

    /// What an error of the engine's comes to.
    static func failure(_ error: JSONValue, of name: String) -> SharedLogError {
        // There is no stream of that name, whatever was to be done with it.
        if error["err_code"]?.integer == 10_059 { return .missing(name: name) }
        let words = error["description"]?.string.map { String($0) } ?? "an error without words"
        return .unreachable(why: "the engine says: \(words)")
    }

    /// Asks whether relayd may be given the stream.
    func checkFitness() throws(SharedLogError) {
        let least = Limits.leastServer
        guard let version, version >= least else {
            let words = version.map { "\($0)" } ?? "of a version that it does not tell"
            throw .unfit(why: "the server is \(words), and \(least) is the oldest that will do")
        }
        guard identity != nil else {
            throw .unfit(
                why: "the stream \(name) has no relay.identity in its metadata: it was not made "
                    + "by 'relayctl cluster init'")
        }
        guard isOnDisk else {
            throw .unfit(why: "the stream \(name) is kept in memory; it has to be in files")
        }
        guard replicas >= wantedReplicas else {
            throw .unfit(
                why: "servers that keep the stream \(name): \(replicas), and "
                    + "\(wantedReplicas) were asked for when it was made")
        }
        guard keepsMessages else {
            throw .unfit(
                why: "single messages may be deleted from the stream \(name): it needs deny_delete")
        }
        guard isDirect else {
            throw .unfit(why: "the stream \(name) does not give messages: it needs allow_direct")
        }
    }
}
