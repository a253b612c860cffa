@testable import RelayStore

/// A command that only a test knows, made of code: no log could hold it.
protocol UnencodedCommand: WriteCommand {}

extension UnencodedCommand {
    /// Nothing.
    func withEncoding(_ body: (UnsafeRawBufferPointer) -> Void) {}
}
