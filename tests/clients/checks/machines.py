"""What Step Functions knows before anything runs, by boto3: state machines, versions, aliases, activities, tags."""

import datetime
import json

from endpoint import ACCOUNT, REGION, Checks

ROLE = f"arn:aws:iam::{ACCOUNT}:role/runs"


def machine(state, **more):
    return json.dumps({"StartAt": state, "States": {state: {"Type": "Succeed"}}, **more})


ONE, TWO = machine("One"), machine("Two")


def arn(what):
    return f"arn:aws:states:{REGION}:{ACCOUNT}:{what}"


class Machines(Checks):
    def setUp(self):
        super().setUp()
        # The service has to see what the client would refuse by itself.
        self.states = self.endpoint.client("stepfunctions", inject_host_prefix=False, parameter_validation=False)
        self.name = self._testMethodName[5:70]
        self.arn = arn(f"stateMachine:{self.name}")

    def made(self, definition=ONE, **more):
        request = {"name": self.name, "definition": definition, "roleArn": ROLE, **more}
        return self.states.create_state_machine(**request)

    def refuses(self, code, operation, message=None, **request):
        """The operation fails with this error, for which the client has a class."""
        kind = getattr(self.states.exceptions, code)
        return self.refused(code, 400, getattr(self.states, operation), message=message, kind=kind, **request)

    def test_a_machine_lives_as_terraform_has_it(self):
        tags = [{"key": "team", "value": "orders"}]
        made = self.made(tags=tags, type="STANDARD", publish=False, loggingConfiguration={"level": "OFF"})
        self.assertEqual(made["stateMachineArn"], self.arn)
        self.assertIsInstance(made["creationDate"], datetime.datetime)
        read = self.states.describe_state_machine(stateMachineArn=self.arn)
        self.has(
            read, name=self.name, status="ACTIVE", definition=ONE, roleArn=ROLE, type="STANDARD",
            creationDate=made["creationDate"], loggingConfiguration={"level": "OFF", "includeExecutionData": False},
            tracingConfiguration={"enabled": False}, encryptionConfiguration={"type": "AWS_OWNED_KEY"},
        )
        self.assertNotIn("revisionId", read)
        self.assertEqual(self.states.list_tags_for_resource(resourceArn=self.arn)["tags"], tags)
        self.assertEqual(self.states.list_state_machine_versions(stateMachineArn=self.arn)["stateMachineVersions"], [])

        updated = self.states.update_state_machine(
            stateMachineArn=self.arn, definition=TWO, roleArn=ROLE + "-2", tracingConfiguration={"enabled": True}
        )
        self.assertIsInstance(updated["updateDate"], datetime.datetime)
        read = self.states.describe_state_machine(stateMachineArn=self.arn)
        self.has(read, definition=TWO, roleArn=ROLE + "-2", revisionId=updated["revisionId"])
        self.states.untag_resource(resourceArn=self.arn, tagKeys=["team"])
        self.states.tag_resource(resourceArn=self.arn, tags=[{"key": "stage", "value": ""}])
        told = self.states.list_tags_for_resource(resourceArn=self.arn)["tags"]
        self.assertEqual(told, [{"key": "stage", "value": ""}])

        self.states.delete_state_machine(stateMachineArn=self.arn)
        message = f"State Machine Does Not Exist: '{self.arn}'"
        self.refuses("StateMachineDoesNotExist", "describe_state_machine", message, stateMachineArn=self.arn)
        told = self.refuses("ResourceNotFound", "list_tags_for_resource", resourceArn=self.arn)
        self.assertEqual(told["resourceName"], self.arn)

    def test_what_is_wrong_with_a_request_is_told_as_the_service_tells_it(self):
        request = {"name": self.name, "definition": ONE, "roleArn": ROLE}
        for code, change, want in [
            ("InvalidName", {"name": "a b"}, "Invalid Name: 'a b'"),
            ("InvalidArn", {"roleArn": "arn:aws:iam::1234:role/x"}, "Invalid Role Arn: 'arn:aws:iam::1234:role/x'"),
            ("ValidationException", {"name": None}, "1 validation error detected: Value null at 'name' failed to satisfy "
             "constraint: Member must not be null"),
            ("ValidationException", {"type": "FAST"}, "1 validation error detected: Value 'FAST' at 'type' failed to "
             "satisfy constraint: Member must satisfy enum value set: [STANDARD, EXPRESS]"),
            ("InvalidDefinition", {"definition": "{}"}, "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: "
             "These fields are required: [States, StartAt] at /'"),
            ("InvalidLoggingConfiguration", {"loggingConfiguration": {"level": "ALL"}},
             "Invalid Logging Configuration: Must specify exactly one Log Destination."),
        ]:
            changed = {name: value for name, value in {**request, **change}.items() if value is not None}
            self.refuses(code, "create_state_machine", want, **changed)
        self.made()
        message = f"State Machine Already Exists: '{self.arn}'"
        self.refuses("StateMachineAlreadyExists", "create_state_machine", message, **{**request, "definition": TWO})
        self.refuses("MissingRequiredParameter", "update_state_machine", stateMachineArn=self.arn)
        self.refuses("ValidationException", "list_state_machines", maxResults=1001)

    def test_a_blue_and_a_green_version_share_an_alias(self):
        blue = self.made(publish=True, versionDescription="blue")["stateMachineVersionArn"]
        updated = self.states.update_state_machine(
            stateMachineArn=self.arn, definition=TWO, publish=True, versionDescription="green"
        )
        green = updated["stateMachineVersionArn"]
        self.assertEqual([blue, green], [f"{self.arn}:1", f"{self.arn}:2"])
        self.has(self.states.describe_state_machine(stateMachineArn=blue), definition=ONE, description="blue")
        published = self.states.publish_state_machine_version(
            stateMachineArn=self.arn, revisionId=updated["revisionId"]
        )
        self.assertEqual(published["stateMachineVersionArn"], green)
        self.refuses(
            "ConflictException", "publish_state_machine_version", stateMachineArn=self.arn, revisionId="INITIAL"
        )
        route = lambda version, weight: {"stateMachineVersionArn": version, "weight": weight}
        both = [route(blue, 50), route(green, 50)]
        live = self.states.create_state_machine_alias(name="LIVE", routingConfiguration=both)["stateMachineAliasArn"]
        self.assertEqual(live, f"{self.arn}:LIVE")
        started = set()
        for _ in range(50):
            execution = self.states.start_execution(stateMachineArn=live)["executionArn"]
            told = self.states.describe_execution(executionArn=execution)
            self.has(told, stateMachineArn=self.arn, stateMachineAliasArn=live)
            started.add(told["stateMachineVersionArn"])
        self.assertEqual(started, {blue, green})
        self.refuses("ConflictException", "delete_state_machine_version", stateMachineVersionArn=blue)
        self.states.update_state_machine_alias(
            stateMachineAliasArn=live, description="green only", routingConfiguration=[route(green, 100)]
        )
        told = self.states.describe_state_machine_alias(stateMachineAliasArn=live)
        self.has(told, name="LIVE", description="green only", routingConfiguration=[route(green, 100)])
        self.states.delete_state_machine_version(stateMachineVersionArn=blue)
        listed = self.states.list_state_machine_versions(stateMachineArn=self.arn)["stateMachineVersions"]
        self.assertEqual([version["stateMachineVersionArn"] for version in listed], [green])
        listed = self.states.list_state_machine_aliases(stateMachineArn=green)["stateMachineAliases"]
        self.assertEqual([alias["stateMachineAliasArn"] for alias in listed], [live])
        for wrong in [[route(green, 99)], both, [route(green, 50), route(green, 50)]]:
            code = "ResourceNotFound" if wrong is both else "ValidationException"
            told = self.refuses(code, "create_state_machine_alias", name="OTHER", routingConfiguration=wrong)
            if code == "ValidationException":
                self.assertEqual(told["reason"], "INVALID_ROUTING_CONFIGURATION")
        self.states.delete_state_machine_alias(stateMachineAliasArn=live)
        self.refuses("ResourceNotFound", "describe_state_machine_alias", stateMachineAliasArn=live)
        self.refuses("StateMachineDoesNotExist", "start_execution", stateMachineArn=live)

    def test_an_activity_lives(self):
        name = self.name
        made = self.states.create_activity(name=name, tags=[{"key": "a", "value": "b"}])
        self.assertEqual(made["activityArn"], arn(f"activity:{name}"))
        self.assertEqual(self.states.create_activity(name=name)["creationDate"], made["creationDate"])
        told = self.states.describe_activity(activityArn=made["activityArn"])
        self.has(told, name=name, creationDate=made["creationDate"], encryptionConfiguration={"type": "AWS_OWNED_KEY"})
        listed = self.states.list_activities()["activities"]
        self.assertEqual([activity["name"] for activity in listed], [name])
        self.assertEqual(len(self.states.list_tags_for_resource(resourceArn=made["activityArn"])["tags"]), 1)
        self.states.delete_activity(activityArn=made["activityArn"])
        self.refuses("ActivityDoesNotExist", "describe_activity", activityArn=made["activityArn"])

    def test_lists_come_in_pages(self):
        for there in self.states.list_state_machines()["stateMachines"]:
            self.states.delete_state_machine(stateMachineArn=there["stateMachineArn"])
        for n in range(25):
            self.states.create_state_machine(name=f"m-{n}", definition=ONE, roleArn=ROLE)
        pages = list(self.states.get_paginator("list_state_machines").paginate(maxResults=10))
        names = [[machine["name"] for machine in page["stateMachines"]] for page in pages]
        self.assertEqual(([len(page) for page in names], sum(names, [])), ([10, 10, 5], [f"m-{n}" for n in range(25)]))
        token = pages[0]["nextToken"]
        self.refuses("InvalidToken", "list_activities", nextToken=token)
        self.refuses("InvalidToken", "list_state_machines", nextToken="broken")

    def test_states_and_definitions_are_tested_without_a_machine(self):
        task = json.dumps({
            "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"},
            "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 3}], "End": True,
        })
        told = self.states.test_state(
            definition=task, roleArn=ROLE, input="{}", inspectionLevel="DEBUG",
            mock={"errorOutput": {"error": "Busy", "cause": "later"}}, stateConfiguration={"retrierRetryCount": 1},
        )
        self.has(told, status="RETRIABLE", error="Busy", cause="later")
        self.assertEqual(
            told["inspectionData"]["errorDetails"], {"retryIndex": 0, "retryBackoffIntervalSeconds": 6}
        )
        told = self.states.test_state(definition=task, mock={"result": '{"StatusCode": 200, "Payload": 7}'})
        self.has(told, status="SUCCEEDED", output='{"StatusCode":200,"Payload":7}')
        self.refuses("ValidationException", "test_state", definition=task, mock={})
        self.refuses("InvalidDefinition", "test_state", definition='{"Type": "Map"}')
        told = self.states.validate_state_machine_definition(definition=ONE)
        self.has(told, result="OK", diagnostics=[], truncated=False)
        told = self.states.validate_state_machine_definition(definition="[", severity="WARNING", maxResults=1)
        self.has(told, result="FAIL")
        self.assertEqual(told["diagnostics"][0]["code"], "INVALID_JSON_DESCRIPTION")
