"""State machines, versions, aliases, activities and tags by boto3, TestState and ValidateStateMachineDefinition."""

import json

from checks.stepfunctions import PASS, ROLE, arn, machine
from endpoint import Checks


class Machines(Checks):
    def setUp(self):
        super().setUp()
        self.states = self.endpoint.client("stepfunctions", inject_host_prefix=False)
        self.errors = self.states.exceptions
        self.name = self._testMethodName[5:70]

    def made(self, **more):
        wanted = dict(name=self.name, definition=PASS, roleArn=ROLE)
        return self.states.create_state_machine(**{**wanted, **more})

    def test_a_machine_is_created_described_updated_and_deleted(self):
        made = self.made(tags=[{"key": "team", "value": "a"}], loggingConfiguration={"level": "ALL", "includeExecutionData": True, "destinations": [
            {"cloudWatchLogsLogGroup": {"logGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:g:*"}}]})
        machine_arn = made["stateMachineArn"]
        self.assertEqual(machine_arn, arn(f"stateMachine:{self.name}"))
        self.assertEqual(self.made(definition=PASS, loggingConfiguration={"level": "ALL", "includeExecutionData": True, "destinations": [
            {"cloudWatchLogsLogGroup": {"logGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:g:*"}}]}, tags=[{"key": "team", "value": "a"}])["creationDate"], made["creationDate"])
        told = self.states.describe_state_machine(stateMachineArn=machine_arn)
        self.has(told, name=self.name, status="ACTIVE", definition=PASS, roleArn=ROLE, type="STANDARD", creationDate=made["creationDate"])
        self.assertEqual(told["loggingConfiguration"]["level"], "ALL")
        self.assertEqual(told["tracingConfiguration"], {"enabled": False})
        other = machine({"Q": {"Type": "Pass", "End": True}})
        self.refused("StateMachineAlreadyExists", 400, self.states.create_state_machine, kind=self.errors.StateMachineAlreadyExists,
                     message=f"State Machine Already Exists: '{machine_arn}'", name=self.name, definition=other, roleArn=ROLE)
        updated = self.states.update_state_machine(stateMachineArn=machine_arn, definition=other, tracingConfiguration={"enabled": True})
        told = self.states.describe_state_machine(stateMachineArn=machine_arn)
        self.has(told, definition=other, revisionId=updated["revisionId"], tracingConfiguration={"enabled": True})
        self.assertIn(self.name, [m["name"] for p in self.states.get_paginator("list_state_machines").paginate(PaginationConfig={"PageSize": 1}) for m in p["stateMachines"]])
        self.states.delete_state_machine(stateMachineArn=machine_arn)
        self.states.delete_state_machine(stateMachineArn=machine_arn)
        self.refused("StateMachineDoesNotExist", 400, self.states.describe_state_machine, message=f"State Machine Does Not Exist: '{machine_arn}'", stateMachineArn=machine_arn)

    def test_what_is_wrong_is_refused_in_the_services_words(self):
        self.refused("InvalidName", 400, self.states.create_state_machine, message="Invalid Name: 'a b'", name="a b", definition=PASS, roleArn=ROLE)
        self.refused("InvalidDefinition", 400, self.states.create_state_machine, name="a", definition="{}", roleArn=ROLE)
        machine_arn = self.made()["stateMachineArn"]
        self.refused("MissingRequiredParameter", 400, self.states.update_state_machine, stateMachineArn=machine_arn)
        self.refused("InvalidArn", 400, self.states.describe_state_machine, stateMachineArn="nonsense")
        self.refused("ValidationException", 400, self.states.list_state_machines, maxResults=2000)
        self.refused("InvalidToken", 400, self.states.list_state_machines, nextToken="nonsense")

    def test_versions_and_aliases_choose_what_runs(self):
        made = self.made(publish=True, versionDescription="first")
        machine_arn, first = made["stateMachineArn"], made["stateMachineVersionArn"]
        self.assertEqual(first, f"{machine_arn}:1")
        fails = machine({"F": {"Type": "Fail", "Error": "Second"}})
        self.states.update_state_machine(stateMachineArn=machine_arn, definition=fails)
        second = self.states.publish_state_machine_version(stateMachineArn=machine_arn)["stateMachineVersionArn"]
        self.assertEqual(self.states.publish_state_machine_version(stateMachineArn=machine_arn)["stateMachineVersionArn"], second)
        listed = self.states.list_state_machine_versions(stateMachineArn=machine_arn)["stateMachineVersions"]
        self.assertEqual([v["stateMachineVersionArn"] for v in listed], [second, first])
        alias = self.states.create_state_machine_alias(name="live", routingConfiguration=[{"stateMachineVersionArn": first, "weight": 100}])["stateMachineAliasArn"]
        self.assertEqual(alias, f"{machine_arn}:live")

        def ran(of):
            execution = self.states.start_execution(stateMachineArn=of)["executionArn"]
            return self.states.describe_execution(executionArn=execution)

        self.has(ran(alias), status="SUCCEEDED", stateMachineArn=machine_arn, stateMachineVersionArn=first, stateMachineAliasArn=alias)
        self.has(ran(second), status="FAILED", error="Second", stateMachineVersionArn=second)
        self.assertEqual(len(self.states.list_executions(stateMachineArn=alias)["executions"]), 1)
        halves = [{"stateMachineVersionArn": first, "weight": 50}, {"stateMachineVersionArn": second, "weight": 50}]
        self.states.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=halves)
        self.assertEqual(self.states.describe_state_machine_alias(stateMachineAliasArn=alias)["routingConfiguration"], halves)
        self.assertEqual({ran(alias)["status"] for _ in range(40)}, {"SUCCEEDED", "FAILED"})
        self.assertEqual([a["stateMachineAliasArn"] for a in self.states.list_state_machine_aliases(stateMachineArn=machine_arn)["stateMachineAliases"]], [alias])
        self.refused("ConflictException", 400, self.states.delete_state_machine_version, stateMachineVersionArn=first)
        self.states.delete_state_machine_alias(stateMachineAliasArn=alias)
        self.states.delete_state_machine_version(stateMachineVersionArn=first)
        self.refused("ResourceNotFound", 400, self.states.describe_state_machine_alias, stateMachineAliasArn=alias)

    def test_activities_and_tags_are_kept(self):
        activity = self.states.create_activity(name="pack", tags=[{"key": "a", "value": "1"}])["activityArn"]
        self.has(self.states.describe_activity(activityArn=activity), name="pack", activityArn=activity)
        self.assertEqual([a["name"] for a in self.states.list_activities()["activities"]], ["pack"])
        self.states.tag_resource(resourceArn=activity, tags=[{"key": "b", "value": "2"}])
        self.states.untag_resource(resourceArn=activity, tagKeys=["a"])
        self.assertEqual(self.states.list_tags_for_resource(resourceArn=activity)["tags"], [{"key": "b", "value": "2"}])
        self.states.delete_activity(activityArn=activity)
        self.refused("ActivityDoesNotExist", 400, self.states.describe_activity, message=f"Activity Does Not Exist: '{activity}'", activityArn=activity)
        self.refused("ResourceNotFound", 400, self.states.list_tags_for_resource, resourceArn=activity)

    def test_a_state_is_tried_and_a_definition_is_validated(self):
        state = {"Type": "Pass", "Parameters": {"n.$": "$.a"}, "Next": "After"}
        told = self.states.test_state(definition=json.dumps(state), roleArn=ROLE, input='{"a": 1}', inspectionLevel="DEBUG")
        self.has(told, status="SUCCEEDED", output='{"n":1}', nextState="After")
        self.assertEqual(json.loads(told["inspectionData"]["input"]), {"a": 1})
        task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"QueueUrl": "q", "MessageBody": "m"}, "End": True}
        told = self.states.test_state(definition=json.dumps(task), mock={"errorOutput": {"error": "Busy", "cause": "503"}})
        self.has(told, status="FAILED", error="Busy", cause="503")
        self.has(self.states.validate_state_machine_definition(definition=PASS), result="OK", diagnostics=[], truncated=False)
        told = self.states.validate_state_machine_definition(definition=machine({"P": {"Type": "Pass", "Next": "Nowhere"}}))
        self.has(told, result="FAIL")
        self.assertTrue(any(d["code"] == "MISSING_TRANSITION_TARGET" for d in told["diagnostics"]), told)


ONE, TWO = machine({"One": {"Type": "Succeed"}}), machine({"Two": {"Type": "Succeed"}})


class Unchecked(Checks):
    """By a client that refuses nothing by itself."""

    def setUp(self):
        super().setUp()
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
