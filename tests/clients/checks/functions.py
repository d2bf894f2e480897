"""Lambda by boto3: functions that a file sets up, and those that are managed over the API."""

import base64
import io
import json
import os
import sys
import tempfile
import time
import zipfile

from endpoint import ACCOUNT, REGION, Checks

HANDLER = '''
import json, os

class Declined(Exception):
    pass

def handle(event, context):
    print("about to charge", event.get("total"))
    if event.get("total", 0) > 100:
        raise Declined("no money")
    return {"charged": event.get("total"), "request": context.aws_request_id, "stage": os.environ["STAGE"]}
'''

CODE = io.BytesIO()
with zipfile.ZipFile(CODE, "w") as archive:
    archive.writestr("app.py", HANDLER)
NEW = dict(Runtime="python3.12", Role=f"arn:aws:iam::{ACCOUNT}:role/any", Handler="app.handle", Code={"ZipFile": CODE.getvalue()})


def arn(name):
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


class Answered(Checks):
    """Functions that answer: a mock, a command, and a handler in its own runtime."""

    folder = tempfile.mkdtemp(prefix="rehearsal-handler-")
    services = {
        "sqs": {"queues": ["events"]},
        "sns": {"topics": ["alerts"]},
        "lambda": {
            "functions": {
                "mocked": {"return": {"ok": True}},
                "command": {"command": f"{sys.executable} -c \"import json, sys; print(json.dumps({{'got': json.load(sys.stdin)}}))\""},
                "handled": {
                    "handler": f"{sys.executable} -m awslambdaric app.handle",
                    "timeout": "20s",
                    "environment": {"STAGE": "test"},
                },
            }
        },
    }

    @classmethod
    def setUpClass(cls):
        with open(os.path.join(cls.folder, "app.py"), "w") as file:
            file.write(HANDLER)
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.functions = self.endpoint.client("lambda")
        self.errors = self.functions.exceptions

    def invoke(self, name, event, **more):
        answer = self.functions.invoke(FunctionName=name, Payload=json.dumps(event), **more)
        body = answer["Payload"].read()
        return answer, json.loads(body) if body else None

    def test_a_mock_answers(self):
        answer, result = self.invoke("mocked", {"n": 1})
        self.has(answer, StatusCode=200, ExecutedVersion="$LATEST")
        self.assertEqual(result, {"ok": True})
        self.assertNotIn("FunctionError", answer)
        self.assertEqual(self.invoke(arn("mocked"), {})[1], {"ok": True})

    def test_a_command_answers(self):
        self.assertEqual(self.invoke("command", {"n": "grüß"})[1], {"got": {"n": "grüß"}})

    def test_a_handler_in_its_runtime_answers(self):
        answer, result = self.invoke("handled", {"total": 5}, LogType="Tail")
        self.has(result, charged=5, stage="test", request=answer["ResponseMetadata"]["RequestId"])
        self.assertIn("about to charge 5", base64.b64decode(answer["LogResult"]).decode())
        answer, result = self.invoke("handled", {"total": 500})
        self.assertEqual((answer["StatusCode"], answer["FunctionError"]), (200, "Unhandled"))
        self.has(result, errorType="Declined", errorMessage="no money")

    def test_events_are_taken_and_tries_are_dry(self):
        answer, body = self.invoke("mocked", {}, InvocationType="Event")
        self.assertEqual((answer["StatusCode"], body), (202, None))
        self.assertEqual(self.invoke("mocked", {}, InvocationType="DryRun")[0]["StatusCode"], 204)
        self.assertEqual(self.functions.invoke_async(FunctionName="mocked", InvokeArgs="{}")["Status"], 202)

    def test_a_queue_feeds_a_function(self):
        sqs, functions = self.endpoint.client("sqs"), self.functions
        url = sqs.create_queue(QueueName="feed")["QueueUrl"]
        source = f"arn:aws:sqs:{REGION}:{ACCOUNT}:feed"
        made = functions.create_event_source_mapping(EventSourceArn=source, FunctionName="command", BatchSize=2)
        mapping = {"UUID": made["UUID"]}
        self.has(functions.get_event_source_mapping(**mapping), EventSourceArn=source, BatchSize=2, FunctionArn=arn("command"))
        self.assertEqual([m["UUID"] for m in functions.list_event_source_mappings(FunctionName="command")["EventSourceMappings"]], [made["UUID"]])
        self.has(functions.update_event_source_mapping(**mapping, BatchSize=5), BatchSize=5)
        sqs.send_message(QueueUrl=url, MessageBody="one")
        wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        for _ in range(100):
            left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=wanted)["Attributes"]
            if set(left.values()) == {"0"}:
                break
            time.sleep(0.1)
        self.assertEqual(set(left.values()), {"0"}, "the function takes what it worked on")
        functions.delete_event_source_mapping(**mapping)

    def test_calls_that_cannot_be_are_refused(self):
        none = self.errors.ResourceNotFoundException
        self.refused("ResourceNotFoundException", 404, self.functions.invoke, kind=none, message=f"Function not found: {arn('nobody')}:$LATEST", FunctionName="nobody")
        self.refused("ResourceNotFoundException", 404, self.functions.invoke, kind=none, FunctionName="mocked", Qualifier="live")
        self.refused("InvalidRequestContentException", 400, self.functions.invoke, kind=self.errors.InvalidRequestContentException, FunctionName="mocked", Payload="{nonsense")
        self.refused("RequestTooLargeException", 413, self.functions.invoke, kind=self.errors.RequestTooLargeException,
                     FunctionName="mocked", Payload=json.dumps("x" * 6_291_556))

    def test_a_topic_calls_a_function_and_a_queue_hears_of_it(self):
        sns, sqs = self.endpoint.client("sns"), self.endpoint.client("sqs")
        topic = sns.create_topic(Name="alerts")["TopicArn"]
        queue = {"OnSuccess": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:events"}}
        self.functions.put_function_event_invoke_config(FunctionName="command", DestinationConfig=queue)
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn("command"))
        sns.publish(TopicArn=topic, Message="hello")
        url = sqs.get_queue_url(QueueName="events")["QueueUrl"]
        told = json.loads(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"][0]["Body"])
        self.has(told["requestContext"], condition="Success", functionArn=arn("command") + ":$LATEST")
        self.has(told["requestPayload"]["Records"][0]["Sns"], Message="hello", TopicArn=topic)
        self.assertEqual(told["responsePayload"], {"got": told["requestPayload"]})


class Managed(Checks):
    """Functions over the API."""

    def setUp(self):
        super().setUp()
        self.functions = self.endpoint.client("lambda")
        self.errors = self.functions.exceptions
        self.name = self._testMethodName[5:60]

    def make(self, name=None, **more):
        return self.functions.create_function(FunctionName=name or self.name, **{**NEW, **more})

    def test_functions_are_made_changed_and_deleted(self):
        made = self.make(Description="d", Timeout=7, Environment={"Variables": {"A": "1"}}, Tags={"a": "1"})
        self.has(made, FunctionName=self.name, FunctionArn=arn(self.name), Runtime="python3.12", Handler="app.handle", Description="d", Timeout=7,
                 MemorySize=128, Version="$LATEST", Environment={"Variables": {"A": "1"}}, PackageType="Zip", CodeSize=len(CODE.getvalue()))
        self.functions.get_waiter("function_active_v2").wait(FunctionName=self.name, WaiterConfig={"Delay": 0})
        whole = self.functions.get_function(FunctionName=self.name)
        self.has(whole["Configuration"], FunctionName=self.name, State="Active", LastUpdateStatus="Successful")
        self.assertEqual(whole["Tags"], {"a": "1"})
        self.functions.update_function_configuration(FunctionName=self.name, Timeout=9)
        self.functions.get_waiter("function_updated_v2").wait(FunctionName=self.name, WaiterConfig={"Delay": 0})
        self.has(self.functions.get_function_configuration(FunctionName=self.name), Timeout=9, Description="d")
        before = made["CodeSha256"]
        self.assertNotEqual(self.functions.update_function_code(FunctionName=self.name, ZipFile=CODE.getvalue() + b"x")["CodeSha256"], before)
        self.refused("ResourceConflictException", 409, self.make, kind=self.errors.ResourceConflictException, message=f"Function already exist: {self.name}")
        self.functions.delete_function(FunctionName=self.name)
        none = self.errors.ResourceNotFoundException
        for call in [self.functions.get_function, self.functions.get_function_configuration, self.functions.delete_function]:
            self.refused("ResourceNotFoundException", 404, call, kind=none, message=f"Function not found: {arn(self.name)}", FunctionName=self.name)
        whole = f"Function not found: {arn(self.name)}:$LATEST"
        self.refused("ResourceNotFoundException", 404, self.functions.invoke, kind=none, message=whole, FunctionName=self.name)

    def test_wrong_functions_are_refused(self):
        wrong = ("ValidationException", 400)
        self.refused(*wrong, self.make, name="a b")
        self.refused(*wrong, self.make, Timeout=901)
        self.refused(*wrong, self.make, Role="nonsense")
        self.refused("InvalidParameterValueException", 400, self.make, kind=self.errors.InvalidParameterValueException,
                     Environment={"Variables": {"AWS_REGION": "x"}})

    def test_versions_and_aliases(self):
        self.make()
        functions, name = self.functions, {"FunctionName": self.name}
        self.has(functions.publish_version(**name, Description="one"), Version="1", FunctionArn=arn(self.name) + ":1")
        self.assertEqual([v["Version"] for v in functions.list_versions_by_function(**name)["Versions"]], ["$LATEST", "1"])
        alias = functions.create_alias(**name, Name="live", FunctionVersion="1")
        self.has(alias, AliasArn=arn(self.name) + ":live", Name="live", FunctionVersion="1")
        self.has(functions.get_alias(**name, Name="live"), FunctionVersion="1")
        self.has(functions.update_alias(**name, Name="live", FunctionVersion="$LATEST"), FunctionVersion="$LATEST")
        self.assertEqual([a["Name"] for a in functions.list_aliases(**name)["Aliases"]], ["live"])
        self.refused("ResourceConflictException", 409, functions.create_alias, kind=self.errors.ResourceConflictException, **name, Name="live", FunctionVersion="1")
        functions.delete_alias(**name, Name="live")
        self.refused("ResourceNotFoundException", 404, functions.get_alias, kind=self.errors.ResourceNotFoundException, **name, Name="live")

    def test_settings_of_functions(self):
        self.make()
        functions, name = self.functions, {"FunctionName": self.name}
        self.has(functions.put_function_concurrency(**name, ReservedConcurrentExecutions=2), ReservedConcurrentExecutions=2)
        self.has(functions.get_function_concurrency(**name), ReservedConcurrentExecutions=2)
        functions.delete_function_concurrency(**name)
        self.assertNotIn("ReservedConcurrentExecutions", functions.get_function_concurrency(**name))
        functions.put_function_event_invoke_config(**name, MaximumRetryAttempts=1)
        functions.update_function_event_invoke_config(**name, MaximumEventAgeInSeconds=120)
        self.has(functions.get_function_event_invoke_config(**name), MaximumRetryAttempts=1, MaximumEventAgeInSeconds=120)
        self.assertEqual(len(functions.list_function_event_invoke_configs(**name)["FunctionEventInvokeConfigs"]), 1)
        functions.delete_function_event_invoke_config(**name)
        self.refused("ResourceNotFoundException", 404, functions.get_function_event_invoke_config, **name)
        functions.tag_resource(Resource=arn(self.name), Tags={"a": "1", "b": "2"})
        functions.untag_resource(Resource=arn(self.name), TagKeys=["a"])
        self.assertEqual(functions.list_tags(Resource=arn(self.name))["Tags"], {"b": "2"})
        self.refused("ResourceNotFoundException", 404, functions.get_policy, **name)
        grant = dict(**name, StatementId="s", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com")
        self.assertEqual(json.loads(functions.add_permission(**grant)["Statement"])["Sid"], "s")
        self.refused("ResourceConflictException", 409, functions.add_permission, **grant)
        self.assertEqual(len(json.loads(functions.get_policy(**name)["Policy"])["Statement"]), 1)
        functions.remove_permission(**name, StatementId="s")
        self.refused("ResourceNotFoundException", 404, functions.remove_permission, **name, StatementId="s")
        self.assertIn("AccountLimit", functions.get_account_settings())

    def test_paginators_see_every_function(self):
        for n in range(5):
            self.make(f"page-{n}")
        pages = list(self.functions.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2}))
        names = [f["FunctionName"] for page in pages for f in page["Functions"]]
        self.assertEqual([n for n in names if n.startswith("page-")], [f"page-{n}" for n in range(5)])
        self.assertTrue(all(len(page["Functions"]) <= 2 for page in pages))
