import Glibc

/// What systemd offers a service: sockets that it opened, and news of our state.
///
/// The protocols are a few lines each (sd_listen_fds(3), sd_notify(3)), so no library.
public enum Systemd {
    /// The first descriptor that socket activation passes (SD_LISTEN_FDS_START).
    private static let firstDescriptor: Int32 = 3

    /// Descriptors of listening sockets that were passed to this process.
    public static func listenDescriptors() -> [Int32] {
        guard let pid = getenv("LISTEN_PID"), let count = getenv("LISTEN_FDS"),
            atoi(pid) == getpid()
        else { return [] }
        unsetenv("LISTEN_PID")
        unsetenv("LISTEN_FDS")
        return (0..<max(0, atoi(count))).map { offset in
            let descriptor = firstDescriptor + offset
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            return descriptor
        }
    }

    /// Tells the service manager our state, such as `READY=1`; does nothing when there is none.
    public static func notify(_ state: String) {
        guard let path = getenv("NOTIFY_SOCKET") else { return }
        let bytes = Array(String(cString: path).utf8)
        var address = sockaddr_un()
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            return
        }
        address.sun_family = sa_family_t(AF_UNIX)
        // SAFETY: `address` lives through the closures; the length was checked above.
        withUnsafeMutableBytes(of: &address.sun_path) { space in
            space.copyBytes(from: bytes)
            // An abstract socket's name begins with a zero byte, written as @.
            if bytes[0] == UInt8(ascii: "@") { space[0] = 0 }
        }
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if descriptor < 0 { return }
        defer { close(descriptor) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        _ = withUnsafeBytes(of: &address) { raw in
            sendto(
                descriptor, state, state.utf8.count, Int32(MSG_NOSIGNAL),
                raw.baseAddress!.assumingMemoryBound(to: sockaddr.self), length)
        }
    }
}
