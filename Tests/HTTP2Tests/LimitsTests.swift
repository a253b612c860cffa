import Testing

@testable import HTTP2

/// What must hold between limits, so that one can be raised without a look at the code.
@Suite("Limits of HTTP/2")
struct LimitsTests {
    @Test("A send batch has room for a frame of any stream, and whatever the session sends next.")
    func sendBatch() {
        let frame = Limits.frameBytes + FrameHead.bytes
        #expect(Limits.sendArenaBytes >= Limits.frameRoomBytes + 64)
        #expect(Limits.frameRoomBytes >= frame + 256)
        #expect(Limits.sendArenaBytes > frame + Limits.copiedBodyBytes + 64)
        // Of a frame whose pieces are all just too long to be copied, with the headers between them.
        #expect(2 * (Limits.frameBytes / Limits.copiedBodyBytes) + 4 + 4 <= Limits.sendPieces)
        #expect(Limits.sendBatchBytes >= Limits.sendArenaBytes)
        let batch = SendBatch()
        defer { batch.deallocate() }
        #expect(batch.isOpen && batch.hasRoom(pieces: 8, copied: Limits.frameRoomBytes))
    }

    @Test("A batch that is full says so before it is written over.")
    func fullBatch() {
        var batch = SendBatch()
        defer { batch.deallocate() }
        let bytes = [UInt8](repeating: 1, count: Limits.copiedBodyBytes + 1)
        var pieces = 0
        bytes.withUnsafeBytes { bytes in
            while batch.hasRoom(pieces: 1, copied: 0) {
                batch.refer(bytes.baseAddress!, bytes.count)
                pieces += 1
            }
        }
        #expect(!batch.isOpen && pieces <= Limits.sendPieces && pieces > Limits.sendPieces - 8)
    }

    @Test("A connection's bytes fit: bodies in windows, portions in what is retained.")
    func connection() {
        #expect(Limits.receiveBytes >= Limits.frameBytes)
        #expect(Limits.connectionWindowBytes >= Int32(Limits.streamWindowBytes))
        #expect(Limits.droppedBodyBytes >= Int(Limits.connectionWindowBytes))
        #expect(Limits.minimumPortionBytes <= Limits.portionBytes)
        #expect(Limits.portionBytes <= Limits.retainedBytesPerConnection)
        #expect(Limits.leastAllowanceBytes < Limits.allowanceBytes)
        #expect(Limits.allowanceBytes < 2 * Int(Limits.socketBufferBytes))
        #expect(Limits.bodyBytesPerConnection < Limits.bodyBytes)
        #expect(Limits.bodyProgressBytes < Int(Limits.streamWindowBytes))
        #expect(Limits.answersPerRound >= Int(Limits.maxConcurrentStreams))
    }

    @Test("A stream's slot holds its fields, and a recorded response what the slot held.")
    func streams() {
        let stream = StreamState()
        #expect(stream.fields.count == Limits.responseFields)
        #expect(stream.kept.count == RequestField.allCases.count)
        #expect(RequestField.allCases.count <= UInt16.bitWidth)
        #expect(Limits.responseValueBytes <= Int(UInt16.max))
        #expect(MemoryLayout<Limits.RecordedFields<UInt8>>.size <= Limits.responseFields)
        #expect(MemoryLayout<Limits.KeptFields<UInt8>>.size == ResponseField.allCases.count)
        #expect(MemoryLayout<Limits.KeptValue<UInt8>>.size <= Int(UInt8.max))
        #expect(StreamPool.requestArenaOffset >= MemoryLayout<StreamState>.size)
        #expect(
            StreamPool.slotBytes
                >= StreamPool.responseArenaOffset + Limits.responseValueBytes)
        #expect(LoopCounters().cutOffs.count == CutOff.allCases.count)
    }

    @Test(
        "A chunk of nghttp2's memory has room for the largest block, and each size has a list.")
    func sessionMemory() {
        #expect(
            Limits.blockChunkBytes >= SessionMemory.headerBytes + Limits.pooledBlockBytes)
        #expect(Limits.pooledBlockBytes % Limits.blockGranuleBytes == 0)
        #expect(Limits.blockGranuleBytes % SessionMemory.headerBytes == 0)
        var memory = SessionMemory()
        defer { memory.deallocate() }
        for size in [0, 1, Limits.blockGranuleBytes, Limits.pooledBlockBytes] {
            for size in [size, size + 1] where memory.allocate(size) == nil {
                Issue.record("no block of \(size) bytes")
            }
        }
    }

    @Test("A send batch has room for three of the largest frames.")
    func largestFrames() {
        #expect(
            3 * (Limits.dataFrameBytes + FrameHead.bytes) + 64 <= Limits.sendArenaBytes)
    }

    @Test("A client's request fits one send of its connection.")
    func clients() {
        #expect(
            Limits.clientSendBytes
                > Limits.clientFrameBytes + Limits.clientPathBytes + Limits.clientBodyBytes)
        #expect(Limits.clientFrameBytes > Limits.frameBytes + FrameHead.bytes)
        #expect(Limits.clientPathBytes < Limits.maxFieldSectionBytes)
    }
}
