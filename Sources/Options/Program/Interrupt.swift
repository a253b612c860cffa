import CLinux
import Glibc

/// Remembers Ctrl-C and SIGTERM for long commands, so that they can tidy up before they end.
public enum Interrupt {
    /// Blocks both signals for this thread and all that it starts; nothing runs in a handler, the
    /// command asks now and then.
    public static func hold() {
        var signals = set
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// Whether one of them has come.
    public static var isPending: Bool {
        var pending = sigset_t()
        sigpending(&pending)
        return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1
    }

    /// A descriptor that can be read once one of them has come, for whoever sleeps meanwhile (signalfd);
    /// -1 where there is none. What has come stays pending.
    public static let descriptor: Int32 = {
        var signals = set
        return signalfd(-1, &signals, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
    }()

    /// Lets go: a second Ctrl-C ends the process at once, for whoever does not want to wait any more.
    public static func release() {
        var signals = set
        var number: Int32 = 0
        // Takes the one that has come, or it would end the process here.
        while isPending { sigwait(&signals, &number) }
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    private static var set: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        return signals
    }
}
