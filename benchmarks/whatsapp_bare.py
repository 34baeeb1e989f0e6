"""What Echo's webhook is measured beside: FastAPI that looks at the signature and inserts the body, and nothing else.

`python -m benchmarks.whatsapp_bare FILE PORT SECRET`. What it has answered is durable, as with Echo.
"""

import hashlib
import hmac
import sqlite3
import sys

import uvicorn
from fastapi import FastAPI, Request, Response


def app_on(file: str, secret: str) -> FastAPI:
    """Return the bare app over a database of its own."""
    app = FastAPI()
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE webhooks (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")

    @app.post("/webhooks/whatsapp")
    async def receive(request: Request) -> Response:
        body = await request.body()
        signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature, request.headers.get("x-hub-signature-256", "")):
            return Response(status_code=403)
        database.execute("INSERT INTO webhooks (body) VALUES (?)", (body,))
        return Response()

    return app


if __name__ == "__main__":
    uvicorn.run(app_on(sys.argv[1], sys.argv[3]), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
