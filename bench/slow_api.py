"""A small API that takes its time: 1,000 parents in 20 pages, and one page of children for each, 200 ms late."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qs, urlsplit

PARENTS, PAGE, LATE_S = 1000, 50, 0.2


async def answer(target: str) -> object:
    parts = urlsplit(target)
    if parts.path == "/parents":
        start = int(parse_qs(parts.query).get("from", ["0"])[0])
        following = start + PAGE if start + PAGE < PARENTS else None
        return {"results": [{"id": number} for number in range(start, start + PAGE)], "next": following}
    await asyncio.sleep(LATE_S)
    return {"results": [{"id": parts.path.split("/")[2]}]}


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while (head := await reader.readuntil(b"\r\n\r\n")) and head.startswith(b"GET "):
            body = json.dumps(await answer(head.split(b" ", 2)[1].decode())).encode()
            fields = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(fields.encode() + body)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=256)
    host, port = server.sockets[0].getsockname()
    print(f"listening on http://{host}:{port}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
