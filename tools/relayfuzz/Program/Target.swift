import Glibc

/// What is fed.
enum Target: String, CaseIterable {
    /// JSON, and the rules of the contract for it.
    case json
    /// Queries of requests, and percent signs in paths.
    case query
    /// Cursors of pages.
    case cursor
    /// Fields of requests: entity tags, ranges, media types, file names.
    case field
    /// Forms with files.
    case multipart
    /// The content of a file in JSON.
    case base64
    /// Manifests of snapshots.
    case manifest
    /// Page maps of snapshots.
    case map
    /// Indexes of packs.
    case pack
    /// Lines of a dump.
    case dump
    /// Commands of the writer, as they are encoded.
    case command
    /// Messages of a log that hosts share, applied to a replica.
    case message
    /// Field sections of a connection, beside another decoder.
    case section
    /// A whole HTTP/2 session, frame by frame.
    case session
    /// A service: what it accepts can be read, dumped, loaded, snapshotted and restored.
    case store
    /// A fault of memory that lies behind four comparisons: what is found if anything is.
    case planted

    /// What this process feeds. Set once, before the first input.
    nonisolated(unsafe) static var chosen = Target.json

    /// Runs an input; ends the process where a promise is broken.
    func run(_ bytes: UnsafeRawBufferPointer) { run(Array(bytes)) }

    /// As above.
    func run(_ bytes: [UInt8]) {
        switch self {
        case .json: JSONTarget.run(bytes)
        case .query: QueryTarget.run(bytes)
        case .cursor: CursorTarget.run(bytes)
        case .field: FieldTarget.run(bytes)
        case .multipart: MultipartTarget.run(bytes)
        case .base64: Base64Target.run(bytes)
        case .manifest: ManifestTarget.run(bytes)
        case .map: MapTarget.run(bytes)
        case .pack: PackTarget.run(bytes)
        case .dump: DumpTarget.run(bytes)
        case .command: CommandTarget.run(bytes)
        case .message: MessageTarget.run(bytes)
        case .section: SectionTarget.run(bytes)
        case .session: SessionTarget.run(bytes)
        case .store: StoreTarget.run(bytes)
        case .planted: Self.readBeyond(bytes)
        }
    }

    /// Ends the process, unless what was promised is so.
    static func require(_ isSo: Bool, _ promise: @autoclosure () -> String) {
        if !isSo { fatalError("broken: \(promise())") }
    }

    private static func readBeyond(_ bytes: [UInt8]) {
        guard bytes.starts(with: "RLY!".utf8) else { return }
        // SAFETY: it is not safe: this is what AddressSanitizer is to find.
        let block = UnsafeMutableRawPointer.allocate(byteCount: bytes.count, alignment: 8)
        defer { block.deallocate() }
        block.storeBytes(of: 1, toByteOffset: bytes.count, as: UInt8.self)
    }
}
