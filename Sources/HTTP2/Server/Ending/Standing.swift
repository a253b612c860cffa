/// How far a connection still goes.
enum Standing: UInt8 {
    case open
    /// Nothing that comes is looked at any more: see `Connection.giveUp`. What was accepted is answered.
    case broken
    /// All was said, and the client has been told that no more comes; what it still sends is dropped,
    /// because a socket that is closed with unread bytes may take sent ones along.
    case lingering
    /// The client has gone. What it has sent whole is carried out, the answers go nowhere.
    case hungUp
}
