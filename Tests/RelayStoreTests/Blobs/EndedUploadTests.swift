import Testing

@testable import RelayStore

@Suite("An upload that has ended in a replica")
struct EndedUploadTests {
    private let store: Store
    private let session = SessionID(high: 1, low: 2)

    init() throws {
        store = try Store.inMemory()
        let identity = LogIdentity(high: 3, low: 4)
        let beginning = try store.beginning(of: identity).message(of: HostName("a")!, sent: 0)
        try store.becomeReplica(SharedLogEntry(sequence: 1, time: 0, message: beginning))
    }

    private func put(_ id: UInt64, _ transaction: inout StoreTransaction) throws(StoreError) {
        let bytes: InlineArray<3, UInt8> = [1, 2, 3]
        try transaction.putChunk(id, 0, bytes.span.bytes)
    }

    @Test("is not there for what comes out of the log, whether this host has removed it or not.")
    func ended() throws {
        let owner = DocumentKey(account: 1, resource: 2, id: 3)
        let digest = BlobDigest(BlobDigest.begin().finish())
        for isRemoved in [false, true] {
            var transaction = try StoreTransaction(store.core)
            transaction.session = session
            try transaction.beginUpload(7)
            try put(7, &transaction)
            try transaction.endUpload(7)
            if isRemoved {
                transaction.session = nil
                var budget = 9
                #expect(try transaction.removeUpload(7, &budget) && budget == 8)
                transaction.session = session
            }
            #expect(throws: StoreError.noUpload(7)) {
                try transaction.adoptUpload(7, by: owner, byteCount: 3, digest: digest)
            }
            #expect(throws: StoreError.noUpload(7)) { try put(7, &transaction) }
            try transaction.beginUpload(7)
            #expect(try !transaction.view.hasChunk(7, 0), "\(isRemoved)")
            #expect(throws: StoreError.blobExists) { try transaction.beginUpload(7) }
        }
    }

    @Test("is removed by each host, and one that goes on only by the log.")
    func removed() throws {
        var transaction = try StoreTransaction(store.core)
        transaction.session = session
        for id: UInt64 in [7, 8] {
            try transaction.beginUpload(id)
            try put(id, &transaction)
        }
        try transaction.endUpload(8)
        var budget = 9
        #expect(try transaction.removeUpload(8, &budget) && budget == 9)
        transaction.session = nil
        #expect(try transaction.view.leftUploads() == [8])
        for id: UInt64 in [7, 8] { #expect(try transaction.removeUpload(id, &budget)) }
        #expect(try transaction.view.uploads() == [7] && budget == 8)
        transaction.session = session
        #expect(try transaction.removeUpload(7, &budget) && budget == 7)
        #expect(try transaction.view.uploads() == [])
    }
}
