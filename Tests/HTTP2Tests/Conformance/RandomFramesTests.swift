import Glibc
import Testing

@testable import HTTP2

/// The bytes of the conformance cases in any order, some of them changed, cut anywhere.
@Suite("A session that is fed random frames")
struct RandomFramesTests {
    private static let sessions = 3_000
    /// Bytes of a session: fewer than a socket holds.
    private static let longest = 16 * 1024
    /// What a server may send (RFC 9113 §6).
    private static let types: Set<UInt8> = [0, 1, 3, 4, 6, 7, 8]

    @Test("answers in whole frames, ends, and gives back all that it took.", arguments: 1...3)
    func random(seed: UInt64) throws {
        let stepped = try SteppedLoop()
        var random = Numbers(state: seed)
        for number in 0..<Self.sessions {
            let input = Self.input(&random)
            let output = feed(input, to: stepped, &random)
            try #require(stepped.loop.connectionCount == 0, "\(seed), \(number): \(input)")
            try #require(stepped.loop.loop.pool.inUse == 0, "\(seed), \(number): \(input)")
            try #require(stepped.loop.bodies.usedBytes == 0, "\(seed), \(number): \(input)")
            let isRight = Self.isOfFrames(output) || Self.isForeign(input, output)
            try #require(isRight, "\(seed), \(number): \(input), \(output)")
        }
    }

    /// What a client gets whose first bytes are not HTTP/2's, but may be HTTP/1's or TLS'.
    private static func isForeign(_ input: [UInt8], _ output: [UInt8]) -> Bool {
        if input.starts(with: "PRI".utf8) { return false }
        return [ForeignProtocol.http1, .tls].contains { $0.answer == output }
    }

    private static let cases =
        FrameConformanceTests.ignoredCases + FrameConformanceTests.sizesCases
        + FrameConformanceTests.streamsCases + FrameConformanceTests.interleavedCases
        + StreamConformanceTests.statesCases + StreamConformanceTests.identifiersCases
        + StreamConformanceTests.settingsCases + StreamConformanceTests.windowsCases
        + StreamConformanceTests.continuationsCases + MessageConformanceTests.badFieldsCases
        + MessageConformanceTests.goodFieldsCases + MessageConformanceTests.pseudoFieldsCases
        + MessageConformanceTests.lengthsCases + MessageConformanceTests.trailersCases
        + CompressionConformanceTests.brokenCases + CompressionConformanceTests.wholeCases

    /// What goes with them: answers of several frames, and priorities.
    private static let more: [[UInt8]] = [
        RawConnection.get("/page", stream: 5), RawConnection.get("/stream", stream: 7),
        RawConnection.frame(16, Frames.word(9) + Array("u=1, i".utf8)),
        Frames.headers(
            FieldSection.get + FieldSection.literal("priority", "u=5, i=?0"), stream: 9),
        Frames.settings(4, 1 << 20), Frames.settings(5, 1 << 20),
        Frames.windowUpdate(1 << 20, stream: 0), Frames.windowUpdate(1 << 20, stream: 7),
    ]

    private static func input(_ random: inout Numbers) -> [UInt8] {
        var input = random.below(20) == 0 ? [] : RawConnection.preface
        if random.below(20) > 0 { input += RawConnection.frame(4) }
        if random.below(4) > 0 { input += RawConnection.frame(4, flags: 1) }
        for _ in 0...random.below(6) {
            let test = cases[random.below(cases.count)]
            input += test.before + test.bytes
            if random.below(2) == 0 { input += more[random.below(more.count)] }
        }
        input = Array(input.prefix(longest))
        for _ in 0..<random.below(5) where !input.isEmpty {
            let place = random.below(input.count)
            switch random.below(4) {
            case 0: input[place] = UInt8(random.below(256))
            case 1: input[place] ^= 1 << random.below(8)
            case 2: input.remove(at: place)
            default: input.insert(UInt8(random.below(256)), at: place)
            }
        }
        return input
    }

    /// Feeds bytes in up to four parts to a connection of its own, with turns in between.
    ///
    /// - Returns: what came back before the client closed its socket.
    private func feed(
        _ input: [UInt8], to stepped: SteppedLoop, _ random: inout Numbers
    ) -> [UInt8] {
        let socket = stepped.connectSocket()
        _ = fcntl(socket, F_SETFL, O_NONBLOCK)
        var output: [UInt8] = []
        var cuts = (0..<random.below(4)).map { _ in random.below(input.count + 1) }
        cuts = ([0] + cuts + [input.count]).sorted()
        for (start, end) in zip(cuts, cuts.dropFirst()) {
            _ = input[start..<end].withUnsafeBytes {
                send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            stepped.loop.turn(timeout: 0)
            output += Self.received(socket)
        }
        for _ in 0..<random.below(3) { stepped.loop.turn(timeout: 0) }
        output += Self.received(socket)
        close(socket)
        #expect(stepped.finish())
        return output
    }

    private static func received(_ socket: Int32) -> [UInt8] {
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count <= 0 { return output }
            output += buffer[..<count]
        }
    }

    /// Whether bytes are frames that a server may send, the last of which may be cut off.
    private static func isOfFrames(_ bytes: [UInt8]) -> Bool {
        var position = 0
        while bytes.count - position >= FrameHead.bytes {
            let length =
                Int(bytes[position]) << 16 | Int(bytes[position + 1]) << 8
                | Int(bytes[position + 2])
            if !types.contains(bytes[position + 3]) || length > Limits.dataFrameBytes {
                return false
            }
            position += FrameHead.bytes + length
        }
        return true
    }
}

/// Numbers that are the same for the same seed (splitmix64).
private struct Numbers {
    var state: UInt64

    mutating func below(_ limit: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int(truncatingIfNeeded: (mixed ^ (mixed >> 31)) >> 1) % limit
    }
}
