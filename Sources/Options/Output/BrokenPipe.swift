import Glibc

/// What becomes of a program when nobody reads its output any more, as with `| head -1`.
public enum BrokenPipe {
    /// Has writes fail then (EPIPE), so that the program can tidy up: SIGPIPE would end it anywhere,
    /// also where it keeps others from going on.
    public static func hold() { signal(SIGPIPE, SIG_IGN) }

    /// Ends the process as SIGPIPE would have, without a word: that is what git, grep and most other
    /// programs do, and a shell tells it from a failure (141).
    public static func end() -> Never {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        // Only where the signal is blocked.
        _exit(128 + SIGPIPE)
    }
}
