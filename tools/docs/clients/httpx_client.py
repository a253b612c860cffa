# python3 httpx_client.py SOCKET KEY-FILE          pip install 'httpx[http2]', or Debian's python3-httpx and python3-h2
import sys

import httpx

socket, key = sys.argv[1], open(sys.argv[2]).read().strip()
relay = httpx.Client(
    transport=httpx.HTTPTransport(uds=socket, http1=False, http2=True),
    base_url="http://localhost", headers={"Authorization": f"Bearer {key}"})

answer = relay.get("/v1/orders", params={"limit": 2})
answer.raise_for_status()
for order in answer.json():
    print(order["id"], order["title"])
