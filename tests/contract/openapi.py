"""api/openapi.yaml and asyncapi.yaml as judges: whether an answer of the program, or an event, is
one that the files describe.

Reads the part of JSON Schema that the file uses; a keyword that it does not know is an error, so
that nothing goes unchecked in silence."""

import datetime
import os
import re
import uuid

import yaml

API = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../api")

# Any request may be answered with these, says the file's introduction.
ALWAYS_ALLOWED = {400, 404, 405, 408, 413, 414, 431, 500, 503}
# Described with an answer, but only sometimes there.
OPTIONAL_HEADERS = {"Link", "Idempotency-Replayed"}
NO_RULES = {"description", "default", "examples", "example"}

TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
}


def is_uuid(text):
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def is_time(text):
    """As Usher writes it: UTC, with milliseconds."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text):
        return False
    datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    return True


FORMATS = {
    "uuid": is_uuid,
    "date-time": is_time,
    "idn-email": lambda text: "@" in text,
    "int64": lambda number: abs(number) < 1 << 63,
    "uri-reference": lambda text: text.startswith("/"),
}

RULES = {
    "type": lambda rule, value: any(
        TYPES[name](value) for name in ([rule] if isinstance(rule, str) else rule)
    ),
    "const": lambda rule, value: value == rule,
    "enum": lambda rule, value: value in rule,
    "pattern": lambda rule, value: re.search(rule, value) is not None,
    "format": lambda rule, value: FORMATS[rule](value),
    "minLength": lambda rule, value: len(value) >= rule,
    "maxLength": lambda rule, value: len(value) <= rule,
    "minimum": lambda rule, value: value >= rule,
    "maximum": lambda rule, value: value <= rule,
    "minItems": lambda rule, value: len(value) >= rule,
    "maxItems": lambda rule, value: len(value) <= rule,
    "maxProperties": lambda rule, value: len(value) <= rule,
}


def load(name):
    with open(os.path.join(API, name), encoding="utf-8") as file:
        return yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


class Judge:
    def __init__(self, name):
        self.document = load(name)

    def resolve(self, node):
        """Follows $ref; what stands beside it wins."""
        while "$ref" in node:
            target = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = {**target, **{name: node[name] for name in node if name != "$ref"}}
        return node

    # ---- values ----

    def faults(self, schema, value, where=""):
        """What is wrong with a value, as sentences; none if nothing is."""
        schema = self.resolve(schema)
        found = []
        for rule, bound in schema.items():
            if rule in RULES:
                if not RULES[rule](bound, value):
                    found.append(f"{where or 'the body'}: {value!r} breaks {rule} {bound!r}")
                    break  # the rest may not apply to it
            elif rule == "oneOf":
                fitting = [each for each in bound if not self.faults(each, value, where)]
                if len(fitting) != 1:
                    found.append(f"{where}: {value!r} fits {len(fitting)} of oneOf")
            elif rule == "allOf":
                found += self.faults(self.together(bound), value, where)
            elif rule == "required":
                found += [f"{where}.{name} is missing" for name in bound if name not in value]
            elif rule == "properties":
                found += self.member_faults(bound, value, where)
            elif rule == "items":
                for i, item in enumerate(value):
                    found += self.faults(bound, item, f"{where}[{i}]")
            elif rule not in NO_RULES:
                raise KeyError(f"a keyword that nobody checks: {rule}")
        return found

    def together(self, schemas):
        """Objects in parts, as one; what a later part says of a member counts."""
        whole = {"type": "object", "required": [], "properties": {}}
        for part in map(self.resolve, schemas):
            whole["required"] += part.get("required", [])
            whole["properties"].update(part["properties"])
        return whole

    def member_faults(self, properties, value, where):
        found = []
        for name, member in value.items():
            if name in properties:
                found += self.faults(properties[name], member, f"{where}.{name}")
            else:
                found.append(f"{where}.{name} is not described")
        return found

    def event_faults(self, event):
        """What is wrong with an event, as sentences; for asyncapi.yaml."""
        if event.get("type") not in self.document["components"]["messages"]:
            return [f"event {event} is not described"]
        message = self.document["components"]["messages"][event["type"]]
        return self.faults(message["payload"], event, event["type"])

    # ---- answers ----

    def operation(self, method, path):
        for template, item in self.document["paths"].items():
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, path.partition("?")[0]) and method.lower() in item:
                return item[method.lower()]
        return None

    def answer_faults(self, method, path, answer):
        """What is wrong with an answer (shop.Answer), as sentences."""
        operation = self.operation(method, path)
        described = (operation or {}).get("responses", {}).get(str(answer.status))
        if described is None:
            if operation is not None and answer.status not in ALWAYS_ALLOWED:
                return [f"{method} {path} does not describe {answer.status}"]
            return self.faults({"$ref": "#/components/schemas/Errors"}, answer.json)

        described = self.resolve(described)
        found = [
            f"header {name} is missing"
            for name in described.get("headers", {})
            if name not in OPTIONAL_HEADERS and not answer.header(name)
        ]
        content = described.get("content", {}).get("application/json")
        if content is None:
            return found if not answer.text or answer.status == 200 else found + ["a body"]
        return found + self.faults(content["schema"], answer.json)
