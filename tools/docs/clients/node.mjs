// node node.mjs SOCKET KEY-FILE
import { readFileSync } from "node:fs";
import http2 from "node:http2";
import net from "node:net";

const [socket, file] = process.argv.slice(2);
const key = readFileSync(file, "utf8").trim();
const relay = http2.connect("http://localhost", { createConnection: () => net.connect(socket) });

const request = relay.request({ ":path": "/v1/orders?limit=2", authorization: `Bearer ${key}` });
let status, body = "";
request.on("response", (fields) => { status = fields[":status"]; });
for await (const part of request.setEncoding("utf8")) body += part;
if (status !== 200) throw new Error(`${status} ${body}`);
for (const order of JSON.parse(body)) console.log(order.id, order.title);
relay.close();
