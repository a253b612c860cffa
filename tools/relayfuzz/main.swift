// relayfuzz: hands bytes to what reads bytes from outside, and stops where that breaks a promise.
//
//     relayfuzz TARGET FILE|DIRECTORY…    runs the inputs in these files
//     relayfuzz --list                    names the targets
//
// Built by tools/torture fuzz, with libFuzzer and AddressSanitizer, it makes inputs of its own, and takes
// libFuzzer's options.
import Glibc

#if RELAY_FUZZ
    @_silgen_name("LLVMFuzzerRunDriver")
    private func runFuzzer(
        _ count: UnsafeMutablePointer<CInt>,
        _ arguments: UnsafeMutablePointer<
            UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        >,
        _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
    ) -> CInt
#endif

if CommandLine.arguments.dropFirst().first == "--list" {
    for target in Target.allCases { print(target.rawValue) }
    exit(0)
}
guard let name = CommandLine.arguments.dropFirst().first, let chosen = Target(rawValue: name) else {
    print("usage: relayfuzz TARGET FILE|DIRECTORY…, or relayfuzz --list")
    exit(2)
}
Target.chosen = chosen

#if RELAY_FUZZ
    // libFuzzer has no use for the target's name.
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
    arguments![0] = CommandLine.unsafeArgv[0]
    var count = CommandLine.argc - 1
    exit(
        runFuzzer(&count, &arguments) { bytes, count in
            // SAFETY: libFuzzer lends the bytes for the call.
            Target.chosen.run(UnsafeRawBufferPointer(start: bytes, count: count))
            return 0
        })
#else
    var runs = 0
    for path in CommandLine.arguments.dropFirst(2) {
        for file in InputFiles.all(in: path) {
            chosen.run(InputFiles.contents(of: file))
            runs += 1
        }
    }
    print("\(name): \(runs) inputs")
    exit(runs > 0 ? 0 : 1)
#endif
