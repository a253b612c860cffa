/// A message that was sent to a shared log and has not come back yet.
struct OutgoingMessage {
    let bytes: [UInt8]
    let commands: [any WriteCommand]
    /// Bytes of the commands.
    let heldBytes: Int
    /// When it was sent first, in milliseconds on the monotonic clock.
    let since: Int64
    /// When it is sent again unless the engine has answered.
    var dueAt: Int64
    /// It was sent, and not answered since.
    var isOut = true
    /// The engine has it.
    var isKept = false
    /// It cannot be ruled out that the engine has it.
    var mayBeKept = false
}
