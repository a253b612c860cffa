import HTTP2
import TestSupport
import Testing

/// What `/metrics` said at one moment.
struct Scrape {
    let text: String
    /// Values by metric and labels, as they stand in the text.
    let samples: [String: Double]

    init(text: String) {
        self.text = text
        var samples: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " ") else { continue }
            samples[String(line[..<space])] = Double(line[line.index(after: space)...])
        }
        self.samples = samples
    }

    /// Asks the admin socket.
    init(_ relayd: Relayd, accept: String? = nil) throws {
        let admin = try ClientConnection(unix: relayd.adminSocket)
        let fields = accept.map { [HeaderField("accept", $0)] } ?? []
        let response = try admin.perform(ClientRequest("GET", "/metrics", fields: fields))
        #expect(response.status == 200)
        self.init(text: String(decoding: response.body, as: UTF8.self))
    }

    subscript(series: String) -> Double? { samples[series] }

    /// Names of all families.
    var families: Set<Substring> {
        Set(
            text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
                .map { $0.split(separator: " ")[2] })
    }
}
