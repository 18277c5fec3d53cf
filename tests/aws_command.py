"""A stand-in for the AWS command line, which is not among the test's tools.

It knows `aws SERVICE OPERATION --option value …` for every service, by the SDK's own description of
it, with `--query` and `--output text`, and `aws s3 cp FILE s3://BUCKET/[KEY]`. The endpoint and the
credentials are those of the environment.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import boto3


def main(arguments: list[str]) -> None:
    service, operation, *rest = arguments
    client: Any = boto3.session.Session().client(service)  # type: ignore[call-overload]
    if (service, operation) == ("s3", "cp"):
        source, target = rest
        bucket, _, key = target.removeprefix("s3://").partition("/")
        key = key if key and not key.endswith("/") else key + Path(source).name
        client.upload_file(source, bucket, key)
        return
    method = operation.replace("-", "_")
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method])
    members = shape.input_shape.members
    options = dict(zip(rest[::2], rest[1::2], strict=True))
    query, output = options.pop("--query", None), options.pop("--output", "json")
    request = {}
    for option, value in options.items():
        plain = option.removeprefix("--").replace("-", "")
        (name,) = (each for each in members if each.lower() == plain)
        structured = members[name].type_name in ("structure", "map", "list")
        request[name] = json.loads(value) if structured else value
    answer = getattr(client, method)(**request)
    del answer["ResponseMetadata"]
    found = import_module("jmespath").search(query, answer) if query else answer
    if output == "text":
        found = found if isinstance(found, list) else [found]
        sys.stdout.write("\t".join(map(str, found)) + "\n")
    else:
        sys.stdout.write(json.dumps(found, default=str) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
