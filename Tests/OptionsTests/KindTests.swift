import Testing

@testable import Options

@Suite struct KindTests {
    @Test(
        "A size is read in its unit.",
        arguments: [
            ("0", 0), ("512", 512), ("1KiB", 1024), ("64MiB", 64 << 20), ("1TiB", 1 << 40),
        ])
    func sizes(text: String, bytes: Int) {
        #expect(Kind.size(0...(1 << 40)).read(text) == .number(bytes))
    }

    @Test(
        "A duration is read in its unit.",
        arguments: [("5", 5), ("250ms", 250), ("30s", 30_000), ("2h", 7_200_000)])
    func durations(text: String, milliseconds: Int) {
        #expect(Kind.duration(0...86_400_000).read(text) == .number(milliseconds))
    }

    @Test(
        "A mode is read in octal digits.", arguments: [("660", 0o660), ("0666", 0o666), ("000", 0)])
    func modes(text: String, mode: Int) {
        #expect(Kind.mode.read(text) == .number(mode))
    }

    @Test(
        "What is not of the kind is refused.",
        arguments: [
            (Kind.size(0...(1 << 40)), "12 MiB"), (.size(0...(1 << 40)), "1kb"),
            (.size(0...Int.max), "9999999999TiB"), (.size(0...Int.max), "1.5GiB"),
            (.duration(0...1000), "2s"), (.duration(0...1000), "s"), (.integer(0...9), "10"),
            (.integer(0...9), "+5"), (.integer(0...9), "0x5"), (.integer(0...9), ""),
            (.integer(0...9), "99999999999999999999"), (.integer(0...9), "-"), (.text, ""),
            (.mode, "66"), (.mode, "680"), (.mode, "1660"), (.mode, "00660"), (.mode, "u=rw"),
            (.path, ""), (.choice(["a", "b"]), "c"),
        ])
    func refused(kind: Kind, text: String) {
        #expect(kind.read(text) == nil)
    }

    @Test("A bad value is told what was expected.")
    func expectations() {
        #expect(
            Sample.error("sample", "--store=a", "--cache", "lots")
                == "--cache cannot be 'lots': expected a size from 0B to 1TiB, such as 64MiB")
        #expect(
            Sample.error("sample", "--store=a", "--wait", "2d")
                == "--wait cannot be '2d': expected a duration from 0ms to 1d, such as 30s")
        #expect(
            Sample.error("sample", "--store=a", "--format", "xml")
                == "--format cannot be 'xml': expected one of text, lines")
    }
}
