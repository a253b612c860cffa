import Glibc
import TestSupport
import Testing

/// A curl that asks one server and keeps what it answers.
struct CurlClient {
    /// What came back; `status` is 0 when nothing whole did.
    struct Answer {
        var status = 0
        /// Names in lower case.
        var fields: [(name: String, value: String)] = []
        var body: [UInt8] = []
        /// curl's exit code and words, empty when all went well.
        var fault = ""

        var text: String { String(decoding: body, as: UTF8.self) }

        func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
    }

    /// Where requests go, without a slash at its end.
    let base: String
    /// Options of every request: version, socket, key.
    var options: [String]

    init(_ base: String, _ options: [String], key: String? = nil) {
        self.base = base
        self.options = options + (key.map { ["--header", "Authorization: Bearer \($0)"] } ?? [])
    }

    /// Asks for a path.
    func ask(_ path: String, _ arguments: [String] = []) -> Answer {
        let directory = TemporaryDirectory()
        let (head, body) = (directory.file("head"), directory.file("body"))
        let run = ChildProcess.run(
            "curl",
            ["--silent", "--show-error", "--max-time", "30", "--dump-header", head]
                + ["--output", body] + options + arguments + [base + path])
        var answer = Answer()
        if run.code != 0 {
            answer.fault = "exit code \(run.code): \(run.output)"
            return answer
        }
        // Interim answers (100) come first; the last head is the answer's.
        for line in readText(head).split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        {
            if line.hasPrefix("HTTP/") {
                answer.status = Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0
                answer.fields = []
            } else if let colon = line.dropFirst().firstIndex(of: ":") {
                let value = line[line.index(after: colon)...].drop { $0 == " " }
                answer.fields.append((line[..<colon].lowercased(), String(value)))
            }
        }
        // For HEAD curl writes the fields there.
        if !arguments.contains("--head") { answer.body = readBytes(body) }
        return answer
    }
}

/// Writes a file that must not exist.
func writeBytes(_ path: String, _ bytes: [UInt8]) throws {
    let file = try #require(fopen(path, "wx"), "\(path)")
    defer { fclose(file) }
    #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
}
