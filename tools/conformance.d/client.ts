// What a client can do that openapi-generator made for TypeScript: compiled beside the client, run by Node.
//
// usage: node client.js URL KEY

import { AttachmentsApi, Configuration, OrdersApi, OrderStatus, ResponseError } from "./relay";

declare const process: { argv: string[]; exit(code: number): never };

function expect(condition: boolean, ...what: unknown[]): void {
    if (condition) return;
    console.error("openapi-generator's TypeScript client:", ...what);
    process.exit(1);
}

async function main(url: string, key: string): Promise<void> {
    const configuration = new Configuration({ basePath: url, accessToken: key });
    const orders = new OrdersApi(configuration);
    const attachments = new AttachmentsApi(configuration);

    const page = await orders.getOrdersRaw({ limit: 3, offset: 2 });
    const list = await page.value();
    expect(list.length === 3 && list[0].id === 3, "getOrders:", list);
    expect(Number(page.raw.headers.get("x-total-count")) > 100, "its fields:", page.raw.headers);

    const title = "Heizung ausgefallen";
    const made = await orders.createOrderRaw({ newOrder: { title }, idempotencyKey: "openapi-generator-typescript" });
    const orderId = (await made.value()).id ?? 0;
    expect(made.raw.headers.get("location") === `/v1/orders/${orderId}`, "Location:", orderId);
    const read = await orders.getOrderRaw({ orderId });
    expect((await read.value()).title === title, "the new order:", orderId);
    const status: OrderStatus[] = [OrderStatus.Declined, OrderStatus.Finished];
    const listed = await orders.getOrders({ status, limit: 5 });
    expect(listed.length > 0 && listed.every((entry) => status.includes(entry.status)), "by status:", listed);
    const ifMatch = read.raw.headers.get("etag") ?? "";
    const change = { orderId, orderPatch: { status: OrderStatus.InProgress }, ifMatch };
    await orders.updateOrder(change);
    expect((await orders.getOrder({ orderId })).status === OrderStatus.InProgress, "the patched order");
    const late = await orders.updateOrder(change).catch((refusal: unknown) => refusal);
    expect(late instanceof ResponseError && late.response.status === 412, "updateOrder with an old tag:", late);

    const content = new Uint8Array(200_000).map((_, index) => index % 251);
    const file = new Blob([content], { type: "application/octet-stream" });
    await orders.createOrderComment({ orderId, text: "Fotos", authorName: "Jana", files: [file] });
    const [comment] = await orders.getOrderComments({ orderId });
    const [attachment] = comment.attachments;
    // FormData calls a Blob so.
    expect(attachment.name === "blob", "the attachment:", attachment);
    const answer = await attachments.getAttachment({ attachmentId: attachment.id ?? 0 });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    expect(bytes.length === content.length && bytes.every((byte, index) => byte === content[index]), "its bytes");
    console.log("openapi-generator's TypeScript client lists, creates, patches, uploads and downloads");
}

main(process.argv[2], process.argv[3]).catch((error: unknown) => expect(false, error));
