"""Which operations the models offer that no check called."""

from botocore.exceptions import ClientError

from endpoint import DONE, Checks, session, configured

SERVICES = ["sqs", "sns", "dynamodb", "dynamodbstreams", "s3", "lambda", "events", "scheduler", "stepfunctions"]

# Their requests are those of other operations: an older form, and one for hosts of another kind.
SAME = {("s3", "GetBucketNotification"), ("s3", "ListDirectoryBuckets")}
# What names nothing is refused as by the service, and what could be done as not modelled.
REFUSED = {("stepfunctions", "RedriveExecution"), ("stepfunctions", "UpdateMapRun")}


def least(shape, depth=0):
    """The least that a shape of the API takes."""
    kind = shape.type_name
    if kind == "structure":
        return {name: least(shape.members[name], depth + 1) for name in shape.required_members}
    if kind == "list":
        return [least(shape.member, depth + 1)] if depth < 6 else []
    if kind == "map":
        return {}
    if kind == "string":
        return shape.enum[0] if getattr(shape, "enum", None) else "x" * max(3, shape.metadata.get("min", 0))
    return {"boolean": False, "blob": b"", "timestamp": 0}.get(kind, 1)


class Census(Checks):
    def test_every_operation_that_is_offered_was_called_by_a_check(self):
        unchecked = []
        for service in SERVICES:
            config = configured(parameter_validation=False)
            client = session().client(service, endpoint_url=self.endpoint.url, config=config)
            statuses = []
            client.meta.events.register(
                "after-call.*.*", lambda http_response, **_: statuses.append(http_response.status_code)
            )
            for method, operation in client.meta.method_to_api_mapping.items():
                if (service, operation) in DONE | SAME | REFUSED:
                    continue
                model = client.meta.service_model.operation_model(operation)
                try:
                    getattr(client, method)(**(least(model.input_shape) if model.input_shape else {}))
                except ClientError as error:
                    # One that this SDK is the first to know.
                    if error.response["Error"]["Code"] == "UnknownOperationException":
                        statuses.clear()
                        continue
                except Exception:
                    pass
                if statuses and statuses.pop() != 501:
                    unchecked.append(f"{service}.{operation}")
                statuses.clear()
        self.assertEqual(unchecked, [])
