import Testing

@testable import relayctl

@Suite struct ProgressTests {
    @Test("Bytes are told in the unit that fits.")
    func units() {
        let bytes = Progress.Unit.bytes
        #expect(bytes.text(0) == "0 B")
        #expect(bytes.text(1023) == "1023 B")
        #expect(bytes.text(1536) == "1.5 KiB")
        #expect(bytes.text(1 << 20) == "1.0 MiB")
        #expect(bytes.text(5 << 40) == "5.0 TiB")
        #expect(Progress.Unit.pieces.text(123_456) == "123456")
    }

    @Test("The rate is that of the last seconds, not that of the whole.")
    func speed() {
        var speed = Speed()
        #expect(speed.perSecond == nil)
        for second in 1...30 { speed.note(second * 1000, at: second * 1000) }
        #expect(speed.perSecond == 1000)
        for second in 1...20 { speed.note(30_000 + second * 10, at: 30_000 + second * 1000) }
        #expect(speed.perSecond == 10)
    }
}
