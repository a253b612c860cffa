import Glibc

/// Remembers Ctrl-C and SIGTERM for long commands, so that they can tidy up before they end.
enum Interrupt {
    /// Blocks both signals for this thread and all that it starts; nothing runs in a handler, the
    /// command asks now and then.
    static func hold() {
        var signals = set
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// Whether one of them has come.
    static var isPending: Bool {
        var pending = sigset_t()
        sigpending(&pending)
        return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1
    }

    private static var set: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        return signals
    }
}
