"""What a client can do that openapi-generator made for Python: run with the client on the path.

usage: client_openapi_generator.py URL KEY
"""

import sys

import relay_generated as relay
from relay_generated.exceptions import ApiException


def expect(condition, what):
    if not condition:
        sys.exit(f"openapi-generator's Python client: {what}")


def field(answer, name):
    """A response field, whose name has any case."""
    return next((value for key, value in answer.headers.items() if key.lower() == name), "0")


def main(url, key):
    client = relay.ApiClient(relay.Configuration(host=url, access_token=key))
    orders, attachments = relay.OrdersApi(client), relay.AttachmentsApi(client)

    page = orders.get_orders_with_http_info(limit=3, offset=2)
    expect([order.id for order in page.data] == [3, 4, 5], f"getOrders: {page.data}")
    expect(int(field(page, "x-total-count")) > 100, f"its fields: {page.headers}")

    statuses = [relay.OrderStatus.DECLINED, relay.OrderStatus.FINISHED]
    listed = orders.get_orders(status=statuses, limit=5)
    expect(listed and all(order.status in statuses for order in listed), f"getOrders by status: {listed}")

    made = orders.create_order(relay.NewOrder(title="Heizung ausgefallen"), idempotency_key="openapi-generator-python")
    number = made.id
    read = orders.get_order_with_http_info(number)
    expect(read.data.title == "Heizung ausgefallen", f"the new order: {read.data}")
    patch = relay.OrderPatch(status=relay.OrderStatus.IN_PROGRESS)
    orders.update_order(number, order_patch=patch, if_match=field(read, "etag"))
    expect(orders.get_order(number).status == relay.OrderStatus.IN_PROGRESS, "the patched order")
    try:
        orders.update_order(number, order_patch=patch, if_match=field(read, "etag"))
        expect(False, "updateOrder with an old tag was accepted")
    except ApiException as refused:
        expect(refused.status == 412, f"updateOrder with an old tag: {refused}")

    files = [("Foto 1.bin", bytes(range(256)) * 1000), ("leer.txt", b"")]
    orders.create_order_comment(number, text="Fotos", author_name="Jana", files=files)
    comment = orders.get_order_comments(number)[0]
    expect([file.name for file in comment.attachments] == [name for name, _ in files], f"the comment: {comment}")
    for file, (name, content) in zip(comment.attachments, files):
        expect(attachments.get_attachment(file.id) == content, f"getAttachment of {name}")
    part = attachments.get_attachment(comment.attachments[0].id, range="bytes=10-19")
    expect(part == files[0][1][10:20], f"a range: {part}")
    print("openapi-generator's Python client lists, creates, patches, uploads and downloads")


main(*sys.argv[1:])
