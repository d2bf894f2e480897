"""Step Functions by boto3: state machines, executions, histories, workers."""

import json
import threading

from endpoint import ACCOUNT, REGION, Checks


def arn(what):
    return f"arn:aws:states:{REGION}:{ACCOUNT}:{what}"


ROLE = f"arn:aws:iam::{ACCOUNT}:role/runs"


def machine(states, start=None, **more):
    return json.dumps({"StartAt": start or next(iter(states)), "States": states, **more})


PASS = machine({"P": {"Type": "Pass", "End": True}})


class Executions(Checks):
    def setUp(self):
        super().setUp()
        self.states = self.endpoint.client("stepfunctions", inject_host_prefix=False)
        self.errors = self.states.exceptions
        self.name = self._testMethodName[5:70]

    def made(self, definition=PASS, name=None, kind="STANDARD"):
        made = self.states.create_state_machine(name=name or self.name, definition=definition, roleArn=ROLE, type=kind)
        return made["stateMachineArn"]

    def started(self, definition=PASS, input="{}", made=None, **more):
        return self.states.start_execution(stateMachineArn=self.made(definition, made), input=input, **more)["executionArn"]

    def ended(self, execution):
        for _ in range(2000):
            told = self.states.describe_execution(executionArn=execution)
            if told["status"] != "RUNNING":
                return told
        self.fail(f"{execution} runs on")

    def test_an_execution_is_started_described_listed_and_has_a_history(self):
        made = self.made()
        started = self.states.start_execution(stateMachineArn=made, name="e-1", input='{"a": [1,  2]}', traceHeader="Root=1")
        self.assertEqual(started["executionArn"], arn(f"execution:{self.name}:e-1"))
        told = self.ended(started["executionArn"])
        self.has(
            told, status="SUCCEEDED", name="e-1", input='{"a": [1,  2]}', output='{"a":[1,2]}', stateMachineArn=made,
            startDate=started["startDate"], redriveCount=0, redriveStatus="NOT_REDRIVABLE", traceHeader="Root=1",
            redriveStatusReason="Execution is SUCCEEDED and cannot be redriven", inputDetails={"included": True},
        )
        bare = self.states.describe_execution(executionArn=started["executionArn"], includedData="METADATA_ONLY")
        self.assertNotIn("input", bare)
        self.assertNotIn("output", bare)
        listed = self.states.list_executions(stateMachineArn=made)["executions"]
        self.assertEqual([(e["name"], e["status"]) for e in listed], [("e-1", "SUCCEEDED")])
        self.assertEqual(self.states.list_executions(stateMachineArn=made, statusFilter="FAILED")["executions"], [])
        events = self.states.get_execution_history(executionArn=started["executionArn"])["events"]
        self.assertEqual([e["type"] for e in events], ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"])
        self.assertEqual(events[0]["executionStartedEventDetails"], {"input": '{"a":[1,2]}', "inputDetails": {"truncated": False}, "roleArn": ROLE})
        back = self.states.get_execution_history(executionArn=started["executionArn"], reverseOrder=True, includeExecutionData=False)["events"]
        self.assertEqual([e["id"] for e in back], [4, 3, 2, 1])
        self.assertEqual(back[3]["executionStartedEventDetails"], {"roleArn": ROLE})
        whole = self.states.describe_state_machine_for_execution(executionArn=started["executionArn"])
        self.has(whole, stateMachineArn=made, definition=PASS, roleArn=ROLE, name=self.name)

    def test_pages_of_histories_and_lists_follow_their_tokens(self):
        made = self.made()
        for n in range(5):
            self.ended(self.states.start_execution(stateMachineArn=made, name=f"e-{n}")["executionArn"])
        pages = self.states.get_paginator("list_executions").paginate(stateMachineArn=made, PaginationConfig={"PageSize": 2})
        names = [[e["name"] for e in page["executions"]] for page in pages]
        self.assertEqual(names, [["e-4", "e-3"], ["e-2", "e-1"], ["e-0"]])
        execution = arn(f"execution:{self.name}:e-0")
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=execution, PaginationConfig={"PageSize": 3})
        self.assertEqual([[e["id"] for e in page["events"]] for page in pages], [[1, 2, 3], [4]])
        token = self.states.list_executions(stateMachineArn=made, maxResults=2)["nextToken"]
        for call, parameters, why in [
            (self.states.get_execution_history, dict(executionArn=execution, nextToken=token), "Invalid token"),
            (self.states.list_executions, dict(stateMachineArn=made, statusFilter="FAILED", nextToken=token), "Input inconsistent with page token"),
            (self.states.list_executions, dict(stateMachineArn=made, nextToken="x"), "Invalid token"),
        ]:
            self.refused("InvalidToken", 400, call, message=f"Invalid Token: '{why}'", kind=self.errors.InvalidToken, **parameters)

    def test_a_year_of_waiting_and_a_backoff_take_no_time(self):
        wait = {"Type": "Wait", "Seconds": 30_000_000, "Next": "T"}
        retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 3}]
        task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Retry": retry,
                "Parameters": {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/none", "MessageBody": "m"},
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "P"}], "End": True}
        self.endpoint.client("sqs").create_queue(QueueName="some")
        told = self.ended(self.started(machine({"W": wait, "T": task, "P": {"Type": "Pass", "End": True}})))
        self.assertEqual((told["stopDate"] - told["startDate"]).total_seconds(), 30_000_007)
        self.assertEqual(json.loads(told["output"])["Error"], "SQS.QueueDoesNotExistException")

    def test_names_are_used_once_but_the_same_start_may_be_repeated(self):
        wait = machine({"T": {"Type": "Task", "Resource": arn("activity:none"), "End": True}})
        self.states.create_activity(name="none")
        first = self.started(wait, input='{"a":1}', name="e")
        made = arn(f"stateMachine:{self.name}")
        again = self.states.start_execution(stateMachineArn=made, input='{"a":1}', name="e")
        self.assertEqual(again["executionArn"], first)
        taken = dict(kind=self.errors.ExecutionAlreadyExists,
                     message=f"Execution Already Exists: '{first}'", stateMachineArn=made, name="e")
        self.refused("ExecutionAlreadyExists", 400, self.states.start_execution, input='{"a":2}', **taken)
        self.states.stop_execution(executionArn=first, error="Mine", cause="enough")
        self.has(self.ended(first), status="ABORTED", error="Mine", cause="enough", redriveStatus="REDRIVABLE")
        done = self.started(made="other", name="done")
        self.refused("ExecutionNotRedrivable", 400, self.states.redrive_execution, kind=self.errors.ExecutionNotRedrivable,
                     message="Execution is SUCCEEDED and cannot be redriven", executionArn=done)
        self.refused("ExecutionAlreadyExists", 400, self.states.start_execution, input='{"a":1}', **taken)

    def test_what_is_not_there_or_not_right_is_refused(self):
        missing = arn("execution:none:e")
        for call in (self.states.describe_execution, self.states.get_execution_history, self.states.stop_execution,
                     self.states.describe_state_machine_for_execution, self.states.list_map_runs):
            self.refused("ExecutionDoesNotExist", 400, call, message=f"Execution Does Not Exist: '{missing}'",
                         kind=self.errors.ExecutionDoesNotExist, executionArn=missing)
            self.refused("InvalidArn", 400, call, message="Invalid Arn: 'Invalid ARN prefix: x'", executionArn="x")
        none = arn("stateMachine:none")
        for call in (self.states.start_execution, self.states.list_executions, self.states.describe_state_machine):
            self.refused("StateMachineDoesNotExist", 400, call, message=f"State Machine Does Not Exist: '{none}'",
                         kind=self.errors.StateMachineDoesNotExist, stateMachineArn=none)
        made = self.made()
        self.refused("InvalidName", 400, self.states.start_execution, message="Invalid Name: 'a b'", stateMachineArn=made, name="a b")
        self.refused("InvalidExecutionInput", 400, self.states.start_execution, stateMachineArn=made, input="{")
        self.refused("StateMachineTypeNotSupported", 400, self.states.start_sync_execution, stateMachineArn=made)
        self.refused("ValidationException", 400, self.states.list_executions)

    def test_express_executions_run_at_once_and_cannot_be_looked_at(self):
        made = self.made(machine({"W": {"Type": "Wait", "Seconds": 2, "End": True}}), kind="EXPRESS")
        told = self.states.start_sync_execution(stateMachineArn=made, name="e", input="[1]")
        self.has(told, status="SUCCEEDED", name="e", input="[1]", output="[1]", stateMachineArn=made)
        self.has(told["billingDetails"], billedDurationInMilliseconds=2000, billedMemoryUsedInMB=64)
        self.assertTrue(told["executionArn"].startswith(arn(f"express:{self.name}:e:")))
        started = self.states.start_execution(stateMachineArn=made)["executionArn"]
        self.refused("InvalidArn", 400, self.states.describe_execution, message="Invalid Arn: 'Resource type not valid in this context: express'", executionArn=started)
        self.refused("StateMachineTypeNotSupported", 400, self.states.list_executions, stateMachineArn=made)

    def test_a_worker_takes_a_task_and_its_answer_ends_the_execution(self):
        activity = self.states.create_activity(name="pack")["activityArn"]
        taken = []
        worker = threading.Thread(target=lambda: taken.append(self.endpoint.client("stepfunctions").get_activity_task(activityArn=activity, workerName="w")))
        worker.start()
        execution = self.started(machine({"T": {"Type": "Task", "Resource": activity, "HeartbeatSeconds": 600, "End": True}}), input='{"n":1}')
        worker.join(20)
        self.assertEqual(json.loads(taken[0]["input"]), {"n": 1})
        token = taken[0]["taskToken"]
        self.states.send_task_heartbeat(taskToken=token)
        self.refused("InvalidOutput", 400, self.states.send_task_success, taskToken=token, output="{")
        self.states.send_task_success(taskToken=token, output='{"done":true}')
        self.has(self.ended(execution), status="SUCCEEDED", output='{"done":true}')
        self.refused("TaskTimedOut", 400, self.states.send_task_failure, taskToken=token, error="E")
        other = self.started(machine({"T": {"Type": "Task", "Resource": activity, "End": True}}), made="fails")
        token = self.states.get_activity_task(activityArn=activity)["taskToken"]
        self.states.send_task_failure(taskToken=token, error="Broken", cause="glass")
        self.has(self.ended(other), status="FAILED", error="Broken", cause="glass")
        started = [e for e in self.states.get_execution_history(executionArn=execution)["events"] if e["type"] == "ActivityStarted"]
        self.assertEqual(started[0]["activityStartedEventDetails"], {"workerName": "w"})

    def test_a_failure_is_the_states_own_and_an_unanswered_task_says_so(self):
        told = self.ended(self.started(machine({"F": {"Type": "Fail", "Error": "No", "Cause": "why"}})))
        self.has(told, status="FAILED", error="No", cause="why")
        task = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:nobody", "End": True,
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "P"}]}
        told = self.ended(self.states.start_execution(stateMachineArn=self.made(
            machine({"T": task, "P": {"Type": "Pass", "End": True}}), name="unanswered"))["executionArn"])
        self.has(told, status="ABORTED", error="Rehearsal.Unanswered")
        self.assertIn("nobody", told["cause"])

    def test_a_distributed_map_has_a_run_with_children(self):
        each = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P",
                "States": {"P": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 2, "Next": "F"}], "Default": "S"},
                           "F": {"Type": "Fail", "Error": "Two"}, "S": {"Type": "Succeed"}}}
        execution = self.started(machine({"M": {"Type": "Map", "ItemProcessor": each, "ToleratedFailureCount": 1, "End": True}}), input="[1,2,3]")
        self.has(self.ended(execution), status="SUCCEEDED")
        run = self.states.list_map_runs(executionArn=execution)["mapRuns"][0]
        told = self.states.describe_map_run(mapRunArn=run["mapRunArn"])
        self.has(told, status="SUCCEEDED", executionArn=execution)
        self.has(told["executionCounts"], total=3, succeeded=2, failed=1, running=0)
        children = self.states.list_executions(mapRunArn=run["mapRunArn"])["executions"]
        self.assertEqual(sorted(c["status"] for c in children), ["FAILED", "SUCCEEDED", "SUCCEEDED"])
        child = self.states.describe_execution(executionArn=children[0]["executionArn"])
        self.has(child, mapRunArn=run["mapRunArn"])

    def test_a_machine_starts_another_and_an_event_starts_one(self):
        inner = self.made(name="inner")
        outer = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "Parameters": {"StateMachineArn": inner, "Input": {"n": 1}}, "End": True}
        told = self.ended(self.started(machine({"T": outer})))
        answer = json.loads(told["output"])
        self.assertEqual(answer["Output"], {"n": 1})
        self.has(self.states.describe_execution(executionArn=answer["ExecutionArn"]), status="SUCCEEDED", stateMachineArn=inner)
        events = self.endpoint.client("events")
        events.put_rule(Name="starts", EventPattern='{"source": ["shop"]}')
        events.put_targets(Rule="starts", Targets=[{"Id": "1", "Arn": inner, "RoleArn": ROLE}])
        events.put_events(Entries=[{"Source": "shop", "DetailType": "Placed", "Detail": '{"id": 7}'}])
        self.assertEqual(len(self.states.list_executions(stateMachineArn=inner)["executions"]), 2)


class Cases(Checks):
    """Step Functions Local's mock configuration, and the endpoint's own clock."""

    @classmethod
    def setUpClass(cls):
        import os
        import tempfile

        folder = tempfile.mkdtemp(prefix="rehearsal-cases-")
        task = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:charge", "End": True,
                "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 5, "MaxAttempts": 2}]}
        with open(os.path.join(folder, "order.asl.json"), "w") as file:
            file.write(machine({"Charge": task}))
        config = {
            "StateMachines": {"order": {"TestCases": {"Busy": {"Charge": "BusyThenPaid"}, "Paid": {"Charge": "Paid"}}}},
            "MockedResponses": {
                "Paid": {"0": {"Return": {"paid": 1}}},
                "BusyThenPaid": {"0-1": {"Throw": {"Error": "Busy", "Cause": "503"}}, "2": {"Return": {"paid": 2}}},
            },
        }
        with open(os.path.join(folder, "mocks.json"), "w") as file:
            json.dump(config, file)
        cls.folder = folder
        cls.arguments = ("order.asl.json", "--mock-config", "mocks.json")
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.states = self.endpoint.client("stepfunctions")

    def control(self, method, place, body=None):
        import urllib.error
        import urllib.request

        request = urllib.request.Request(self.endpoint.url + "/_rehearsal" + place, method=method, data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def test_a_test_case_is_named_after_the_machine(self):
        made = arn("stateMachine:order")
        self.assertEqual([m["name"] for m in self.states.list_state_machines()["stateMachines"]], ["order"])
        for case, paid, seconds in [("Busy", 2, 15), ("Paid", 1, 0), ("Busy", 2, 15)]:
            execution = self.states.start_execution(stateMachineArn=f"{made}#{case}")["executionArn"]
            while (told := self.states.describe_execution(executionArn=execution))["status"] == "RUNNING":
                pass
            self.has(told, status="SUCCEEDED", output=f'{{"paid":{paid}}}', stateMachineArn=made)
            self.assertEqual((told["stopDate"] - told["startDate"]).total_seconds(), seconds)
        self.refused("ValidationException", 400, self.states.start_execution, stateMachineArn=f"{made}#Bussy",
                     message="the mock configuration has no test case `order#Bussy`; did you mean `order#Busy`?")

    def test_the_clock_is_pinned_moved_on_and_let_go(self):
        self.has(self.control("POST", "/clock/pin")[1], mode="manual")
        made = self.states.create_state_machine(name="w", roleArn=ROLE, definition=machine({"W": {"Type": "Wait", "Seconds": 60, "End": True}}))
        execution = self.states.start_execution(stateMachineArn=made["stateMachineArn"])["executionArn"]
        status = lambda: self.states.describe_execution(executionArn=execution)["status"]  # noqa: E731
        self.assertEqual(self.control("POST", "/clock/advance", {"by": "59s"})[1]["fired"], [])
        self.assertEqual(status(), "RUNNING")
        fired = self.control("POST", "/clock/advance", {"by": 1})[1]["fired"]
        self.assertEqual([(f["execution"], f["what"]) for f in fired], [(execution, "timer")])
        self.assertEqual(status(), "SUCCEEDED")
        self.assertEqual(self.control("POST", "/clock/advance", {"by": "soon"})[0], 400)
        self.assertEqual(self.control("POST", "/clock/advance-to", {"to": "2001-01-01T00:00:00Z"})[0], 400)
        self.has(self.control("POST", "/clock/advance-to", {"to": "2030-01-01T00:00:00Z"})[1], now="2030-01-01T00:00:00.000Z")
        self.has(self.control("POST", "/clock/resume")[1], mode="virtual")
        self.assertEqual(self.control("GET", "/nothing")[0], 404)

    def test_what_was_made_is_forgotten_and_what_was_given_stays(self):
        self.states.create_state_machine(name="gone", roleArn=ROLE, definition=PASS)
        self.assertEqual(self.control("POST", "/reset")[0], 200)
        self.assertEqual([m["name"] for m in self.states.list_state_machines()["stateMachines"]], ["order"])
        self.assertEqual(self.states.list_executions(stateMachineArn=arn("stateMachine:order"))["executions"], [])
