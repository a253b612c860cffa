import Glibc

/// The same command in a process of its own, because this one's process id is taken.
///
/// Each PID namespace numbers its processes from 1, and LMDB tells a store's readers apart by that
/// number: of two containers that share a store, the second process with a number is refused before
/// it has read anything. A child has another number.
enum SecondProcess {
    /// Counts how many processes were in vain.
    private static let variable = "RELAYCTL_PROCESS"

    /// What is passed on to the child, and what says that it has ended.
    private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD]

    /// Runs the command again and ends as it ends; returns if that cannot be done.
    static func runAgain() {
        let count = getenv(variable).flatMap { Int(String(cString: $0)) } ?? 0
        guard count < Limits.processes else { return }
        setenv(variable, "\(count + 1)", 1)
        var forwarded = sigset_t()
        sigemptyset(&forwarded)
        for signal in signals { sigaddset(&forwarded, signal) }
        guard let child = spawn() else { return }
        sigprocmask(SIG_BLOCK, &forwarded, nil)
        var status: Int32 = 0
        while waitpid(child, &status, WNOHANG) == 0 {
            var signal: Int32 = 0
            sigwait(&forwarded, &signal)
            if signal != SIGCHLD { kill(child, signal) }
        }
        let signal = status & 0x7F
        _exit(signal == 0 ? (status >> 8) & 0xFF : 128 + signal)
    }

    /// Starts this program with the arguments that it has got; nil if that fails.
    private static func spawn() -> pid_t? {
        var attributes = posix_spawnattr_t()
        guard posix_spawnattr_init(&attributes) == 0 else { return nil }
        defer { posix_spawnattr_destroy(&attributes) }
        // A command that was to be interrupted in order has blocked these.
        var mask = sigset_t()
        sigprocmask(SIG_SETMASK, nil, &mask)
        for signal in signals { sigdelset(&mask, signal) }
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var child = pid_t()
        // SAFETY: argv and environ live as long as the process.
        let code = posix_spawn(
            &child, "/proc/self/exe", nil, &attributes, CommandLine.unsafeArgv, environ)
        return code == 0 ? child : nil
    }
}
