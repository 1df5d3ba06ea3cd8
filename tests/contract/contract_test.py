"""api/openapi.yaml and api/asyncapi.yaml say what the program's tables say, and the other way round.

usage: contract_test.py TABLES PROGRAM [NAME...]    TABLES is the program made of tables.c

The answers of the running program are held against the schemas by the stories; see openapi.py."""

import json
import os
import re
import subprocess
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))

# pylint: disable=wrong-import-position
from openapi import Judge
from shop import Failure, Shop, check, check_equal, run

TABLES = json.loads(subprocess.run(sys.argv.pop(1), capture_output=True, check=True).stdout)
OPENAPI = Judge("openapi.yaml")
ASYNCAPI = Judge("asyncapi.yaml")

# Answered on the admin listener, which has no routes; the story F47-health asks them.
ADMIN_PATHS = {"/readyz", "/metrics"}
# Enums of which this place has only some values.
NARROWER = {"ReservationRefused.reason"}

KINDS = {
    "uuid": ("string", "uuid"),
    "string": ("string", None),
    "money": ("number", None),
    "instant": ("string", "date-time"),
    "int": ("integer", None),
    "bool": ("boolean", None),
    "enum": ("string", None),
    "record": ("object", None),
    "list": ("array", None),
}


def operations():
    """(method, path as in the tables): operation"""
    return {
        (method.upper(), re.sub(r"\{(\w+)\}", r":\1", path)): operation
        for path, item in OPENAPI.document["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    }


def check_fields(judge, schema, fields, where):
    """An object's schema has exactly the fields of a table, each as it is there."""
    schema = judge.resolve(schema)
    properties = {name: judge.resolve(each) for name, each in schema["properties"].items()}
    check_equal(sorted(properties), sorted(f["name"] for f in fields), f"members of {where}")
    check_equal(
        sorted(schema["required"]),
        sorted(f["name"] for f in fields if not f["optional"]),
        f"required members of {where}",
    )
    for field in fields:
        check_field(judge, properties[field["name"]], field, f"{where}.{field['name']}")


def check_field(judge, schema, field, where):
    kind, form = KINDS[field["kind"]]
    check_equal(schema["type"], kind, f"type of {where}")
    if form is not None:
        check_equal(schema.get("format"), form, f"format of {where}")
    if field["kind"] == "enum":
        described, known = set(schema["enum"]), set(field["names"])
        check(described <= known, f"{where}: {described - known} does not exist")
        check(where in NARROWER or known <= described, f"{where}: {known - described} is missing")
    else:
        check("enum" not in schema, f"{where} is no enum")
    if field["kind"] == "record":
        check_fields(judge, schema, field["fields"], where)


# ---- HTTP ----


def every_route_is_described_and_every_path_is_routed(_binary):
    routes = {(r["method"], r["path"]) for r in TABLES["routes"]}
    described = {key for key in operations() if key[1] not in ADMIN_PATHS}
    check_equal(sorted(described - routes), [], "described, but not routed")
    check_equal(sorted(routes - described), [], "routed, but not described")


def who_may_call_a_route_is_described(_binary):
    for route in TABLES["routes"]:
        what = f"{route['method']} {route['path']}"
        operation = operations()[route["method"], route["path"]]
        security = operation.get("security", [])
        means = {name for each in security for name in each}
        expected = set() if route["access"] == "anyone" else {"cookie", "bearer"}
        if route["access"] != "maybe" and {} in security:
            raise Failure(f"{what}: nobody comes in without signing in")
        check_equal(means, expected, f"security of {what}")
        if route["access"] == "maybe":
            check({} in security, f"{what}: works without signing in, too")
        if route["access"] == "signedIn":
            check("401" in operation["responses"], f"{what} does not describe 401")


def what_every_change_may_answer_is_described(_binary):
    for (method, path), operation in operations().items():
        parameters = [p.get("$ref", "").rpartition("/")[2] for p in operation.get("parameters", [])]
        changes = method != "GET"
        check_equal("IdempotencyKey" in parameters, changes, f"{method} {path}: Idempotency-Key")
        # 403: the request came from another site; 422: the key was used for another request
        for status in ("403", "422", "503") if changes else ():
            check(status in operation["responses"], f"{method} {path} does not describe {status}")
        has_body = "requestBody" in operation
        check_equal("415" in operation["responses"], has_body, f"{method} {path} describes 415")


def what_the_api_shows_is_described(_binary):
    for name, fields in TABLES["views"].items():
        if name:
            schema = {"$ref": f"#/components/schemas/{name}"}
            check_fields(OPENAPI, schema, fields, name)


def a_listing_is_described_with_its_bounds(_binary):
    schema = OPENAPI.resolve({"$ref": "#/components/schemas/Listing"})
    fields = TABLES["forms"]["Listing"]
    check_equal(sorted(schema["properties"]), sorted(f["name"] for f in fields), "its members")
    check_equal(schema["required"], [f["name"] for f in fields if f["required"]], "required")
    for field in fields:
        described = OPENAPI.resolve(schema["properties"][field["name"]])
        if field["kind"] == "string":
            check_equal(described["maxLength"], field["max"], f"maxLength of {field['name']}")
            check_equal(described.get("minLength", 0), field["min"], f"minLength {field['name']}")
        if field["kind"] == "enum":
            check_equal(described["enum"], field["names"], field["name"])


def limits_are_as_described(_binary):
    limits, parts = TABLES["limits"], OPENAPI.document["components"]
    schemas, parameters = parts["schemas"], parts["parameters"]
    described = {
        "name": schemas["User"]["properties"]["name"]["maxLength"],
        "email": schemas["Email"]["maxLength"],
        "passwordMin": schemas["Password"]["minLength"],
        "password": schemas["Password"]["maxLength"],
        "token": schemas["Payment"]["properties"]["token"]["maxLength"],
        "listDefault": parameters["Limit"]["schema"]["default"],
        "list": parameters["Limit"]["schema"]["maximum"],
        "cursor": parameters["Cursor"]["schema"]["maxLength"],
        "idempotencyKey": parameters["IdempotencyKey"]["schema"]["maxLength"],
        "requestId": parts["headers"]["RequestId"]["schema"]["maxLength"],
        "priceMax": round(schemas["Amount"]["maximum"] * 100),
        "search": operations()["GET", "/api/tickets"]["parameters"][0]["schema"]["maxLength"],
    }
    for name in ("title", "description", "venue", "seat"):
        described[name] = schemas["Ticket"]["properties"][name]["maxLength"]
    check_equal(described, limits, "limits")


# ---- what the program accepts, asked live ----


def every_member_of_a_body_is_read(binary):
    """An empty body is refused for what is required; nonsense in a member, for that member."""
    with Shop(binary) as shop:
        alice = shop.sign_up("alice@example.com")
        someone = "/01890a5d-ac96-774b-bcce-b302099a8057"
        for (method, path), operation in operations().items():
            body = operation.get("requestBody")
            if body is None:
                continue
            schema = OPENAPI.resolve(body["content"]["application/json"]["schema"])
            what, path = f"{method} {path}", path.replace("/:id", someone)
            answer = alice.ask(method, path, {})
            required = schema.get("required", [])
            fields = [e.get("field") for e in answer.json["errors"]] if required else []
            check_equal(fields, required, f"{what}: required")
            for name in schema["properties"]:
                answer = alice.ask(method, path, {name: [[]]})
                check_equal(answer.status, 400, f"{what} with nonsense in {name}")
                fields = [error.get("field") for error in answer.json["errors"]]
                check(name in fields, f"{what}: nonsense in {name} is not noticed: {answer.text}")


def every_parameter_of_a_query_is_read(binary):
    with Shop(binary) as shop:
        alice = shop.sign_up("alice@example.com")
        for (method, path), operation in operations().items():
            for parameter in operation.get("parameters", []):
                parameter = OPENAPI.resolve(parameter)
                if parameter["in"] != "query":
                    continue
                nonsense = "x" * 1000  # too long a text, and no number, id, time or name
                answer = alice.ask(method, f"{path}?{parameter['name']}={nonsense}")
                fields = [error.get("field") for error in answer.json["errors"]]
                check_equal(fields, [parameter["name"]], f"{path}: {parameter['name']} is wrong")


# ---- events ----


def every_event_is_described_and_every_channel_is_one(_binary):
    channels = ASYNCAPI.document["channels"]
    described = {}
    for name, channel in channels.items():
        ((message, _),) = channel["messages"].items()
        described[message] = channel["address"]
        check_equal(name, message[0].lower() + message[1:], "name of the channel")
    check_equal(described, {e["type"]: e["subject"] for e in TABLES["events"]}, "addresses")
    messages = ASYNCAPI.document["components"]["messages"]
    check_equal(sorted(messages), sorted(described), "messages")


def what_events_say_is_described(_binary):
    messages = ASYNCAPI.document["components"]["messages"]
    for event in TABLES["events"]:
        envelope, own = ASYNCAPI.resolve(messages[event["type"]]["payload"])["allOf"]
        check_equal(envelope["$ref"], "#/components/schemas/CloudEvent", "envelope")
        own = own["properties"]
        check_equal(own["type"]["const"], event["type"], "type")
        check_equal(own["source"]["const"], "/usher/" + event["source"], f"source {event['type']}")
        check_fields(ASYNCAPI, own["data"], event["fields"], event["type"])


def who_tells_and_who_hears_is_described(_binary):
    told = {f"{e['source']}Tells{e['type']}" for e in TABLES["events"]}
    heard = {f"{s['service']}Hears{s['type']}" for s in TABLES["subscriptions"]}
    # The host hears for whatever services it has.
    heard = {name.replace("hostHears", "everyServiceHears") for name in heard}
    described = {"send": set(), "receive": set()}
    for name, operation in ASYNCAPI.document["operations"].items():
        described[operation["action"]].add(name)
        channel = operation["channel"]["$ref"].rpartition("/")[2]
        check(name.lower().endswith(channel.lower()), f"{name} is about {channel}")
    check_equal(described["send"] ^ told, set(), "telling")
    check_equal(described["receive"] - heard, set(), "described, but not heard")
    check_equal(heard - described["receive"], set(), "heard, but not described")


if __name__ == "__main__":
    run(
        every_route_is_described_and_every_path_is_routed,
        who_may_call_a_route_is_described,
        what_every_change_may_answer_is_described,
        what_the_api_shows_is_described,
        a_listing_is_described_with_its_bounds,
        limits_are_as_described,
        every_member_of_a_body_is_read,
        every_parameter_of_a_query_is_read,
        every_event_is_described_and_every_channel_is_one,
        what_events_say_is_described,
        who_tells_and_who_hears_is_described,
    )
