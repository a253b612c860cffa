/// A server that does not take the longest messages that hosts send.
struct PayloadFault {
    /// What was found.
    let found: String
    /// What is to be done.
    let toDo = "max_payload: 1MB in its settings, which is NATS' default, and start it again"

    /// - Parameters:
    ///   - most: bytes of a message that the server takes, as it says in its greeting.
    ///   - server: as it is called in the message.
    init?(most: Int, of server: String) {
        if most >= Limits.payloadBytes { return nil }
        found =
            "\(server) takes messages of \(most) bytes at most, and hosts send up to "
            + "\(Limits.payloadBytes)"
    }
}
