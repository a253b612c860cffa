import HTTP2
import RelayContract
import RelayRecords
import RelayStore

/// GET of one record: its document is the answer, as it lies in the map.
extension RelayAPI {
    mutating func getOrder(_ input: GetOrderInput, _ exchange: inout RelayExchange) {
        answerRecord(.order, input.orderId, &exchange)
    }

    mutating func getAddress(_ input: GetAddressInput, _ exchange: inout RelayExchange) {
        answerRecord(.address, input.addressId, &exchange)
    }

    mutating func getCustomer(_ input: GetCustomerInput, _ exchange: inout RelayExchange) {
        answerRecord(.customer, input.customerId, &exchange)
    }

    mutating func getProperty(_ input: GetPropertyInput, _ exchange: inout RelayExchange) {
        answerRecord(.property, input.propertyId, &exchange)
    }

    mutating func getUnit(_ input: GetUnitInput, _ exchange: inout RelayExchange) {
        answerRecord(.unit, input.unitId, &exchange)
    }

    @inline(__always)
    mutating func answerRecord(
        _ resource: Resource, _ id: UInt64, _ exchange: inout RelayExchange
    ) {
        do throws(StoreError) {
            guard Resource.isStorable(id),
                let document = try reader.document(resource.key(exchange.account, id))
            else {
                return exchange.reject(
                    Problem(.notFound, "the account has no \(resource) \(id)"))
            }
            let tag = EntityTag(epoch: epoch, version: document.version)
            if exchange.isSettled(by: tag) { return }
            // Found before the answer begins: one that is damaged is a 500.
            let pieces = document.hasSegments ? try pieces(document) : []
            exchange.http.respond(200)
            exchange.http.set(.contentType, "application/json")
            exchange.setTag(tag)
            // SAFETY: the reader is renewed at the start of a later turn, after these bytes were
            // sent or copied.
            if !pieces.isEmpty {
                for piece in pieces { exchange.http.appendAttached(piece) }
                return
            }
            document.json.withUnsafeBytes { exchange.http.appendAttached($0) }
        } catch {
            fail(error, exchange)
        }
    }

    /// What a record with segments is sent as.
    private func pieces(
        _ document: borrowing DocumentView
    ) throws(StoreError) -> [UnsafeRawBufferPointer] {
        var pieces: [UnsafeRawBufferPointer] = []
        // SAFETY: in the map, which the reader keeps as it is until a later turn.
        try reader.forEachPiece(of: document) { pieces.append($0) }
        return pieces
    }

    /// The tag of openapi.json, which another build of the program may have with other bytes: their
    /// checksum and their number.
    private static let documentTag: EntityTag = {
        let json = OpenAPIDocument.json
        // SAFETY: a StaticString's bytes are constants of the program.
        let bytes = UnsafeRawBufferPointer(start: json.utf8Start, count: json.utf8CodeUnitCount)
        return EntityTag(epoch: fastChecksum(bytes), version: UInt64(bytes.count))
    }()

    mutating func getOpenAPI(_ input: GetOpenAPIInput, _ exchange: inout RelayExchange) {
        if exchange.isSettled(by: Self.documentTag) { return }
        exchange.http.respond(200)
        exchange.http.set(.contentType, "application/json")
        exchange.setTag(Self.documentTag)
        exchange.http.appendAttached(OpenAPIDocument.json)
    }
}

/// GET of a list: a page of it, or the whole list in portions.
extension RelayAPI {
    mutating func getCustomers(_ input: GetCustomersInput, _ exchange: inout RelayExchange) {
        if answers(input.ids, .customer, &exchange) { return }
        if answers(
            externalID: input.externalId, internalID: input.internalId, .customer, input.page,
            &exchange)
        {
            return
        }
        answerList(RequestedList(.customers), input.page, &exchange)
    }

    mutating func getProperties(_ input: GetPropertiesInput, _ exchange: inout RelayExchange) {
        if answers(input.ids, .property, &exchange) { return }
        if answers(
            externalID: input.externalId, internalID: input.internalId, .property,
            updatedSince: input.updatedSince, input.page, &exchange)
        {
            return
        }
        answerRecords(RecordFilter(input), input.page, &exchange)
    }

    mutating func getUnits(_ input: GetUnitsInput, _ exchange: inout RelayExchange) {
        if answers(input.ids, .unit, &exchange) { return }
        if input.mscNumber != nil, input.customerId != nil {
            var faults = Faults()
            faults.add(
                .mismatch, parameter: "customerId",
                "mscNumber and customerId exclude each other: send one of them")
            return exchange.reject(Problem(.badQuery, faults))
        }
        answerRecords(RecordFilter(input), input.page, &exchange)
    }

    mutating func getUnitsWithMscNumber(
        _ input: GetUnitsWithMscNumberInput, _ exchange: inout RelayExchange
    ) {
        answerRecords(RecordFilter(input), input.page, &exchange)
    }

    /// Answers with a counted list as it is, or with what a filter leaves of it.
    @inline(__always)
    mutating func answerRecords(
        _ filter: RecordFilter, _ page: PageRequest, _ exchange: inout RelayExchange
    ) {
        // By far the most common.
        if filter.isPlain {
            let list = RequestedList(filter.list, filter.parameter)
            return answerList(list, page, &exchange)
        }
        answerFiltered(filter, page, &exchange)
    }

    private mutating func answerFiltered(
        _ filter: RecordFilter, _ page: PageRequest, _ exchange: inout RelayExchange
    ) {
        let query = RecordQuery(account: exchange.account, filter)
        let list: (RecordList, UInt64)?
        do throws(StoreError) {
            guard try query.isAnswerable(reader.view) else {
                return exchange.reject(
                    Problem(
                        .unavailable,
                        "the store lacks the list for this filter until it is moved to its newest "
                            + "format: make room for that and restart relayd"))
            }
            list = try query.list(reader.view)
        } catch {
            return fail(error, exchange)
        }
        if let (list, parameter) = list {
            answerList(RequestedList(list, parameter), page, &exchange)
        } else {
            answerSelection(.records(query), page, &exchange)
        }
    }
}

extension RecordFilter {
    init(_ input: GetPropertiesInput) {
        self.init(.properties)
        (updatedSince, sort) = (input.updatedSince, input.sort)
    }

    init(_ input: GetUnitsInput) {
        self.init(input.customerId == nil ? .units : .unitsOfCustomer, input.customerId)
        mscNumber = input.mscNumber
        (updatedSince, sort) = (input.updatedSince, input.sort)
    }

    init(_ input: GetUnitsWithMscNumberInput) {
        self.init(
            input.customerId == nil ? .unitsWithMscNumber : .unitsWithMscNumberOfCustomer,
            input.customerId)
        (updatedSince, sort) = (input.updatedSince, input.sort)
    }

    init(_ input: GetDocumentsInput) {
        self.init(.documents)
        (updatedSince, sort) = (input.updatedSince, input.sort)
    }
}
