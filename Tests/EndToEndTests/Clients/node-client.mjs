// node-client.mjs SOCKET KEY REQUESTS: asks for orders and pages, 64 at once, and checks each body.
import http2 from "node:http2";
import net from "node:net";

const [socket, key, count] = process.argv.slice(2);
const total = Number(count);
const session = http2.connect("http://localhost", {
  createConnection: () => net.connect(socket),
});
session.on("error", (error) => fail(`session: ${error.message}`));

let started = 0;
let right = 0;

function fail(message) {
  console.error(message);
  process.exit(1);
}

function next() {
  if (started === total) return;
  const number = started++;
  const isPage = number % 20 === 0;
  const id = (number % 60) + 1;
  const path = isPage ? `/v1/orders?limit=10&offset=${id % 50}` : `/v1/orders/${id}`;
  const stream = session.request({ ":path": path, authorization: `Bearer ${key}` });
  let status = 0;
  const chunks = [];
  stream.on("response", (headers) => (status = headers[":status"]));
  stream.on("data", (chunk) => chunks.push(chunk));
  stream.on("error", (error) => fail(`${path}: ${error.message}`));
  stream.on("end", () => {
    const body = JSON.parse(Buffer.concat(chunks).toString());
    const isRight = isPage
      ? body.length === 10 && body[0].id === (id % 50) + 1
      : body.id === id && body.title === `Auftrag ${id}`;
    if (status !== 200 || !isRight) fail(`${path}: ${status} ${JSON.stringify(body)}`);
    right += 1;
    if (right === total) {
      console.log(`${right} right answers`);
      session.close();
    } else {
      next();
    }
  });
  stream.end();
}

for (let index = 0; index < 64; index += 1) next();
