"""A handler as a user would write one, for Python's runtime: `python -m awslambdaric app.handler`."""

import json
import os
import time
import urllib.request


class CardDeclined(Exception):
    pass


def fail(event, context):
    raise CardDeclined("no money")


def hang(event, context):
    time.sleep(600)


def crash(event, context):
    print("about to crash", flush=True)
    os._exit(3)


def log(event, context):
    print("charging", event["id"])
    return {"request": context.aws_request_id, "left": context.get_remaining_time_in_millis() > 0}


def environment(event, context):
    names = ["GREETING", "AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION"]
    return [os.environ[name] for name in names]


def send(event, context):
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    body = json.dumps({"QueueUrl": f"{endpoint}/123456789012/orders", "MessageBody": event["id"]})
    headers = {"X-Amz-Target": "AmazonSQS.SendMessage", "Content-Type": "application/x-amz-json-1.0"}
    request = urllib.request.Request(endpoint, body.encode(), headers)
    return {"sent": "MessageId" in json.load(urllib.request.urlopen(request))}


WORK = {"fail": fail, "hang": hang, "crash": crash, "log": log, "environment": environment, "send": send}


def handler(event, context):
    work = WORK.get(event["do"])
    return work(event, context) if work else event
