"""The HTTP API as docs/openapi.yaml promises it: answers are held against the document."""

import http.client
import json
import pathlib

import jsonschema
import yaml

from .tessera import ROOT

# Answers to a request that never reaches its route; the document's introduction tells of them.
BEFORE_THE_ROUTE = {401, 404, 405, 411, 413, 421}


def _with_null(node):
    """OpenAPI 3.0 says `nullable`, JSON Schema says anyOf null."""
    if isinstance(node, list):
        return [_with_null(each) for each in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _with_null(value) for key, value in node.items() if key != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") else plain


DOCUMENT = _with_null(yaml.safe_load((pathlib.Path(ROOT) / "docs/openapi.yaml").read_text()))
ROUTES = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}


def validate(schema, value):
    resolver = jsonschema.RefResolver("", DOCUMENT)
    jsonschema.Draft7Validator(schema, resolver=resolver).validate(value)


class Api:
    """Requests to one server; remembers which routes were called and answered with 200."""

    def __init__(self, server):
        self.server = server
        self.token = (server.folder / "api.token").read_text().strip()
        self.succeeded = set()

    def raw(self, method, path, body=b"", headers=None):
        """Status, headers and body of exactly this request; `headers` of None are left out."""
        wanted = {"Host": f"127.0.0.1:{self.server.api_port}", "Authorization": f"Bearer {self.token}",
                  "Content-Length": str(len(body)), **(headers or {})}
        connection = http.client.HTTPConnection("127.0.0.1", self.server.api_port, timeout=10)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in wanted.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders()
            try:
                connection.send(body)
            except OSError:
                pass  # refused before its end: the answer says why
            reply = connection.getresponse()
            return reply.status, dict(reply.getheaders()), reply.read()
        finally:
            connection.close()

    def call(self, method, route, expected, body=b"", headers=None, query="", **parameters):
        """Calls a route of the document; the answer has the status expected and the documented shape."""
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, fields, content = self.raw(method, route.format(**parameters) + query, payload, headers)
        assert status == expected, f"{method} {route}: {status} {content[:300]!r}"
        responses = DOCUMENT["paths"].get(route, {}).get(method.lower(), {}).get("responses", {})
        response = responses.get(str(status))
        if response is None:
            assert status in BEFORE_THE_ROUTE, f"{method} {route} answers {status}, which the document does not name"
            response = DOCUMENT["components"]["responses"]["Error"]
        elif "$ref" in response:
            response = DOCUMENT["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
        kind = fields["Content-Type"].split(";")[0]
        assert kind in response["content"], f"{method} {route} answers {kind}"
        if status == 200:
            self.succeeded.add((method, route))
        if kind != "application/json":
            return content
        value = json.loads(content)
        validate(response["content"][kind]["schema"], value)
        return value
