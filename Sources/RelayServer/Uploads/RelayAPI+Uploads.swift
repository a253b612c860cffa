import HTTP2
import JSON
import RelayContract
import RelayRecords
import RelayStore

/// POST with a body that goes into the store as it comes.
extension RelayAPI {
    mutating func admitCreateOrderComment(_ orderId: UInt64, _ exchange: inout RelayExchange) {
        if let problem = missing(.order, orderId, exchange) { return exchange.reject(problem) }
        let type = exchange.http.field(.contentType)!
        // Without files there is nothing to stream.
        if MediaType.isJSON(type) { return exchange.http.admitBody(upTo: Limits.commentBytes) }
        admitUpload(&exchange) { (writing, token, places) throws(MultipartFault) in
            try CommentUpload(contentType: type, writing, token, places)
        }
    }

    mutating func createOrderComment(
        _ input: CreateOrderCommentInput, _ exchange: inout RelayExchange
    ) {
        do throws(Problem) {
            guard let upload = Upload.kept(by: exchange.http) as? CommentUpload else {
                if !MediaType.isJSON(exchange.http.field(.contentType)!) {
                    throw CommentUpload.emptyForm(parser)
                }
                return createOrderCommentOfJSON(input, &exchange)
            }
            guard try isSettled(upload, exchange) else { return }
            let (new, files) = try upload.finish(parser)
            try submit(
                CreateComment(input.orderId, new, files), [new.json], files,
                dryRun: input.dryRun, &exchange)
        } catch {
            exchange.reject(error)
        }
    }

    /// A comment without files.
    private mutating func createOrderCommentOfJSON(
        _ input: CreateOrderCommentInput, _ exchange: inout RelayExchange
    ) {
        do throws(InputRefusal) {
            let new = try APIRequest(body: exchange.http.body).body(
                as: NewComment.self, of: exchange.operation, parser)
            submit(CreateComment(input.orderId, new, []), dryRun: input.dryRun, &exchange)
        } catch {
            reject(error, exchange)
        }
    }

    mutating func admitCreateDocumentAttachment(
        _ documentId: UInt64, _ exchange: inout RelayExchange
    ) {
        if let problem = missing(.document, documentId, exchange) {
            return exchange.reject(problem)
        }
        admitUpload(&exchange) { AttachmentUpload($0, $1, $2) }
    }

    mutating func createDocumentAttachment(
        _ input: CreateDocumentAttachmentInput, _ exchange: inout RelayExchange
    ) {
        do throws(Problem) {
            guard let upload = Upload.kept(by: exchange.http) as? AttachmentUpload else {
                throw Problem(.notJSON, "the body is empty")
            }
            guard try isSettled(upload, exchange) else { return }
            let (file, metadata) = try upload.finish(parser)
            try submit(
                CreateDocumentAttachment(input.documentId, file, metadata),
                [metadata?.bytes ?? []], [file], dryRun: input.dryRun, &exchange)
        } catch {
            exchange.reject(error)
        }
    }

    /// 404 if there is no record that files could belong to.
    private func missing(
        _ owner: Resource, _ id: UInt64, _ exchange: RelayExchange
    ) -> Problem? {
        do throws(StoreError) {
            if Resource.isStorable(id),
                try reader.document(owner.key(exchange.account, id)) != nil
            {
                return nil
            }
            return Problem(.notFound, "the account has no \(owner) \(id)")
        } catch {
            return problem(error)
        }
    }

    /// Has the exchange take its body as an upload, if there is room for one more.
    private func admitUpload(
        _ exchange: inout RelayExchange,
        _ make: (WriteAccess, ExchangeToken, [UploadPlace]) throws(MultipartFault) -> Upload
    ) {
        let places: [UploadPlace]
        do throws(Problem) {
            try requireQuota(exchange.account)
            places = try takePlaces()
        } catch {
            return exchange.reject(error)
        }
        do throws(MultipartFault) {
            let upload = try make(writing, exchange.http.token, places)
            exchange.http.admitStreamedBody(upTo: exchange.operation.maxBodyBytes)
            upload.keep(by: exchange)
        } catch {
            exchange.reject(Problem(.badRequest, error.description))
        }
    }

    /// Refuses an upload that has no room whatever it is, before its body is read.
    private func requireQuota(_ account: UInt32) throws(Problem) {
        let use: AccountUse?
        do throws(StoreError) {
            use = try reader.view.use(of: account)
        } catch {
            throw problem(error)
        }
        guard let use, use.isUsedUp else { return }
        writing.quotaRefusals.count(account)
        throw Problem(quota: use)
    }

    /// A place among all uploads, and one among those of the key if it has limits.
    private func takePlaces() throws(Problem) -> [UploadPlace] {
        let all = UploadPlace(among: writing.uploads, upTo: Limits.uploadsUnderWay)
        guard let all else {
            throw Problem(.unavailable, "too many uploads are under way: try again")
        }
        guard let allowance else { return [all] }
        return [all, try allowance.beginUpload()]
    }

    /// Hands a change with its files to the writer. The same request sent again may be cut and
    /// delimited in another way: it is told by what was read from it.
    private func submit(
        _ change: any RecordChange, _ parts: [[UInt8]], _ files: [UploadedFile], dryRun: Bool?,
        _ exchange: inout RelayExchange
    ) throws(Problem) {
        let claim = try claim(exchange)
        let fingerprint = exchange.fingerprint
        for part in parts + files.flatMap({ [Array($0.name.utf8), Array($0.type.utf8)] }) {
            // SAFETY: the array's own bytes, hashed during the call.
            part.withUnsafeBytes { fingerprint.add($0) }
        }
        for file in files {
            for index in 0..<4 { fingerprint.add(file.digest.words[index]) }
        }
        submit(
            change, dryRun: dryRun ?? false, claim: claim, fingerprint: fingerprint.finish(),
            &exchange)
    }

    /// Whether all chunks are durable. If not, the exchange is suspended: each chunk that settles
    /// runs through its token, and it is answered again.
    private func isSettled(_ upload: Upload, _ exchange: RelayExchange) throws(Problem) -> Bool {
        try upload.checkStaging()
        if upload.staging.isSettled { return true }
        _ = exchange.suspend()
        return false
    }
}
