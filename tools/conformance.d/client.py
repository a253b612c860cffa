"""What a client can do that openapi-python-client generated from our description: run with the client on the path.

usage: client.py URL KEY
"""

import sys

from relay_client import AuthenticatedClient
from relay_client.api.customers import create_customer
from relay_client.api.orders import create_order, get_order, get_orders
from relay_client.api.properties import get_properties
from relay_client.models import CustomerUpsert, CustomerInput, IdObject, NewOrder, Order, OrderStatus, Problem


def expect(condition, what):
    if not condition:
        sys.exit(f"generated client: {what}")


def main(url, key):
    client = AuthenticatedClient(base_url=url, token=key)
    order = get_order.sync(1, client=client)
    expect(isinstance(order, Order) and order.id == 1 and order.title, f"getOrder: {order}")
    page = get_orders.sync(client=client, limit=3, offset=2)
    expect([entry.id for entry in page] == [3, 4, 5], f"getOrders: {page}")
    listed = get_orders.sync(client=client, ids=[3, 1])
    expect([entry.id for entry in listed] == [3, 1], f"getOrders by ids: {listed}")
    statuses = [OrderStatus.DECLINED, OrderStatus.FINISHED]
    listed = get_orders.sync(client=client, status=statuses, limit=5)
    expect(listed and all(entry.status in statuses for entry in listed), f"getOrders by status: {listed}")
    properties = get_properties.sync(client=client, limit=2, offset=0)
    expect(len(properties.properties) == 2, f"getProperties: {properties}")

    new = NewOrder(title="Heizung ausgefallen", status=OrderStatus.IN_PROGRESS)
    tried = create_order.sync(client=client, body=new, dry_run=True)
    expect(isinstance(tried, IdObject) and not tried.id, f"createOrder, dry run: {tried}")
    made = [create_order.sync(client=client, body=new, idempotency_key="generated-client") for _ in range(2)]
    expect(isinstance(made[0], IdObject) and made[0] == made[1], f"createOrder, twice under one key: {made}")
    read = get_order.sync(made[0].id, client=client)
    expect(read.status == OrderStatus.IN_PROGRESS and read.title == new.title, f"the new order: {read}")

    refused = create_order.sync_detailed(client=client, body=NewOrder(title="t", customer_id=10**9, property_id="999999999"))
    expect(refused.status_code == 422 and isinstance(refused.parsed, Problem), f"a wrong order: {refused}")
    pointers = sorted(fault.pointer for fault in refused.parsed.errors)
    expect(pointers == ["/customerId", "/propertyId"], f"its faults: {pointers}")
    missing = get_order.sync(10**9, client=client)
    expect(isinstance(missing, Problem) and missing.status == 404, f"no such order: {missing}")
    customer = create_customer.sync(client=client, body=CustomerUpsert(customer=CustomerInput(name="Verwaltung Süd")))
    expect(customer.customer.id, f"createCustomer: {customer}")
    print("the generated client reads and creates orders, and gets its faults typed")


main(*sys.argv[1:])
