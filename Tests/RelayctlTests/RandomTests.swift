import Testing

@testable import relayctl

@Suite struct RandomTests {
    @Test("The stream of a seed is fixed for all time.")
    func fixed() {
        var random = Random(seed: 1, account: 1, .order, 1)
        let values = (0..<3).map { _ in random.next() }
        #expect(
            values == [
                17_027_015_914_545_201_848, 1_978_676_931_918_656_499, 2_083_055_129_269_220_813,
            ])
    }

    @Test("Numbers keep within their bounds and reach both.")
    func bounds() {
        var random = Random(seed: 1, account: 1, .order, 1)
        let values = Set((0..<1000).map { _ in random.within(3...7) })
        #expect(values == [3, 4, 5, 6, 7])
    }

    @Test("Streams of neighbours have nothing in common.")
    func neighbours() {
        var first = Random(seed: 1, account: 1, .order, 1)
        var second = Random(seed: 1, account: 1, .order, 2)
        let a = Set((0..<100).map { _ in first.next() })
        let b = Set((0..<100).map { _ in second.next() })
        #expect(a.isDisjoint(with: b))
    }
}
