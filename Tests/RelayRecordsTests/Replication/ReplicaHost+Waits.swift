import Glibc

@testable import RelayStore

extension ReplicaHost {
    /// Waits until something holds, for so many seconds at most.
    static func waits(seconds: Int = 20, _ holds: () throws -> Bool) rethrows -> Bool {
        for _ in 0..<100 * seconds {
            if try holds() { return true }
            usleep(10_000)
        }
        return false
    }

    /// What it says of each host: its name and its condition.
    func conditions() throws -> [String] {
        try writer.replication!.hosts().map { "\($0.host) \($0.condition.rawValue)" }
    }
}
