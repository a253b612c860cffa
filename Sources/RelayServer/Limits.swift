/// Limits of the server, with their units and reasons.
public enum Limits {
    /// Seconds after which a client that was turned away may come again (Retry-After).
    static let retryAfterSeconds = 1

    /// Bytes of an admin request's body: an account number and a label.
    static let adminBodyBytes = 4_096

    /// Event loops at most; beyond the cores of a machine more do not help.
    public static let maxLoops = 64

    /// Bytes of a `Link` field: path, limit, filter and cursor.
    static let linkBytes = 200
}
