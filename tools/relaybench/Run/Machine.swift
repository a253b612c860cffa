import CLinux
import Glibc
import JSON

/// What the figures were measured on: without it they mean nothing.
enum Machine {
    static func write(_ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("system", system)
        writer.member("processor", processor)
        writer.member("cores", Int(relay_cores()))
        if let kilobytes = ProcessFile.number("MemTotal:", in: "/proc/meminfo") {
            writer.member("memoryKilobytes", kilobytes)
        }
        writer.member(
            "load",
            ProcessFile.read("/proc/loadavg").split(separator: " ").first
                .map(String.init) ?? "")
        writer.endObject()
    }

    /// The kernel's name and release.
    private static var system: String {
        let release = ProcessFile.read("/proc/sys/kernel/osrelease").filter { $0 != "\n" }
        return "Linux " + release
    }

    private static var processor: String {
        for line in ProcessFile.read("/proc/cpuinfo").split(separator: "\n")
        where line.hasPrefix("model name") {
            return String(line.drop { $0 != ":" }.dropFirst(2))
        }
        return "unknown"
    }
}
