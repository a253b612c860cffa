import Glibc
import Testing

@testable import HTTP2

/// What a client's settings allow counts from our acknowledgement on (RFC 9113 §6.5.3): what was cut or
/// encoded before that goes ahead of it.
@Suite("Behind the acknowledgement of")
struct LoweredSettingsTests {
    private static let longest: UInt32 = 65_536
    private static let shortest = UInt32(Limits.frameBytes)

    @Test(
        "a lower SETTINGS_MAX_FRAME_SIZE no frame is longer, with one such frame or three in a read.",
        arguments: [[shortest], [longest, shortest], [shortest, longest, 20_000]])
    func frameSize(said: [UInt32]) throws {
        let client = try SettingsClient(named: 5, first: Self.shortest)
        client.connection.write(
            Frames.settings(4, 0x7FFF_FFFF) + Frames.windowUpdate(1 << 30, stream: 0))
        client.values.append(Self.shortest)
        client.say([Self.longest])
        var longestSeen = 0
        for round in 0..<8 {
            client.get(["/stream", "/page", "/linked/16000", "/fitting", "/scattered"])
            // The socket fills up, or frames are read, while the settings come.
            if round % 2 == 0 { usleep(20_000) } else { try client.read(frames: 10) { _, _ in } }
            client.say(said)
            try client.read { frame, limit in
                longestSeen = max(longestSeen, frame.payload.count)
                #expect(frame.payload.count <= limit, "type \(frame.type) in round \(round)")
            }
            client.say([Self.longest])
        }
        #expect(longestSeen > Int(Self.shortest), "there were long frames")
    }

    @Test("a lower SETTINGS_HEADER_TABLE_SIZE no field refers to what does not fit any more.")
    func tableSize() throws {
        let client = try SettingsClient(named: 1, first: UInt32(Limits.headerTableBytes))
        client.connection.write(Frames.windowUpdate(1 << 30, stream: 0))
        var references = 0
        for round in 0..<8 {
            client.get(["/echo", "/echo"])
            if round % 2 == 0 { usleep(5_000) }
            client.say([100, 0])
            client.get(["/echo", "/echo"])
            try client.read { frame, bytes in
                guard frame.type == RawConnection.headers else { return }
                let refers = frame.payload.contains { $0 > 0x80 + UInt8(FieldText.staticEntries) }
                if refers { references += 1 }
                #expect(!refers || bytes > 0, "round \(round)")
            }
            client.say([UInt32(Limits.headerTableBytes)])
        }
        #expect(references > 0, "there were some while they were allowed")
    }
}

/// A client that changes a setting again and again, and knows which value has been acknowledged.
private final class SettingsClient {
    private let server: SampleServer
    let connection: RawConnection
    private let name: UInt8
    /// The value that holds, and those that are still to be acknowledged.
    var values: [UInt32]
    private var stream: UInt32 = 1
    private var open: Set<UInt32> = []

    init(named name: UInt8, first: UInt32) throws {
        self.name = name
        server = try SampleServer()
        connection = try RawConnection(server.path)
        // The SETTINGS frame that every connection begins with changes nothing.
        values = [first, first]
    }

    func say(_ values: [UInt32]) {
        connection.write(values.flatMap { Frames.settings(name, $0) })
        self.values += values
    }

    func get(_ paths: [String]) {
        for path in paths {
            connection.write(RawConnection.get(path, stream: stream))
            open.insert(stream)
            stream += 2
        }
    }

    /// Reads frames up to the end of all answers, or as many.
    ///
    /// - Parameter body: gets each with the value that was acknowledged last.
    func read(
        frames: Int = .max, _ body: (_ frame: RawConnection.Frame, _ value: Int) -> Void
    ) throws {
        var left = frames
        while left > 0, !open.isEmpty {
            let frame = try #require(connection.next(), "\(open) is open")
            left -= 1
            body(frame, Int(values[0]))
            if frame.type == RawConnection.settings, frame.flags == 1 { values.removeFirst() }
            if frame.type <= 1, frame.flags & 1 == 1 { open.remove(frame.stream) }
        }
    }
}
