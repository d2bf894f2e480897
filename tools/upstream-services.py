#!/usr/bin/env python3
"""Writes `src/outside/upstream/services.txt`: how calls of AWS services are written as requests.

    python3 tools/upstream-services.py > src/outside/upstream/services.txt

Reads the API models that botocore brings along (`pip install botocore`). Only facts are kept, and of members only those
whose name differs between Step Functions and the service, that are no part of a JSON body, or whose value is written
differently. `src/outside/upstream/table.rs` says how the file is read.
"""
import sys

import botocore
import botocore.session

# Services that speak JSON and that state machines call.
NAMES = """
application-autoscaling athena batch cloudtrail codebuild cognito-idp comprehend dynamodb ecr ecs events firehose glue kinesis
kms lambda logs organizations polly rekognition resourcegroupstaggingapi scheduler secretsmanager servicediscovery sqs ssm
stepfunctions textract transcribe translate
""".split()


def softened(name):
    upper = lambda i: 0 <= i < len(name) and name[i].isascii() and name[i].isupper()
    soft = lambda i: i > 0 and upper(i - 1) and (upper(i + 1) or i + 1 == len(name))
    return "".join(c.lower() if soft(i) else c for i, c in enumerate(name))


def capitalised(name):
    return name[:1].upper() + name[1:]


def name_of_errors(service_id):
    return "".join(softened(capitalised(word)) for word in service_id.replace("-", " ").split())


def exception(shape):
    return shape.metadata.get("error", {}).get("code") or shape.name


class Service:
    """A JSON body's type: `-` is what is usual, `a` anything as it is, `t` a time in seconds, `x` a body of any bytes,
    `[x` a list, `{x` a map and `@Name` a structure. What is usual passes as it is; in a service whose members begin with small letters (`camel`) the
    first letters of all members change, however deep."""

    def __init__(self, model):
        self.model, self.done = model, {}
        names = [m.serialization.get("name", n) for op in model.operation_names
                 for shape in [model.operation_model(op).input_shape] if shape for n, m in shape.members.items()
                 if m.serialization.get("location") is None]
        self.camel = sum(n[:1].islower() for n in names) > len(names) / 2

    def type_of(self, shape, busy=()):
        t = shape.type_name
        if t == "structure":
            if getattr(shape, "is_document_type", False):
                return "a" if self.camel else "-"
            if shape.name in busy:                  # recursive: kept by name, and written out by whoever began it
                return "@" + shape.name
            self.structure(shape, busy)
            return "@" + shape.name if self.done[shape.name] else "-"
        if t in ("list", "map"):
            inner = self.type_of(shape.member if t == "list" else shape.value, busy)
            if t == "map" and self.camel:
                return "{" + inner
            return "-" if inner == "-" else ("[" if t == "list" else "{") + inner
        if t == "timestamp":
            return "-" if shape.serialization.get("timestampFormat") == "iso8601" else "t"
        return "-"

    def structure(self, shape, busy):
        if shape.name in self.done:
            return
        found = []
        for name, member in shape.members.items():
            wire = member.serialization.get("name", name)
            where = {"uri": "u", "querystring": "q", "header": "h", "headers": "H", "statusCode": "s"}.get(
                member.serialization.get("location"), "")
            if shape.serialization.get("payload") == name:
                where = "p"
            kind = self.type_of(member, (*busy, shape.name))
            if where == "p" and member.type_name in ("blob", "string"):
                kind = "x"
            own = name if self.model.service_name == "dynamodb" else softened(capitalised(name))
            usual = own[:1].lower() + own[1:] if self.camel else own
            if usual != wire or where or kind != "-":
                found.append(f"{own}:{where}={wire}:{kind}")
        self.done[shape.name] = " ".join(found)
        # A structure that has nothing but itself has nothing.
        if found and all(f.split(":")[2].lstrip("[{") == "@" + shape.name and f.split(":")[0] == f.split(":")[1][1:]
                         for f in found):
            self.done[shape.name] = ""

    def write(self, out):
        m = self.model
        name = str(m.service_id).lower().replace(" ", "")
        meta = m.metadata
        protocol = meta["protocol"]
        how = f"{meta['jsonVersion']} {meta['targetPrefix']}" if protocol == "json" else "rest -"
        out.append(f"# {name} {m.endpoint_prefix} {m.signing_name} {name_of_errors(str(m.service_id))} {how}{' camel' if self.camel else ''}")
        errors = sorted({exception(s) for op in m.operation_names for s in m.operation_model(op).error_shapes})
        out.append("! " + " ".join(errors))
        for op in m.operation_names:
            model = m.operation_model(op)
            i = self.type_of(model.input_shape) if model.input_shape else "-"
            o = self.type_of(model.output_shape) if model.output_shape else "-"
            place = "" if protocol == "json" else f" {model.http['method']} {model.http['requestUri']}"
            if place or (i, o) != ("-", "-"):
                out.append(f"> {capitalised(op)} {i} {o}{place}")
        out.extend(f"@ {n} {members}" for n, members in sorted(self.done.items()) if members)


def main():
    session = botocore.session.get_session()
    out = [f"; Made from botocore {botocore.__version__} by tools/upstream-services.py."]
    for name in sorted(NAMES):
        Service(session.get_service_model(name)).write(out)
    sys.stdout.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
