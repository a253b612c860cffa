import CLinux
import Glibc
import HTTP2
import System

/// What one thread of this program used of its core.
struct ThreadUsage: Sendable {
    /// Nanoseconds on the CPU, waiting for one, and passed.
    private(set) var cpu: Int64 = 0
    private(set) var waited: Int64 = 0
    private(set) var elapsed: Int64 = 0
    private var isRunning = false

    mutating func begin() {
        (cpu, waited, elapsed) = Self.now()
        isRunning = true
    }

    mutating func end() {
        guard isRunning else { return }
        let now = Self.now()
        (cpu, waited, elapsed) = (now.0 - cpu, now.1 - waited, now.2 - elapsed)
        isRunning = false
    }

    /// Share of the time in which the thread had work: running, or waiting for a core.
    var busy: Double { elapsed == 0 ? 0 : Double(cpu + waited) / Double(elapsed) }

    private static func now() -> (Int64, Int64, Int64) {
        let cpu = SystemClock.threadCPU.nanoseconds
        let fields = ProcessFile.read("/proc/self/task/\(relay_thread())/schedstat")
            .split(separator: " ")
        let waited = fields.count > 1 ? Int64(fields[1]) ?? 0 : 0
        return (cpu, waited, SystemClock.monotonic.nanoseconds)
    }
}

/// What the server's processes have used so far, as /proc tells: its own, and all that descend from
/// it, as the workers of a master do.
struct ServerUsage: Sendable {
    /// The processes, in ascending order.
    private(set) var processes: [Int32] = []
    /// Nanoseconds on the CPU, of all processes and of their threads.
    private(set) var cpu: Int64 = 0
    private var threads: [Int32: Int64] = [:]
    /// Nanoseconds on the monotonic clock.
    private let at: Int64
    /// Kilobytes of anonymous memory.
    private(set) var anonymous = 0
    private(set) var contextSwitches = 0
    private(set) var minorFaults = 0
    private(set) var majorFaults = 0

    /// Nil when there is no such process, or the kernel does not tell.
    init?(of process: Int32) {
        at = SystemClock.monotonic.nanoseconds
        processes = ProcessFile.descendants(of: process).sorted()
        // The clocks first, all at about the same time.
        for process in processes {
            cpu += SystemClock(cpuOf: process)?.nanoseconds ?? 0
        }
        if cpu == 0 { return nil }
        for process in processes { add(process) }
    }

    private mutating func add(_ process: Int32) {
        anonymous += ProcessFile.number("RssAnon:", in: "/proc/\(process)/status") ?? 0
        // The name in the second field may hold spaces: count from its closing parenthesis.
        let text = ProcessFile.read("/proc/\(process)/stat")
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        if fields.count > 10 {
            minorFaults += Int(fields[8]) ?? 0
            majorFaults += Int(fields[10]) ?? 0
        }
        for task in ProcessFile.names(in: "/proc/\(process)/task") {
            let path = "/proc/\(process)/task/\(task)"
            contextSwitches +=
                ProcessFile.number("voluntary_ctxt_switches:", in: path + "/status") ?? 0
            contextSwitches +=
                ProcessFile.number("nonvoluntary_ctxt_switches:", in: path + "/status") ?? 0
            let spent = ProcessFile.read(path + "/schedstat").split(separator: " ").first
            if let id = Int32(task), let spent { threads[id] = Int64(spent) ?? 0 }
        }
    }

    /// Share of a core that its busiest thread used since an earlier look.
    func busiest(since start: ServerUsage) -> Double {
        guard at > start.at else { return 0 }
        let most = threads.map { $0.value - (start.threads[$0.key] ?? 0) }.max() ?? 0
        return Double(most) / Double(at - start.at)
    }
}

/// The kernel's small text files.
enum ProcessFile {
    /// A whole file; empty if it cannot be read.
    static func read(_ path: String) -> String {
        String(decoding: (try? TextFile.read(path)) ?? [], as: UTF8.self)
    }

    /// The number after a label.
    static func number(_ label: String, in path: String) -> Int? {
        for line in read(path).split(separator: "\n") where line.hasPrefix(label) {
            return Int(
                line.dropFirst(label.count).drop { $0 == " " || $0 == "\t" }
                    .prefix { $0.isNumber })
        }
        return nil
    }

    /// A process and all that descend from it, in no order.
    static func descendants(of process: Int32) -> [Int32] {
        var found = [process]
        var next = 0
        while next < found.count {
            let tasks = "/proc/\(found[next])/task"
            for task in names(in: tasks) {
                let children = read("\(tasks)/\(task)/children").split(separator: " ")
                found += children.compactMap { Int32($0) }.filter { !found.contains($0) }
            }
            next += 1
        }
        return found
    }

    /// The names in a directory, without those of the dot.
    static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            // SAFETY: the entry stays valid until the next readdir; the name is copied.
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}
