// SAFETY: stdio locks the stream that `stdout` names, and nothing here makes it name another.
@preconcurrency import Glibc

/// The descriptors that every process is given, and whether standard output took what was printed.
public enum StandardOutput {
    /// Opens those of the first three descriptors that are closed, as with `>&-`. Else the next file
    /// that is opened, perhaps the store, would be what this process prints to.
    static func occupyDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // The wrong way round, so that reading and printing fail and are not lost in silence.
            // Takes the lowest free number, which is this one.
            _ = open(
                "/dev/null",
                (descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC)
        }
    }

    /// Writes out what was printed; says whether all of it arrived. For who has something to undo when it did
    /// not, before `ExitCode.exit` says so and ends the process.
    public static func hasArrived() -> Bool { fflush(stdout) == 0 && ferror(stdout) == 0 }

    /// Writes out what was printed; nil if all of it arrived, else what went wrong.
    static func finish() -> String? {
        errno = 0
        if fflush(stdout) != 0 || ferror(stdout) != 0 {
            // A write that failed earlier has left no more than a mark on the stream.
            if errno == EPIPE { BrokenPipe.end() }
            let reason = errno == 0 ? "not all could be written" : String(cString: strerror(errno))
            return "cannot write to standard output: \(reason)"
        }
        return nil
    }
}
